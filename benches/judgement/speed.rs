//! How long a judgement takes. Figures, not assertions.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sayso::risk::{Facts, Known, assess_known};
use serde_json::{Value, json};

use crate::data::{Report, call};

/// The fastest of several rounds of `times` judgements, one of them.
fn time(report: &Report, tool: &str, arguments: &Value, times: u32) -> Option<(usize, Duration)> {
    let call = call(tool, arguments, None, &[])?;
    let (known, facts) = (Known::of(tool, None), Facts::default());
    // A call that was made to take long is judged once or, when that was slow, twice more: the machine may have been busy.
    let (rounds, times) = if report.prints && times > 1 { (7, times) } else { (1, 1) };
    let round = || {
        let start = Instant::now();
        for _ in 0..times {
            black_box(assess_known(&known, black_box(&call), &facts));
        }
        start.elapsed() / times
    };
    Some((call.params.text().len(), (0..rounds).map(|_| round()).min()?))
}

/// Plain calls of several sizes.
pub fn sizes(report: &Report) {
    let shell = "git log --oneline -n 20 | grep -v 'merge' | sort | uniq -c && ls -la src/ tests/ ; ".repeat(12);
    let sql = format!(
        "SELECT {} FROM orders o JOIN users u ON u.id = o.user_id WHERE o.total > 100 AND u.name LIKE 'a%'",
        (0..60).map(|i| format!("o.column_{i}")).collect::<Vec<_>>().join(", ")
    );
    let joined = "WITH recent AS (\n    SELECT o.id, o.user_id, o.total, o.created_at::date AS day,\n        row_number() OVER \
        (PARTITION BY o.user_id ORDER BY o.created_at DESC) AS place -- the newest first\n    FROM public.orders o JOIN \
        order_items i USING (order_id)\n    LEFT JOIN coupons c ON c.id = o.coupon_id AND c.expires_at IS NOT NULL\n    \
        WHERE o.created_at >= now() - interval '30 days' AND o.status IN ('paid', 'shipped')\n), totals AS (\n    SELECT \
        user_id, count(*) AS orders, sum(total) AS total, count(DISTINCT day) AS days\n    FROM recent GROUP BY user_id \
        HAVING sum(total) > 100\n)\nSELECT u.id, u.\"displayName\", t.orders, round(t.total, 2) AS total, u.data->>'city' AS \
        city,\n    CASE WHEN t.total > 10000 THEN 'gold' WHEN t.total > 1000 THEN 'silver' ELSE 'plain' END AS tier,\n    \
        (SELECT r.total FROM recent r WHERE r.user_id = u.id AND r.place = 1) AS last_total\nFROM totals t JOIN users u ON \
        u.id = t.user_id\nWHERE NOT EXISTS (SELECT 1 FROM banned b WHERE b.user_id = u.id)\nORDER BY total DESC NULLS LAST \
        LIMIT 50";
    // To MySQL that begins a comment: no two databases need read the same.
    let rare = joined.replace("u.data->>'city'", "u.data #>> '{address,city}'");
    let prose = "The quick brown fox jumps over the lazy dog, and then it sits down. ".repeat(15);
    let code = "fn main() {\n    let x = vec![1, 2, 3];\n    println!(\"{x:?}\");\n}\n".repeat(16_000);
    let rows: Vec<Value> = (0..1_900).map(|i| json!({ "id": i, "name": format!("row number {i}"), "done": false, "note": "nothing much to be said about it, and so it goes on. ".repeat(8) })).collect();
    let all = [
        ("64 bytes, a path", "read_file", json!({ "path": "src/main.rs", "limit": 20 }), 20_000),
        ("1 KiB of shell", "run_command", json!({ "command": shell }), 2_000),
        ("1 KiB of SQL", "query", json!({ "sql": sql }), 500),
        ("1 KiB of SQL, joined", "query", json!({ "sql": joined }), 500),
        ("1 KiB of SQL, for a parser", "query", json!({ "sql": rare }), 100),
        ("1 KiB of prose", "write_file", json!({ "path": "a.md", "content": prose }), 5_000),
        ("1 MiB of code", "write_file", json!({ "path": "a.rs", "content": code }), 20),
        ("1 MiB of rows", "insert_rows", json!({ "rows": rows }), 10),
    ];
    report.line("\na known tool's call");
    for (what, tool, arguments, times) in all.into_iter().filter(|(what, ..)| what.contains(&report.only)) {
        if let Some((bytes, one)) = time(report, tool, &arguments, times) {
            report.line(&format!("  {what:<28} {bytes:>9} bytes {:>12.2} us", one.as_nanos() as f64 / 1e3));
        }
    }
}

/// Calls that were made to take long.
pub fn worst(report: &Report) {
    const MIB: usize = 1 << 20;
    let times = |text: &str| text.repeat(MIB / text.len());
    let nested = (0..100).fold(json!("/etc/passwd"), |inner, _| json!([inner]));
    let deep = format!("SELECT {}1{}", "(".repeat(9), ")".repeat(9));
    let blob = "QWxsIHlvdXIgYmFzZTY0IGFyZSBiZWxvbmcgdG8gdXMsIHRoZXkgc2F5Lg";
    let texts: Vec<(&str, String)> = vec![
        ("(", times("(")),
        ("$(", times("$(")),
        ("quotes", times("'")),
        ("double quotes", times("\"")),
        ("backticks", times("`")),
        ("percent signs", times("%")),
        ("%25", times("%25")),
        ("%2e%2e/", times("%2e%2e/")),
        ("../", times("../")),
        ("base64", times(blob)),
        ("hexadecimal", times("deadbeef")),
        ("a word and a blank", times("a ")),
        ("semicolons", times("a;")),
        ("pipes", times("a|")),
        ("lines", times("ls\n")),
        ("here documents", times("cat <<A\n")),
        ("eight bytes of here documents", times("<<A ")),
        ("backslashes", times("\\")),
        ("JSON in JSON", times("{\"a\":")),
        ("arrays in text", times("[")),
        ("an address", times("https://a@b.example/")),
        ("parentheses in a place", format!("echo ${{m[{}1]}}", "(".repeat(40))),
        ("dots", times("a.")),
        ("at signs", times("a@b.c,")),
        ("keys", times("AKIA")),
        ("SELECT", times("SELECT ")),
        ("deep SQL", times(&format!("{deep};"))),
        ("CASE", times("CASE WHEN ")),
        ("SQL in comments", times("--\n")),
        ("wide characters", times("\u{1f600}")),
        ("tags", times("\u{e0061}")),
        ("accents", times("e\u{301}")),
        ("ends of elements", times("</")),
        ("elements", times("<token></")),
        ("mutations", times("mutation {\n")),
        ("graph queries", format!("MATCH (\n{}", times("CALL a "))),
        ("stages", times("{\"$out\":")),
        ("pipes of a query", times("|> to(")),
    ];
    let mut slowest: Vec<(Duration, String)> = Vec::new();
    let mut look = |what: String, tool: &str, arguments: &Value| {
        if !what.contains(&report.only) {
            return;
        }
        let Some((_, mut one)) = time(report, tool, arguments, 1) else { return };
        if one > Duration::from_millis(20) {
            let again = (0..2).filter_map(|_| time(report, tool, arguments, 1)).map(|(_, one)| one);
            one = again.fold(one, Duration::min);
        }
        slowest.push((one, what));
    };
    let few = if report.prints { texts.len() } else { 3 };
    for (what, text) in texts.iter().take(few) {
        for key in ["command", "sql", "path", "url", "content", "to", "args", "q", "code", "data"] {
            for size in [8 * 1024 - 1, 16 * 1024 - 1, 64 * 1024 - 1, MIB] {
                let cut: String = text.chars().take(size).collect();
                let tool = if key == "command" || key == "args" { "run_command" } else { "query" };
                look(format!("{size} of {what} as {key}"), tool, &json!({ key: cut }));
            }
        }
        let sql: String = text.chars().take(8_000).collect();
        look(format!("SELECT and {what}"), "query", &json!({ "sql": format!("SELECT {sql}") }));
        let command: String = text.chars().take(16_000).collect();
        look(format!("echo and {what}"), "run_command", &json!({ "command": format!("echo \"{command}") }));
        let small: String = text.chars().take(60).collect();
        for key in ["paths", "urls", "commands", "queries", "sql", "to", "tools", "x", "args", "content"] {
            look(format!("9,900 of {what} as {key}"), "run_tool", &json!({ key: vec![&small; 9_900] }));
        }
    }
    for (line, unit) in [
        ("cd /etc; cat ", "a "),
        ("cat ", "/etc "),
        ("curl ", "a "),
        ("find . ", "-z "),
        ("git branch ", "a "),
        ("python ", "a;"),
        ("env ", "A=b "),
    ] {
        let long = format!("{line}{}", unit.repeat(15_900 / unit.len()));
        look(format!("99 lines of {line}and {unit}"), "run_tool", &json!({ "commands": vec![long; 99] }));
    }
    look("a million tiny values".to_owned(), "query", &json!({ "a": vec![0; 1_000_000] }));
    look("nested arrays".to_owned(), "query", &json!({ "path": vec![nested; 95] }));
    let keys: serde_json::Map<String, Value> =
        (0..9_900).map(|i| (format!("tool{}", "_".repeat(i % 100)) + &i.to_string(), json!("delete"))).collect();
    look("9,900 keys".to_owned(), "query", &Value::Object(keys));
    slowest.sort();
    report.line(&format!("\nthe slowest of {} made to take long", slowest.len()));
    for (one, what) in slowest.iter().rev().take(15) {
        report.line(&format!("  {what:<50} {:>9.2} ms", one.as_nanos() as f64 / 1e6));
    }
}
