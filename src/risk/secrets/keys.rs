//! What the keys of arguments say of their values: that they are secrets, or names of things.

use crate::risk::names;
use crate::risk::words::{List, Words};

/// What comes before `token` when it is none of a person's.
const HARMLESS: &[&str] =
    &["page", "next", "prev", "previous", "continuation", "progress", "sync", "max", "num", "csrf", "cursor", "start"];

/// Whether a name that ends like a secret's is that of a place in a list or of a measure.
pub(super) fn is_harmless(words: &Words) -> bool {
    words.ends_in(const { &List::of(&["token"]) })
        && words.iter().rev().nth(1).is_some_and(|before| HARMLESS.contains(&before))
}

/// Keys of what is set, where the name that it is set under stands beside it: `{"name": "DB_PASSWORD", "value": "…"}`.
pub const VALUES: &List = &List::of(&["value", "val", "new_value", "content", "text", "data"]);
/// Keys of that name.
pub const NAMES: &List =
    &List::of(&["name", "key", "variable", "var", "field", "header", "secret_name", "ref", "element", "label", "id"]);

/// Whether a key of the arguments says that its value is a secret.
pub fn is_secret_key(words: &Words) -> bool {
    const LAST: &List = &List::of(&[
        "token",
        "passphrase",
        "pwd",
        "otp",
        "totp",
        "jwt",
        "authorization",
        "mnemonic",
        "passcode",
        "passwort",
        "pswd",
        "cvv",
        "cvc",
        "bearer",
    ]);
    const PAIRS: &[(&str, &str)] = &[
        ("pass", "word"),
        ("seed", "phrase"),
        ("recovery", "phrase"),
        ("recovery", "code"),
        ("recovery", "codes"),
        ("backup", "codes"),
        ("mfa", "code"),
        ("otp", "code"),
        ("db", "pass"),
        ("user", "pass"),
        ("smtp", "pass"),
        ("admin", "pass"),
        ("root", "pass"),
        ("mysql", "pass"),
        ("token", "value"),
    ];
    const BEFORE_KEY: &[&str] = &["secret", "encryption", "signing", "ssh", "master", "license", "account", "auth"];
    let key = || {
        let mut last = words.iter().rev();
        matches!(last.next(), Some("key" | "keys")) && last.next().is_some_and(|word| BEFORE_KEY.contains(&word))
    };
    let ends = || words.iter().any(|word| word.len() > 8 && (word.ends_with("password") || word.ends_with("passwd")));
    let pairs = || PAIRS.iter().any(|(a, b)| words.has_pair(a, b));
    let own = || words.is_one_of(const { &List::of(&["pass", "auth", "basic_auth"]) });
    (names::is_secret(words) || words.ends_in(LAST) || key() || pairs() || ends() || own()) && !is_harmless(words)
}

/// The last words of keys whose values are long and random and no secrets: names of things.
pub fn is_name_key(words: &Words) -> bool {
    const LAST: &List = &List::of(&[
        "id",
        "ids",
        "uuid",
        "guid",
        "hash",
        "sha",
        "sha1",
        "sha256",
        "digest",
        "checksum",
        "commit",
        "rev",
        "revision",
        "ref",
        "etag",
        "cursor",
        "nonce",
        "integrity",
        "version",
        "cid",
        "tx",
        "txid",
        "block",
        "slug",
        "cursors",
    ]);
    words.ends_in(LAST) || is_harmless(words)
}
