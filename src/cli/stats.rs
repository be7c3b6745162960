//! `sayso stats`: how you are asked and how you answer, from the journal itself; it works without a hub.

use std::io::Write as _;

use anyhow::Result;
use jiff::tz::TimeZone;

use super::history::{Plain, forms, since};
use super::{Exit, StatsArgs};
use crate::config::Home;
use crate::journal::Walk;
use crate::record::Filter;
use crate::shown::Shown;
use crate::stats::words::{Line, WIDTHS, tell};
use crate::stats::{Collector, Report};

/// The column of names, in cells.
const NAMES: usize = 36;

/// Adds up the calls of the journal and tells what came of it.
pub fn run(home: &Home, args: &StatsArgs) -> Result<Exit> {
    let since = match args.since.as_deref() {
        Some("all") => None,
        Some(text) => Some(since(text, &jiff::Zoned::now())?),
        None => Some(self::since("30d", &jiff::Zoned::now())?),
    };
    let mut walk = Walk::new(&home.journal, &Filter { since, ..Filter::default() })?;
    let mut collector = Collector::new(since);
    while let Some(row) = walk.next_row()? {
        collector.add(&row);
    }
    super::history::unreadable(&walk);
    let report = collector.report(false);
    let mut out = std::io::stdout().lock();
    let done = if args.json {
        // Tools and rules quote calls: nothing beyond ASCII goes out as it is.
        forms::line(&report).and_then(|line| writeln!(out, "{line}"))
    } else {
        Plain::new(&mut out).write_all(as_text(&report, &TimeZone::system()).as_bytes())
    };
    match done {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(Exit::Ok),
    }
}

fn as_text(report: &Report, zone: &TimeZone) -> String {
    let time = |at: i64| {
        let at = jiff::Timestamp::from_millisecond(at).map(|at| at.to_zoned(zone.clone()));
        at.map_or_else(|_| "an unknown time".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
    };
    let mut out = String::new();
    for line in tell(report, time) {
        match line {
            Line::Title(words) => out.push_str(words),
            Line::Said(words) => out.extend(["  ", &words]),
            Line::Quoted(words) => out.extend(["  ", Shown::line(&words).as_str()]),
            Line::Rule(words) => out.extend(["      ", Shown::line(&words).as_str()]),
            Line::Row(name, cells) => {
                let name = Shown::name(&name).clip(NAMES);
                out.extend(["  ", name.as_str()]);
                out.extend(std::iter::repeat_n(' ', NAMES - name.width()));
                for (cell, width) in cells.iter().zip(WIDTHS) {
                    out.extend([format!("{cell:>width$}")]);
                }
            }
            Line::Empty => {}
        }
        out.push('\n');
    }
    out
}
