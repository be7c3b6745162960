//! Secrets on their way to the server, and secrets out of what is kept. What is found is never quoted.

use std::collections::HashSet;

use super::subject::{Found, Subject, Value};
use super::words::Words;
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

mod finders;
mod keys;
mod mask;
mod random;
mod shapes;

pub use keys::{is_name_key, is_secret_key};
pub use mask::{Masked, masked, text as without_secrets, words as command_without_secrets};
pub use shapes::{Sort, Spot, spots};

const NAMED: Kind = Kind::new("secrets.named", Medium, "an argument is called a secret").needs(Access::Read);
const ASSIGNED: Kind =
    Kind::new("secrets.assigned", Medium, "within a text something that is called a secret is set").needs(Access::Read);
const RANDOM: Kind =
    Kind::new("secrets.random", Medium, "an argument holds a text so long and random that it may be a key")
        .needs(Access::Read);
const SHAPED: Kind =
    Kind::new("secrets.shaped", High, "an argument has the shape of a key or token").needs(Access::Read);

/// The family.
pub const FAMILY: Family = Family {
    name: "secrets",
    about: "secrets in the arguments, by name, by shape and by chance",
    kinds: &[NAMED, ASSIGNED, RANDOM, SHAPED],
    detect,
};

/// The objects in which something is set under the name of a secret: `{"name": "DB_PASSWORD", "value": "…"}`.
fn named_in(subject: &Subject<'_>) -> HashSet<usize> {
    let names = subject.texts().filter(|value| {
        let short = subject.is_member(value) && value.text.len() <= 128;
        short && subject.key(value).is_one_of(keys::NAMES) && is_secret_key(&Words::of(&value.text))
    });
    names.map(|value| Subject::parent(value)).collect()
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let named_in = named_in(subject);
    let set = |value: &Value<'_>| subject.is_member(value) && named_in.contains(&Subject::parent(value));
    for value in subject.texts().filter(|value| !value.text.is_empty()) {
        let key = subject.key(value);
        let named = key.is_secret() || key.is_one_of(keys::VALUES) && set(value);
        for spot in spots(&value.text) {
            let kind = match spot.sort {
                Sort::Shaped => SHAPED,
                Sort::Assigned => ASSIGNED,
                Sort::Random if named || is_name_key(key) => continue,
                Sort::Random => RANDOM,
            };
            if !found.is_full(kind) {
                let says = format!("{} holds what looks like {}", subject.pointer(value), spot.what);
                found.within(kind, subject, value, spot.range, says);
            }
        }
        if named && !found.is_full(NAMED) {
            let says = format!("{} is called a secret", subject.pointer(value));
            found.within(NAMED, subject, value, 0..value.text.len(), says);
        }
    }
}
