//! Reads from a connection and tells which process wrote what was read.
//!
//! A connection's credentials (`SO_PEERCRED`) are those of whoever opened it; its descriptor can be inherited or passed
//! on, and the opener can become another program with `exec`. So the system is asked to name the writer of every message
//! (`SO_PASSCRED`, unix(7)). Invariant: nothing is returned that another process wrote than the one expected.

use std::os::fd::OwnedFd;

/// Which process writes to us, and the room in which the system says so.
#[derive(Debug)]
pub struct Writer {
    #[cfg(target_os = "linux")]
    expected: Option<u32>,
    #[cfg(target_os = "linux")]
    space: Vec<u8>,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, IoSliceMut};
    use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixCredentials, recvmsg, setsockopt, sockopt};

    use super::Writer;

    /// Has the system name the writer of whatever is read from this socket, or from those that it accepts. What was
    /// written before that has no name, and is refused.
    pub fn name_writers(socket: &impl AsFd) -> io::Result<()> {
        Ok(setsockopt(socket, sockopt::PassCred, &true)?)
    }

    impl Writer {
        /// Only this process is listened to.
        pub fn only(expected: Option<u32>) -> Self {
            Self { expected, space: nix::cmsg_space!(UnixCredentials) }
        }

        /// Reads without waiting.
        pub fn read(&mut self, socket: &OwnedFd, room: &mut [u8]) -> io::Result<usize> {
            let mut room = [IoSliceMut::new(room)];
            let got = recvmsg::<()>(socket.as_raw_fd(), &mut room, Some(&mut self.space), MsgFlags::MSG_DONTWAIT)?;
            if got.bytes == 0 {
                return Ok(0);
            }
            // With more than the credentials (descriptors, say) this fails: nobody of ours sends any.
            let writer = got.cmsgs()?.find_map(|message| match message {
                ControlMessageOwned::ScmCredentials(writer) => u32::try_from(writer.pid()).ok(),
                _ => None,
            });
            if writer.is_some() && writer == self.expected {
                return Ok(got.bytes);
            }
            let name = |pid: Option<u32>| pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string());
            let why = format!("process {} writes as process {}", name(writer), name(self.expected));
            Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};

    use super::Writer;

    /// Only Linux tells who writes: `doctor` says so.
    pub fn name_writers(_: &impl AsFd) -> io::Result<()> {
        Ok(())
    }

    impl Writer {
        /// Everybody is listened to.
        pub fn only(_: Option<u32>) -> Self {
            Self {}
        }

        /// Reads without waiting.
        pub fn read(&mut self, socket: &OwnedFd, room: &mut [u8]) -> io::Result<usize> {
            let (read, _) = rustix::net::recv(socket, room, rustix::net::RecvFlags::DONTWAIT)?;
            Ok(read)
        }
    }
}

#[cfg(target_os = "linux")]
pub use linux::name_writers;
#[cfg(not(target_os = "linux"))]
pub use others::name_writers;

/// Whether nothing waits to be read. The end of the connection is nothing.
pub fn is_quiet(socket: &OwnedFd) -> bool {
    let flags = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
    let peeked = rustix::io::retry_on_intr(|| rustix::net::recv(socket, &mut [0; 1], flags));
    matches!(peeked, Err(rustix::io::Errno::AGAIN) | Ok((0, _)))
}
