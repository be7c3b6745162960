//! What looks into packed files and certificates: `tar -t`, `unzip -l`, `gzip -dc`, `openssl x509`.

use std::ops::Range;

use super::super::commands::Judge;
use super::super::script::{Sure, Word};
use super::operands;

/// `tar -t` lists.
pub fn archive(judge: &mut Judge<'_>, arguments: &[Word], _whole: &Range<usize>) -> bool {
    let bundled = arguments
        .first()
        .is_some_and(|word| !word.text.starts_with('-') && word.text.bytes().all(|b| b"tvfzjJ".contains(&b)));
    let rest = if bundled { &arguments[1..] } else { arguments };
    let Some((operands, _)) = operands(rest, "tvzjJa", "fC", &["list", "verbose", "gzip", "file="]) else {
        return false;
    };
    let lists = if bundled {
        arguments[0].text.contains('t')
    } else {
        arguments.iter().any(|word| {
            word.text == "--list"
                || (word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('t'))
        })
    };
    // `host:file` is fetched with rsh.
    if !lists || arguments.iter().any(|word| word.sure == Sure::Unknown || word.text.contains(':')) {
        return false;
    }
    for word in operands {
        judge.read_path(word);
    }
    true
}

/// `unzip -l` and `zipinfo` list.
pub fn listing(judge: &mut Judge<'_>, own: &str, arguments: &[Word]) -> bool {
    let Some((operands, _)) = operands(arguments, "lvZt1", "", &[]) else { return false };
    let lists = own == "zipinfo"
        || arguments.iter().any(|word| matches!(word.text.as_str(), "-l" | "-v" | "-Z" | "-Z1" | "-t" | "-lv"));
    for word in operands {
        judge.read_path(word);
    }
    lists && arguments.iter().all(|word| word.sure < Sure::Unknown)
}

/// `gzip -dc` writes what is in a file to the next command, `-l` lists and `-t` tests it; the file stays.
pub fn unpack(judge: &mut Judge<'_>, arguments: &[Word]) -> bool {
    const LONGS: &[&str] = &["stdout", "to-stdout", "list", "test", "decompress", "keep", "quiet", "verbose"];
    let Some((operands, _)) = operands(arguments, "cdklqtv0123456789", "T", LONGS) else { return false };
    // Where it is told to test and to unpack, the last counts in some.
    let told = |long: &str, letter: char| {
        let is =
            |text: &str| text.starts_with('-') && (text == long || !text.starts_with("--") && text.contains(letter));
        arguments.iter().any(|word| is(&word.text))
    };
    let to_stdout = told("--stdout", 'c') || told("--to-stdout", 'c');
    let looks = (told("--list", 'l') || told("--test", 't')) && !told("--decompress", 'd');
    if !(to_stdout || looks) || arguments.iter().any(|word| word.sure == Sure::Unknown) {
        return false;
    }
    for word in operands {
        judge.read_path(word);
    }
    true
}

/// `openssl x509 -noout …` shows a certificate, `dgst` a digest.
pub fn certificate(judge: &mut Judge<'_>, arguments: &[Word]) -> bool {
    const SHOWS: &[&str] = &[
        "-noout",
        "-text",
        "-subject",
        "-issuer",
        "-dates",
        "-startdate",
        "-enddate",
        "-fingerprint",
        "-serial",
        "-sha1",
        "-sha256",
        "-pubkey",
        "-modulus",
        "-purpose",
        "-email",
        "-hash",
        "-ocsp_uri",
    ];
    const WITH_A_WORD: &[&str] = &["-in", "-inform", "-ext", "-nameopt", "-certopt", "-checkend", "-checkhost"];
    const DIGESTS: &[&str] = &["-md5", "-sha1", "-sha224", "-sha256", "-sha384", "-sha512", "-r", "-hex"];
    if !arguments.iter().all(Word::is_literal) {
        return false;
    }
    let Some((what, arguments)) = arguments.split_first() else { return false };
    match what.text.as_str() {
        "version" => arguments.iter().all(|word| matches!(word.text.as_str(), "-a" | "-v" | "-b" | "-d")),
        "x509" | "crl" => {
            let mut rest = arguments.iter();
            while let Some(word) = rest.next() {
                if WITH_A_WORD.contains(&word.text.as_str()) {
                    let Some(value) = rest.next().filter(|value| !value.text.starts_with('-')) else { return false };
                    judge.read_path(value);
                } else if !SHOWS.contains(&word.text.as_str()) {
                    return false;
                }
            }
            true
        }
        "dgst" | "sha256" | "sha1" | "md5" => {
            let (options, files): (Vec<&Word>, Vec<&Word>) = arguments.iter().partition(|w| w.text.starts_with('-'));
            for word in files {
                judge.read_path(word);
            }
            options.iter().all(|word| DIGESTS.contains(&word.text.as_str()))
        }
        _ => false,
    }
}
