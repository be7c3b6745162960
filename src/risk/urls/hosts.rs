//! What a host is: this machine, a network behind it, a cloud's metadata, or somewhere in the open world.

use crate::risk::paths;

/// Names that are not of the open world, and all below them.
const NAMES: &[(&str, &str)] = &[
    ("localhost", "this machine"),
    ("metadata.google.internal", "a cloud's metadata, with its credentials"),
    ("metadata", "a cloud's metadata, with its credentials"),
    ("instance-data", "a cloud's metadata, with its credentials"),
    ("local", "a private network"),
    ("internal", "a private network"),
    ("lan", "a private network"),
    ("intranet", "a private network"),
    ("home.arpa", "a private network"),
    ("svc", "a private network"),
    ("nip.io", "an address spelled in a name"),
    ("sslip.io", "an address spelled in a name"),
    ("xip.io", "an address spelled in a name"),
    ("metadata.packet.net", "a cloud's metadata, with its credentials"),
    ("rancher-metadata", "a cloud's metadata, with its credentials"),
    ("localdomain", "this machine"),
    ("ip6-localhost", "this machine"),
    ("ip6-loopback", "this machine"),
    ("localhost6", "this machine"),
    ("onion", "a hidden service"),
    ("localtest.me", "this machine"),
    ("lvh.me", "this machine"),
];

/// What a host is, if it is not of the open world.
pub(super) fn local(host: &str) -> Option<&'static str> {
    let host = paths::decode(host).to_lowercase();
    let host = host.trim_end_matches('.');
    if let Some(v6) = host.strip_prefix('[') {
        if let Some(v4) = mapped(v6) {
            return of_ipv4(v4).or(Some("an address in the notation of another"));
        }

        // Global unicast is 2000::/3 (RFC 4291); 2002::/16 wraps an IPv4 address.
        let first = v6.split(':').next().unwrap_or_default();
        let global = first.len() == 4 && first.starts_with(['2', '3']) && first != "2002";
        return (!global).then_some("an address that is not of the open world");
    }
    if let Some(address) = ipv4(host) {
        // Some read a leading zero as octal, some pass over it.
        let plain = |part: &'_ str| format!("{:0>1}", part.trim_start_matches('0'));
        let plain: Vec<String> = host.split('.').map(plain).collect();
        return of_ipv4(address).or_else(|| ipv4(&plain.join(".")).and_then(of_ipv4));
    }
    let ends = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    NAMES.iter().find(|(name, _)| ends(name)).map(|(_, what)| *what)
}

fn of_ipv4([a, b, c, d]: [u8; 4]) -> Option<&'static str> {
    match (a, b) {
        (127 | 0, _) => Some("this machine"),
        (169, 254) if (c, d) == (169, 254) => Some("a cloud's metadata, with its credentials"),
        (169, 254) => Some("a link-local address"),
        (100, 100) if (c, d) == (100, 200) => Some("a cloud's metadata, with its credentials"),
        (192, 0) if c == 0 => Some("a cloud's metadata, with its credentials"),
        (10, _) | (192, 168) | (172, 16..=31) | (100, 64..=127) | (198, 18 | 19) => Some("a private network"),
        (224..=255, _) => Some("no address of a single machine"),
        _ => None,
    }
}

/// The IPv4 address within an IPv6 one (RFC 4291 section 2.5.5, RFC 6052), without its brackets: `::ffff:127.0.0.1`.
fn mapped(v6: &str) -> Option<[u8; 4]> {
    let v6 = v6.trim_end_matches(']').split('%').next().unwrap_or_default();
    let address: core::net::Ipv6Addr = v6.parse().ok()?;
    let [.., a, b] = address.segments();
    let wraps = matches!(address.segments(), [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, ..]);
    let [a, b, c, d] = (u32::from(a) << 16 | u32::from(b)).to_be_bytes();
    (wraps && !address.is_loopback() && !address.is_unspecified()).then_some([a, b, c, d])
}

/// An IPv4 address as `inet_aton` reads it: one to four parts, each decimal, octal or hexadecimal.
fn ipv4(host: &str) -> Option<[u8; 4]> {
    let parts: Vec<&str> = host.split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let number = |part: &&str| {
        let (digits, radix) = match part.strip_prefix("0x") {
            Some(hex) => (hex, 16),
            None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
            None => (*part, 10),
        };
        if digits.is_empty() && radix == 16 { Some(0) } else { u64::from_str_radix(digits, radix).ok() }
    };
    let numbers: Vec<u64> = parts.iter().map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    let mut address = 0_u64;
    for part in first {
        address = address << 8 | (part & 0xff);
    }
    let room = 8 * (4 - first.len());
    let address = u32::try_from(address << room | (last & ((1 << room) - 1))).ok()?;
    Some(address.to_be_bytes())
}

/// Whether a text can be nothing but a host of the open world: an address, or names of which the last is one of letters.
pub(super) fn is_named(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last);
    ipv4(host).is_some() || last.is_some_and(|last| last.len() > 1 && last.chars().all(char::is_alphabetic))
}

/// Whether one of a host's names stands for letters of other scripts (RFC 3492), which look like others.
pub(super) fn is_foreign(host: &str) -> bool {
    !host.is_ascii() || host.split('.').any(|label| label.get(..4).is_some_and(|x| x.eq_ignore_ascii_case("xn--")))
}

/// Whether a host carries data in its name, for whoever answers for the domain.
pub(super) fn carries(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let own = labels.len().saturating_sub(2);
    let below = &labels[..own];
    below.iter().any(|label| label.len() >= 40) || below.iter().map(|label| label.len()).sum::<usize>() >= 80
}

/// Hosts that keep whatever is sent to them for whoever opened the address.
const COLLECTORS: &[&str] = &[
    "webhook.site",
    "requestbin.com",
    "requestbin.net",
    "pipedream.net",
    "requestcatcher.com",
    "beeceptor.com",
    "hookbin.com",
    "interact.sh",
    "oast.fun",
    "oast.live",
    "oast.me",
    "oast.online",
    "oast.pro",
    "oast.site",
    "oastify.com",
    "burpcollaborator.net",
    "canarytokens.com",
    "dnslog.cn",
    "ngrok.io",
    "ngrok-free.app",
    "ngrok.app",
    "trycloudflare.com",
    "loca.lt",
    "localhost.run",
    "serveo.net",
    "transfer.sh",
    "file.io",
    "0x0.st",
    "termbin.com",
];

/// Whether a host is one of them, or below one.
pub(super) fn collects(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    COLLECTORS.iter().any(|name| ends(name))
}
