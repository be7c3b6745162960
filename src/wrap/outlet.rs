//! What waits to be written to one stream: queued in a turn, written together at its end.
//!
//! Invariant: bytes leave in the order in which they were pushed, each once; after an error nothing is written any
//! more. Never waits: what the system does not take stays, and the loop stops reading where it comes from.

use std::task::{Context, Poll};

use super::stream::Stream;

/// With more than this waiting, the loop stops reading what would add to it, in bytes.
pub const FULL: usize = 256 << 10;

/// A queue that has grown beyond this is given back once it is empty, in bytes.
const KEEP: usize = 64 << 10;

/// The queue and its stream.
#[derive(Debug)]
pub struct Outlet {
    stream: Stream,
    waiting: Vec<u8>,
    /// How much of `waiting` is written already.
    written: usize,
    broken: bool,
    enlarged: bool,
}

impl Outlet {
    /// Nothing waits yet.
    pub fn new(stream: Stream) -> Self {
        Self { stream, waiting: Vec::new(), written: 0, broken: false, enlarged: false }
    }

    /// Puts bytes behind those that wait.
    pub fn push(&mut self, bytes: Vec<u8>) {
        if self.broken {
        } else if self.waiting.is_empty() {
            self.waiting = bytes;
        } else {
            self.waiting.extend_from_slice(&bytes);
        }
    }

    /// Bytes that wait.
    pub fn queued(&self) -> usize {
        self.waiting.len() - self.written
    }

    /// Whether so much waits that nothing should be added.
    pub fn is_full(&self) -> bool {
        self.queued() > FULL
    }

    /// Whether the other end is gone.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes as much as the system takes; ready when nothing waits (or nothing can be written any more).
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.written < self.waiting.len() {
            if !self.enlarged && self.queued() > KEEP {
                self.enlarged = true;
                self.stream.enlarge();
            }
            match self.stream.poll_write(cx, &self.waiting[self.written..]) {
                Poll::Ready(Ok(n @ 1..)) => self.written += n,
                Poll::Ready(_) => {
                    self.broken = true;
                    break;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        self.written = 0;
        if self.waiting.capacity() > KEEP || self.broken {
            self.waiting = Vec::new();
        } else {
            self.waiting.clear();
        }
        Poll::Ready(())
    }
}
