//! Secrets on their way to the server. What is found is never quoted: findings are kept in the history.

use super::names;
use super::subject::{Found, Subject};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

const NAMED: Kind = Kind::new("secrets.named", Medium, "an argument is called a secret").needs(Access::Read);
const SHAPED: Kind = Kind::new("secrets.shaped", High, "an argument has the shape of a key or token");

/// The family.
pub const FAMILY: Family = Family {
    name: "secrets",
    about: "secrets in the arguments, by name and by shape",
    kinds: &[NAMED, SHAPED],
    detect,
};

/// How well-known keys and tokens begin, and how many characters of a key follow at least.
const SHAPES: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("ghu_", 30),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xapp-", 20),
    ("sk-ant-", 30),
    ("sk-proj-", 30),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("AIza", 35),
    ("npm_", 36),
    ("pypi-", 40),
    ("dop_v1_", 40),
    ("hf_", 30),
    ("eyJhbGciOi", 60),
];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for value in subject.texts().filter(|value| !value.text.is_empty()) {
        if has_shape(&value.text) {
            found.at(
                SHAPED,
                subject,
                value,
                format!("{} holds what looks like a key or token", subject.pointer(value)),
            );
        } else if names::is_secret(subject.key(value)) {
            found.at(NAMED, subject, value, format!("{} is called a secret", subject.pointer(value)));
        }
    }
}

fn has_shape(text: &str) -> bool {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return true;
    }
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || b"_-.".contains(b);
    let bytes = text.as_bytes();
    let mut before = b' ';
    for (at, byte) in bytes.iter().enumerate() {
        if !before.is_ascii_alphanumeric() && b"AgxsrnpdheE".contains(byte) {
            let rest = &bytes[at..];
            let shaped = SHAPES.iter().any(|(start, least)| {
                rest.strip_prefix(start.as_bytes())
                    .is_some_and(|key| key.get(..*least).is_some_and(|key| key.iter().all(is_key)))
            });
            if shaped {
                return true;
            }
        }
        before = *byte;
    }
    false
}
