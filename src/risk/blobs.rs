//! Encoded texts: base64, hexadecimal, and what is packed in them. Each is decoded, and what comes out is judged by every
//! family as if it stood there, and decoded again.
//!
//! Bounded: 256 KiB come out of one, what [`derived`](super::derived) takes out of all.

use std::ops::Range;

use super::derived::Derivations;
use super::runs::{Table, letters_and, runs};
use super::subject::{Found, Shape, Subject};
use super::words::{List, Words};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Low, Medium};

mod decode;

const DECODED: Kind = Kind::new("blobs.decoded", Low, "a text is encoded; it was decoded and judged like the others");
const UNREADABLE: Kind = Kind::new(
    "blobs.unreadable",
    Medium,
    "something encoded that nobody here can read goes to what does not merely read",
)
.needs(Access::Write);
const PROGRAM: Kind = Kind::new("blobs.program", High, "an encoded program");
const SCRIPT: Kind = Kind::new("blobs.script", High, "an encoded script or command line");

/// The family.
pub const FAMILY: Family = Family {
    name: "blobs",
    about: "encoded texts, decoded again and again: base64, hexadecimal, gzip and zlib within them",
    kinds: &[DECODED, UNREADABLE, PROGRAM, SCRIPT],
    detect,
};

/// The shortest run that is decoded, in bytes.
const SHORTEST: usize = 24;
/// The shortest that is worth a word when it cannot be read, in bytes once decoded.
const SHORTEST_UNREADABLE: usize = 96;
/// The most encoded texts of one call that are looked at.
const MOST: usize = 2_000;

const BASE64: Table = letters_and(b"+/-_");

/// What is in a blob.
enum Inside {
    Text(&'static str, String),
    Program,
    /// A picture, a sound, an archive, a document.
    Known,
    /// Neither.
    Unreadable,
}

/// Whether base64 or hexadecimal stands for a readable text.
pub(super) fn is_text(piece: &str) -> bool {
    let piece = piece.trim_end_matches('=');
    let encoded = piece.len() >= SHORTEST && piece.bytes().all(|byte| BASE64[usize::from(byte)]);
    encoded && matches!(inside(piece), Some(Inside::Text(..)))
}

/// Whether base64 stands for something that is known: a readable text, a picture, something packed.
pub(super) fn is_known(piece: &str) -> bool {
    let start = || decode::base64(piece.get(..64).unwrap_or(piece));
    piece.len() >= SHORTEST && start().is_some_and(|start| is_media(&start) || known(&start, "", "").is_some())
}

/// The parts of a text that are encoded and hold a text of which something is true.
pub(super) fn holding(text: &str, is: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut left = MOST;
    if text.len() >= SHORTEST {
        each(text, |part, inside| {
            if matches!(&inside, Inside::Text(_, text) if is(text)) {
                parts.push(part);
            }
            left -= 1;
            left > 0
        });
    }
    parts
}

/// A part of a text that is encoded and is no text.
#[derive(Debug)]
pub(super) struct Encoded {
    /// The place of the value.
    place: usize,
    part: Range<usize>,
    /// A program; otherwise it is nothing that anybody here can read.
    is_program: bool,
}

/// Reads what is encoded in the texts of a call.
pub(super) fn derive(subject: &Subject<'_>, out: &mut Derivations) {
    let mut left = MOST;
    let texts = subject.fresh().filter(|value| value.shape == Shape::Text && value.text.len() >= SHORTEST);
    for value in texts {
        let place = subject.place(value);
        each(&value.text, |part, inside| {
            match (inside, place) {
                (Inside::Text(how, text), _) => {
                    out.overflow |= text.len() >= decode::MOST;
                    out.text(subject, value, Some(part), how, text);
                }
                (Inside::Program, Some(place)) => out.encoded.push(Encoded { place, part, is_program: true }),
                (Inside::Unreadable, Some(place)) => out.encoded.push(Encoded { place, part, is_program: false }),
                _ => {}
            }
            left = left.saturating_sub(1);
            left > 0
        });
        if left == 0 {
            out.overflow = true;
            return;
        }
    }
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for Encoded { place, part, is_program } in subject.encoded {
        let Some(value) = subject.at(*place) else { continue };
        let at = || subject.pointer(value);
        if *is_program {
            let says = format!("{} holds an encoded program", at());
            found.within(PROGRAM, subject, value, part.clone(), says);
        } else if !subject.name.reads() && !holds_bytes(subject.key(value)) {
            let says = format!("{} holds {} bytes that nobody here can read", at(), part.len() / 4 * 3);
            found.within(UNREADABLE, subject, value, part.clone(), says);
        }
    }
    for value in subject.values() {
        if let Some(derived) = value.derived
            && derived.how().starts_with("decoded")
            && value.text == derived.text()
        {
            let at = subject.pointer(value);
            if is_script(&value.text) {
                found.at(SCRIPT, subject, value, format!("{at} holds a script or a command line"));
            }
            found.at(DECODED, subject, value, format!("{at} holds an encoded text"));
        }
    }
}

/// Whether a text is meant for an interpreter: it says so in its first line, or it begins with what only a shell takes.
fn is_script(text: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "sh",
        "bash",
        "zsh",
        "curl",
        "wget",
        "rm",
        "python",
        "python3",
        "perl",
        "node",
        "ruby",
        "php",
        "powershell",
        "pwsh",
        "cmd",
        "cmd.exe",
        "nc",
        "ncat",
        "socat",
        "eval",
        "exec",
        "chmod",
        "chown",
        "sudo",
        "dd",
        "iex",
        "export",
        "crontab",
        "ssh",
        "scp",
        "cat",
        "echo",
        "mkfifo",
        "nohup",
        "kill",
        "import",
        "osascript",
        "certutil",
        "bitsadmin",
    ];
    let text = text.trim_start();
    let lower = text.get(..4_096.min(text.floor_char_boundary(4_096))).unwrap_or(text).to_ascii_lowercase();
    let word = lower.split(|c: char| c.is_whitespace() || c == ';').next().unwrap_or_default();
    let known =
        COMMANDS.contains(&word) && lower.contains([' ', '\n']) && lower.contains(['/', '-', '|', '>', ';', '$']);
    let calls = [
        "invoke-expression",
        "downloadstring",
        "iex (",
        "iex(",
        "eval(",
        "exec(",
        "os.system(",
        "subprocess.",
        "/dev/tcp/",
    ];
    text.starts_with("#!") || known || calls.iter().any(|call| lower.contains(call))
}

/// Keys whose text is meant to be no text: pictures, digests, marks of a place in a list.
fn holds_bytes(key: &Words) -> bool {
    const LAST: &List =
        &List::of(&["image", "images", "picture", "photo", "audio", "video", "icon", "thumbnail", "signature"]);
    key.ends_in(LAST) || super::secrets::is_name_key(key)
}

/// Every encoded part of a text with what is in it, until `take` says no.
fn each(text: &str, mut take: impl FnMut(Range<usize>, Inside) -> bool) {
    let mut whole = 0;
    for run in runs(text, &BASE64, SHORTEST) {
        if run.start < whole {
            continue;
        }
        // Lines of 64 or 76 letters belong together.
        let part = if run.len() >= 60 && text[run.end..].starts_with(['\n', '\r']) { lines(text, run) } else { run };
        whole = part.end;
        let Some((part, inside)) = read(text, part) else { continue };
        if !take(part, inside) {
            return;
        }
    }
}

/// The run and the lines after it that go on with it.
fn lines(text: &str, run: Range<usize>) -> Range<usize> {
    let is_part = |b: &u8| BASE64[usize::from(*b)] || matches!(b, b'=' | b'\n' | b'\r');
    let len = text.as_bytes()[run.start..].iter().position(|b| !is_part(b)).unwrap_or(text.len() - run.start);
    run.start..run.start + text[run.start..run.start + len].trim_end().len()
}

/// What a run stands for; of one that is a path or a URL, its longest segment.
fn read(text: &str, run: Range<usize>) -> Option<(Range<usize>, Inside)> {
    let found = inside(&text[run.clone()]);
    if let Some(inside) = found.filter(|inside| !matches!(inside, Inside::Unreadable)) {
        return Some((run, inside));
    }
    let piece = text[run.clone()].split('/').max_by_key(|piece| piece.len()).unwrap_or_default();
    if piece.len() == run.len() {
        return (is_dense(piece)).then_some((run, Inside::Unreadable));
    }
    let start = run.start + text[run.clone()].find(piece).unwrap_or_default();
    match inside(piece).filter(|_| piece.len() >= SHORTEST) {
        Some(inside) if !matches!(inside, Inside::Unreadable) => Some((start..start + piece.len(), inside)),
        _ => is_dense(&text[run.clone()]).then_some((run, Inside::Unreadable)),
    }
}

/// Whether a run is long and mixed as only encoded bytes are: no identifier, no path, no number, no digest.
fn is_dense(piece: &str) -> bool {
    let start = &piece.as_bytes()[..piece.len().min(512)];
    let count = |of: fn(&u8) -> bool| start.iter().filter(|b| of(b)).count() * 16;
    let (small, capital, digit) =
        (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
    piece.len() >= SHORTEST_UNREADABLE / 3 * 4 && small > start.len() && capital > start.len() && digit > start.len()
}

fn inside(piece: &str) -> Option<Inside> {
    let digits = piece.strip_prefix("0x").unwrap_or(piece);
    let is_hex = digits.len() >= 32 && digits.len().is_multiple_of(2) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hex {
        let bytes = decode::hex(digits)?;
        return known(&bytes, "decoded from hexadecimal", "decoded from hexadecimal and unpacked");
    }
    // What the first letters stand for tells most: a picture is not decoded whole, a name not at all.
    let first = piece.get(..64).unwrap_or(piece);
    let start = decode::base64(first)?;
    if is_media(&start) {
        return Some(Inside::Known);
    }
    if !start.starts_with(&[0x1f, 0x8b]) && start.first() != Some(&0x78) && looks_binary(&start) && !is_program(&start)
    {
        return Some(Inside::Unreadable);
    }
    let whole = if first.len() == piece.len() { start } else { decode::base64(piece)? };
    known(&whole, "decoded from base64", "decoded from base64 and unpacked")
}

fn known(bytes: &[u8], plain: &'static str, packed: &'static str) -> Option<Inside> {
    if is_program(bytes) {
        return Some(Inside::Program);
    }
    if let Some(unpacked) = decode::unpack(bytes) {
        return Some(match decode::readable(&unpacked) {
            Some(text) => Inside::Text(packed, text),
            None if is_program(&unpacked) => Inside::Program,
            None => Inside::Known,
        });
    }
    if is_media(bytes) {
        return Some(Inside::Known);
    }
    decode::readable(bytes).map(|text| Inside::Text(plain, text))
}

/// Whether the first bytes are no text. A character may be cut at their end.
fn looks_binary(start: &[u8]) -> bool {
    let even = &start[..start.len() / 2 * 2];
    let whole = std::str::from_utf8(start).map_or_else(|error| error.valid_up_to() + 4 > start.len(), |_| true);
    decode::readable(even).is_none() && !(whole && decode::readable(&start[..start.len().saturating_sub(3)]).is_some())
}

/// ELF, Windows, macOS, Java, WebAssembly.
fn is_program(bytes: &[u8]) -> bool {
    const STARTS: &[&[u8]] =
        &[b"\x7fELF", b"MZ\x90\0", b"MZ\0\0", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\0asm"];
    STARTS.iter().any(|start| bytes.starts_with(start))
}

/// Pictures, sounds, films, fonts, documents, archives.
fn is_media(bytes: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"\0\0\x01\0",
        b"ID3",
        b"\xff\xfb\x90",
        b"\xff\xfb\xb0",
        b"OggS",
        b"fLaC",
        b"%PDF-",
        b"PK\x03\x04",
        b"wOFF",
        b"wOF2",
        b"\x1aE\xdf\xa3",
    ];
    let riff = bytes.starts_with(b"RIFF") || bytes.get(4..8) == Some(b"ftyp");
    riff || STARTS.iter().any(|start| bytes.starts_with(start))
}
