//! Base64 (RFC 4648, both alphabets), hexadecimal, and what is packed within (gzip RFC 1952, zlib RFC 1950). Bounded.

use miniz_oxide::inflate;

/// The most that is unpacked or decoded at once, in bytes.
pub const MOST: usize = 256 * 1024;

/// What a byte of base64 stands for, of either alphabet; beyond 63: what ends it, what is passed over, what is none.
const SIX: [u8; 256] = {
    let mut six = [NONE; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        six[byte as usize] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => END,
            b'\r' | b'\n' | b' ' | b'\t' => BLANK,
            _ => NONE,
        };
        byte += 1;
    }
    six
};
const END: u8 = 64;
const BLANK: u8 = 65;
const NONE: u8 = 66;

/// What base64 stands for, up to [`MOST`] bytes; padding may be missing, and a last odd letter is left out.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity((text.len() / 4 * 3).min(MOST));
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.bytes() {
        let six = match SIX[usize::from(byte)] {
            END => break,
            BLANK => continue,
            NONE => return None,
            six => six,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
            if out.len() == MOST {
                break;
            }
        }
    }
    Some(out)
}

/// What pairs of hexadecimal digits stand for, up to [`MOST`] bytes.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2).take(MOST);
    pairs.map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

/// What is packed in these bytes, if it is gzip or zlib, up to [`MOST`] bytes.
pub fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    if let Some(body) = gzip_body(bytes) {
        return whole_or_start(inflate::decompress_to_vec_with_limit(body, MOST));
    }
    let is_zlib = matches!(bytes, [0x78, second, ..] if matches!(second, 0x01 | 0x5e | 0x9c | 0xda));
    is_zlib.then(|| whole_or_start(inflate::decompress_to_vec_zlib_with_limit(bytes, MOST))).flatten()
}

/// A stream that is cut or longer than allowed is read as far as it goes.
fn whole_or_start(unpacked: Result<Vec<u8>, inflate::DecompressError>) -> Option<Vec<u8>> {
    unpacked.or_else(|cut| if cut.output.is_empty() { Err(cut) } else { Ok(cut.output) }).ok()
}

/// The deflate stream of a gzip member.
fn gzip_body(bytes: &[u8]) -> Option<&[u8]> {
    let [0x1f, 0x8b, 8, flags, ..] = bytes else { return None };
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(*bytes.get(at)?) + 256 * usize::from(*bytes.get(at + 1)?);
    }
    for named in [8, 16] {
        if flags & named != 0 {
            at += bytes.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    bytes.get(at..)
}

/// The text that these bytes are, if they are one a person could read: UTF-8, or UTF-16 as PowerShell takes it.
pub fn readable(bytes: &[u8]) -> Option<String> {
    if bytes.len() >= 8 && bytes.iter().skip(1).step_by(2).filter(|b| **b == 0).count() * 3 > bytes.len() {
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        return String::from_utf16(&units.collect::<Vec<_>>()).ok().filter(|text| is_plain(text));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A text that was cut at the bound may end within a character.
        Err(error) if bytes.len() >= MOST && error.valid_up_to() + 4 > bytes.len() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    is_plain(text).then(|| text.to_owned())
}

fn is_plain(text: &str) -> bool {
    let odd = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\0' | '\u{1b}')).count();
    !text.is_empty() && odd * 50 <= text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_read_with_padding_and_without() {
        assert_eq!(base64("aGVsbG8gd29ybGQ=").as_deref(), Some(b"hello world".as_slice()));
        assert_eq!(base64("aGVsbG8gd29ybGQ").as_deref(), Some(b"hello world".as_slice()));
        assert_eq!(base64("-_-_").as_deref(), Some([0xfb, 0xff, 0xbf].as_slice()));
        assert_eq!(base64("a b!"), None);
        assert_eq!(hex("68656C6c6f").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(hex("zz"), None);
    }

    #[test]
    fn what_is_packed_is_unpacked_within_a_bound() {
        let plain = b"echo hello; ".repeat(100_000);
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&plain, 6);
        assert_eq!(unpack(&packed).map(|out| out.len()), Some(MOST));
        let mut gzip = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
        gzip.extend(b"name\0");
        gzip.extend(miniz_oxide::deflate::compress_to_vec(b"echo hello", 6));
        assert_eq!(unpack(&gzip).as_deref(), Some(b"echo hello".as_slice()));
        assert_eq!(unpack(&[0x1f, 0x8b, 8, 4, 0, 0]), None);
        assert_eq!(unpack(b"plain"), None);
    }
}
