//! The forms for programs: JSON Lines and CSV (RFC 4180).

use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::call::{CallId, Digest};
use crate::decision::{By, DecisionKind, GrantId, Level, Outcome};
use crate::json;
use crate::record::{Masking, Row};
use crate::risk::Finding;
use crate::shown::Shown;

/// What `--json` says of a call. These names are promised.
#[derive(Serialize)]
struct Brief<'a> {
    id: CallId,
    at: String,
    server: &'a str,
    tool: &'a str,
    risk: Level,
    decision: Option<DecisionKind>,
    by: Option<By>,
    reason: Option<&'a str>,
    outcome: Option<Outcome>,
    duration_ms: Option<u64>,
    arguments: &'a RawValue,
}

/// What `show --json` says beside.
#[derive(Serialize)]
struct More<'a> {
    command: &'a [String],
    identity: Digest,
    definition: Option<Digest>,
    session: &'a str,
    findings: &'a [Finding],
    who: Option<&'a str>,
    rule: Option<&'a str>,
    grant: Option<GrantId>,
    held_ms: Option<u64>,
    bytes: Option<u64>,
    params_digest: Digest,
    masked: Option<Masking>,
    params: &'a RawValue,
}

/// RFC 3339 in UTC with milliseconds.
pub(super) fn time(ms: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The text of the arguments.
pub(super) fn arguments(row: &Row) -> &str {
    json::member(row.submitted.params.get(), "arguments").unwrap_or("{}")
}

fn brief(row: &Row) -> Brief<'_> {
    let decision = row.decided.as_ref().map(|d| &d.decision);
    Brief {
        id: row.id,
        at: time(row.at),
        server: row.submitted.server.as_str(),
        tool: row.submitted.tool.as_str(),
        risk: row.submitted.risk,
        decision: decision.map(|d| d.kind),
        by: decision.map(|d| d.by),
        reason: decision.and_then(|d| d.reason.as_deref()),
        outcome: row.finished.as_ref().map(|f| f.outcome),
        duration_ms: row.finished.as_ref().map(|f| f.duration_ms),
        // What is no JSON cannot have come out of the journal; the params as a whole did.
        arguments: serde_json::from_str(arguments(row)).unwrap_or(&row.submitted.params),
    }
}

/// Appends the text as ASCII: outside strings JSON has nothing else, and within them an escape says the same. So no
/// control, bidi or invisible character reaches a terminal, and every program reads the same value.
fn ascii(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, ' '..='~') {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A string takes everything.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

/// As JSON on one line, with nothing beyond ASCII.
pub(in crate::cli) fn line(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string(value)?;
    let mut out = String::with_capacity(text.len() + 1);
    ascii(&text, &mut out);
    Ok(out)
}

/// One object on one line.
pub(super) fn json(row: &Row, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", line(&brief(row))?)
}

/// One object with all that is known, on one line.
pub(super) fn whole_json(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let call = &row.submitted;
    let more = More {
        command: &call.command,
        identity: call.identity,
        definition: call.definition,
        session: &call.session.0,
        findings: &call.findings,
        who: row.decided.as_ref().and_then(|d| d.who.as_deref()),
        rule: row.decided.as_ref().and_then(|d| d.decision.rule.as_deref()),
        grant: row.decided.as_ref().and_then(|d| d.decision.grant),
        held_ms: row.decided.as_ref().map(|d| d.held_ms),
        bytes: row.finished.as_ref().map(|f| f.bytes),
        params_digest: call.params_digest,
        masked: call.masked,
        params: &call.params,
    };
    let (brief, more) = (line(&brief(row))?, line(&more)?);
    let head = brief.strip_suffix('}').unwrap_or_default();
    let tail = more.strip_prefix('{').unwrap_or_default();
    writeln!(out, "{head},{tail}")
}

/// The names of the columns.
pub(super) fn csv_head(out: &mut impl Write) -> io::Result<()> {
    write!(out, "id,at,server,tool,risk,decision,by,reason,outcome,duration_ms,arguments\r\n")
}

/// One call. Free text is shown as on the screen, so that no cell holds a line break or a control; JSON Lines is the
/// exact form.
pub(super) fn csv(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let brief = brief(row);
    let mut arguments = String::new();
    ascii(brief.arguments.get(), &mut arguments);
    let word = |word: Option<&'static str>| word.unwrap_or_default().to_owned();
    let cells = [
        brief.id.to_string(),
        brief.at,
        brief.server.to_owned(),
        Shown::name(brief.tool).to_string(),
        brief.risk.to_string(),
        word(brief.decision.map(DecisionKind::as_str)),
        word(brief.by.map(By::as_str)),
        brief.reason.map(|reason| Shown::line(reason).to_string()).unwrap_or_default(),
        word(brief.outcome.map(Outcome::as_str)),
        brief.duration_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        arguments,
    ];
    for (i, text) in cells.iter().enumerate() {
        let separator = if i == 0 { "" } else { "," };
        write!(out, "{separator}{}", cell(text))?;
    }
    write!(out, "\r\n")
}

/// Quoted where it must be. A spreadsheet takes what begins with one of `=+-@` for a formula and runs it, so such text
/// gets an apostrophe before it.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_for_programs_is_ascii_and_says_the_same() {
        let odd = "a\u{9b}2J\u{202e}\u{200b}é😀\u{7f}";
        let mut out = String::new();
        ascii(&serde_json::to_string(odd).expect("JSON"), &mut out);
        assert_eq!(out, r#""a\u009b2J\u202e\u200b\u00e9\ud83d\ude00\u007f""#);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), odd);
    }

    #[test]
    fn a_cell_cannot_break_its_row_nor_become_a_formula() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell(r#"say "so", now"#), r#""say ""so"", now""#);
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for first in ["+1", "-1", "@x"] {
            assert_eq!(cell(first), format!("'{first}"));
        }
    }
}
