//! What a secret looks like: how well-known keys begin, what stands in a URL before the host, what is assigned to a
//! name that says so, and what is too random to be anything else.
//!
//! One pass over a text; the places come back in order and do not overlap.

use std::ops::Range;

use memchr::memmem;

use super::finders::{BEGIN, FINDERS, HOOKS, SSHPASS};
use super::keys::is_harmless;
use super::random;
use crate::risk::runs::{Table, alphanumeric_end, letters_and, runs};
use crate::risk::words::Words;

/// How sure it is that something is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// It has the shape of a well-known kind.
    Shaped,
    /// Something that is called a secret is set to it.
    Assigned,
    /// It is long and random.
    Random,
}

/// A secret within a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// How sure that is.
    pub sort: Sort,
    /// What kind, for a sentence: "a GitHub token".
    pub what: &'static str,
}

/// How well-known keys and tokens begin, how many characters of a key follow at least, and whose they are.
const SHAPES: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("ABIA", 16, "an AWS access key"),
    ("ACCA", 16, "an AWS access key"),
    ("AIza", 35, "a Google API key"),
    ("ya29.", 20, "a Google access token"),
    ("GOCSPX-", 24, "a Google client secret"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("gldt-", 20, "a GitLab token"),
    ("glrt-", 20, "a GitLab token"),
    ("glptt-", 20, "a GitLab token"),
    ("glsoat-", 20, "a GitLab token"),
    ("glcbt-", 20, "a GitLab token"),
    ("gloas-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xoxa-", 20, "a Slack token"),
    ("xoxr-", 20, "a Slack token"),
    ("xoxs-", 20, "a Slack token"),
    ("xoxe-", 20, "a Slack token"),
    ("xoxe.", 20, "a Slack token"),
    ("xoxc-", 20, "a Slack token"),
    ("xoxd-", 20, "a Slack token"),
    ("xapp-", 20, "a Slack token"),
    ("sk_live_", 16, "a Stripe key"),
    ("sk_test_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("rk_test_", 16, "a Stripe key"),
    ("whsec_", 24, "a webhook's secret"),
    ("sk-ant-", 20, "an Anthropic key"),
    ("sk-proj-", 20, "an OpenAI key"),
    ("sk-svcacct-", 20, "an OpenAI key"),
    ("sk-admin-", 20, "an OpenAI key"),
    ("sk-or-", 20, "an OpenRouter key"),
    ("sk-", 32, "an API key"),
    ("npm_", 30, "an npm token"),
    ("pypi-", 40, "a PyPI token"),
    ("rubygems_", 40, "a RubyGems key"),
    ("dckr_pat_", 20, "a Docker token"),
    ("dop_v1_", 40, "a DigitalOcean token"),
    ("doo_v1_", 40, "a DigitalOcean token"),
    ("hf_", 30, "a Hugging Face token"),
    ("r8_", 30, "a Replicate token"),
    ("gsk_", 40, "a Groq key"),
    ("xai-", 40, "an xAI key"),
    ("pplx-", 40, "a Perplexity key"),
    ("dapi", 32, "a Databricks token"),
    ("shpat_", 32, "a Shopify token"),
    ("shpss_", 32, "a Shopify secret"),
    ("sq0csp-", 30, "a Square secret"),
    ("lin_api_", 30, "a Linear key"),
    ("ntn_", 40, "a Notion token"),
    ("hvs.", 24, "a Vault token"),
    ("hvb.", 24, "a Vault token"),
    ("pscale_tkn_", 30, "a PlanetScale token"),
    ("pscale_pw_", 30, "a PlanetScale password"),
    ("sbp_", 40, "a Supabase token"),
    ("ATATT3", 40, "an Atlassian token"),
    ("figd_", 30, "a Figma token"),
    ("PMAK-", 40, "a Postman key"),
    ("sntrys_", 30, "a Sentry token"),
    ("NRAK-", 24, "a New Relic key"),
    ("glc_", 32, "a Grafana token"),
    ("glsa_", 32, "a Grafana token"),
    ("tskey-", 20, "a Tailscale key"),
    ("SG.", 40, "a SendGrid key"),
    ("key-", 32, "a Mailgun key"),
    ("AGE-SECRET-KEY-1", 50, "an age key"),
    ("eyJhbGciOi", 30, "a JSON Web Token"),
    ("eyJ0eXAiOi", 30, "a JSON Web Token"),
    ("eyJraWQiOi", 30, "a JSON Web Token"),
];

/// The first bytes of the shapes.
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < SHAPES.len() {
        first[SHAPES[at].0.as_bytes()[0] as usize] = true;
        at += 1;
    }
    first
};

/// The letters of keys and tokens.
const TOKEN: Table = letters_and(b"_-.+/=");

/// The shortest run of such bytes that is looked at.
const SHORTEST: usize = 20;

/// Every secret of a text.
pub fn spots(text: &str) -> Vec<Spot> {
    let mut all = Vec::new();
    if text.len() >= 4 {
        tokens(text, &mut all);
        urls(text, &mut all);
        assigned(text, &mut all);
        armoured(text, &mut all);
    }
    merge(all)
}

/// In order, and what overlaps as one, the surest word for it.
fn merge(mut all: Vec<Spot>) -> Vec<Spot> {
    all.sort_by_key(|spot| (spot.range.start, spot.sort));
    let mut out: Vec<Spot> = Vec::with_capacity(all.len());
    for spot in all {
        match out.last_mut() {
            Some(last) if spot.range.start < last.range.end => {
                last.range.end = last.range.end.max(spot.range.end);
                if spot.sort < last.sort {
                    (last.sort, last.what) = (spot.sort, spot.what);
                }
            }
            _ => out.push(spot),
        }
    }
    out
}

/// Long runs of letters that keys are made of.
fn tokens(text: &str, all: &mut Vec<Spot>) {
    for run in runs(text, &TOKEN, SHORTEST) {
        let before = all.len();
        shaped(text, run.clone(), all);
        if all.len() == before {
            random::find(text, run, all);
        }
    }
}

/// Well-known keys within a run.
fn shaped(text: &str, run: Range<usize>, all: &mut Vec<Spot>) {
    let bytes = &text.as_bytes()[..run.end];
    let is_key = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'+' | b'=');
    let mut at = run.start;
    while at < run.end {
        let follows = at == run.start || !bytes[at - 1].is_ascii_alphanumeric();
        let shape = (follows && FIRST[usize::from(bytes[at])]).then(|| {
            SHAPES.iter().find(|(start, least, _)| {
                let key = bytes[at..].strip_prefix(start.as_bytes());
                key.is_some_and(|key| key.get(..*least).is_some_and(|key| key.iter().all(|b| is_key(*b) && *b != b'/')))
            })
        });
        let Some((start, _, what)) = shape.flatten() else {
            // The next that follows something else than a letter or a digit.
            at = alphanumeric_end(bytes, at) + 1;
            continue;
        };
        let rest = &bytes[at + start.len()..];
        let len = rest.iter().position(|b| !is_key(*b) || *b == b'/').unwrap_or(rest.len());
        let end = at + start.len() + len;
        // A full stop that ends the sentence is no part of it.
        let end = if bytes[end - 1] == b'.' { end - 1 } else { end };
        all.push(Spot { range: at..end, sort: Sort::Shaped, what });
        at = end + 1;
    }
}

/// Passwords before the host, and paths that are secrets.
fn urls(text: &str, all: &mut Vec<Spot>) {
    // Where the run of letters ends that the last URL stood in, and the last `@` that was looked for: URLs in a row share
    // both, and are gone through once.
    let (mut end_of_run, mut next_at) = (0, 0);
    for at in FINDERS.scheme.find_iter(text.as_bytes()) {
        let start = at + 3;
        if start >= end_of_run {
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\');
            end_of_run = text[start..].find(ends).map_or(text.len(), |len| start + len);
        }
        if start > next_at || next_at == 0 {
            next_at = memchr::memchr(b'@', &text.as_bytes()[start..]).map_or(text.len(), |len| start + len);
        }
        let rest = &text[start..end_of_run];
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // A password may hold what ends an authority.
        let user = rest[..authority]
            .rfind('@')
            .or_else(|| (next_at < end_of_run).then(|| next_at - start).filter(|at| rest[..*at].contains(':')));
        if let Some(end) = user {
            let what = "a password in a URL";
            match rest[..end].find(':') {
                Some(colon) if colon + 1 < end => {
                    all.push(Spot { range: start + colon + 1..start + end, sort: Sort::Shaped, what });
                }
                None if end >= SHORTEST => all.push(Spot { range: start..start + end, sort: Sort::Shaped, what }),
                _ => {}
            }
        }
        let host = &rest[user.map_or(0, |end| end + 1)..];
        let window = host.get(..256.min(host.len())).unwrap_or(host).as_bytes();
        let hook = HOOKS.iter().zip(&FINDERS.hooks).find_map(|((name, path), finder)| {
            let at = finder.find(window)?;
            host[at + name.len()..].strip_prefix(path).filter(|secret| secret.len() >= 8)
        });
        if let Some(secret) = hook {
            let end = start + rest.len();
            all.push(Spot { range: end - secret.len()..end, sort: Sort::Shaped, what: "a webhook's address" });
        }
    }
}

/// The ends of names that something secret is set under, in lower case.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "secret",
    "secretkey",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "accountkey",
    "privatekey",
    "private_key",
    "private-key",
    "secret_key",
    "secret-key",
    "auth_key",
    "encryption_key",
    "signing_key",
    "master_key",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "mnemonic",
];
/// What is assigned to a name that says so: `PASSWORD=…`, `"token": "…"`, `--password …`, `Authorization: Bearer …`,
/// `<password>…<`, `sshpass -p …`.
fn assigned(text: &str, all: &mut Vec<Spot>) {
    let bytes = text.as_bytes();
    let mut until = 0;
    for at in memchr::memchr2_iter(b'=', b':', bytes) {
        // Within a value that was found it is part of it.
        if at < until {
            continue;
        }
        let name = name_before(bytes, at);
        if is_secret_name(&text[name.clone()]) {
            // Set without a blank, as in an environment: anything. Else it has to look like a value.
            let env =
                bytes[at] == b'=' && name.end == at && bytes.get(at + 1).is_some_and(|b| !b.is_ascii_whitespace());
            let value = value_after(text, at + 1, !env);
            until = value.as_ref().map_or(until, |value| value.range.end);
            all.extend(value);
        }
    }
    for at in FINDERS.option.find_iter(bytes) {
        let rest = &bytes[at + 2..];
        let len = rest.iter().take(65).position(|b| !(b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_'));
        let Some(len) = len.filter(|len| *len > 0 && rest[*len] == b' ') else { continue };
        if is_secret_name(&text[at + 2..at + 2 + len]) {
            all.extend(value_after(text, at + 2 + len, false));
        }
    }
    elements(text, all);
    for at in FINDERS.sshpass.find_iter(bytes) {
        all.extend(value_after(text, at + SSHPASS.len(), false));
    }
    for at in FINDERS.bearer.find_iter(bytes) {
        let follows = at > 0 && matches!(bytes[at - 1], b'b' | b'B');
        all.extend(
            value_after(text, at + 6, false).filter(|spot| follows && spot.range.len() >= 12).map(|spot| Spot {
                sort: Sort::Shaped,
                what: "a bearer token",
                ..spot
            }),
        );
    }
    for at in FINDERS.user.find_iter(bytes) {
        let alone = at == 0 || bytes[at - 1].is_ascii_whitespace();
        let word = value_after(text, at + 3, false).filter(|_| alone);
        let colon = word.and_then(|spot| text[spot.range.clone()].find(':').map(|colon| (spot, colon)));
        all.extend(
            colon
                .filter(|(spot, colon)| colon + 1 < spot.range.len())
                .map(|(spot, colon)| Spot { range: spot.range.start + colon + 1..spot.range.end, ..spot }),
        );
    }
}

/// What stands in an element whose name says so, and has no element within.
fn elements(text: &str, all: &mut Vec<Spot>) {
    let bytes = text.as_bytes();
    let (mut from, mut closed) = (0, None);
    for at in FINDERS.end.find_iter(bytes) {
        closed = memchr::memrchr(b'>', &bytes[from..at]).map(|found| from + found).or(closed);
        from = at;
        let Some(open) = closed.filter(|open| at - open <= LONGEST_VALUE) else { continue };
        let name = name_before(bytes, open);
        let range = open + 1..at;
        let element = name.start > 0 && b"<:".contains(&bytes[name.start - 1]) && is_secret_name(&text[name]);
        if element && range.len() >= 4 && !is_placeholder(text[range.clone()].trim()) {
            all.push(Spot { range, sort: Sort::Assigned, what: "a value that is called a secret" });
        }
    }
}

/// The name that stands before `at`, without its quotes and blanks.
fn name_before(bytes: &[u8], at: usize) -> Range<usize> {
    let odd = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'\\' | b'`' | b']');
    let end = bytes[..at].iter().rposition(|b| !odd(b)).map_or(0, |last| last + 1);
    let end = if at - end > 4 { at } else { end };
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let floor = end.saturating_sub(48);
    let start = bytes[floor..end].iter().rposition(|b| !name(b)).map_or(floor, |before| floor + before + 1);
    start..end
}

fn is_secret_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    // Most names fall at their last letter.
    if !bytes.last().is_some_and(|b| b"dteyranskc".contains(&b.to_ascii_lowercase())) {
        return false;
    }
    let ends = |end: &str| {
        bytes.len().checked_sub(end.len()).is_some_and(|at| bytes[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    NAMES.iter().any(|end| ends(end)) && !is_harmless(&Words::of(name))
}

/// The longest value that is looked at, in bytes.
const LONGEST_VALUE: usize = 4_096;

/// The value that stands after a name, if there is one.
fn value_after(text: &str, at: usize, doubtful: bool) -> Option<Spot> {
    let rest = &text[at..text.floor_char_boundary(at + LONGEST_VALUE)];
    let is_lead = |b: &u8| matches!(b, b' ' | b'\t' | b'\\' | b'"' | b'\'' | b'`' | b'=');
    let lead = rest.bytes().take(9).take_while(is_lead).count();
    if lead > 8 {
        return None;
    }
    let inner = &rest[lead..];
    let is_quoted = rest[..lead].contains(['"', '\'', '`']);
    let (scheme, inner) = ["bearer ", "basic ", "token "]
        .iter()
        .find(|scheme| inner.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .map_or((0, inner), |scheme| (scheme.len(), &inner[scheme.len()..]));
    let ends = |c: char| match c {
        '"' | '\'' | '`' | '\n' | '\r' => true,
        _ if is_quoted => false,
        _ => c.is_whitespace() || matches!(c, ',' | ';' | '&' | ')' | '}' | ']' | '<' | '>' | '|' | '\\'),
    };
    let value = &inner[..inner.find(ends).unwrap_or(inner.len())];
    let like_a_value = is_quoted || value.contains(|c: char| c.is_ascii_digit() || "!@#$%^&*+/~".contains(c));
    if value.len() < 4 || is_placeholder(value) || (doubtful && !(value.len() >= 6 && like_a_value)) {
        return None;
    }
    let start = at + lead + scheme;
    Some(Spot { range: start..start + value.len(), sort: Sort::Assigned, what: "a value that is called a secret" })
}

/// Whether a value stands for a secret that is elsewhere.
fn is_placeholder(value: &str) -> bool {
    const STARTS: &[&str] = &["${", "$(", "{{", "process.env", "os.environ", "os.getenv", "getenv", "secrets.", "var."];
    let variable = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    STARTS.iter().any(|start| value.starts_with(start))
        || value.strip_prefix('$').is_some_and(variable)
        || (value.starts_with('<') && value.ends_with('>'))
        || matches!(value, "true" | "false" | "undefined" | "nil" | "null" | "None" | "string" | "String")
        || value.bytes().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.' | b'-' | b'_'))
        || (value.starts_with('‹') && value.ends_with('›'))
}

/// Private keys between their lines.
fn armoured(text: &str, all: &mut Vec<Spot>) {
    let mut from = 0;
    while let Some(at) = FINDERS.begin.find(&text.as_bytes()[from..]) {
        let start = from + at;
        let head = &text[start + BEGIN.len()..];
        let title = head.find("-----").filter(|end| *end <= 64).map_or("", |end| &head[..end]);
        from = start + BEGIN.len();
        if !title.contains("PRIVATE KEY") {
            continue;
        }
        let end = memmem::find(head.as_bytes(), b"-----END ").map_or(head.len(), |end| {
            let tail = &head[end + 9..];
            end + 9 + tail.find("-----").map_or(tail.len(), |close| close + 5)
        });
        let end = from + end;
        all.push(Spot { range: start..end, sort: Sort::Shaped, what: "a private key" });
        from = end;
    }
}
