//! What stands above the arguments: where the call goes, its level and why, and, for a past one, what became of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::call::Server;
use crate::decision::Level;
use crate::record;
use crate::risk::Finding;
use crate::shown::Letters;
use crate::wire::Pending;

use super::marks;
use super::rows::{Ink, Page, Row, marked_in, said, wrapped};

/// The column of the labels, in cells.
const COLUMN: usize = 10;

/// The level in words that no colour is needed for.
pub const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Low => "LOW",
        Level::Medium => "MEDIUM",
        Level::High => "HIGH",
    }
}

/// The command line of a server, quoted as a shell would have it, so that one argument cannot look like two.
pub fn command_line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        let plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-~".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            out.push_str(word);
        } else {
            out.push('\'');
            out.push_str(&word.replace('\'', "'\\''"));
            out.push('\'');
        }
    }
    out
}

/// The command line that a server was started with.
pub fn started(server: &Server) -> String {
    command_line(std::iter::once(server.command.as_str()).chain(server.args.iter().map(String::as_str)))
}

pub(super) fn held(call: &Pending, page: Page) -> Vec<Row> {
    let line = |label, ink, letters, text: &str| wrapped(label, COLUMN, &[(ink, letters, text)], page);
    let needs = if call.confirm { ": allowed only with the word yes" } else { "" };
    let mut rows = risk(call.level, needs, &call.findings, page);
    rows.extend(about(call.params.text(), &call.findings, page));
    rows.extend(line("server", Ink::Key, Letters::Ascii, call.server.name.as_str()));
    rows.extend(line("started", Ink::Text, Letters::All, &started(&call.server)));
    rows.extend(line("in", Ink::Text, Letters::All, &call.server.cwd));
    rows.extend(line("tool", Ink::Key, Letters::Ascii, call.tool.as_str()));
    if let Some(rule) = &call.rule {
        rows.extend(line("rule", Ink::Text, Letters::All, rule));
    }
    rows
}

fn risk(level: Level, needs: &str, findings: &[Finding], page: Page) -> Vec<Row> {
    let word = (Ink::Risk(level), Letters::All, level_word(level));
    let mut rows = wrapped("risk", COLUMN, &[word, (Ink::Label, Letters::All, needs)], page);
    for finding in findings {
        let at = finding.at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
        let from = format!(" ({}, {}{at})", level_word(finding.level).to_lowercase(), finding.id);
        let pieces = [(Ink::Text, Letters::All, finding.says.as_str()), (Ink::Label, Letters::All, from.as_str())];
        rows.extend(said("", COLUMN, &pieces, page));
    }
    rows
}

/// How much of the text around what a finding is about is told, and how much of that itself, in characters.
const AROUND: usize = 48;
const OF_IT: usize = 200;

/// What the gravest finding that is about an argument is about, in its surroundings. The arguments themselves follow
/// whole and in their own order.
fn about(params: &str, findings: &[Finding], page: Page) -> Vec<Row> {
    let gravest = findings.iter().map(|finding| finding.level).max();
    let mut all = findings.iter().filter(|finding| Some(finding.level) == gravest && finding.level > Level::Low);
    let found = all.find_map(|finding| Some((finding, marks::text(params, finding)?)));
    let Some((finding, (text, part))) = found else { return Vec::new() };
    let (before, marked, after) = (&text[..part.start], &text[part.clone()], &text[part.end..]);
    let start = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let taken = marked.char_indices().nth(OF_IT).map_or(marked.len(), |(at, _)| at);
    let beyond = if taken < marked.len() { 0 } else { AROUND };
    let end = after.char_indices().nth(beyond).map_or(after.len(), |(at, _)| at);
    let end = if taken < marked.len() { part.start + taken } else { part.end + end };
    let hidden = |text: &str, place: &str| match text.chars().count() {
        0 => String::new(),
        n => format!(", {n} characters more {place} it"),
    };
    let at = finding.at.as_deref().unwrap_or_default();
    let cut = format!(" ({at}{}{})", hidden(&text[..start], "before"), hidden(&text[end..], "after"));
    let excerpt = (Ink::Text, Letters::All, &text[start..end]);
    let marked = part.start - start..(part.start + taken).min(end) - start;
    marked_in("about", COLUMN, &[excerpt, (Ink::Label, Letters::All, cut.as_str())], &marked, page)
}

/// A time for a person: date, time and the offset from UTC.
pub fn time(at: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at).map_or_else(
        |_| format!("{at} ms"),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
    )
}

pub(super) fn past(row: &record::Row, zone: &TimeZone, page: Page) -> Vec<Row> {
    let submitted = &row.submitted;
    let line = |label, ink, letters, text: &str| wrapped(label, COLUMN, &[(ink, letters, text)], page);
    let mut rows = line("call", Ink::Text, Letters::All, &format!("{} of {}", row.id, time(row.at, zone)));
    match &row.decided {
        None => rows.extend(line("decision", Ink::Label, Letters::All, "none: it is held, or its hub was killed")),
        Some(decided) => {
            let decision = &decided.decision;
            let who = decided.who.as_deref().map(|who| format!(" ({who})")).unwrap_or_default();
            let words = format!("{} by {}{who} after {} ms", decision.kind, decision.by, decided.held_ms);
            rows.extend(line("decision", Ink::Key, Letters::All, &words));
            if let Some(reason) = &decision.reason {
                rows.extend(line("reason", Ink::Text, Letters::All, reason));
            }
            if let Some(rule) = &decision.rule {
                rows.extend(line("rule", Ink::Text, Letters::All, rule));
            }
            if let Some(grant) = decision.grant {
                rows.extend(line("approval", Ink::Text, Letters::All, &format!("number {grant}")));
            }
        }
    }
    let outcome = row.finished.as_ref().map_or_else(
        || "none: not sent, or not answered".to_owned(),
        |end| format!("{} after {} ms, {} bytes", end.outcome, end.duration_ms, end.bytes),
    );
    rows.extend(line("outcome", Ink::Text, Letters::All, &outcome));
    rows.extend(line("server", Ink::Key, Letters::Ascii, submitted.server.as_str()));
    let command = command_line(submitted.command.iter().map(String::as_str));
    rows.extend(line("started", Ink::Text, Letters::All, &command));
    rows.extend(line("tool", Ink::Key, Letters::Ascii, submitted.tool.as_str()));
    rows.extend(risk(submitted.risk, "", &submitted.findings, page));
    rows.extend(line("sha256", Ink::Label, Letters::All, &submitted.params_digest.to_string()));
    if let Some(masking) = &submitted.masked {
        rows.extend(line("kept", Ink::Key, Letters::All, &masking.to_string()));
    }
    rows
}
