//! Commands that are readers or the worst by what their own arguments say: `find`, `sed`, `awk`, `curl`, shells.

use std::ops::Range;
use std::sync::LazyLock;

use super::commands::{Judge, join};
use super::readers::is_option;
use super::script::{Sure, Word, is_harmless_name};
use super::{CHANGES, DESTROYS, FETCHES, OPEN, RUNS, SENDS, SETS, UNREADABLE};
use crate::risk::subject::quoted;
use crate::risk::words::Lookup;

mod files;
mod network;
mod programs;

use files::{archive, certificate, listing, unpack};
use network::{fetch, mirror, remote};
use programs::{awk, sed};

/// Judges such a command; `false` when this is none.
pub fn judge(judge: &mut Judge<'_>, own: &str, arguments: &[Word], whole: &Range<usize>) -> bool {
    match own {
        "find" | "gfind" => find(judge, arguments, whole),
        "sed" | "gsed" => sed(judge, arguments, whole),
        "awk" | "gawk" | "mawk" | "nawk" => awk(judge, arguments, whole),
        "curl" | "wget" => fetch(judge, own, arguments, whole),
        "tar" | "bsdtar" | "gtar" => return archive(judge, arguments, whole),
        "unzip" | "zipinfo" => return listing(judge, own, arguments),
        "rsync" => return mirror(judge, arguments, whole),
        "tee" => tee(judge, arguments, whole),
        "gzip" | "gunzip" | "bzip2" | "bunzip2" | "xz" | "unxz" | "zstd" | "unzstd" => return unpack(judge, arguments),
        "openssl" => return certificate(judge, arguments),
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "mksh" | "fish" => return shell(judge, own, arguments, whole),
        "eval" => line(judge, arguments, whole),
        "ssh" | "mosh" => remote(judge, arguments, whole),
        "su" | "runuser" | "sg" | "script" => return option_line(judge, own, arguments, whole),
        "export" | "local" | "readonly" | "declare" | "typeset" | "unset" => variables(judge, own, arguments, whole),
        "command" => return lookup(arguments),
        // Names are asked of whoever answers for them.
        "getent" if !matches!(arguments, [first, ..] if DATABASES.contains(&first.text.as_str())) => {
            judge.rule(FETCHES, whole, "getent may ask other machines".to_owned());
            if !arguments.iter().all(Word::is_literal) {
                judge.rule(SENDS, whole, "what it asks for is known only when it runs, and goes out".to_owned());
            }
        }
        "dig" | "host" | "nslookup" | "ping" | "ping6" | "traceroute" | "tracepath" | "mtr" | "whois" => {
            judge.rule(FETCHES, whole, format!("{} asks other machines", quoted(own)));
            if !arguments.iter().all(Word::is_literal) {
                judge.rule(SENDS, whole, "what it asks for is known only when it runs, and goes out".to_owned());
            }
        }
        _ => return false,
    }
    true
}

/// What `getent` looks up on this machine.
const DATABASES: &[&str] = &["passwd", "group", "services", "protocols", "rpc", "ethers", "aliases"];

/// `command -v x` looks a name up.
fn lookup(arguments: &[Word]) -> bool {
    arguments.first().is_some_and(|word| word.is_literal() && matches!(word.text.as_str(), "-v" | "-V"))
}

/// Tests and actions of `find` that only look, and whether each takes a word.
static LOOKS: LazyLock<Lookup<bool>> = LazyLock::new(|| {
    const ALONE: &str = "-H -L -P -O0 -O1 -O2 -O3 -E -X -x -s -d -depth -xdev -mount -daystart -noleaf -follow \
         -ignore_readdir_race -true -false -empty -executable -readable -writable -nouser -nogroup -prune -print \
         -print0 -ls -quit -not -a -and -o -or -warn -nowarn";
    const WITH_A_WORD: &str = "-maxdepth -mindepth -name -iname -path -ipath -wholename -iwholename -regex -iregex \
         -lname -ilname -type -xtype -size -perm -mtime -mmin -atime -amin -ctime -cmin -newer -anewer -cnewer \
         -newermt -newerct -newerat -user -group -uid -gid -links -inum -samefile -fstype -regextype -used -context \
         -printf -D -f -flags -Btime -Bmin";
    let alone = ALONE.split_whitespace().map(|own| (own, false));
    alone.chain(WITH_A_WORD.split_whitespace().map(|own| (own, true))).collect()
});

/// How its actions begin that do more.
const ACTS: &[&str] = &["-exec", "-ok", "-delete", "-fprint", "-fls"];

fn find(judge: &mut Judge<'_>, arguments: &[Word], whole: &Range<usize>) {
    const TURNS: &str = "a word that find is given may turn out to be an action";
    if let Some(word) = arguments.iter().find(|word| word.splits) {
        judge.rule(RUNS, &word.at, TURNS.to_owned());
    }
    let opens = arguments.iter().any(|word| word.text.starts_with("-exec"));
    let mut rest = arguments;
    while let [word, after @ ..] = rest {
        rest = after;
        let text = word.text.as_str();
        if word.open && word.sure == Sure::Unknown {
            judge.rule(RUNS, &word.at, TURNS.to_owned());
        } else if matches!(text, "-exec" | "-execdir" | "-ok" | "-okdir") {
            let ends = after.iter().position(|word| matches!(word.text.as_str(), ";" | "+")).unwrap_or(after.len());
            let found = |word: &Word| {
                let place = word.text.contains("{}");
                Word { sure: if place { word.sure.max(Sure::Tame) } else { word.sure }, ..word.clone() }
            };
            let inner: Vec<Word> = after[..ends].iter().map(found).collect();
            judge.nested(&inner, whole);
            rest = after.get(ends + 1..).unwrap_or_default();
        } else if text == "-delete" {
            judge.rule(DESTROYS, whole, "find deletes what it finds".to_owned());
        } else if text.starts_with('-') && text.len() > 1 {
            if let Some(with) = LOOKS.get(text) {
                // What deletes or runs counts wherever it stands, and `-depth` takes a number in some finds only.
                let next = after.first().map_or("", |word| word.text.as_str());
                let takes = (*with && !ACTS.iter().any(|act| next.starts_with(act)))
                    || (text == "-depth" && next.parse::<i32>().is_ok());
                // The names of what it opens by another command are named here.
                if let [value, next @ ..] = after
                    && takes
                {
                    rest = next;
                    if opens {
                        judge.read_path(value);
                    }
                }
            } else {
                let says = format!("find has the action {}, which does more than look", quoted(text));
                judge.rule(RUNS, &word.at, says);
            }
        } else if !matches!(text, "(" | ")" | "!" | ",") {
            if word.sure == Sure::Unknown || word.open {
                judge.rule(OPEN, &word.at, "where find looks is known only when it runs".to_owned());
            }
            judge.read_path(word);
        }
    }
}

/// The value of an option.
struct Given<'w> {
    /// Its letter, `-` for a long one.
    option: char,
    /// The word that it stands in.
    word: &'w Word,
    /// The value itself.
    value: &'w str,
}

/// Operands, and the values of options.
type Taken<'w> = (Vec<&'w Word>, Vec<Given<'w>>);

/// Options in a cluster and long ones, against a list; a valued one takes the next word. `None`: one is not known.
fn operands<'w>(arguments: &'w [Word], plain: &str, valued: &str, longs: &[&str]) -> Option<Taken<'w>> {
    if arguments.iter().any(|word| word.splits) {
        return None;
    }
    let (mut operands, mut values) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    'words: while let Some(word) = rest.next() {
        let text = word.text.as_str();
        if text == "--" && word.is_literal() {
            operands.extend(rest);
            break;
        }
        if word.open && word.sure == Sure::Unknown {
            return None;
        }
        let mut next = |option| {
            let value = rest.next().filter(|value| !is_option(&value.text))?;
            Some(Given { option, word: value, value: &value.text })
        };
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            if longs.contains(&name) && value.is_none() {
                continue;
            }
            longs.iter().find(|own| own.strip_suffix('=') == Some(name))?;
            values.push(match value {
                Some(value) => Given { option: '-', word, value },
                None => next('-')?,
            });
            continue;
        }
        if text.len() < 2 || !text.starts_with('-') {
            operands.push(word);
            continue;
        }
        for (at, c) in text[1..].char_indices() {
            let value = &text[1 + at + c.len_utf8()..];
            if valued.contains(c) {
                values.push(if value.is_empty() { next(c)? } else { Given { option: c, word, value } });
                continue 'words;
            }
            if !plain.contains(c) {
                return None;
            }
        }
    }
    Some((operands, values))
}

fn tee(judge: &mut Judge<'_>, arguments: &[Word], whole: &Range<usize>) {
    let targets = arguments.iter().filter(|word| !word.text.starts_with('-') || word.open);
    for word in targets.filter(|word| !super::script::is_sink(word)) {
        judge.rule(super::REDIRECTS, whole, format!("it writes to {}", quoted(&word.text)));
        judge.read_path(word);
    }
}

/// `sh -c '…'`; without it, it runs a file or what it reads.
fn shell(judge: &mut Judge<'_>, own: &str, arguments: &[Word], whole: &Range<usize>) -> bool {
    let mut rest = arguments;
    let mut given = false;
    while let [word, after @ ..] = rest
        && word.is_literal()
        && word.text.starts_with('-')
        && word.text.len() > 1
    {
        rest = after;
        match word.text.as_str() {
            "--" => break,
            "--login" | "--norc" | "--noprofile" | "--posix" => {}
            "--command" => given = true,
            "-o" => rest = rest.get(1..).unwrap_or_default(),
            text if text.starts_with("--") || !text[1..].bytes().all(|b| b"cileuxvp".contains(&b)) => {
                judge.rule(RUNS, whole, format!("{} has an option that is not known", quoted(own)));
                judge.worst_of(arguments, whole);
                return true;
            }
            text => given |= text.contains('c'),
        }
    }
    let Some(script) = rest.first().filter(|_| given) else { return false };
    if script.is_literal() {
        judge.nested_line(&script.text, whole);
    } else {
        judge.rule(UNREADABLE, &script.at, "a shell is given a line that only the running shell knows".to_owned());
        judge.worst_of(arguments, whole);
    }
    true
}

/// Words that become one line for a shell.
fn line(judge: &mut Judge<'_>, words: &[Word], whole: &Range<usize>) {
    if words.is_empty() {
        return;
    }
    if words.iter().all(Word::is_literal) {
        judge.nested_line(&join(words), whole);
    } else {
        judge.rule(UNREADABLE, whole, "a shell is given a line that only the running shell knows".to_owned());
        judge.worst_of(words, whole);
    }
}

/// `su -c '…'`: grave by itself, and so may be the line.
fn option_line(judge: &mut Judge<'_>, own: &str, arguments: &[Word], whole: &Range<usize>) -> bool {
    let at = arguments.iter().position(|word| matches!(word.text.as_str(), "-c" | "--command"));
    match at.and_then(|at| arguments.get(at + 1)) {
        Some(script) => {
            let kind = if own == "script" { RUNS } else { super::PRIVILEGE };
            judge.rule(kind, whole, format!("{} runs a line of its own", quoted(own)));
            line(judge, std::slice::from_ref(script), whole);
            true
        }
        None => false,
    }
}

fn variables(judge: &mut Judge<'_>, own: &str, arguments: &[Word], whole: &Range<usize>) {
    for word in arguments {
        let name = word.text.split(['=', '+']).next().unwrap_or_default();
        if (word.text == "-p" && own != "unset")
            || (own != "unset" && arguments.len() == 1 && word.text.starts_with("-x"))
        {
            judge.rule(super::REVEALS, whole, "it tells the variables".to_owned());
        } else if matches!(word.text.as_str(), "-a" | "-A" | "-r" | "-x" | "-g" | "-l" | "-u") {
        } else if word.open || word.holds_command() || !is_harmless_name(name) {
            judge.rule(SETS, &word.at, format!("setting {} may change which code runs", quoted(name)));
        } else if own == "export" {
            judge.rule(CHANGES, whole, "it sets a variable for what runs after it".to_owned());
        }
    }
    if arguments.is_empty() {
        judge.rule(super::REVEALS, whole, "it tells the variables".to_owned());
    }
}
