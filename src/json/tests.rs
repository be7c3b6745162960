//! Text in, text out: what is let through, what is refused.

use super::*;

fn strict(text: &str) -> Result<String, Fault> {
    compact(text.as_bytes(), Duplicates::Everywhere)
}

#[test]
fn white_space_goes_and_everything_else_stays_to_the_letter() {
    let given =
        "{ \"a\" : [ 1.0e+2 , -0 , 123456789012345678901234567890 ] ,\r\n\t\"\\u0062\" : \"x\\/y \\ud83d\\ude00\" }";
    assert_eq!(
        strict(given).as_deref(),
        Ok(r#"{"a":[1.0e+2,-0,123456789012345678901234567890],"\u0062":"x\/y \ud83d\ude00"}"#)
    );
}

#[test]
fn what_readers_disagree_about_is_refused() {
    assert_eq!(strict(r#"{"a":1,"\u0061":2}"#), Err(Fault::DuplicateKey("a".into())));
    assert_eq!(strict(r#"{"x":[{"a":1,"b":2,"a":3}]}"#), Err(Fault::DuplicateKey("a".into())));
    assert_eq!(strict(r#"["\ud800"]"#), Err(Fault::LoneSurrogate(2)));
    assert_eq!(strict(r#"["\udc00\ud800"]"#), Err(Fault::LoneSurrogate(2)));
    assert_eq!(strict("[\"a\rb\"]"), Err(Fault::Control(3)));
    assert_eq!(strict("{} {}"), Err(Fault::Trailing(3)));
    assert_eq!(strict("\u{feff}{}"), Err(Fault::ByteOrderMark));
    assert_eq!(compact(b"[\"\xff\"]", Duplicates::Everywhere), Err(Fault::NotUtf8(2)));
    for bad in ["NaN", "[1,]", "{\"a\":}", "1.", "+1", "'a'", "[", "", "{\"a\" 1}", "tru", "\"\\x\"", "{,}"] {
        assert!(matches!(strict(bad), Err(Fault::Syntax(_))), "{bad}");
    }
    assert!(matches!(strict(&"[".repeat(200)), Err(Fault::TooDeep(128))));
}

#[test]
fn members_and_elements_are_walked_without_values() {
    let text = strict(r#"{"a":{"x":"}\\\""},"b\n":[1,[2,3],{}],"c":null,"":""}"#).expect("valid");
    let all: Vec<_> = members(&text).map(|(k, v)| (k.into_owned(), v.to_owned())).collect();
    let want = [("a", r#"{"x":"}\\\""}"#), ("b\n", "[1,[2,3],{}]"), ("c", "null"), ("", "\"\"")];
    assert_eq!(all, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
    assert_eq!(elements("[1,[2,3],{}]").collect::<Vec<_>>(), ["1", "[2,3]", "{}"]);
    assert_eq!(members("{}").count() + elements("[]").count() + members("3").count(), 0);
}

#[test]
fn canonical_text_is_one_for_all_spellings() {
    assert_eq!(canonical(r#"{"b":[1,{"d":1,"c":"\u0041"}],"a":null}"#), r#"{"a":null,"b":[1,{"c":"A","d":1}]}"#);
    assert_ne!(canonical("1"), canonical("1.0"));
}
