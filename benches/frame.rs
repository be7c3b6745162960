//! How long a frame takes: 200 columns and 50 rows, 1,000 calls waiting, p50 and p99 over many frames.
//!
//! `cargo bench --bench frame`. As a test (`cargo test --benches`) it draws a few frames and prints nothing.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use sayso::call::{CallId, Digest, Params, Server, ServerName, ToolName};
use sayso::console::app::{App, Effect, Msg};
use sayso::console::keymap::Key;
use sayso::console::theme::Theme;
use sayso::console::update::update;
use sayso::console::view::view;
use sayso::decision::Level;
use sayso::risk::Finding;
use sayso::wire::{FromHub, Pending};
use serde_json::value::RawValue;

const SIZE: (u16, u16) = (200, 50);
const WAITING: u64 = 1_000;

fn pending(id: u64, text: &str) -> Pending {
    let params = format!(
        r#"{{"name":"write_file","arguments":{{"path":"/srv/project/notes/{id}.md","mode":420,"content":"{text}"}},"_meta":{{"progressToken":{id}}}}}"#
    );
    Pending {
        id: CallId(id),
        server: Server {
            name: ServerName::new("files").expect("a name"),
            command: "npx".to_owned(),
            args: vec![
                "-y".to_owned(),
                "@modelcontextprotocol/server-filesystem".to_owned(),
                "/srv/project".to_owned(),
            ],
            cwd: "/srv".to_owned(),
            environment: Digest::of(b""),
        },
        tool: ToolName::new("write_file").expect("a name"),
        params: Params::new(RawValue::from_string(params).expect("JSON")),
        definition: None,
        level: if id.is_multiple_of(3) { Level::High } else { Level::Medium },
        confirm: id.is_multiple_of(3),
        findings: vec![Finding {
            id: "name.write".to_owned(),
            level: Level::Medium,
            says: "the tool's name says that it writes".to_owned(),
            at: None,
            span: None,
        }],
        rule: None,
        at: 0,
        remaining_ms: 55_000,
    }
}

/// One kind of change, then a frame: how long both take together.
fn measure(name: &str, app: &mut App, frames: u32, mut change: impl FnMut(u32) -> (u64, Msg)) {
    let theme = Theme::embedded("dark").expect("embedded");
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(std::io::sink()),
        ratatui::TerminalOptions {
            viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, SIZE.0, SIZE.1)),
        },
    )
    .expect("a terminal of memory");
    let mut effects: Vec<Effect> = Vec::new();
    let mut times: Vec<Duration> = (0..frames)
        .map(|n| {
            let (now, msg) = change(n);
            let start = Instant::now();
            update(app, now, msg, &mut effects);
            terminal.draw(|frame| view(app, &theme, frame)).expect("drawn");
            update(app, now, Msg::Drawn(SIZE.0, SIZE.1), &mut effects);
            let took = start.elapsed();
            black_box(&mut effects).clear();
            took
        })
        .collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    if frames > 10 {
        println!("{name:<44} {:>9.3} ms {:>9.3} ms", at(50).as_secs_f64() * 1e3, at(99).as_secs_f64() * 1e3);
    }
}

fn main() {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let bench = asked("--bench") && !asked("--test");
    let frames = if bench { 2_000 } else { 3 };
    if bench {
        println!("{:<44} {:>12} {:>12}", "frame at 200x50, 1,000 calls waiting", "p50", "p99");
    }
    let mut app = App::new(SIZE, false, TimeZone::UTC);
    let mut effects = Vec::new();
    update(&mut app, 0, Msg::LinkUp, &mut effects);
    let text = "a line of text with\\ttabs and \\u202e worse \\u001b[31m\\n".repeat(200);
    for id in 1..=WAITING {
        update(&mut app, 0, Msg::Hub(Box::new(FromHub::Pending(Box::new(pending(id, &text))))), &mut effects);
    }
    measure("the countdown", &mut app, frames, |n| (u64::from(n) * 1_000 % 50_000, Msg::Tick));
    measure("the next call comes into focus", &mut app, frames.min(900), |_| (1, Msg::Key(Key::Char('n'))));
    measure("the focused call is scrolled", &mut app, frames, |n| {
        (1, Msg::Key(if n % 40 < 20 { Key::PageDown } else { Key::PageUp }))
    });
    measure("a call comes", &mut app, frames.min(900), |n| {
        (1, Msg::Hub(Box::new(FromHub::Pending(Box::new(pending(WAITING + 1 + u64::from(n), &text))))))
    });

    let mut app = App::new(SIZE, false, TimeZone::UTC);
    update(&mut app, 0, Msg::LinkUp, &mut effects);
    let long = "x".repeat(15 << 20);
    let start = Instant::now();
    update(&mut app, 0, Msg::Hub(Box::new(FromHub::Pending(Box::new(pending(1, &long))))), &mut effects);
    if bench {
        println!("{:<44} {:>9.3} ms", "15 MiB of arguments come into focus", start.elapsed().as_secs_f64() * 1e3);
    }
    let start = Instant::now();
    update(&mut app, 1, Msg::Key(Key::End), &mut effects);
    while app.next_wake() == Some(1) {
        update(&mut app, 1, Msg::Tick, &mut effects);
    }
    if bench {
        println!("{:<44} {:>9.3} ms", "15 MiB laid out to the end", start.elapsed().as_secs_f64() * 1e3);
    }
    measure("15 MiB are scrolled", &mut app, frames, |_| (1, Msg::Key(Key::PageDown)));
}
