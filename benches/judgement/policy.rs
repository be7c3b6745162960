//! How long a policy of ten thousand rules takes. Figures, not assertions.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use sayso::policy::{Asked, Moment, judge, parse};
use sayso::risk::{Facts, assess};
use serde_json::json;

use crate::data::{Report, call};

/// What ten thousand rules may look like: each has one text, made from its number.
const KINDS: [(&str, &str); 7] = [
    ("a tool each", "tool = \"tool_NNNNN\""),
    ("a server and a tool each", "server = \"s-NNNNN\"\ntool = \"write_file\""),
    ("a pattern for tools each", "tool = \"*_NNNNN_*\""),
    ("a path each, for one tool", "tool = \"write_file\"\nargs = { path = \"/home/me/dir_NNNNN/**\" }"),
    ("a folder each, for any tool", "args = { path = { under = \"/home/me/dir_NNNNN\" } }"),
    ("a set each, for any tool", "args = { path = { one_of = [\"x_NNNNN\", \"y_NNNNN\"] } }"),
    ("a range each, for any tool", "args = { bytes = { min = NNNNN, max = NNNNN } }"),
];

/// Reading ten thousand rules, and judging a call by them.
pub fn rules(report: &Report) {
    let count = if report.prints { 10_000 } else { 100 };
    let arguments = json!({ "path": "/home/me/dir_04711/src/../main.rs", "content": "x", "bytes": 4711 });
    let Some(call) = call("write_file", &arguments, None, &[]) else { return };
    let (facts, moment) = (Facts::default(), Moment::default());
    let risk = assess(&call, &facts);
    let asked = Asked { call: &call, risk: &risk, facts: &facts, moment: &moment };
    report.line(&format!("\na policy of {count} rules"));
    for (what, rule) in KINDS {
        let text = (0..count).fold(String::new(), |mut text, i| {
            let _ = write!(text, "[[rule]]\n{}\naction = \"confirm\"\n", rule.replace("NNNNN", &format!("1{i:04}")));
            text
        });
        let start = Instant::now();
        let policy = black_box(parse(&text, "policy.toml")).policy;
        let read = start.elapsed();
        let times = if report.prints { 200 } else { 1 };
        let round = || {
            let start = Instant::now();
            for _ in 0..times {
                black_box(judge(&policy, black_box(&asked)));
            }
            start.elapsed() / times
        };
        let one = (0..5).map(|_| round()).min().unwrap_or_default();
        let (read, one) = (read.as_secs_f64() * 1e3, one.as_nanos() as f64 / 1e3);
        report.line(&format!("  {what:<28} read in {read:>7.1} ms, a call judged in {one:>8.2} us"));
    }
}
