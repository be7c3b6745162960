use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::console::app::Msg;
use crate::console::keymap::Key;
use crate::console::samples::{Desk, call, cover, grant, high, long, medium, offers, report, row, status};
use crate::decision::Level;
use crate::wire::{FromHub, Status};

/// A theme in which every role has a colour of its own, so that a snapshot can name it.
fn roles() -> Theme {
    let lines: Vec<_> =
        Role::ALL.iter().enumerate().map(|(n, role)| format!("\"{}\" = {{ fg = \"{n}\" }}", role.name())).collect();
    let lines = lines.join("\n");
    Theme::read(&format!("[roles]\n{lines}")).expect("a theme").0
}

fn terminal(desk: &Desk, theme: &Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(desk.size.0, desk.size.1)).expect("a screen");
    terminal.draw(|frame| view(&desk.app, theme, frame)).expect("drawn");
    terminal
}

/// The screen, and below each row that is not all plain text a row of letters: one a role.
fn screen(desk: &Desk) -> String {
    let terminal = terminal(desk, &roles());
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut text = String::new();
        let mut letters = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            text.push_str(cell.symbol());
            let letter = match cell.fg {
                ratatui::style::Color::Indexed(n) if cell.symbol() != " " => {
                    char::from(b"HTtb.mlkvn[!fFLMGNsP?h"[usize::from(n)])
                }
                _ => ' ',
            };
            let width = u16::try_from(unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1)).expect("small");
            letters.extend(std::iter::repeat_n(letter, usize::from(width)));
            x += width;
        }
        out += text.trim_end();
        out.push('\n');
        out.push('~');
        out += letters.trim_end();
        out.push('\n');
    }
    out
}

/// The screen's rows as text.
fn rows(desk: &Desk) -> Vec<String> {
    let terminal = terminal(desk, &Theme::embedded("plain").expect("embedded"));
    let buffer = terminal.backend().buffer();
    let width = usize::from(buffer.area.width);
    buffer.content.chunks(width).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
}

fn busy(width: u16, height: u16) -> Desk {
    let mut desk = Desk::new(width, height);
    desk.held(call(
        12,
        Level::Medium,
        r#"{"name":"write_file","arguments":{"path":"/home/me/my project/notes.txt","content":"first\nsecond\u001b[2J\n","mode":420},"_meta":{"progressToken":3}}"#,
    ));
    desk.held(high(13)).held(medium(14)).look();
    desk
}

#[test]
fn a_call_that_waits_on_three_screens() {
    insta::assert_snapshot!("queue_80x24", screen(&busy(80, 24)));
    insta::assert_snapshot!("queue_120x40", screen(&busy(120, 40)));
    insta::assert_snapshot!("queue_60x16", screen(&busy(60, 16)));
}

/// A call with something grave in the middle of its arguments, and something less grave elsewhere.
fn spotted(width: u16, height: u16, ascii: bool) -> Desk {
    let command = "cd build && make -j4 && rm -rf /srv/data/* && echo done";
    let from = command.find("rm").expect("there");
    let params =
        format!(r#"{{"name":"run","arguments":{{"cwd":"/srv/../etc","command":"{command}","env":{{"A":"1"}}}}}}"#);
    let mut call = call(21, Level::High, &params);
    let finding = |id: &str, level, says: &str, at: Option<&str>, span| crate::risk::Finding {
        id: id.to_owned(),
        level,
        says: says.to_owned(),
        at: at.map(str::to_owned),
        span,
    };
    call.findings = vec![
        finding("name.executes", Level::High, "the tool's name says that something is started", None, None),
        finding("shell.destroys", Level::High, "it deletes", Some("/command"), Some((from, from + 18))),
        finding("paths.climbs", Level::Medium, "a path climbs with ..", Some("/cwd"), None),
    ];
    let mut desk = Desk::new(width, height);
    desk.app.ascii = ascii;
    desk.held(call).look();
    desk
}

#[test]
fn what_the_findings_are_about_comes_first_and_is_marked_where_it_stands() {
    insta::assert_snapshot!("findings_80x24", screen(&spotted(80, 24, false)));
    insta::assert_snapshot!("findings_60x16", screen(&spotted(60, 16, false)));
    // Without colour: underlined, and with a sign in the margin that plain text can carry.
    let mut desk = spotted(80, 24, true);
    let theme = Theme::embedded("plain").expect("embedded").with_ascii(true);
    let drawn = terminal(&desk, &theme);
    let buffer = drawn.backend().buffer();
    let underlined: String = buffer
        .content
        .iter()
        .filter(|cell| {
            cell.modifier.contains(ratatui::style::Modifier::UNDERLINED)
                && cell.modifier.contains(ratatui::style::Modifier::BOLD)
        })
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(underlined.matches("rm -rf /srv/data/*").count() == 2, "{underlined}");
    let width = usize::from(buffer.area.width);
    let text: Vec<String> =
        buffer.content.chunks(width).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect();
    assert!(text.iter().any(|row| row.starts_with("* \"command\"")), "{text:?}");
    desk.key(Key::End);
    assert!(text.iter().all(|row| row.is_ascii()), "{text:?}");
}

#[test]
fn a_screen_that_is_too_small_answers_nothing_and_says_so() {
    insta::assert_snapshot!("too_small_40x10", screen(&busy(40, 10)));
    insta::assert_snapshot!("too_small_20x5", screen(&busy(20, 5)));
    for (width, height) in [(1, 1), (2, 1), (1, 200), (400, 1), (400, 100)] {
        rows(&busy(width, height));
    }
}

#[test]
fn the_questions_on_a_small_screen() {
    let mut desk = Desk::new(80, 24);
    desk.held(high(13)).look().types("aye");
    insta::assert_snapshot!("yes_80x24", screen(&desk));
    let mut desk = Desk::new(60, 16);
    desk.held(medium(13)).look().key(Key::PageDown).look().types("A");
    insta::assert_snapshot!("remember_60x16", screen(&desk));
    desk.hub(offers(&medium(13), None)).draw().key(Key::Down).draw();
    insta::assert_snapshot!("remember_counting_60x16", screen(&desk));
    desk.key(Key::Esc).look().types("rnot in this folder ");
    insta::assert_snapshot!("reason_60x16", screen(&desk));
}

#[test]
fn what_could_be_remembered_stands_where_the_call_stood() {
    let mut desk = Desk::new(80, 24);
    desk.held(medium(13)).held(high(14)).look().types("A").hub(offers(&medium(13), Some(20_000))).draw();
    desk.key(Key::Down).draw();
    insta::assert_snapshot!("remember_80x24", screen(&desk));
    let all = rows(&desk).join("\n");
    assert!(all.contains("1 WAS DENIED") && all.contains("2 rated HIGH"), "{all}");
}

#[test]
fn the_other_tabs_and_the_help() {
    let mut desk = Desk::new(80, 24);
    desk.key(Key::Tab);
    let filter = crate::record::Filter::default();
    desk.hub(FromHub::History { before: None, filter, rows: (1..30).rev().map(row).collect(), next: None });
    desk.key(Key::Down);
    insta::assert_snapshot!("history_80x24", screen(&desk));
    let wide = crate::decision::Grant { cover: Some(cover()), ..grant(4) };
    desk.key(Key::Tab).hub(FromHub::Approvals(vec![(wide, 2), (grant(3), 0)]));
    insta::assert_snapshot!("approvals_80x24", screen(&desk));
    desk.key(Key::Tab).hub(FromHub::Stats(Box::new(report())));
    insta::assert_snapshot!("stats_80x24", screen(&desk));
    desk.key(Key::End);
    insta::assert_snapshot!("stats_end_80x24", screen(&desk));
    desk.key(Key::Char('?'));
    insta::assert_snapshot!("help_80x24", screen(&desk));
}

#[test]
fn the_policy_that_waits_on_three_screens() {
    for (width, height) in [(80, 24), (120, 40), (60, 16)] {
        let mut desk = Desk::new(width, height);
        let proposal = crate::console::weigh::tests::proposal(12);
        desk.hub(FromHub::Proposal(Some(Box::new(proposal)))).held(medium(14)).draw();
        if width == 80 {
            insta::assert_snapshot!("policy_notice_80x24", screen(&desk));
        }
        desk.types("P").wait(500).draw();
        insta::assert_snapshot!(format!("policy_{width}x{height}"), screen(&desk));
    }
}

#[test]
fn trouble_is_said_in_words() {
    let mut desk = Desk::new(80, 24);
    let bad = Status {
        policy_error: Some("policy.toml:3:1: unknown key `ruel`".to_owned()),
        may_not_decide: Some("this terminal belongs to the host (pid 44)".to_owned()),
        notices: vec!["the index was rebuilt from the journal".to_owned(), "the disk is nearly full".to_owned()],
        ..status()
    };
    desk.hub(FromHub::Status(bad)).held(medium(1)).look();
    insta::assert_snapshot!("trouble_80x24", screen(&desk));
    let mut desk = Desk::unconnected(80, 24);
    desk.msg(Msg::LinkDown("no hub answered within 5s; run `sayso doctor`".to_owned()));
    insta::assert_snapshot!("no_hub_80x24", screen(&desk));
    insta::assert_snapshot!("empty_80x24", screen(&Desk::new(80, 24)));
}

#[test]
fn b13_a_long_call_says_what_is_out_of_sight() {
    let mut desk = Desk::new(80, 24);
    desk.held(long(1)).look();
    assert!(rows(&desk).iter().any(|row| row.contains("more lines, some of what will be sent, PgDn")));
    desk.key(Key::PageDown).look();
    assert!(rows(&desk).iter().any(|row| row.contains("above, PgUp")));
    desk.key(Key::End).look();
    assert!(rows(&desk).iter().any(|row| row.contains("rm -rf /")));
}

#[test]
fn b14_b16_no_frame_carries_what_a_terminal_would_obey_or_hide() {
    let nasty = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\r\n\t\u{202e}\u{200b}\u{e0041}\u{fe0f}\u{3164}\u{2800}\u{ad}e\u{301}\u{301}\u{301}漢";
    let quoted = serde_json::Value::from(nasty).to_string();
    let mut pending = call(
        1,
        Level::Medium,
        &format!(r#"{{"name":{quoted},"arguments":{{{quoted}:{quoted},"l":[{quoted}]}},"_meta":{{{quoted}:[]}}}}"#),
    );
    pending.server.command = nasty.to_owned();
    pending.server.cwd = nasty.to_owned();
    pending.rule = Some(nasty.to_owned());
    pending.findings[0].says = nasty.to_owned();
    pending.findings[0].id = nasty.to_owned();
    pending.findings[0].at = Some(nasty.to_owned());
    pending.definition = Some(crate::console::samples::raw(&format!("{{\"description\":{quoted}}}")));
    let mut past = row(3);
    past.submitted.tool = pending.tool.clone();
    past.submitted.command = vec![nasty.to_owned()];
    past.submitted.findings = pending.findings.clone();
    past.submitted.params = crate::console::samples::raw(pending.params.text());
    if let Some(decided) = &mut past.decided {
        decided.decision.reason = Some(nasty.to_owned());
        decided.decision.rule = Some(nasty.to_owned());
        decided.who = Some(nasty.to_owned());
    }
    let mut given = grant(1);
    given.tool = pending.tool.clone();
    given.who = nasty.to_owned();
    let bad = Status {
        policy_error: Some(nasty.to_owned()),
        notices: vec![nasty.to_owned()],
        wraps: vec![(nasty.to_owned(), nasty.to_owned())],
        ..status()
    };
    for size in [(80, 24), (200, 60), (60, 16)] {
        let mut desk = Desk::new(size.0, size.1);
        let mut frames = vec![rows(desk.hub(FromHub::Status(bad.clone())))];
        frames.push(rows(desk.held(pending.clone()).look()));
        frames.push(rows(desk.key(Key::End).look()));
        frames.push(rows(desk.types("r").msg(Msg::Paste(nasty.to_owned()))));
        frames.push(rows(desk.key(Key::Esc).look().types("A")));
        desk.key(Key::Esc).key(Key::Tab);
        let filter = crate::record::Filter::default();
        frames.push(rows(desk.hub(FromHub::History { before: None, filter, rows: vec![past.clone()], next: None })));
        frames.push(rows(desk.key(Key::Tab).hub(FromHub::Approvals(vec![(given.clone(), 1)])).draw()));
        frames.push(rows(desk.types("x")));
        frames.push(rows(desk.key(Key::Esc).msg(Msg::LinkDown(nasty.to_owned()))));
        for row in frames.iter().flatten() {
            for c in row.chars() {
                let known = matches!(
                    c,
                    ' '..='~' | '─' | '│' | '▶' | '▸' | '↪' | '⏎' | '⇥' | '⟨' | '⟩' | '×' | '漢' | 'é' | '\u{301}'
                ) || ('\u{2400}'..='\u{2421}').contains(&c);
                assert!(known, "U+{:x} in {row:?}", u32::from(c));
            }
        }
    }
}

#[test]
fn b15_a_value_cannot_draw_a_row_of_the_dialog() {
    let mut desk = Desk::new(80, 24);
    let forged = r#"{"name":"t","arguments":{"x":"\n      risk      LOW\n── end ──\n a allow\n"}}"#;
    desk.held(call(1, Level::High, forged)).look();
    for row in rows(&desk).iter().filter(|row| row.contains("LOW") || row.contains("── end ── ")) {
        let inside = row.trim_start().starts_with('│')
            || row.contains("text of")
            || row.starts_with('▶')
            || row.starts_with("── end ─");
        assert!(inside, "{row:?}");
    }
}

#[test]
fn b16_a_tool_name_is_one_line_of_ascii_everywhere() {
    let mut desk = Desk::new(80, 24);
    desk.held(call(1, Level::Medium, "{\"name\":\"r\\u0435ad\\nfile\\u001b[2K\"}")).look();
    let all = rows(&desk);
    assert!(all.iter().filter(|row| row.contains("r\\u{435}ad⏎file␛[2K")).count() >= 3, "{all:#?}");
}

#[test]
fn a_terminal_of_ascii_gets_nothing_else() {
    let mut desk = Desk::new(80, 24);
    desk.app.ascii = true;
    desk.held(call(1, Level::High, r#"{"name":"t","arguments":{"x":"漢\u001b\n\n\ny","l":["é"]}}"#)).look();
    let theme = Theme::embedded("plain").expect("embedded").with_ascii(true);
    let terminal = terminal(&desk, &theme);
    assert!(terminal.backend().buffer().content.iter().all(|cell| cell.symbol().is_ascii()));
}

#[test]
fn the_selected_row_of_a_long_list_is_on_the_screen() {
    let mut desk = Desk::new(80, 24);
    for id in 1..200 {
        desk.held(medium(id));
    }
    for _ in 0..150 {
        desk.key(Key::Char('n'));
    }
    assert!(rows(desk.look()).iter().any(|row| row.starts_with('▶') && row.contains(" 151 ")));
    assert!(rows(&desk).iter().any(|row| row.contains(" 151 of 199 ")));
}
