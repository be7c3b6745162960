//! Text in, text out: what is let through, what is refused.

use proptest::prelude::*;

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
    let many = (0..50).map(|i| format!("\"k{i}\":{i},")).collect::<Vec<_>>().concat();
    assert_eq!(strict(&format!("{{{many}\"k\\u0037\":0}}")), Err(Fault::DuplicateKey("k7".into())));
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

#[test]
fn numbers_that_are_infinite_to_some_readers_are_refused() {
    for bad in ["1e999", "[-1E+400]", &format!("1{}", "0".repeat(309)), &format!("-{}.5", "9".repeat(400))] {
        assert!(matches!(strict(bad), Err(Fault::NumberRange(_))), "{bad}");
    }
    let long = format!("0.{}", "1".repeat(1_000));
    for good in ["1e308", "-1e-999", "0e5", &long, &"9".repeat(308)] {
        assert_eq!(strict(good).as_deref(), Ok(good));
    }
}

#[test]
fn b08_depth_is_capped_long_before_any_stack_is() {
    let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(strict(&nest(MAX_DEPTH)).is_ok());
    assert_eq!(strict(&nest(MAX_DEPTH + 1)), Err(Fault::TooDeep(MAX_DEPTH)));
    assert_eq!(strict(&"[".repeat(5_000_000)), Err(Fault::TooDeep(MAX_DEPTH)));
    assert_eq!(strict(&r#"{"a":"#.repeat(1_000_000)), Err(Fault::TooDeep(5 * MAX_DEPTH)));
}

#[test]
fn b08_half_a_utf8_sequence_is_refused_and_never_sliced() {
    for cut in 1..4 {
        let mut bytes = b"[\"".to_vec();
        bytes.extend(&"😀".as_bytes()[..cut]);
        assert_eq!(compact(&bytes, Duplicates::Everywhere), Err(Fault::NotUtf8(2)));
        bytes.extend(b"\"]");
        assert_eq!(compact(&bytes, Duplicates::Everywhere), Err(Fault::NotUtf8(2)));
    }
    // Overlong, a surrogate as CESU-8, beyond U+10FFFF.
    for bad in [&b"\"\xc0\xaf\""[..], b"\"\xed\xa0\x80\"", b"\"\xf4\x90\x80\x80\""] {
        assert_eq!(compact(bad, Duplicates::Everywhere), Err(Fault::NotUtf8(1)));
    }
}

#[test]
fn b04_what_ends_a_line_for_some_readers_is_escaped() {
    let given = "{\"k\u{2028}\":\"a\u{85}\\\\\u{2029}é\u{2027}\u{202a}\\n\"}";
    let out = strict(given).expect("it is JSON");
    assert_eq!(out, "{\"k\\u2028\":\"a\\u0085\\\\\\u2029é\u{2027}\u{202a}\\n\"}");
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("it is JSON");
    assert_eq!(value(&out), value(given));
    // Escaping must not make a valid text of an invalid one.
    assert!(strict("\"\\\u{2028}\"").is_err() && strict("[\u{2028}]").is_err() && strict("[1\u{85}]").is_err());
    assert_eq!(strict("{\"\u{2028}\":1,\"\\u2028\":2}"), Err(Fault::DuplicateKey("\u{2028}".into())));
}

#[test]
fn the_outline_says_where_the_outer_members_are() {
    let given = "{ \"a\" : {} , \"b\\n\" : { \"x\u{2028}\" : [ { \"deep\" : 1 } ] , \"y\" : { } } , \"c\" : [ { \"z\" : 1 } ] }";
    let outline = outline(given.as_bytes(), Duplicates::Everywhere).expect("it is JSON");
    let found: Vec<_> = outline
        .members
        .iter()
        .map(|m| (m.depth, &outline.text[m.key.clone()], &outline.text[m.value.clone()]))
        .collect();
    let b = r#"{"x\u2028":[{"deep":1}],"y":{}}"#;
    let want = [
        (1, r#""a""#, "{}"),
        (1, r#""b\n""#, b),
        (2, r#""x\u2028""#, r#"[{"deep":1}]"#),
        (2, r#""y""#, "{}"),
        (1, r#""c""#, r#"[{"z":1}]"#),
    ];
    assert_eq!(found, want);
}

#[test]
fn canonical_text_orders_what_is_nested_and_keeps_twins() {
    assert_eq!(
        canonical(r#"[{"b":{"z":[],"a":{}},"a":[{"y":1,"x":2}]},3]"#),
        r#"[{"a":[{"x":2,"y":1}],"b":{"a":{},"z":[]}},3]"#
    );
    assert_eq!(canonical(r#"{"a":2,"a":1}"#), canonical(r#"{"a":1,"a":2}"#));
    assert_ne!(canonical(r#"{"a":1,"a":1}"#), canonical(r#"{"a":1}"#));
    assert_eq!(canonical(r#"{"\u0022":"\u000a\/\u00e9"}"#), r#"{"\"":"\n/é"}"#);
}

#[test]
fn the_end_of_a_plain_run_is_found_wherever_it_is() {
    for stop in [b'"', b'\\', 0x1f, 0, b'\r'] {
        for at in [0, 1, 7, 8, 9, 63, 64, 65, 100, 128, 1_000] {
            let mut bytes = vec![b'x'; 1_100];
            bytes[3..60].fill(0xe9);
            bytes[at] = stop;
            bytes[at + 5] = 0x1f;
            bytes[at + 9] = b'"';
            assert_eq!(plain_run(&bytes), at, "{stop}");
        }
    }
    for len in [0, 1, 8, 63, 64, 65, 300] {
        assert_eq!(plain_run(&vec![b' '; len]), len);
    }
}

mod properties {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Text that is nearly JSON: any value, spaced and escaped at random, sometimes spoilt.
    fn nearly_json() -> impl Strategy<Value = String> {
        let space = || prop::sample::select(vec!["", "", "", " ", "\r", "\n", "\t \r"]);
        let good = vec![
            "a",
            "b",
            "é",
            "\u{2028}",
            "\u{85}",
            "\\n",
            "\\u0061",
            "\\\\",
            "\\\"",
            "\\ud83d\\ude00",
            "\\/",
            "}",
            "{",
            "[",
            ",",
            ":",
            "😀",
        ];
        let bad = vec!["\u{1}", "\\ud800", "\r", "\\\u{2028}", "\\x", "\""];
        let piece = prop_oneof![60 => prop::sample::select(good), 1 => prop::sample::select(bad)];
        let string = prop::collection::vec(piece, 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()));
        let good = vec!["0", "-0", "1.0", "1e5", "1E-7", "12345678901234567890", "true", "false", "null"];
        let bad = vec!["01", "1.", "1e999", "nul", "NaN"];
        let leaf = prop_oneof![
            30 => string.clone(),
            30 => prop::sample::select(good).prop_map(str::to_owned),
            1 => prop::sample::select(bad).prop_map(str::to_owned),
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            let member = (space(), string.clone(), space(), inner.clone(), space())
                .prop_map(|(a, key, b, value, c)| format!("{a}{key}{b}:{value}{c}"));
            let element = (space(), inner, space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
            prop_oneof![
                prop::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(","))),
                prop::collection::vec(element, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            ]
        })
    }

    fn check(bytes: &[u8]) {
        let Ok(out) = compact(bytes, Duplicates::Everywhere) else { return };
        assert!(out.bytes().all(|b| b >= 0x20) && !out.contains(['\u{85}', '\u{2028}', '\u{2029}']));
        let before: Value = serde_json::from_slice(bytes).expect("what is let through is JSON");
        assert_eq!(serde_json::from_str::<Value>(&out).expect("what comes out is JSON"), before);
        assert_eq!(compact(out.as_bytes(), Duplicates::Everywhere).as_ref(), Ok(&out));
        assert_eq!(serde_json::from_str::<Value>(&canonical(&out)).expect("canonical text is JSON"), before);
        let outline = outline(bytes, Duplicates::Everywhere).expect("the same check");
        assert_eq!(outline.text, out);
        let walked: Vec<_> = members(&out).map(|(key, value)| (key.into_owned(), value.to_owned())).collect();
        let noted = outline.members.iter().filter(|m| m.depth == 1);
        let noted: Vec<_> =
            noted.map(|m| (unescape(&out[m.key.clone()]).into_owned(), out[m.value.clone()].to_owned())).collect();
        assert_eq!(walked, if out.starts_with('{') { noted } else { Vec::new() });
        if let Value::Object(object) = &before {
            assert_eq!(object.len(), walked.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_text_is_refused_or_keeps_its_value(text in nearly_json()) {
            check(text.as_bytes());
        }

        #[test]
        fn any_bytes_are_refused_or_keep_their_value(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            check(&bytes);
        }

        #[test]
        fn one_changed_byte_is_refused_or_keeps_its_value(text in nearly_json(), at: usize, byte: u8) {
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            check(&bytes);
        }
    }
}

proptest! {
    #[test]
    fn an_escaped_text_is_read_as_serde_reads_it(text in "(\\PC|[\\\\\"\u{0}-\u{1f}\u{10000}-\u{10040}]){0,40}", ascii in any::<bool>()) {
        let mut token = serde_json::to_string(&text).unwrap();
        if ascii {
            let escape = |c: char| {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().fold(String::new(), |all, unit| all + &format!("\\u{unit:04x}"))
            };
            token = token.chars().map(|c| if c.is_ascii() { c.to_string() } else { escape(c) }).collect();
        }
        prop_assert_eq!(unescape(&token), text);
    }
}
