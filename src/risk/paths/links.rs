//! Which texts of a call are worth following on the file system, for whoever stands where the server stands.

use std::borrow::Cow;

use super::{KEYS, looks};
use crate::call::Params;
use crate::json;
use crate::risk::subject::tokens;
use crate::risk::words::Words;

/// The most paths of one call that are followed.
pub const MOST_LINKS: usize = 64;
/// The most that are named at all.
const MOST_NAMED: usize = 200;
/// The longest path that a system opens, in bytes.
const LONGEST: usize = 4_096;

/// The paths among the arguments, each once, in their order: what stands under a key that holds paths, and what looks
/// like a path. Beyond [`MOST_LINKS`] they are named and not to be followed; where there are too many even to name, the
/// last name is empty and stands for all ([`Link::is_of`](crate::risk::Link::is_of)), so that a call cannot hide a
/// link behind others. Linear in the size of the call.
pub fn candidates(params: &Params) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut holds_paths = false;
    for (token, is_key) in tokens(params.arguments()) {
        if is_key {
            holds_paths = Words::of(&json::unescape(token)).ends_in(KEYS);
            continue;
        }
        if token.len() > LONGEST + 2 {
            continue;
        }
        let text: Cow<'_, str> = json::unescape(token);
        let local = !text.contains("://") || text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
        let path = local && !text.is_empty() && !text.contains(['\n', '\0']) && (holds_paths || looks(&text));
        if path && !all.iter().any(|known| *known == text) {
            if all.len() == MOST_NAMED {
                all.push(String::new());
                break;
            }
            all.push(text.into_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn of(arguments: &str) -> Vec<String> {
        let params = format!(r#"{{"name":"t","arguments":{arguments}}}"#);
        candidates(&Params::new(RawValue::from_string(params).expect("JSON")))
    }

    #[test]
    fn paths_are_picked_by_key_and_by_looks_and_nothing_else_is() {
        assert!(of(r#"{"a":1,"b":"two words","c":["x",{"d":null}]}"#).is_empty());
        assert_eq!(of(r#"{"path":"notes","x":"~/a","files":["b","c"],"n":"n"}"#), ["notes", "~/a", "b", "c"]);
        assert_eq!(
            of(r#"{"x":"\/etc\/hosts","y":"/etc/hosts","u":"https://a/b","path":"https://a/../b"}"#),
            ["/etc/hosts"]
        );
        assert!(of(&format!(r#"{{"path":"/{}"}}"#, "a".repeat(5_000))).is_empty(), "no system opens it");
    }

    #[test]
    fn however_many_there_are_no_more_than_a_bound_are_named() {
        let many: Vec<String> = (0..1_000).map(|i| format!("\"/{i}\"")).collect();
        let named = of(&format!("{{\"x\":[{}]}}", many.join(",")));
        assert_eq!((named.len(), named.last().map(String::as_str)), (MOST_NAMED + 1, Some("")));
        let few = of(&format!("{{\"x\":[{}]}}", many[..MOST_NAMED].join(",")));
        assert_eq!((few.len(), few.last().map(String::as_str)), (MOST_NAMED, Some("/199")));
    }
}
