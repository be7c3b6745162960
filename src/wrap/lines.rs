//! Cuts a stream of bytes into lines at `\n`, with a cap.
//!
//! Invariant: every byte read belongs to exactly one piece, in order; a line over the cap is skipped to its end with its
//! head kept, never cut in two. Never looks into a line, never holds more than the cap and one read.

/// How much of an oversized line is kept, in bytes: enough to find its id.
pub const HEAD: usize = 64 << 10;

/// The least room for a read, in bytes.
const ROOM: usize = 8 << 10;

/// The room when nothing large is under way, in bytes. A pipe holds 64 KiB.
const SMALL: usize = 16 << 10;

/// A buffer that has grown beyond this is given back once it is empty, in bytes.
const KEEP: usize = 128 << 10;

/// One piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line without its `\n`.
    Line(&'a [u8]),
    /// A line over the cap: its first bytes (at most [`HEAD`]) and its whole length without the `\n`.
    Oversized {
        /// The beginning.
        head: &'a [u8],
        /// All of it, in bytes.
        len: usize,
    },
}

/// A line that is being skipped.
#[derive(Debug)]
struct Skipped {
    head: Vec<u8>,
    len: usize,
}

/// The cutter.
#[derive(Debug)]
pub struct Lines {
    buffer: Vec<u8>,
    /// Where the current line begins.
    start: usize,
    /// Up to where it is known to hold no `\n`.
    scanned: usize,
    /// The longest line, in bytes without its `\n`.
    cap: usize,
    skipping: Option<Skipped>,
    /// The head last given out, so that it can be borrowed.
    given: Vec<u8>,
}

impl Lines {
    /// With lines of at most `cap` bytes.
    pub fn new(cap: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, scanned: 0, cap, skipping: None, given: Vec::new() }
    }

    /// Where to read to: append to it. There is room for at least one read.
    pub fn room(&mut self) -> &mut Vec<u8> {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            (self.start, self.scanned) = (0, 0);
            if self.buffer.capacity() > KEEP {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.capacity() - self.buffer.len() < ROOM {
            if self.start > 0 {
                self.buffer.drain(..self.start);
                self.scanned -= self.start;
                self.start = 0;
            }
            // Doubles, so that a long line is moved a few times only; what is held stays under the cap and one read.
            let more = self.buffer.len().clamp(SMALL, self.cap.max(SMALL));
            self.buffer.reserve_exact(more);
        }
        &mut self.buffer
    }

    /// The next whole piece of what has been read.
    pub fn next_piece(&mut self) -> Option<Piece<'_>> {
        self.given = Vec::new();
        let Some(at) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            if self.skipping.is_some() || self.scanned - self.start > self.cap {
                self.skip(self.scanned);
            }
            return None;
        };
        let end = self.scanned + at;
        Some(self.take(end, end + 1))
    }

    /// At the end of the stream: the last line, if it had no `\n`.
    pub fn last_piece(&mut self) -> Option<Piece<'_>> {
        let end = self.buffer.len();
        if end == self.start && self.skipping.is_none() {
            return None;
        }
        Some(self.take(end, end))
    }

    fn take(&mut self, end: usize, next: usize) -> Piece<'_> {
        if self.skipping.is_some() || end - self.start > self.cap {
            self.skip(end);
            (self.start, self.scanned) = (next, next);
            let Some(skipped) = self.skipping.take() else { return Piece::Line(&[]) };
            self.given = skipped.head;
            return Piece::Oversized { head: &self.given, len: skipped.len };
        }
        let line = self.start..end;
        (self.start, self.scanned) = (next, next);
        Piece::Line(&self.buffer[line])
    }

    /// Drops the current line's bytes up to `end`, keeping its head.
    fn skip(&mut self, end: usize) {
        let bytes = &self.buffer[self.start..end];
        let skipped = self.skipping.get_or_insert_with(|| Skipped { head: Vec::new(), len: 0 });
        let wanted = HEAD.saturating_sub(skipped.head.len()).min(bytes.len());
        skipped.head.extend_from_slice(&bytes[..wanted]);
        skipped.len += bytes.len();
        (self.start, self.scanned) = (end, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Cut = Result<Vec<u8>, (Vec<u8>, usize)>;

    /// What comes out of `bytes` read in chunks of `chunk` bytes: lines as they are, oversized ones as (head, length).
    fn cut(bytes: &[u8], chunk: usize, cap: usize) -> Vec<Cut> {
        fn own(piece: &Piece<'_>) -> Cut {
            match piece {
                Piece::Line(line) => Ok(line.to_vec()),
                Piece::Oversized { head, len } => Err((head.to_vec(), *len)),
            }
        }
        let mut lines = Lines::new(cap);
        let mut out = Vec::new();
        for chunk in bytes.chunks(chunk) {
            lines.room().extend_from_slice(chunk);
            while let Some(piece) = lines.next_piece() {
                out.push(own(&piece));
            }
        }
        out.extend(lines.last_piece().map(|piece| own(&piece)));
        out
    }

    #[test]
    fn a_line_ends_at_a_line_feed_and_nowhere_else() {
        for chunk in 1..=20 {
            let lines = cut(b"one\ntw\ro\n\nthree\r\n\x0b\x0c\xe2\x80\xa8\nend", chunk, 100);
            let expected: Vec<&[u8]> = vec![b"one", b"tw\ro", b"", b"three\r", b"\x0b\x0c\xe2\x80\xa8", b"end"];
            assert_eq!(lines, expected.into_iter().map(|line| Ok(line.to_vec())).collect::<Vec<_>>(), "chunk {chunk}");
        }
    }

    #[test]
    fn an_oversized_line_is_skipped_to_its_end_and_the_next_one_is_whole() {
        for chunk in [1, 3, 7, 100] {
            let lines = cut(b"0123456789\n01234567890\nok\n01234567890123", chunk, 10);
            let long = |text: &[u8]| Err((text.to_vec(), text.len()));
            let expected =
                [Ok(b"0123456789".to_vec()), long(b"01234567890"), Ok(b"ok".to_vec()), long(b"01234567890123")];
            assert_eq!(lines, expected, "chunk {chunk}");
        }
    }

    #[test]
    fn b08_a_hundred_megabytes_without_an_end_take_no_memory() {
        let mut lines = Lines::new(1 << 20);
        let chunk = vec![b'x'; 64 << 10];
        for _ in 0..1600 {
            lines.room().extend_from_slice(&chunk);
            assert_eq!(lines.next_piece(), None);
            assert!(lines.buffer.capacity() <= 4 << 20, "{} bytes are held", lines.buffer.capacity());
        }
        lines.room().push(b'\n');
        let Some(Piece::Oversized { head, len }) = lines.next_piece() else { panic!("not seen as oversized") };
        assert_eq!((head.len(), len), (HEAD, 1600 * (64 << 10)));
        assert!(lines.next_piece().is_none());
        assert!(lines.room().capacity() <= KEEP, "the memory is given back");
    }

    #[test]
    fn memory_is_given_back_after_a_long_line() {
        let mut lines = Lines::new(16 << 20);
        for _ in 0..200 {
            lines.room().extend_from_slice(&vec![b'y'; 40_000]);
            assert!(lines.next_piece().is_none());
        }
        lines.room().push(b'\n');
        assert!(matches!(lines.next_piece(), Some(Piece::Line(line)) if line.len() == 8_000_000));
        assert!(lines.next_piece().is_none());
        assert!(lines.room().capacity() <= KEEP);
    }

    #[test]
    fn nothing_read_is_no_line() {
        assert!(cut(b"", 1, 10).is_empty());
        assert_eq!(cut(b"\n", 1, 10), [Ok(Vec::new())]);
    }
}
