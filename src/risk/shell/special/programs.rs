//! `sed` and `awk`: their programs are read as far as they are plain.

use std::ops::Range;

use super::super::commands::Judge;
use super::super::script::{Sure, Word};
use super::super::{DESTROYS, OPEN, REVEALS, RUNS};
use super::operands;

pub fn sed(judge: &mut Judge<'_>, arguments: &[Word], whole: &Range<usize>) {
    const LONGS: &[&str] = &[
        "quiet",
        "silent",
        "regexp-extended",
        "posix",
        "separate",
        "null-data",
        "unbuffered",
        "expression=",
        "line-length=",
        "debug",
        "sandbox",
    ];
    let edits = |word: &Word| {
        word.text.starts_with("--in-place") || (word.text.starts_with("-i") && !word.text.starts_with("--"))
    };
    let in_place = arguments.iter().any(|word| {
        edits(word)
            || (word.text.len() < 6
                && word.text.starts_with('-')
                && !word.text.starts_with("--")
                && word.text.contains('i'))
    });
    let Some((operands, values)) = operands(arguments, "nrEszu", "el", LONGS) else {
        let (kind, says) = if in_place {
            (DESTROYS, "sed overwrites the files that it is given")
        } else {
            (RUNS, "sed has an option that is not known")
        };
        return judge.rule(kind, whole, says.to_owned());
    };
    let given: Vec<(&str, &Word)> =
        values.iter().filter(|given| given.option != 'l').map(|given| (given.value, given.word)).collect();
    let (scripts, files) = match operands.split_first() {
        Some((script, files)) if given.is_empty() => (vec![(script.text.as_str(), *script)], files.to_vec()),
        _ => (given, operands),
    };
    for (text, script) in scripts {
        if script.sure == Sure::Unknown || !sed_only_reads(text) {
            judge.rule(RUNS, &script.at, "a sed program that may write files or run commands".to_owned());
        }
    }
    for file in files {
        if file.sure == Sure::Unknown {
            judge.rule(OPEN, &file.at, "what sed reads is known only when it runs".to_owned());
        }
        judge.read_path(file);
    }
}

/// Whether a sed program is of the plain kind: `s/a/b/g`, `5,10p`, `/x/d`, `$!N`. One with `w`, `e` or `r` where these
/// could be commands or flags is not, nor one in which it is not plain where a pattern ends.
fn sed_only_reads(program: &str) -> bool {
    program.split([';', '\n']).map(str::trim).all(|command| {
        let Some(rest) = after_addresses(command) else { return false };
        let mut chars = rest.chars();
        match chars.next() {
            None => true,
            Some('s' | 'y') => {
                let plain = |c: &char| !c.is_alphanumeric() && *c != '\\' && !c.is_whitespace();
                let Some(separator) = chars.next().filter(plain) else { return false };
                let parts: Vec<&str> = chars.as_str().split(separator).collect();
                matches!(parts[..], [pattern, with, flags] if is_closed(pattern) && is_closed(with)
                    && flags.chars().all(|c| "gpiIm0123456789} ".contains(c)))
            }
            Some('p' | 'd' | 'q' | 'n' | 'N' | 'h' | 'H' | 'g' | 'G' | 'x' | '=' | 'l' | 'D' | 'P') => {
                chars.as_str().chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '}'))
            }
            Some(_) => false,
        }
    })
}

/// What follows the lines and patterns that a command is for.
fn after_addresses(command: &str) -> Option<&str> {
    let counts = |c: char| c.is_ascii_digit() || matches!(c, ',' | '$' | '!' | '~' | '+' | ' ' | '{' | '}' | 'I');
    let mut rest = command.trim_start_matches(|c| counts(c) && c != 'I');
    while let Some(inner) = rest.strip_prefix('/') {
        let mut escaped = false;
        let end = inner.find(|c| {
            let ends = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        if !is_closed(&inner[..end]) {
            return None;
        }
        rest = inner[end + 1..].trim_start_matches(counts);
    }
    Some(rest)
}

/// Whether every set of characters in a pattern ends in it.
fn is_closed(pattern: &str) -> bool {
    let odd = ["[]", "[^]", "[[", "\\["].iter().any(|odd| pattern.contains(odd));
    !odd && pattern.matches('[').count() == pattern.matches(']').count()
}

/// The lines of an awk program, those that go on in the next one as one.
fn statements(program: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in program.lines() {
        match all.last_mut() {
            Some(last) if goes_on => last.push_str(line),
            _ => all.push(line.to_owned()),
        }
        goes_on = line.contains('#') || line.trim_end().ends_with([',', '\\', '&', '|', '?', ':', '(']);
    }
    all
}

pub fn awk(judge: &mut Judge<'_>, arguments: &[Word], whole: &Range<usize>) {
    let Some((operands, values)) = operands(arguments, "", "Fv", &[]) else {
        return judge.rule(
            RUNS,
            whole,
            "awk has an option that is not known, or runs a program from a file".to_owned(),
        );
    };
    let Some((program, files)) = operands.split_first() else { return };
    let text = &program.text;
    // `system("…")`, `"…" | getline`, `print > "file"`, `print | "sh"`, `@load`.
    let plain = text.replace("||", " ");
    let runs = ["system", "getline", "|", "@", "close"].iter().any(|word| plain.contains(word));
    let writes = statements(text).iter().any(|line| line.find("print").is_some_and(|at| line[at..].contains('>')));
    if text.contains("ENVIRON") {
        judge.rule(REVEALS, &program.at, "an awk program that reads the environment".to_owned());
    }
    if program.sure == Sure::Unknown || runs || writes {
        judge.rule(RUNS, &program.at, "an awk program that may run commands or write files".to_owned());
    }
    if values.iter().any(|given| given.word.sure == Sure::Unknown) {
        judge.rule(OPEN, whole, "what awk is given is known only when it runs".to_owned());
    }
    for file in files {
        if file.sure == Sure::Unknown {
            judge.rule(OPEN, &file.at, "what awk reads is known only when it runs".to_owned());
        }
        judge.read_path(file);
    }
}
