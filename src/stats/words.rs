//! A report in words, for a screen and for the command line: which lines, not how they look.
//!
//! Invariant: names and sentences that quote calls stay apart from words of ours, so that whoever draws them makes them
//! safe first.

use super::{Always, Counts, READING, Report};
use crate::shown::grouped;

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A heading.
    Title(&'static str),
    /// A sentence of ours.
    Said(String),
    /// A sentence that may quote calls: untrusted.
    Quoted(String),
    /// A row of the table: what it is about (untrusted), and its numbers.
    Row(String, [String; CELLS]),
    /// A line of a policy file, to be pasted as it stands: untrusted, and as TOML without control characters.
    Rule(String),
    /// Nothing.
    Empty,
}

/// The columns of numbers.
pub const CELLS: usize = 7;
/// What stands above them.
pub const HEADS: [&str; CELLS] = ["asked", "yes", "late", "gone", "median", "p90", "fast"];
/// How wide each is, with the blank before it.
pub const WIDTHS: [usize; CELLS] = [6, 6, 6, 6, 8, 8, 6];

/// A report, line by line; `time` tells a moment (milliseconds since the Unix epoch) to a person.
pub fn tell(report: &Report, time: impl Fn(i64) -> String) -> Vec<Line> {
    let mut out = summary(report, time);
    if report.all.prompts == 0 {
        return out;
    }
    out.extend([Line::Empty, Line::Title("by tool")]);
    out.push(Line::Row("server/tool".to_owned(), HEADS.map(str::to_owned)));
    out.extend(
        report.tools.iter().map(|tool| Line::Row(format!("{}/{}", tool.server, tool.tool), cells(&tool.counts))),
    );
    if report.more_tools > 0 {
        out.push(Line::Said(format!("and {} tools more, none with more prompts", report.more_tools)));
    }
    out.push(Line::Said(
        "yes: of those answered. late: the time ran out. gone: taken back. median, p90: how long was looked. \
         fast: approved faster than read."
            .to_owned(),
    ));
    out.extend([Line::Empty, Line::Title("always approved")]);
    if report.always.is_empty() {
        out.push(Line::Said("no tool was approved every time, and five times at least".to_owned()));
    }
    for (at, always) in report.always.iter().enumerate() {
        if at > 0 {
            out.push(Line::Empty);
        }
        out.extend(always_approved(always));
    }
    out.extend([Line::Empty, Line::Title("answered faster than read")]);
    out.push(Line::Said(fast(report)));
    out
}

fn summary(report: &Report, time: impl Fn(i64) -> String) -> Vec<Line> {
    let all = &report.all;
    let since = match (report.since, report.first) {
        (Some(since), _) => format!("since {}", time(since)),
        (None, Some(first)) => format!("since {}, the first call", time(first)),
        (None, None) => "no call yet".to_owned(),
    };
    let mut out = vec![Line::Title("how you are asked, and how you answer")];
    out.push(Line::Said(format!("{since}: {} calls, {} prompts", grouped(report.calls), grouped(all.prompts))));
    if report.cut {
        let words = "only the newest calls were added up; sayso stats reads all of them";
        out.push(Line::Said(words.to_owned()));
    }
    if all.prompts == 0 {
        return out;
    }
    let tenths = report.tenths_an_hour();
    let busiest = report.busiest.map(|(hour, n)| format!(", at most {n} ({})", time(hour))).unwrap_or_default();
    let hours = match report.hours {
        1 => "the one hour with a prompt".to_owned(),
        hours => format!("{} hours with a prompt", grouped(hours)),
    };
    out.push(Line::Said(format!("prompts an hour: {}.{} over {hours}{busiest}", tenths / 10, tenths % 10)));
    let yes =
        all.approved().map_or_else(|| "nothing was answered".to_owned(), |percent| format!("{percent} % approved"));
    out.push(Line::Said(format!(
        "answers: {yes} ({} yes, {} no), {} ran out of time, {} were taken back",
        grouped(all.allowed),
        grouped(all.denied),
        grouped(all.timed_out),
        grouped(all.withdrawn)
    )));
    out.push(Line::Said(match all.looks {
        Some(looks) => format!(
            "time to decide: half within {}, nine of ten within {} (of {} answers)",
            seconds(looks.median),
            seconds(looks.p90),
            grouped(looks.of)
        ),
        None => "time to decide: not known of any answer".to_owned(),
    }));
    out
}

fn cells(counts: &Counts) -> [String; CELLS] {
    let look =
        |pick: fn(&super::Looks) -> u64| counts.looks.as_ref().map_or("-".to_owned(), |looks| seconds(pick(looks)));
    [
        grouped(counts.prompts),
        counts.approved().map_or("-".to_owned(), |percent| format!("{percent}%")),
        grouped(counts.timed_out),
        grouped(counts.withdrawn),
        look(|looks| looks.median),
        look(|looks| looks.p90),
        grouped(counts.fast),
    ]
}

fn always_approved(always: &Always) -> Vec<Line> {
    let times = format!("{}/{}: approved all {} times", always.server, always.tool, grouped(always.approved));
    let untold = match always.untold {
        0 => String::new(),
        n => format!("; the arguments of {} are masked or not kept, so they are not counted in", grouped(n)),
    };
    let mut out = vec![Line::Quoted(times)];
    match &always.covers {
        None if always.of == 0 => out.push(Line::Said(format!("nothing can be said of their arguments{untold}"))),
        None => out.push(Line::Said(format!("no one approval covers most of them: they differ too much{untold}"))),
        Some(covers) => {
            out.push(Line::Quoted(format!("an approval of {covers}")));
            let (covered, of) = (grouped(always.covered), grouped(always.of));
            out.push(Line::Said(format!("would have stopped {covered} of the newest {of} prompts{untold}")));
        }
    }
    if let Some(rule) = &always.rule {
        out.push(Line::Said("wider, as a rule for policy.toml, whatever else a call holds:".to_owned()));
        out.extend(rule.lines().map(|line| Line::Rule(line.to_owned())));
    }
    out
}

fn fast(report: &Report) -> String {
    let all = &report.all;
    let speed = format!("{READING} characters a second, twice what is usual for prose");
    if all.fast == 0 {
        return format!("no approval came faster than the call can be read ({speed})");
    }
    let ids: Vec<String> = report.fast.iter().map(ToString::to_string).collect();
    let more = if all.fast > report.fast.len() as u64 { " and others" } else { "" };
    format!(
        "{} of {} approvals came faster than the call can be read ({speed}): calls {}{more}",
        grouped(all.fast),
        grouped(all.allowed),
        ids.join(", ")
    )
}

/// Milliseconds as a person says them.
fn seconds(ms: u64) -> String {
    match ms {
        0..=99_949 => {
            let tenths = (ms + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        99_950..=5_999_999 => format!("{} min", (ms + 30_000) / 60_000),
        _ => format!("{} h", (ms + 1_800_000) / 3_600_000),
    }
}
