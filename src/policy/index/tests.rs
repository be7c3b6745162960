//! That the index leaves out no rule that fits.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::decision::Level;
use crate::policy::samples::call;
use crate::policy::{Moment, parse};
use crate::risk::{Facts, Link, Risk};

/// A policy with enough rules for an index, of a few words.
fn policy() -> impl Strategy<Value = String> {
    let of = |words: &'static [&'static str]| prop::sample::select(words);
    let server = of(&["*", "fs", "db", "f*"]);
    let tool = of(&["*", "read", "write", "re*", "*te", "?ead", "r*d"]);
    let shape = of(&[
        "\"/a/**\"",
        "\"**/b\"",
        "\"?\"",
        "\"**\"",
        "\"/a/b\"",
        "\"a*c\"",
        "{ under = \"/a\" }",
        "{ under = \"/a/b\" }",
        "{ one_of = [\"b\", \"/a/b\", 7] }",
        "{ regex = \"b\" }",
        "{ min = 1 }",
        "{ min = 8, max = 9 }",
        "{ max = 3 }",
        "{ command = \"b\" }",
        "{ absent = true }",
    ]);
    let name = of(&["path", "q", "/x/0"]);
    let rule = (server, tool, prop::option::of((name, shape))).prop_map(|(server, tool, arg)| {
        let args = arg.map_or(String::new(), |(name, shape)| format!("args = {{ \"{name}\" = {shape} }}\n"));
        format!("[[rule]]\nserver = \"{server}\"\ntool = \"{tool}\"\n{args}action = \"deny\"\n")
    });
    prop::collection::vec(rule, 40..120).prop_map(|rules| rules.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_index_leaves_out_no_rule_that_fits(
        text in policy(),
        value in "(/a|/A|/b|b|a|c|/\\.\\.|%2e|7|~){0,5}",
        kind in 0..6_u8,
        server in prop::sample::select(&["fs", "db", "x"][..]),
        tool in prop::sample::select(&["read", "write", "rewrite", "x"][..]),
        named in prop::option::of(prop::sample::select(&["read", "bead", "wrote"][..])),
        leads in prop::option::of("(/a|/b|c){1,3}"),
    ) {
        let policy = parse(&text, "p").policy;
        let arguments = match kind {
            0 => format!(r#"{{"path":"{value}"}}"#),
            1 => format!(r#"{{"path":["{value}"],"q":7}}"#),
            2 => format!(r#"{{"x":["{value}"],"q":"{value}"}}"#),
            3 => format!(r#"{{"path":"[\"{value}\"]","x":"[\"{value}\"]","q":"[7]"}}"#),
            4 => r#"{"path":7,"q":{"b":"/a/b"},"x":["8"]}"#.to_owned(),
            _ => "{}".to_owned(),
        };
        let call = call(server, tool, &arguments);
        let risk = Risk { level: Level::Low, findings: Vec::new(), tools: named.iter().map(|&t| t.to_owned()).collect() };
        let links = leads.map(|leads| Link { written: value, leads: Some(leads) }).into_iter().collect();
        let (facts, moment) = (Facts { links, ..Facts::default() }, Moment::default());
        let asked = Asked { call: &call, risk: &risk, facts: &facts, moment: &moment };
        let looked_up = Arguments::of(&call);
        let found: Vec<usize> = policy.rules.candidates(&asked, &looked_up).iter().map(|rule| rule.line).collect();
        for rule in &policy.rules {
            let fits = rule.fit(&asked, &looked_up) != Fit::No;
            prop_assert!(!fits || found.contains(&rule.line), "{} {arguments}", rule.calls());
        }
    }
}

#[test]
fn of_many_rules_few_are_looked_at() {
    let mut text = String::new();
    for i in 0..2_000 {
        let _ =
            write!(text, "[[rule]]\ntool = \"write\"\nargs = {{ path = \"/home/{i:04}/**\" }}\naction = \"allow\"\n");
        let _ = write!(text, "[[rule]]\ntool = \"*tool_{i:04}*\"\naction = \"deny\"\n");
    }
    let policy = parse(&text, "p").policy;
    assert_eq!(policy.rules.len(), 4_000);
    let call = call("fs", "write", r#"{"path":"/home/0042/x"}"#);
    let risk = Risk { level: Level::Low, findings: Vec::new(), tools: Vec::new() };
    let (facts, moment) = (Facts::default(), Moment::default());
    let asked = Asked { call: &call, risk: &risk, facts: &facts, moment: &moment };
    assert_eq!(policy.rules.candidates(&asked, &Arguments::of(&call)).len(), 1);
}
