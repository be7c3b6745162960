//! Messages to other people.

use super::names::Deed;
use super::subject::{Found, Subject, quoted};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

const NAMED: Kind = Kind::new("recipients.named", Medium, "a reader is given somebody's address").needs(Access::Read);
const SENDS: Kind = Kind::new("recipients.sends", High, "it goes to somebody's address");

/// The family.
pub const FAMILY: Family =
    Family { name: "recipients", about: "addresses that something is sent to", kinds: &[NAMED, SENDS], detect };

const SURE: &[&str] = &[
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
];
const PERHAPS: &[&str] = &["to", "email", "emails", "email_address", "user_email", "target", "destination", "address"];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for value in subject.texts() {
        let key = subject.key(value);
        let sure = key.is_one_of(SURE);
        let address = sure || (key.is_one_of(PERHAPS) && is_address(&value.text));
        if !address || value.text.is_empty() {
            continue;
        }
        if subject.name.reads() {
            if sure {
                let says = format!("it hands on the address {}", quoted(&value.text));
                found.at(NAMED, subject, value, says);
            }
        } else if sure || subject.name.deed >= Deed::Write || subject.name.deed == Deed::Unknown {
            found.at(SENDS, subject, value, format!("it goes to {}", quoted(&value.text)));
        }
    }
}

/// A mail address, or a telephone number with its `+`.
fn is_address(text: &str) -> bool {
    let mail = text.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.') && !b.contains('/'));
    let phone = text.strip_prefix('+').is_some_and(|rest| {
        rest.chars().filter(char::is_ascii_digit).count() >= 7 && rest.chars().all(|c| "0123456789 -()".contains(c))
    });
    mail || phone
}
