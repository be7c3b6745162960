//! `sayso policy check --project` and `show --project`: what the files of a project say, and what of it counts.
//!
//! Reads them as the hub does. What it quotes of a file goes through `shown`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Exit;
use super::policy::line;
use crate::decision::{Action, Level};
use crate::hub;
use crate::policy::{self, Parsed, Policy, project, time};
use crate::shown::Shown;

/// What is wrong with the files above this folder, and what of them does not count.
pub fn check(dir: &Path, own: &Policy, out: &mut impl Write) -> Result<Exit> {
    let files = files(dir, own, out)?;
    let mut fine = true;
    for (path, parsed) in &files {
        fine &= tell(path, parsed, out)?;
        if parsed.error().is_some() {
            writeln!(out, "until this is mended, what is not low is denied for every server in this project")?;
        } else {
            let count = parsed.policy.rules.len();
            writeln!(out, "{path}: {count} rule{} count", if count == 1 { "" } else { "s" })?;
        }
    }
    Ok(if fine { Exit::Ok } else { Exit::No })
}

/// What of the files above this folder counts.
pub fn show(dir: &Path, own: &Policy, out: &mut impl Write) -> Result<Exit> {
    let files = files(dir, own, out)?;
    let mut usable = true;
    for (path, parsed) in &files {
        writeln!(out, "file      {path}")?;
        usable &= parsed.error().is_none();
        if parsed.error().is_some() {
            writeln!(out, "in force  what is not low is denied for servers here, because it cannot be used:")?;
        }
        let levels = Level::ALL.iter().map(|level| (level, parsed.policy.levels.action(*level)));
        for (level, action) in levels.filter(|(_, action)| *action != Action::Allow && parsed.error().is_none()) {
            let length = time::show(parsed.policy.time_to_answer(*level, None));
            writeln!(out, "levels    {level:<6} at least {action}, {length} to answer at most")?;
        }
        parsed.policy.rules.iter().try_for_each(|rule| writeln!(out, "  {}", line(rule)))?;
        tell(path, parsed, out)?;
    }
    Ok(if usable { Exit::Ok } else { Exit::No })
}

/// The files as the hub would read them for a server in this folder.
fn files(dir: &Path, own: &Policy, out: &mut impl Write) -> Result<Vec<(Shown, Parsed)>> {
    let dir = std::path::absolute(dir).and_then(std::fs::canonicalize);
    let dir = dir.context("there is no such folder; give the one that a server runs in")?;
    let times = Level::ALL.iter().map(|level| own.time_to_answer(*level, None)).collect::<Vec<_>>();
    let times = [times[0], times[1], times[2]];
    let files = hub::read_projects(&dir);
    if files.is_empty() {
        let dir = Shown::line(&dir.display().to_string());
        writeln!(out, "no {} in {dir} or above it, up to the first repository", project::NAME)?;
    }
    let parse = |file: hub::ProjectFile| {
        let parsed = match &file.text {
            Ok(text) => project::read(text, &file.path, times),
            Err(why) => policy::from_file(Err(std::io::Error::other(why.clone())), &file.path),
        };
        (Shown::line(&file.path), parsed)
    };
    Ok(files.into_iter().map(parse).collect())
}

/// Whether everything in it counts; says what does not.
fn tell(path: &Shown, parsed: &Parsed, out: &mut impl Write) -> Result<bool> {
    super::policy::diagnostics(parsed, path, out)?;
    Ok(parsed.error().is_none() && !parsed.diagnostics.iter().any(project::is_refusal))
}
