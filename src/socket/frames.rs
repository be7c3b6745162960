//! Messages of `wire` over a stream, both directions, without copies beyond one buffer each.
//!
//! Invariant: waiting may be abandoned at any point (`select!`) without losing or repeating a byte.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;

use super::{SocketError, failed};
use crate::wire::{self, WireError};

/// A buffer that has grown beyond this is given back once it is empty, in bytes.
const KEEP: usize = 256 << 10;

/// How much is read at once at least, in bytes.
const READ: usize = 16 << 10;

pub(super) fn over(stream: UnixStream) -> (Sender, Receiver) {
    let stream = Arc::new(stream);
    (
        Sender { stream: Arc::clone(&stream), buffer: Vec::new(), sent: 0 },
        Receiver { stream, buffer: Vec::new(), start: 0, end: 0 },
    )
}

/// The reading end.
#[derive(Debug)]
pub struct Receiver {
    stream: Arc<UnixStream>,
    /// Unread bytes are `buffer[start..end]`; the rest is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Receiver {
    /// The next message; `None` when the other end has hung up between messages.
    pub async fn recv<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, SocketError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            match self.fill() {
                Ok(0) if self.start == self.end => return Ok(None),
                Ok(0) => return Err(failed("read from the other end")(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.readable().await.map_err(failed("read from the other end"))?;
                }
                Err(e) if is_hang_up(&e) => return Ok(None),
                Err(e) => return Err(failed("read from the other end")(e)),
            }
        }
    }

    /// The next message that has been read already, without asking the system: drain with it after [`Self::recv`].
    pub fn take<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, WireError> {
        let Some((message, used)) = wire::decode(&self.buffer[self.start..self.end])? else { return Ok(None) };
        self.start += used;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > KEEP {
                self.buffer = Vec::new();
            }
        }
        Ok(Some(message))
    }

    fn fill(&mut self) -> io::Result<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() - self.end < READ {
            // The length stands first; a message of many megabytes gets its room at once, but only as it arrives.
            let wanted =
                self.buffer[..self.end].first_chunk::<4>().map_or(0, |head| u32::from_be_bytes(*head) as usize);
            let room = wanted.saturating_add(4).min(self.end.saturating_mul(2)).max(self.end + READ);
            self.buffer.resize(room, 0);
        }
        let read = self.stream.try_read(&mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read)
    }
}

/// The writing end. Messages are queued and written together.
#[derive(Debug)]
pub struct Sender {
    stream: Arc<UnixStream>,
    buffer: Vec<u8>,
    sent: usize,
}

impl Sender {
    /// Puts a message behind those that wait.
    pub fn queue<T: Serialize>(&mut self, message: &T) -> Result<(), WireError> {
        wire::encode(message, &mut self.buffer)
    }

    /// Bytes that wait to be written.
    pub fn queued(&self) -> usize {
        self.buffer.len() - self.sent
    }

    /// Writes what the system takes without waiting; `true` when nothing is left.
    pub fn try_flush(&mut self) -> io::Result<bool> {
        while self.queued() > 0 {
            match self.stream.try_write(&self.buffer[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.sent += written,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        self.sent = 0;
        if self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
        Ok(true)
    }

    /// Writes everything, waiting as long as it takes.
    pub async fn flush(&mut self) -> io::Result<()> {
        while !self.try_flush()? {
            self.stream.writable().await?;
        }
        Ok(())
    }

    /// The stream, for waiting until it takes more while somebody else holds the sender.
    pub fn stream(&self) -> Arc<UnixStream> {
        Arc::clone(&self.stream)
    }
}

/// Whether an error only says that the other end is gone.
pub(super) fn is_hang_up(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
