//! Messages to other people: to whom, to how many, and whether they are the person's own.

use super::names::Deed;
use super::subject::{Found, Subject, Value, quoted};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};
use crate::risk::words::List;

const NAMED: Kind = Kind::new("recipients.named", Medium, "a reader is given somebody's address").needs(Access::Read);
const OWN: Kind = Kind::new("recipients.own", Medium, "it goes to an address within the person's own domains");
const SENDS: Kind = Kind::new("recipients.sends", High, "it goes to somebody's address");
const LEAVES: Kind = Kind::new("recipients.leaves", High, "it goes to an address outside the person's own domains");
const MANY: Kind =
    Kind::new("recipients.many", High, "it goes to many addresses, to a list, or to everybody of a place");

/// The family.
pub const FAMILY: Family = Family {
    name: "recipients",
    about: "addresses that something is sent to",
    kinds: &[NAMED, OWN, SENDS, LEAVES, MANY],
    detect,
};

/// From here on they are many.
const MANY_FROM: usize = 10;

const SURE: &List = &List::of(&[
    "cc",
    "bcc",
    "recipient",
    "recipients",
    "to_address",
    "to_addresses",
    "to_email",
    "to_emails",
    "email_to",
    "recipient_email",
    "recipient_emails",
    "attendees",
    "invitees",
    "to_number",
    "phone_number",
    "phone_numbers",
    "webhook",
    "webhook_url",
    "send_to",
    "notify",
    "share_with",
    "forward_to",
    "mailto",
]);
const PERHAPS: &List =
    &List::of(&["to", "email", "emails", "email_address", "user_email", "target", "destination", "address"]);

/// Keys that name a list rather than a person.
const LISTS: &List = &List::of(&[
    "list_id",
    "mailing_list",
    "audience",
    "audience_id",
    "segment",
    "segment_id",
    "distribution_list",
    "broadcast_list",
    "subscribers",
    "all_users",
    "send_to_all",
]);
/// What reaches everybody of a place.
const EVERYBODY: &[&str] = &["@channel", "@everyone", "@here", "<!channel>", "<!everyone>", "<!here>"];
/// The names of addresses behind which there are many.
const SHARED: &[&str] = &[
    "all",
    "everyone",
    "everybody",
    "staff",
    "team",
    "company",
    "employees",
    "users",
    "customers",
    "list",
    "announce",
    "announcements",
    "newsletter",
    "subscribers",
    "members",
];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let mut count = 0;
    for value in subject.texts().filter(|value| !value.text.is_empty()) {
        let key = subject.key(value);
        let sure = key.is_one_of(SURE);
        if sure || (key.is_one_of(PERHAPS) && is_address(&value.text)) {
            count += address(subject, value, sure, found);
        } else if !subject.name.reads() && key.is_one_of(LISTS) {
            let says = format!("it goes to the list {}", quoted(&value.text));
            found.within(MANY, subject, value, 0..value.text.len(), says);
        }
        if matches!(subject.name.deed, Deed::Send | Deed::Unknown)
            && let Some((at, all)) = EVERYBODY.iter().find_map(|all| Some((value.text.find(all)?, all)))
        {
            found.within(MANY, subject, value, at..at + all.len(), format!("it calls everybody with {}", quoted(all)));
        }
    }
    if count >= MANY_FROM && !subject.name.reads() {
        found.add(MANY, format!("it goes to {count} addresses"));
    }
}

/// Judges who is written to in one text; how many they are.
fn address(subject: &Subject<'_>, value: &Value<'_>, sure: bool, found: &mut Found) -> usize {
    let mut add = |kind, what: &str| {
        found.within(kind, subject, value, 0..value.text.len(), format!("{what} {}", quoted(&value.text)));
    };
    let several = value.text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty());
    let count = several.clone().count();
    if subject.name.reads() {
        if sure {
            add(NAMED, "it hands on the address");
        }
        return count;
    }
    let changes = subject.name.deed >= Deed::Write || subject.name.deed == Deed::Unknown;
    if !sure && !changes {
        return count;
    }
    if subject.facts.domains.is_empty() {
        add(SENDS, "it goes to");
    } else if several.clone().all(|one| is_own(one, &subject.facts.domains)) {
        add(OWN, "it goes to");
    } else {
        add(LEAVES, "outside your own domains it goes to");
    }
    let shared = |one: &str| one.split('@').next().is_some_and(|name| SHARED.contains(&name.to_lowercase().as_str()));
    if several.clone().any(|one| shared(bare(one))) {
        add(MANY, "there are many behind");
    }
    count
}

/// The address itself of `Name <address>`.
fn bare(one: &str) -> &str {
    one.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(one).trim()
}

/// Whether a mail address is plainly within one of these domains, or below one.
fn is_own(one: &str, domains: &[String]) -> bool {
    let Some((name, domain)) = bare(one).split_once('@') else { return false };
    let plain = |text: &str, others: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || others.as_bytes().contains(&b))
    };
    let domain = domain.to_ascii_lowercase();
    let within = |own: &String| {
        let own = own.trim_start_matches('@').to_ascii_lowercase();
        domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    plain(name, "._+-") && plain(&domain, ".-") && domains.iter().filter(|own| !own.is_empty()).any(within)
}

/// A mail address, or a telephone number with its `+`.
fn is_address(text: &str) -> bool {
    let mail = text.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.') && !b.contains('/'));
    let phone = text.strip_prefix('+').is_some_and(|rest| {
        rest.chars().filter(char::is_ascii_digit).count() >= 7 && rest.chars().all(|c| "0123456789 -()".contains(c))
    });
    mail || phone
}
