//! Messages of `wire` over a stream, both directions, without copies beyond one buffer each.
//!
//! Invariant: waiting may be abandoned at any point (`select!`) without losing or repeating a byte.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::net::SendFlags;
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

use super::heard::{self, Writer};
use super::{SocketError, failed};
use crate::wire::{self, WireError};

/// A buffer that has grown beyond this is given back once it is empty, in bytes.
const KEEP: usize = 256 << 10;

/// How much is read at once at least, in bytes.
const READ: usize = 16 << 10;

/// What fails when a read does.
const READING: &str = "read from the other end";

/// Watches a descriptor for one thing; gives it back when the system has nothing to watch (a file).
pub fn watch(fd: OwnedFd, interest: Interest) -> Result<AsyncFd<OwnedFd>, (OwnedFd, io::Error)> {
    #[expect(
        deprecated,
        reason = "its successor is `unsafe` for the sake of types whose descriptor may change; an `OwnedFd`'s cannot"
    )]
    AsyncFd::try_with_interest(fd, interest).map_err(tokio::io::unix::AsyncFdTryNewError::into_parts)
}

/// The stream is watched for reading only: were it for writing too, each message that the other end takes would wake
/// this one for nothing.
/// Only the process `from` is listened to.
pub(super) fn over(stream: UnixStream, from: Option<u32>) -> io::Result<(Sender, Receiver)> {
    let fd = OwnedFd::from(stream.into_std()?);
    heard::name_writers(&fd)?;
    let stream = Arc::new(watch(fd, Interest::READABLE).map_err(|(_, why)| why)?);
    Ok((
        Sender { stream: Arc::clone(&stream), buffer: Vec::new(), sent: 0 },
        Receiver { stream, writer: Writer::only(from), buffer: Vec::new(), start: 0, end: 0 },
    ))
}

/// The reading end.
#[derive(Debug)]
pub struct Receiver {
    stream: Arc<AsyncFd<OwnedFd>>,
    writer: Writer,
    /// Unread bytes are `buffer[start..end]`; the rest is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Receiver {
    /// The next message; `None` when the other end has hung up between messages.
    pub async fn recv<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, SocketError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The same for a loop that polls. The task that polled last is woken.
    pub fn poll_recv<T: for<'de> Deserialize<'de>>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<T>, SocketError>> {
        loop {
            if let Some(message) = self.take()? {
                return Poll::Ready(Ok(Some(message)));
            }
            match ready!(self.fill(cx)) {
                Ok(0) if self.start == self.end => return Poll::Ready(Ok(None)),
                Ok(0) => return Poll::Ready(Err(failed(READING)(io::ErrorKind::UnexpectedEof.into()))),
                Ok(_) => {}
                Err(e) if is_hang_up(&e) => return Poll::Ready(Ok(None)),
                Err(e) => return Poll::Ready(Err(failed(READING)(e))),
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

    /// Reads what there is; 0 is the end.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
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
        loop {
            let mut readable = ready!(self.stream.poll_read_ready(cx))?;
            let room = &mut self.buffer[self.end..];
            let wanted = room.len();
            match self.writer.read(self.stream.get_ref(), room) {
                Ok(read) => {
                    if (1..wanted).contains(&read) {
                        // The stream is drained: what comes next is told anew, and a read that finds nothing is saved.
                        readable.clear_ready();
                    }
                    self.end += read;
                    return Poll::Ready(Ok(read));
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => readable.clear_ready(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }

    /// Whether the other end has said nothing that was not taken yet. What a process writes after that, it writes as the
    /// program that it was when it was looked at.
    pub fn is_quiet(&self) -> bool {
        self.start == self.end && heard::is_quiet(self.stream.get_ref())
    }
}

/// The writing end. Messages are queued and written together.
#[derive(Debug)]
pub struct Sender {
    stream: Arc<AsyncFd<OwnedFd>>,
    buffer: Vec<u8>,
    sent: usize,
}

impl Sender {
    /// Puts a message behind those that wait.
    pub fn queue<T: Serialize>(&mut self, message: &T) -> Result<(), WireError> {
        wire::encode(message, &mut self.buffer)
    }

    /// Puts what is no message behind those that wait.
    #[cfg(test)]
    pub(crate) fn queue_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that wait to be written.
    pub fn queued(&self) -> usize {
        self.buffer.len() - self.sent
    }

    /// Writes what the system takes without waiting; `true` when nothing is left.
    pub fn try_flush(&mut self) -> io::Result<bool> {
        while self.queued() > 0 {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::send(self.stream.as_fd(), &self.buffer[self.sent..], flags) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.sent += written,
                Err(Errno::AGAIN) => return Ok(false),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
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
            self.room()?.wait().await?;
        }
        Ok(())
    }

    /// For waiting until the system takes more, while somebody else may hold the sender.
    pub fn room(&self) -> io::Result<Room> {
        let fd = self.stream.get_ref().try_clone()?;
        watch(fd, Interest::WRITABLE).map(Room).map_err(|(_, why)| why)
    }
}

/// Waits until the system takes more. Made when it does not, and dropped once it does.
#[derive(Debug)]
pub struct Room(AsyncFd<OwnedFd>);

impl Room {
    /// Ready when it does. The task that polled last is woken.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx).map_ok(|_| ())
    }

    /// The same for one who waits.
    pub async fn wait(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll(cx)).await
    }
}

/// Whether an error only says that the other end is gone.
pub(super) fn is_hang_up(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
