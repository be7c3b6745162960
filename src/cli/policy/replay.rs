//! `sayso policy replay`: the recorded history under another policy, what would newly pass first.

use std::io::Write;

use anyhow::Result;
use jiff::Zoned;
use serde_json::json;

use super::super::history;
use super::{Exit, ReplayArgs, usable};
use crate::config::Home;
use crate::hub::Zone;
use crate::journal::Walk;
use crate::policy::Policy;
use crate::policy::replay::{Fate, Replayed, replay};
use crate::record::{Filter, Row};
use crate::shown::Shown;

/// How many examples are shown of each kind.
const EXAMPLES: usize = 5;
/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// Calls that would fare alike.
#[derive(Default)]
struct Kind {
    count: u64,
    examples: Vec<(Row, Replayed)>,
}

impl Kind {
    fn add(&mut self, row: &Row, replayed: &Replayed) {
        self.count += 1;
        // Those that a person denied come first, whenever they were.
        let place = self.examples.iter().take_while(|(_, shown)| shown.refused || !replayed.refused).count();
        if place < EXAMPLES {
            self.examples.truncate(EXAMPLES - 1);
            self.examples.insert(place, (row.clone(), replayed.clone()));
        }
    }
}

/// What came of it all.
#[derive(Default)]
struct Sum {
    calls: u64,
    masked: u64,
    unjudged: u64,
    first: Option<i64>,
    pass: Kind,
    refused: u64,
    ask: Kind,
    deny: Kind,
    asked_then: u64,
    asked_now: u64,
    saved: u64,
}

impl Sum {
    fn add(&mut self, policy: &Policy, zone: &Zone, row: &Row) {
        // As the hub tells the time.
        let Some(replayed) = replay(policy, row, zone.local(0, row.at)) else {
            self.unjudged += 1;
            return;
        };
        self.calls += 1;
        self.masked += u64::from(!replayed.as_sent);
        self.first = Some(self.first.map_or(row.at, |first| first.min(row.at)));
        let (was, is) = (replayed.was, replayed.is);
        self.asked_then += u64::from(was == Fate::Asked);
        self.asked_now += u64::from(is == Fate::Asked);
        self.saved += u64::from(was == Fate::Asked && is != Fate::Asked);
        match (was, is) {
            (Fate::Asked | Fate::Denied, Fate::Passed) => {
                self.refused += u64::from(replayed.refused);
                self.pass.add(row, &replayed);
            }
            (Fate::Passed | Fate::Approved | Fate::Denied, Fate::Asked) => self.ask.add(row, &replayed),
            (Fate::Passed | Fate::Approved | Fate::Asked, Fate::Denied) => self.deny.add(row, &replayed),
            _ => {}
        }
    }
}

/// Judges the history since a time, and says what would be otherwise.
pub fn run(home: &Home, args: &ReplayArgs, out: &mut impl Write) -> Result<Exit> {
    let Some(parsed) = usable(home, args.policy.as_deref(), out)? else { return Ok(Exit::Failed) };
    let now = Zoned::now();
    let since = history::since(&args.since, &now)?;
    let mut walk = Walk::new(&home.journal, &Filter { since: Some(since), ..Filter::default() })?;
    let (mut sum, zone) = (Sum::default(), Zone::default());
    while let Some(row) = walk.next_row()? {
        sum.add(&parsed.policy, &zone, &row);
    }
    let day_count = sum.first.map_or(1.0, |first| days(first, now.timestamp().as_millisecond()));
    if args.json {
        print_json(&sum, day_count, out)?;
    } else {
        print(&sum, day_count, out)?;
    }
    history::unreadable(&walk);
    Ok(if sum.pass.count == 0 { Exit::Ok } else { Exit::No })
}

/// From one time to another, at least one day.
#[expect(clippy::cast_precision_loss, reason = "a number for a person, of times within a few thousand years")]
fn days(from: i64, to: i64) -> f64 {
    (to.saturating_sub(from) as f64 / DAY).max(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "a number for a person")]
fn a_day(count: u64, days: f64) -> f64 {
    count as f64 / days
}

fn print(sum: &Sum, days: f64, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "would newly pass: {}{}",
        sum.pass.count,
        match sum.refused {
            0 => String::new(),
            refused => format!(" ({refused} of them you denied)"),
        }
    )?;
    examples(&sum.pass, out)?;
    writeln!(out, "would newly be asked: {}", sum.ask.count)?;
    examples(&sum.ask, out)?;
    writeln!(out, "would newly be denied: {}", sum.deny.count)?;
    examples(&sum.deny, out)?;
    let Sum { asked_then, asked_now, saved, .. } = sum;
    let rate = a_day(*saved, days);
    writeln!(out, "questions: {asked_then} then, {asked_now} now; {saved} saved, {rate:.1} a day")?;
    write!(out, "{} calls judged as they are recorded, with the findings of their day", sum.calls)?;
    if sum.masked > 0 {
        write!(out, "; of {} the journal does not hold the arguments as they were", sum.masked)?;
    }
    if sum.unjudged > 0 {
        write!(out, "; {} left out that sayso itself blocked or that are not decided", sum.unjudged)?;
    }
    Ok(writeln!(out)?)
}

fn examples(kind: &Kind, out: &mut impl Write) -> Result<()> {
    for (row, replayed) in &kind.examples {
        let own = &row.submitted;
        let verdict = replayed.ruling.verdict();
        let by = verdict.rule.as_deref().map_or_else(|| format!("level {}", verdict.level), str::to_owned);
        let then = row.decided.as_ref().map_or("held", |decided| decided.decision.kind.as_str());
        let who = row.by().map_or("nobody", |by| by.as_str());
        writeln!(
            out,
            "  #{} {} {}: {then} by {who} then, {} by {} now",
            row.id,
            own.server,
            Shown::line(own.tool.as_str()),
            verdict.action,
            Shown::line(&by)
        )?;
    }
    let more = kind.count.saturating_sub(EXAMPLES as u64);
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}

fn print_json(sum: &Sum, days: f64, out: &mut impl Write) -> Result<()> {
    let ids = |kind: &Kind| kind.examples.iter().map(|(row, _)| row.id.0).collect::<Vec<_>>();
    let value = json!({
        "calls": sum.calls,
        "masked": sum.masked,
        "left_out": sum.unjudged,
        "newly_pass": { "count": sum.pass.count, "denied_by_you": sum.refused, "examples": ids(&sum.pass) },
        "newly_asked": { "count": sum.ask.count, "examples": ids(&sum.ask) },
        "newly_denied": { "count": sum.deny.count, "examples": ids(&sum.deny) },
        "asked_then": sum.asked_then,
        "asked_now": sum.asked_now,
        "saved": sum.saved,
        "saved_a_day": a_day(sum.saved, days),
    });
    Ok(writeln!(out, "{value}")?)
}
