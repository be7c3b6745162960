//! The forms for a person: a table as wide as the terminal, and one call whole.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar as _;

use super::forms;
use crate::decision::By;
use crate::json;
use crate::record::Row;
use crate::shown::Shown;

/// So many rows are looked at to find the widths of the columns.
const SAMPLE: usize = 100;

/// Between columns.
const GAP: usize = 2;

/// The columns beside the last, `arguments`, which takes the room that is left: heading and greatest width.
const COLUMNS: [(&str, usize); 8] =
    [("id", 20), ("when", 19), ("risk", 6), ("decision", 9), ("by", 8), ("outcome", 7), ("server", 20), ("tool", 32)];

/// The columns that become narrow when the terminal is: server and tool.
const YIELDING: std::ops::Range<usize> = 6..8;

/// At least so wide, or left out.
const ARGUMENTS: usize = 12;

/// Rows on their way to the terminal.
pub(super) struct Table {
    width: usize,
    zone: TimeZone,
    waiting: Vec<[String; 9]>,
    columns: Option<[usize; 9]>,
}

impl Table {
    /// For a terminal of so many columns.
    pub(super) fn new(width: usize) -> Self {
        Self { width, zone: TimeZone::system(), waiting: Vec::new(), columns: None }
    }

    /// Adds one.
    pub(super) fn row(&mut self, row: &Row, out: &mut impl Write) -> io::Result<()> {
        let decision = row.decided.as_ref().map(|d| &d.decision);
        let reason = decision.and_then(|d| d.reason.as_deref()).filter(|_| decision.map(|d| d.by) == Some(By::Human));
        let mut what = String::new();
        if let Some(reason) = reason {
            what = format!("{} | ", shorten(&Shown::line(start(reason)).to_string(), 40));
        }
        what.push_str(Shown::line(start(forms::arguments(row))).as_str());
        self.waiting.push([
            row.id.to_string(),
            self.local(row.at),
            row.submitted.risk.to_string(),
            decision.map_or("held", |d| d.kind.as_str()).to_owned(),
            decision.map_or("", |d| d.by.as_str()).to_owned(),
            row.finished.as_ref().map_or("", |f| f.outcome.as_str()).to_owned(),
            row.submitted.server.to_string(),
            Shown::name(row.submitted.tool.as_str()).to_string(),
            what,
        ]);
        if self.waiting.len() == SAMPLE { self.finish(out) } else { Ok(()) }
    }

    fn local(&self, ms: i64) -> String {
        let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone());
        let form = if self.width < 110 { "%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        time.strftime(form).to_string()
    }

    /// Writes what waits.
    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let first = self.columns.is_none();
        let columns = *self.columns.get_or_insert_with(|| fit(&self.waiting, self.width));
        if first {
            let mut head = [""; 9].map(str::to_owned);
            for (cell, (name, _)) in head.iter_mut().zip(COLUMNS) {
                name.clone_into(cell);
            }
            "arguments".clone_into(&mut head[8]);
            write_cells(&head, &columns, out)?;
        }
        for cells in self.waiting.drain(..) {
            write_cells(&cells, &columns, out)?;
        }
        Ok(())
    }
}

fn fit(rows: &[[String; 9]], width: usize) -> [usize; 9] {
    let mut columns = [0; 9];
    for (i, (name, most)) in COLUMNS.iter().enumerate() {
        let widest = rows.iter().map(|row| cells_of(&row[i])).max().unwrap_or(0);
        columns[i] = widest.max(name.len()).min(*most);
    }
    let used = |columns: &[usize; 9]| columns[..8].iter().map(|w| w + GAP).sum::<usize>();
    // The widest of the two gives way first, down to their headings.
    while used(&columns) > width + GAP {
        let Some(i) = YIELDING.filter(|i| columns[*i] > COLUMNS[*i].0.len()).max_by_key(|i| columns[*i]) else { break };
        columns[i] -= 1;
    }
    let left = width.saturating_sub(used(&columns));
    columns[8] = if left < ARGUMENTS { 0 } else { left };
    columns
}

fn write_cells(cells: &[String; 9], columns: &[usize; 9], out: &mut impl Write) -> io::Result<()> {
    let mut line = String::new();
    for (i, (text, width)) in cells.iter().zip(columns).enumerate().filter(|(_, (_, width))| **width > 0) {
        let text = shorten(text, *width);
        let pad = " ".repeat(width - cells_of(&text));
        if i > 0 {
            line.push_str("  ");
        }
        // Numbers end at one column, words begin at one.
        line.push_str(&if i == 0 { pad + &text } else { text + &pad });
    }
    writeln!(out, "{}", line.trim_end())
}

fn cells_of(safe: &str) -> usize {
    safe.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// As much of safe text as fits, with a sign that there is more.
fn shorten(safe: &str, cells: usize) -> String {
    if cells_of(safe) <= cells {
        return safe.to_owned();
    }
    let mut used = 0;
    let mut out: String = safe
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < cells
        })
        .collect();
    out.push('…');
    out
}

/// The beginning of a long text: more than a table shows.
fn start(text: &str) -> &str {
    &text[..text.floor_char_boundary(2000)]
}

/// One call with all that is known of it.
pub(super) fn whole(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let call = &row.submitted;
    let when = Timestamp::from_millisecond(row.at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::system());
    let field = |out: &mut dyn Write, name: &str, value: &dyn std::fmt::Display| writeln!(out, "{name:<11} {value}");
    field(out, "call", &row.id)?;
    field(out, "when", &when.strftime("%Y-%m-%d %H:%M:%S%.3f %:z"))?;
    field(out, "server", &call.server)?;
    field(out, "started as", &Shown::line(&call.command.join(" ")))?;
    field(out, "tool", &Shown::name(call.tool.as_str()))?;
    field(out, "definition", &call.definition.map_or("not listed".to_owned(), |d| format!("sha256 {d}")))?;
    field(out, "risk", &call.risk)?;
    for finding in &call.findings {
        let at = finding.at.as_deref().map(|at| format!(" (at {})", Shown::line(at))).unwrap_or_default();
        let (id, says) = (Shown::line(&finding.id), Shown::line(&finding.says));
        field(out, "", &format!("{}: {says}{at} [{id}]", finding.level))?;
    }
    match &row.decided {
        None => field(out, "decision", &"none yet: it is held, or its hub was killed")?,
        Some(decided) => {
            let decision = &decided.decision;
            let held = duration(decided.held_ms);
            field(out, "decision", &format!("{} by {} after {held}", decision.kind, decision.by))?;
            let texts = [("who", &decided.who), ("reason", &decision.reason), ("rule", &decision.rule)];
            for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
                field(out, name, &Shown::line(text))?;
            }
            if let Some(grant) = decision.grant {
                field(out, "approval", &grant)?;
            }
        }
    }
    match &row.finished {
        None => field(out, "outcome", &"none")?,
        Some(end) => {
            let took = duration(end.duration_ms);
            field(out, "outcome", &format!("{}, {} bytes after {took}", end.outcome, end.bytes))?;
        }
    }
    field(out, "params", &format!("sha256 {}", call.params_digest))?;
    if let Some(masking) = &call.masked {
        field(out, "kept", masking)?;
    }
    for (name, value) in json::members(call.params.get()).filter(|(name, _)| name != "name") {
        writeln!(out, "{}", Shown::line(&name))?;
        pretty(value, 1, "", "", out)?;
    }
    Ok(())
}

fn duration(ms: u64) -> String {
    if ms < 10_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

/// Writes a JSON value over several lines, to the letter but for what cannot be seen.
fn pretty(text: &str, depth: usize, before: &str, after: &str, out: &mut impl Write) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    let (open, close) = match text.as_bytes() {
        [b'{', _, _, ..] => ('{', '}'),
        [b'[', _, _, ..] => ('[', ']'),
        _ => return writeln!(out, "{indent}{before}{}{after}", Shown::line(text)),
    };
    writeln!(out, "{indent}{before}{open}")?;
    if open == '{' {
        let mut members = json::members(text).peekable();
        while let Some((key, value)) = members.next() {
            let key = format!("{}: ", Shown::name(&json::quote(&key)));
            pretty(value, depth + 1, &key, if members.peek().is_some() { "," } else { "" }, out)?;
        }
    } else {
        let mut elements = json::elements(text).peekable();
        while let Some(value) = elements.next() {
            pretty(value, depth + 1, "", if elements.peek().is_some() { "," } else { "" }, out)?;
        }
    }
    writeln!(out, "{indent}{close}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_the_terminal_and_arguments_take_what_is_left() {
        let row =
            ["12", "11-22 09:00:00", "medium", "timed_out", "deadline", "error", "filesystem", "write_a_long_name"]
                .map(str::to_owned);
        let mut cells = [const { String::new() }; 9];
        cells[..8].clone_from_slice(&row);
        cells[8] = "{\"x\":1}".repeat(50);
        for width in [80, 100, 120, 200] {
            let columns = fit(&[cells.clone()], width);
            let mut out = Vec::new();
            write_cells(&cells, &columns, &mut out).expect("written");
            let line = String::from_utf8(out).expect("text");
            assert!(cells_of(line.trim_end()) <= width, "{width}: {line}");
            assert_eq!(line.contains('{'), width > 100, "{width}: {line}");
        }
    }

    #[test]
    fn a_value_is_laid_out_with_nothing_lost_and_nothing_hidden() {
        let mut out = Vec::new();
        let text = "{\"a\":[1,{}],\"b\u{202e}\":\"x\\ny\u{200b}\",\"c\":{\"d\":[]}}";
        pretty(text, 1, "", "", &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..5], ["  {", "    \"a\": [", "      1,", "      {}", "    ],"]);
        assert!(lines[5].contains("\\u{202e}") && lines[5].contains("x\\ny\\u{200b}"), "{}", lines[5]);
        assert_eq!(lines[6..], ["    \"c\": {", "      \"d\": []", "    }", "  }"]);
    }
}
