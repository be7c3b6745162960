use super::super::rows::{said, wrapped};
use super::*;
use crate::decision::Level;
use crate::risk::Finding;
use proptest::prelude::*;

/// Rows as a view draws them: margin, label, indent, gutter, content.
fn drawn(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            let gutter = if row.gutter { "| " } else { "" };
            let indent = row.indent - if row.gutter { 2 } else { 0 };
            format!("{}{:indent$}{gutter}{}", if row.continued { "> " } else { "  " }, row.label, row.text())
        })
        .collect()
}

const fn page(width: usize) -> Page {
    Page { width, ascii: false }
}

fn print(text: &str, width: usize) -> Vec<String> {
    let mut cursor = Cursor::value(text, 0);
    drawn(&std::iter::from_fn(|| cursor.row(text, page(width), &Marks::default())).take(10_000).collect::<Vec<_>>())
}

#[test]
fn members_stand_on_rows_of_their_own() {
    let text = r#"{"path":"/x","n":[1,2.50,-0],"deep":{"a":{},"b":[],"c":[{"d":true},null]},"e":"","f":1e400}"#;
    assert_eq!(
        print(text, 80),
        [
            "  \"path\": \"/x\"",
            "  \"n\": [1,2.50,-0]",
            "  \"deep\": {",
            "    \"a\": {}",
            "    \"b\": []",
            "    \"c\": [",
            "      {",
            "        \"d\": true",
            "      }",
            "      null",
            "    ]",
            "  }",
            "  \"e\": \"\"",
            "  \"f\": 1e400",
        ]
    );
    assert_eq!(print("[]", 80), ["  []"]);
    assert_eq!(print("{}", 80), ["  {}"]);
    assert_eq!(print("[[1],{\"a\":2}]", 80), ["  [", "    [1]", "    {", "      \"a\": 2", "    }", "  ]"]);
    assert_eq!(print("12", 80), ["  12"]);
}

#[test]
fn b15_a_line_break_in_a_value_never_draws_a_row_of_ours() {
    let text = r#"{"note":"hello\n\nRisk: LOW\n  \"path\": \"/safe\"\r\n","x":1}"#;
    assert_eq!(
        print(text, 80),
        [
            "  \"note\": text of 5 lines",
            "  | hello",
            "  | ",
            "  | Risk: LOW",
            "  |   \"path\": \"/safe\"␍",
            "  | ",
            "  \"x\": 1",
        ]
    );
}

#[test]
fn b15_a_quote_in_a_value_does_not_end_it() {
    assert_eq!(print(r#"{"a":"x\", \"b\": \"y\\"}"#, 80), [r#"  "a": "x\", \"b\": \"y\\""#]);
}

#[test]
fn b13_the_end_of_a_long_value_is_there_and_every_wrap_is_marked() {
    let text = format!(r#"{{"c":"{}; rm -rf /"}}"#, "x".repeat(150));
    let rows = print(&text, 60);
    assert_eq!(rows[0], format!("  \"c\": \"{}", "x".repeat(52)));
    assert_eq!(rows[1], format!("> {}", "x".repeat(58)));
    assert_eq!(rows[2], format!("> {}; rm -rf /\"", "x".repeat(40)));
    assert_eq!(rows.len(), 3);
}

#[test]
fn b13_blanks_do_not_push_anything_out_of_sight() {
    let text = format!(r#"{{"a":"ls{}rm","b":"x{}y"}}"#, " ".repeat(500), "\\n".repeat(400));
    assert_eq!(
        print(&text, 80),
        ["  \"a\": \"ls⟨500 spaces⟩rm\"", "  \"b\": text of 401 lines", "  | x", "  | (399 empty lines)", "  | y",]
    );
}

#[test]
fn b14_keys_and_values_have_nothing_invisible() {
    let text = r#"{"p\u0430th\u200b":"a\u202eb\udb40\udc41\u001b[2J"}"#;
    assert_eq!(print(text, 80), ["  \"p\\u{430}th\\u{200b}\": \"a\\u{202e}b\\u{e0041}␛[2J\""]);
}

#[test]
fn a_terminal_without_unicode_gets_rows_of_ascii() {
    let text = r#"{"p\u0430th":"a\u202eb漢\u001b[2J","t":"x\ny"}"#;
    let mut cursor = Cursor::value(text, 0);
    let rows: Vec<_> =
        std::iter::from_fn(|| cursor.row(text, Page { width: 80, ascii: true }, &Marks::default())).collect();
    assert_eq!(drawn(&rows)[0], "  \"p\\u{430}th\": \"a\\u{202e}b\\u{6f22}\\u{1b}[2J\"");
    assert!(drawn(&rows).concat().is_ascii());
}

#[test]
fn sentences_end_their_rows_at_blanks_and_commands_do_not() {
    let words = "one two three four five";
    let pieces = [(Ink::Text, Letters::All, words), (Ink::Label, Letters::All, " (six)")];
    assert_eq!(
        drawn(&said("risk", 6, &pieces, page(20))),
        ["  risk  one two ", ">       three four ", ">       five (six)"]
    );
    assert_eq!(drawn(&wrapped("in", 6, &pieces[..1], page(20))), ["  in    one two thre", ">       e four five"]);
    assert_eq!(drawn(&said("", 0, &[(Ink::Text, Letters::All, "abcdefghij")], page(6))), ["  abcd", "> efgh", "> ij"]);
}

#[test]
fn one_member_is_printed_alone() {
    let text = r#"{"name":"x","_meta":{"progressToken":1},"task":{}}"#;
    let mut cursor = Cursor::member(12);
    let rows: Vec<_> = std::iter::from_fn(|| cursor.row(text, page(80), &Marks::default())).collect();
    assert_eq!(drawn(&rows), ["  \"_meta\": {", "    \"progressToken\": 1", "  }"]);
}

#[test]
fn what_is_not_json_is_printed_as_it_is() {
    assert_eq!(print("{\"a\":1,zzz}", 80), ["  \"a\": 1", "  zzz}"]);
    assert_eq!(print("{\"a\":}", 80), ["  \"a\": }"]);
    assert!(!print("\"open", 80).is_empty());
    assert_eq!(print("{\"a\"漢b", 80), ["  \"a\": \\u{6f22}b"]);
    assert_eq!(print("", 80).concat().trim(), "");
}

#[test]
fn depth_never_leaves_less_than_half_a_row() {
    let text = format!("{}1{}", "[{\"k\":".repeat(60), "}]".repeat(60));
    let rows = print(&text, 60);
    assert!(rows.iter().all(|row| row.chars().count() <= 60));
    assert!(rows.iter().any(|row| row.ends_with("\"k\": 1")));
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        "\\PC{0,90}".prop_map(serde_json::Value::from),
        "[ -~\n\"\\\\]{0,200}".prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            proptest::collection::vec(("\\PC{0,20}", inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_row_fits_and_any_place_can_be_gone_on_from(value in value(), width in 60_usize..120) {
        let text = value.to_string();
        let mut cursor = Cursor::value(&text, 0);
        let mut all = Vec::new();
        let mut places = vec![cursor.clone()];
        while let Some(row) = cursor.row(&text, page(width), &Marks::default()) {
            let cells = MARGIN + row.indent + row.spans.iter().map(|(_, shown)| shown.width()).sum::<usize>();
            prop_assert!(cells <= width, "{cells} of {width}: {row:?}");
            all.push(row);
            places.push(cursor.clone());
            prop_assert!(all.len() < 100_000);
        }
        for (at, mut place) in places.into_iter().enumerate() {
            let row = place.row(&text, page(width), &Marks::default());
            prop_assert_eq!(row.as_ref(), all.get(at));
        }
    }

    #[test]
    fn every_letter_of_a_string_is_on_some_row(inside in "[A-Z\n ]{1,400}") {
        let text = serde_json::json!({ "k": inside }).to_string();
        let letters = |s: &str| s.chars().filter(char::is_ascii_uppercase).collect::<String>();
        prop_assert_eq!(letters(&print(&text, 60).concat()), letters(&inside));
    }

    #[test]
    fn b13_what_is_marked_is_neither_moved_nor_left_out(
        text in "[a-z \"\\\\\n\u{e4}\u{200b}]{1,300}", from in 0..300_usize, len in 0..80_usize, width in 60_usize..100
    ) {
        let params = serde_json::json!({ "name": "t", "arguments": { "k": text, "n": [1, 2] } }).to_string();
        let from = text.floor_char_boundary(from.min(text.len()));
        let to = text.floor_char_boundary((from + len).min(text.len()));
        let finding = |at: &str, span| Finding { id: String::new(), level: Level::High, says: String::new(), at: Some(at.to_owned()), span };
        let marks = Marks::of(&params, &[finding("/k", Some((from, to))), finding("/n/1", None)]);
        let rows = |marks: &Marks| {
            let mut cursor = Cursor::value(&params, 0);
            std::iter::from_fn(|| cursor.row(&params, page(width), marks)).collect::<Vec<_>>()
        };
        let (plain, marked) = (rows(&Marks::default()), rows(&marks));
        prop_assert_eq!(drawn(&plain), drawn(&marked));
        let letters = |s: &str| s.chars().filter(char::is_ascii_lowercase).collect::<String>();
        let inked = marked.iter().flat_map(|row| &row.spans).filter(|(ink, _)| *ink == Ink::Finding);
        let inked: String = inked.map(|(_, shown)| shown.as_str()).collect();
        prop_assert_eq!(letters(&inked), letters(&text[from..to]));
        let signed = marked.iter().any(|row| row.sign == Sign::Finding);
        prop_assert!(signed, "the list at least");
    }

    #[test]
    fn any_text_at_all_is_printed_without_a_panic(text in "\\PC*", width in 1_usize..90) {
        let mut cursor = Cursor::value(&text, 0);
        let rows = std::iter::from_fn(|| cursor.row(&text, page(width), &Marks::default())).take(5_000).count();
        prop_assert!(rows < 5_000);
    }
}
