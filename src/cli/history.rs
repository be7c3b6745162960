//! `sayso history`: reads the journal itself, so it works without a hub and while one writes.
//!
//! Nothing untrusted goes out unescaped: text through `shown`, JSON as ASCII. A reader that goes away (`| head`) is no
//! error.

pub(super) mod forms;
mod table;

use std::fs::OpenOptions;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use jiff::{Span, Timestamp, Zoned, civil};

use super::{Exit, ExportFormat, HistoryArgs, HistoryCommand, Select};
use crate::call::CallId;
use crate::config::Home;
use crate::journal::{self, VerifyError, Walk};
use crate::record::Filter;
use crate::shown;

/// How many calls are listed when nothing else is said.
const LISTED: usize = 50;

/// Lists, shows, exports or verifies the history, from the journal itself.
pub fn run(home: &Home, args: HistoryArgs) -> Result<Exit> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let done = match args.command {
        None => list(home, &args.select, args.json, &mut out),
        Some(HistoryCommand::Show { id, json }) => show(home, CallId(id), json, &mut out),
        Some(HistoryCommand::Export { format, out: file, select }) => {
            export(home, format, file.as_deref(), &select, &mut out)
        }
        Some(HistoryCommand::Verify) => verify(home, &mut out),
    };
    let done = done.and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    match done {
        Err(e) if e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) => Ok(Exit::Ok),
        done => done,
    }
}

fn list(home: &Home, select: &Select, json: bool, out: &mut impl Write) -> Result<Exit> {
    let mut walk = Walk::new(&home.journal, &filter(select)?)?;
    let limit = select.limit.unwrap_or(LISTED);
    let mut count = 0;
    let mut table = table::Table::new(width());
    let mut out = Plain::new(out);
    let out = &mut out;
    while count < limit {
        let Some(row) = walk.next_row()? else { break };
        count += 1;
        if json {
            forms::json(&row, out)?;
        } else {
            table.row(&row, out)?;
        }
    }
    if !json {
        table.finish(out)?;
        if count == 0 {
            writeln!(out, "no calls{}", if *select == Select::default() { " yet" } else { " like that" })?;
        } else if count == limit && select.limit.is_none() && walk.next_row()?.is_some() {
            writeln!(out, "the newest {LISTED}; more: --limit N")?;
        }
    }
    unreadable(&walk);
    Ok(Exit::Ok)
}

fn show(home: &Home, id: CallId, json: bool, out: &mut impl Write) -> Result<Exit> {
    let Some(row) = journal::find(&home.journal, id)? else {
        say(&format!("sayso: there is no call {id}; see: sayso history"));
        return Ok(Exit::No);
    };
    if json {
        forms::whole_json(&row, out)?;
    } else {
        table::whole(&row, &mut Plain::new(out))?;
    }
    Ok(Exit::Ok)
}

fn export(
    home: &Home,
    format: ExportFormat,
    file: Option<&Path>,
    select: &Select,
    out: &mut impl Write,
) -> Result<Exit> {
    let mut walk = Walk::new(&home.journal, &filter(select)?)?;
    let limit = select.limit.unwrap_or(usize::MAX);
    match file {
        None => write_rows(&mut walk, format, limit, out)?,
        Some(path) => {
            let mut partial = Partial::create(path)?;
            write_rows(&mut walk, format, limit, &mut partial.file)
                .and_then(|()| Ok(partial.file.flush()?))
                .with_context(|| format!("cannot write {}", path.display()))?;
            partial.whole = true;
        }
    }
    unreadable(&walk);
    Ok(Exit::Ok)
}

fn write_rows(walk: &mut Walk, format: ExportFormat, limit: usize, out: &mut impl Write) -> Result<()> {
    if format == ExportFormat::Csv {
        forms::csv_head(out)?;
    }
    let mut count = 0;
    while count < limit
        && let Some(row) = walk.next_row()?
    {
        count += 1;
        match format {
            ExportFormat::Jsonl => forms::json(&row, out)?,
            ExportFormat::Csv => forms::csv(&row, out)?,
        }
    }
    Ok(())
}

/// A new file, mode 0600, that is removed again unless it becomes whole.
struct Partial {
    path: PathBuf,
    file: BufWriter<std::fs::File>,
    whole: bool,
}

impl Partial {
    fn create(path: &Path) -> Result<Self> {
        let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                bail!("{} exists; remove it first, or give another --out", path.display())
            }
            Err(e) => return Err(e).with_context(|| format!("cannot make {}", path.display())),
        };
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), whole: false })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.whole {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn verify(home: &Home, out: &mut impl Write) -> Result<Exit> {
    match journal::verify(&home.journal) {
        Ok(whole) if whole.entries == 0 => {
            writeln!(out, "no entries in {}: nothing to verify", home.journal.display())?;
            Ok(Exit::Ok)
        }
        Ok(whole) => {
            let files = if whole.segments == 1 { "1 file".to_owned() } else { format!("{} files", whole.segments) };
            writeln!(out, "whole: {} entries in {files}, last hash {}", whole.entries, whole.last_hash)?;
            Ok(Exit::Ok)
        }
        Err(VerifyError::Broken(broken)) => {
            writeln!(out, "broken: {broken}")?;
            Ok(Exit::No)
        }
        Err(VerifyError::Journal(e)) => Err(e.into()),
    }
}

fn filter(select: &Select) -> Result<Filter> {
    let since = select.since.as_deref().map(|text| since(text, &Zoned::now())).transpose()?;
    Ok(Filter {
        server: select.server.clone(),
        tool: select.tool.clone(),
        risk: select.risk,
        decision: select.decision,
        since,
        search: select.search.clone(),
    })
}

/// `2h`, `1d12h`, an RFC 3339 time, or a local date with or without a time. Milliseconds since the Unix epoch.
pub(super) fn since(text: &str, now: &Zoned) -> Result<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    if let Ok(local) = text.parse::<civil::DateTime>() {
        let time = local.to_zoned(now.time_zone().clone()).context("that time is out of range")?;
        return Ok(time.timestamp().as_millisecond());
    }
    match text.parse::<Span>() {
        Ok(span) if !span.is_negative() => {
            let time = now.checked_sub(span).with_context(|| format!("--since {text} is too long ago"))?;
            Ok(time.timestamp().as_millisecond())
        }
        _ => bail!("--since {text:?} is no time; give 30m, 2h, 7d, or a time such as 2026-11-22T09:00:00Z"),
    }
}

/// Text for a person on its way to a terminal that may draw nothing beyond ASCII.
pub(super) struct Plain<'a, W> {
    out: &'a mut W,
    ascii: bool,
}

impl<'a, W: Write> Plain<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Self {
        // The first that is set and not empty counts (POSIX.1-2017, 8.2).
        let set =
            ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|v| std::env::var(v).ok().filter(|t| !t.is_empty()));
        let utf8 = set.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"));
        Self { out, ascii: !utf8 && io::stdout().is_terminal() }
    }
}

impl<W: Write> Write for Plain<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if self.ascii => {
                for part in text.split_inclusive('\n') {
                    let line = part.trim_end_matches('\n');
                    write!(self.out, "{}{}", shown::ascii(line), &part[line.len()..])?;
                }
            }
            _ => self.out.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Columns of the terminal; generous when there is none.
fn width() -> usize {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return 200;
    }
    rustix::termios::tcgetwinsize(stdout).ok().map(|size| usize::from(size.ws_col)).filter(|w| *w > 0).unwrap_or(80)
}

pub(super) fn unreadable(walk: &Walk) {
    if walk.unreadable() > 0 {
        let lines = walk.unreadable();
        say(&format!("sayso: {lines} lines of the journal could not be read; see: sayso history verify"));
    }
}

/// To the person, beside the output. If they cannot hear it, nothing can be done.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_span_back_a_time_or_a_local_date() {
        let now: Zoned = "2026-11-22T12:00:00+01:00[+01:00]".parse().expect("a time");
        let at = |text: &str| since(text, &now).map(|ms| (now.timestamp().as_millisecond() - ms) / 1000);
        let hour = 3600;
        for (text, back) in [
            ("2h", 2 * hour),
            ("30m", hour / 2),
            ("90s", 90),
            ("7d", 7 * 24 * hour),
            ("1w", 7 * 24 * hour),
            ("1d12h", 36 * hour),
            ("1h 30m", hour + hour / 2),
            ("2026-11-22T09:00:00Z", 2 * hour),
            ("2026-11-22T09:00:00+02:00", 4 * hour),
            ("2026-11-22", 12 * hour),
            ("2026-11-22T10:00", 2 * hour),
        ] {
            assert_eq!(at(text).ok(), Some(back), "{text}");
        }
        for text in ["", "soon", "-2h", "2", "2h ago now", "2026-13-01", "9999999999d"] {
            let error = at(text).expect_err(text).to_string();
            assert!(error.contains("since"), "{text}: {error}");
        }
    }
}
