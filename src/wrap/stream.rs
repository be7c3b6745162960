//! One end of a byte stream without a thread behind it: pipes and sockets that do not block, terminals, and files,
//! which never do.
//!
//! `O_NONBLOCK` lives on the open file description, which standard streams share with whoever else holds them. So a
//! pipe or terminal is opened anew through the process's own descriptor table, a socket is asked not to wait call by
//! call (`MSG_DONTWAIT`), and only where neither can be done is the flag set, and put back on drop.
//! Never buffers, never retries after an error.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::task::{Context, Poll, ready};

use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To us.
    In,
    /// From us.
    Out,
}

#[derive(Debug)]
enum End {
    /// The system says when it is ready.
    Watched(AsyncFd<OwnedFd>),
    /// A file or `/dev/null`: always ready.
    Always(OwnedFd),
}

/// The end of a stream.
#[derive(Debug)]
pub struct Stream {
    end: End,
    socket: bool,
    /// The flags to put back.
    restore: Option<OFlags>,
}

impl Stream {
    /// A pipe's end that nobody else holds.
    pub fn own(fd: OwnedFd, way: Way) -> io::Result<Self> {
        set_flags(fd.as_fd(), rustix::fs::fcntl_getfl(&fd)? | OFlags::NONBLOCK)?;
        Self::watch(fd, way, false, None)
    }

    /// A standard stream, which others may hold too.
    pub fn standard(fd: BorrowedFd<'_>, way: Way) -> io::Result<Self> {
        let fd = fd.try_clone_to_owned()?;
        let file = File::from(fd);
        let kind = file.metadata()?.file_type();
        let fd = OwnedFd::from(file);
        if kind.is_socket() {
            return Self::watch(fd, way, true, None);
        }
        if !kind.is_fifo() && !rustix::termios::isatty(&fd) {
            return Self::watch(fd, way, false, None);
        }
        if let Some(own) = reopen(&fd, way) {
            return Self::watch(own, way, false, None);
        }
        let flags = rustix::fs::fcntl_getfl(&fd)?;
        set_flags(fd.as_fd(), flags | OFlags::NONBLOCK)?;
        Self::watch(fd, way, false, Some(flags))
    }

    fn watch(fd: OwnedFd, way: Way, socket: bool, restore: Option<OFlags>) -> io::Result<Self> {
        let interest = if way == Way::In { Interest::READABLE } else { Interest::WRITABLE };
        let end = match crate::socket::watch(fd, interest) {
            Ok(watched) => End::Watched(watched),
            Err((fd, why)) if why.raw_os_error() == Some(Errno::PERM.raw_os_error()) => End::Always(fd),
            Err((_, why)) => return Err(why),
        };
        Ok(Self { end, socket, restore })
    }

    /// Appends what there is to the room that `buffer` has; 0 is the end. The room must not be empty.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut Vec<u8>) -> Poll<io::Result<usize>> {
        let watched = match &self.end {
            End::Watched(watched) => watched,
            End::Always(fd) => return Poll::Ready(self.read(fd.as_fd(), buffer).map_err(Into::into)),
        };
        loop {
            let mut ready = ready!(watched.poll_read_ready(cx))?;
            let room = buffer.capacity() - buffer.len();
            match self.read(watched.as_fd(), buffer) {
                Ok(n) => {
                    if n > 0 && n < room {
                        // The stream is drained: what comes next is told anew, and a read that finds nothing is saved.
                        ready.clear_ready();
                    }
                    return Poll::Ready(Ok(n));
                }
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(e) => return Poll::Ready(Err(e.into())),
            }
        }
    }

    /// Writes what the system takes. Tries before it waits.
    pub fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let watched = match &self.end {
            End::Watched(watched) => watched,
            End::Always(fd) => return Poll::Ready(self.write(fd.as_fd(), bytes).map_err(Into::into)),
        };
        loop {
            match self.write(watched.as_fd(), bytes) {
                Ok(n) => return Poll::Ready(Ok(n)),
                Err(Errno::AGAIN) => ready!(watched.poll_write_ready(cx))?.clear_ready(),
                Err(e) => return Poll::Ready(Err(e.into())),
            }
        }
    }

    /// Asks the system to hold more of a pipe (1 MiB), so that a long line takes fewer turns.
    pub fn enlarge(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let (End::Watched(watched), false) = (&self.end, self.socket) {
            // A refusal (a limit, a terminal) costs speed and nothing else.
            let _ = rustix::pipe::fcntl_setpipe_size(watched, 1 << 20);
        }
    }

    fn read(&self, fd: BorrowedFd<'_>, buffer: &mut Vec<u8>) -> Result<usize, Errno> {
        rustix::io::retry_on_intr(|| {
            if self.socket {
                rustix::net::recv(fd, spare_capacity(buffer), RecvFlags::DONTWAIT).map(|(n, _)| n)
            } else {
                rustix::io::read(fd, spare_capacity(buffer))
            }
        })
    }

    fn write(&self, fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
        rustix::io::retry_on_intr(|| {
            if self.socket {
                rustix::net::send(fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
            } else {
                rustix::io::write(fd, bytes)
            }
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let (Some(flags), End::Watched(fd)) = (self.restore, &self.end) {
            let _ = set_flags(fd.as_fd(), flags);
        }
    }
}

fn set_flags(fd: BorrowedFd<'_>, flags: OFlags) -> io::Result<()> {
    Ok(rustix::fs::fcntl_setfl(fd, flags)?)
}

/// The same pipe or terminal through an open file description of our own.
fn reopen(fd: &OwnedFd, way: Way) -> Option<OwnedFd> {
    let access = if way == Way::In { OFlags::RDONLY } else { OFlags::WRONLY };
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    rustix::fs::open(path, access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).ok()
}
