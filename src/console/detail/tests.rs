use super::words::command_line;
use super::*;
use crate::console::samples::{call, long, medium, row};
use crate::decision::Level;

fn shown(params: &str, width: usize, height: usize) -> Detail {
    let mut detail = Detail::new(Subject::Held(Arc::new(call(1, Level::High, params))), TimeZone::UTC);
    detail.resize(Page { width, ascii: false }, height);
    detail
}

fn text(detail: &Detail) -> Vec<String> {
    detail.window().iter().map(|row| format!("{}{}", row.label, row.text())).collect()
}

#[test]
fn everything_a_person_needs_stands_there_in_words() {
    let params = r#"{"name":"run","arguments":{"command":"ls"},"_meta":{"progressToken":7}}"#;
    let all = text(&shown(params, 100, 60));
    assert_eq!(
        all,
        [
            "riskHIGH: allowed only with the word yes",
            "the tool's name says that it writes (high, name.write)",
            "serverfs",
            "startednpx -y @modelcontextprotocol/server-filesystem '/home/me/my project'",
            "in/home/me",
            "toolrun",
            "",
            "arguments",
            "\"command\": \"ls\"",
            "",
            "also sent, beside name and arguments",
            "\"_meta\": {",
            "\"progressToken\": 7",
            "}",
            "",
            "its server has not listed this tool",
        ]
    );
}

#[test]
fn b17_what_the_server_says_of_the_tool_comes_after_what_is_sent() {
    let mut pending = medium(1);
    pending.definition = Some(crate::console::samples::raw(r#"{"description":"harmless\u001b[2J, only reads"}"#));
    let mut detail = Detail::new(Subject::Held(Arc::new(pending)), TimeZone::UTC);
    detail.resize(Page { width: 80, ascii: false }, 60);
    let all = text(&detail);
    let at = |words: &str| all.iter().position(|row| row.contains(words)).expect(words);
    assert!(at("\"content\": \"hello\"") < at("what the server says of this tool"));
    assert!(at("what the server says of this tool") < at("\"description\": \"harmless␛[2J, only reads\""));
}

#[test]
fn b13_what_is_out_of_sight_is_counted_at_both_ends() {
    let mut detail = Detail::new(Subject::Held(Arc::new(long(1))), TimeZone::UTC);
    detail.resize(Page { width: 80, ascii: false }, 10);
    assert_eq!((detail.beyond().above, detail.beyond().sent_below), (0, true));
    let all = detail.beyond().below + 10;
    detail.page(1);
    detail.scroll(2);
    assert_eq!((detail.beyond().above, detail.beyond().below), (11, all - 21));
    detail.drawn();
    assert!(!detail.end_seen());
    detail.to_end();
    assert_eq!((detail.beyond().sent_below, detail.beyond().below), (false, 2), "the end of what is sent");
    detail.drawn();
    assert!(detail.end_seen());
    detail.to_end();
    assert_eq!((detail.beyond().above, detail.beyond().below), (all - 10, 0), "the end of all");
    detail.to_start();
    assert_eq!(detail.beyond().above, 0);
}

#[test]
fn b13_every_window_shows_the_same_rows_as_one_tall_screen() {
    let params = format!(
        r#"{{"name":"t","arguments":{{"list":[{}],"text":"{}"}}}}"#,
        (0..300).map(|n| format!("{{\"n\":{n}}}")).collect::<Vec<_>>().join(","),
        "word ".repeat(2_000),
    );
    let whole = shown(&params, 70, 5_000);
    let all = text(&whole);
    assert!(all.len() > 1_000);
    let mut detail = shown(&params, 70, 13);
    for from in [0, 1, 63, 64, 65, 500, all.len() - 13] {
        detail.to_start();
        detail.scroll(isize::try_from(from).expect("small"));
        assert_eq!(text(&detail), all[from..from + 13], "from {from}");
    }
}

#[test]
fn sixteen_mebibytes_are_laid_out_piece_by_piece() {
    let params = format!(r#"{{"name":"t","arguments":{{"text":"{}"}}}}"#, "x".repeat(4 << 20));
    let mut detail = shown(&params, 80, 20);
    assert!(!detail.is_whole());
    assert!(detail.beyond().counting);
    detail.to_end();
    detail.drawn();
    assert!(!detail.end_seen(), "the end is not laid out yet");
    let mut steps = 0;
    while detail.go_on() {
        steps += 1;
    }
    assert!(steps > 3);
    detail.drawn();
    assert!(detail.end_seen());
    assert!(text(&detail).iter().any(|row| row.ends_with("x\"")));
}

#[test]
fn an_argument_cannot_look_like_two() {
    assert_eq!(command_line(["sh", "-c", "rm -rf x", "", "it's"]), "sh -c 'rm -rf x' '' 'it'\\''s'");
}

#[test]
fn a_past_call_says_what_became_of_it() {
    let mut detail = Detail::new(Subject::Past(Arc::new(row(2))), TimeZone::UTC);
    detail.resize(Page { width: 100, ascii: false }, 40);
    let all = text(&detail);
    for words in [
        "decisiondenied by human (pid 12 on /dev/pts/3) after 2500 ms",
        "reasonnot in⏎this folder",
        "outcomeok after 7 ms, 120 bytes",
        "toolwrite_file",
        "\"content\": \"hello\"",
    ] {
        assert!(all.iter().any(|row| row == words), "{words} is not in {all:#?}");
    }
}

#[test]
fn what_the_gravest_finding_is_about_is_told_with_its_surroundings_and_what_is_left_out_is_counted() {
    let script = format!("{}rm -rf /{}", "a".repeat(1_000), "b".repeat(2_000));
    let params = format!(r#"{{"name":"run","arguments":{{"script":"{script}"}}}}"#);
    let mut pending = crate::console::samples::call(1, Level::High, &params);
    let mut spot = |span| {
        pending.findings[0].at = Some("/script".to_owned());
        pending.findings[0].span = span;
        let mut detail = Detail::new(Subject::Held(Arc::new(pending.clone())), TimeZone::UTC);
        detail.resize(Page { width: 100, ascii: false }, 12);
        text(&detail).concat()
    };
    let seen = spot(Some((1_000, 1_008)));
    assert!(seen.contains(&format!("about{}rm -rf /", "a".repeat(48))), "{seen}");
    assert!(seen.contains("(/script, 952 characters more before it, 1952 characters more after it)"), "{seen}");
    let seen = spot(None);
    assert!(seen.contains("(/script, 2808 characters more after it)"), "a whole value is told by its start: {seen}");
    let mut past = crate::console::samples::row(2);
    past.submitted.params = crate::console::samples::raw(&params);
    past.submitted.findings = pending.findings.clone();
    let detail = Detail::new(Subject::Past(Arc::new(past)), TimeZone::UTC);
    assert!(!detail.marks.at(params.len() / 2).0, "what was not kept as it was is not marked");
}
