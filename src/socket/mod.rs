//! The local socket between hub, wraps, consoles and commands: its address, who may be at the other end, and framed
//! messages of `wire` over it.
//!
//! Invariant: nobody is talked to who is another user or runs another program, and nothing is believed that another
//! process wrote than the one that was looked at; a socket is seen only when it can be used. Never judges a message. `start` begins a hub when there is none.

mod frames;
mod heard;
mod start;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

pub use frames::{Receiver, Room, Sender, watch};
pub use start::{READY, connect_or_start, itself};

use crate::config::Home;
use crate::proc::{self, Key, NotOurs};
use crate::wire::{FromHub, Hello, Role, ToHub, VERSION, WireError};

/// The longest address, in bytes: `sun_path` of unix(7) without its final NUL.
pub const LONGEST_ADDRESS: usize = 107;

/// Why there is no talking.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The address does not fit.
    #[error("the path {0} is too long for a socket ({1} bytes, at most {LONGEST_ADDRESS}); give a shorter --home")]
    TooLong(PathBuf, usize),
    /// Nobody listens.
    #[error("no hub runs for this home")]
    NoHub,
    /// A hub could not be started, with what it said.
    #[error("the hub could not start: {0}")]
    NotStarted(String),
    /// No hub came up in time.
    #[error("no hub answered within {0:?}; run `sayso doctor`, or `sayso hub run` to see what it says")]
    Late(Duration),
    /// The other end belongs to somebody else.
    #[error("the process at the other end belongs to user {0}, not to you")]
    OtherUser(u32),
    /// The hub runs another program.
    #[error(
        "{0}; it does not judge for this one. If you have just installed another sayso or its libraries, run: sayso hub stop"
    )]
    OtherHub(NotOurs),
    /// The other end speaks another version.
    #[error("the hub (sayso {build}) speaks version {theirs}, this sayso version {VERSION}; run: sayso hub stop")]
    OtherVersion {
        /// `CARGO_PKG_VERSION` of the other end.
        build: String,
        /// Its [`VERSION`].
        theirs: u32,
    },
    /// The hub keeps another home.
    #[error(
        "the hub that listens here keeps its policy, journal or cache in other folders: it was started with other \
         XDG_… variables; run: sayso hub stop"
    )]
    OtherHome,
    /// The hub said no.
    #[error("{0}")]
    Refused(String),
    /// The other end ended before it said anything.
    #[error("the hub hung up without a word; run `sayso doctor`")]
    HungUp,
    /// The other end does not speak as it should.
    #[error("the other end does not speak as a hub does: {0}")]
    Strange(String),
    /// A message could not be read or written.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The system said no.
    #[error("cannot {what}: {why}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        why: io::Error,
    },
}

impl SocketError {
    /// Whether the other end only went away.
    pub fn is_hang_up(&self) -> bool {
        match self {
            Self::HungUp => true,
            Self::Io { why, .. } => frames::is_hang_up(why),
            _ => false,
        }
    }
}

fn failed(what: impl Into<String>) -> impl FnOnce(io::Error) -> SocketError {
    let what = what.into();
    |why| SocketError::Io { what, why }
}

fn fits(path: &Path) -> Result<(), SocketError> {
    let len = path.as_os_str().len();
    if len > LONGEST_ADDRESS { Err(SocketError::TooLong(path.to_owned(), len)) } else { Ok(()) }
}

/// A socket that listens. Only the holder of the home's lock makes one.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
}

/// Listens at the home's address, in place of whatever socket a dead hub left there. Call it with the home's lock held.
///
/// The socket is made under another name, closed to others (mode 0600), and then renamed: whoever sees it can use it.
pub fn bind(home: &Home) -> Result<Listener, SocketError> {
    let address = home.socket();
    // As long as the final name, so that both fit or neither.
    let temporary = address.with_file_name(".hub.tmp");
    fits(&address)?;
    match fs::remove_file(&temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            return Err(failed(format!("remove {}", temporary.display()))(e));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&temporary).map_err(failed(format!("listen at {}", temporary.display())))?;
    // Already here: who connects and writes before it is accepted has a name too.
    heard::name_writers(&listener).map_err(failed("ask who writes"))?;
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&temporary, &address))
        .map_err(failed(format!("put a socket at {}", address.display())))?;
    Ok(Listener { listener })
}

impl Listener {
    /// The next to knock who is the same user; others are dropped without a word.
    pub async fn accept(&self) -> Result<Link, SocketError> {
        loop {
            let (stream, _) = self.listener.accept().await.map_err(failed("accept a connection"))?;
            match Link::of(stream) {
                Err(SocketError::OtherUser(_)) => {}
                link => return link,
            }
        }
    }
}

/// The process at the other end.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    /// Its number.
    pub pid: Option<u32>,
    key: Option<Key>,
}

impl Other {
    /// Whether it still is the process that made the connection, and no later one with its number.
    pub fn is_there(&self) -> bool {
        cfg!(not(target_os = "linux")) || (self.key.is_some() && self.pid.and_then(proc::key_of) == self.key)
    }
}

/// A connection with a process of the same user.
#[derive(Debug)]
pub struct Link {
    /// Reads messages.
    pub receiver: Receiver,
    /// Writes messages.
    pub sender: Sender,
    /// The process at the other end when it connected (or began to listen), if the system says so.
    pub pid: Option<u32>,
    /// The same as it was when the connection was made: its number may go to another one later.
    key: Option<Key>,
}

impl Link {
    fn of(stream: UnixStream) -> Result<Self, SocketError> {
        let peer = stream.peer_cred().map_err(failed("tell who is at the other end"))?;
        if peer.uid() != rustix::process::geteuid().as_raw() {
            return Err(SocketError::OtherUser(peer.uid()));
        }
        let pid = peer.pid().and_then(|pid| u32::try_from(pid).ok());
        let key = pid.and_then(proc::key_of);
        let (sender, receiver) = frames::over(stream, pid).map_err(failed("watch a connection"))?;
        Ok(Self { receiver, sender, pid, key })
    }

    /// Who is at the other end: our program, in the process that made the connection, which has said nothing yet that
    /// was not taken.
    pub fn check(&self) -> Result<Other, NotOurs> {
        proc::check_program(self.pid)?;
        let other = Other { pid: self.pid, key: self.key };
        if !other.is_there() {
            return Err(NotOurs::Unseen { pid: self.pid.unwrap_or(0), why: io::ErrorKind::NotFound.into() });
        }
        if self.receiver.is_quiet() { Ok(other) } else { Err(NotOurs::Early) }
    }

    /// Sends one message.
    pub async fn send<T: serde::Serialize>(&mut self, message: &T) -> Result<(), SocketError> {
        self.sender.queue(message)?;
        self.sender.flush().await.map_err(failed("write to the other end"))
    }
}

/// Connects to a running hub, whichever program it runs: only for asking it to stop, and for `doctor`.
pub async fn connect_to_any(home: &Home) -> Result<Link, SocketError> {
    let address = home.socket();
    fits(&address)?;
    match UnixStream::connect(&address).await {
        Ok(stream) => Link::of(stream),
        Err(e) => match e.kind() {
            // The last: what should be a folder is none. Whoever starts a hub then is told so.
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory => {
                Err(SocketError::NoHub)
            }
            _ => Err(failed(format!("connect to {}", address.display()))(e)),
        },
    }
}

/// Connects to a running hub that is the same program as this one.
pub async fn connect(home: &Home) -> Result<Link, SocketError> {
    let link = connect_to_any(home).await?;
    match proc::check_code(link.pid).and_then(|()| link.check()) {
        Ok(_) => Ok(link),
        // It is ending, or has ended and somebody else keeps its socket: no hub of ours either way.
        Err(NotOurs::Unseen { why, .. }) if why.kind() == io::ErrorKind::NotFound => Err(SocketError::NoHub),
        Err(e) => Err(SocketError::OtherHub(e)),
    }
}

/// Says hello as `role` and hears the hub's. From then on the connection is the role's.
///
/// A hub whose policy, journal or cache lie elsewhere is no hub of this home, though it listens at its address: whoever
/// started it had other variables.
pub async fn greet(link: &mut Link, home: &Home, role: Role) -> Result<(), SocketError> {
    let hub = Other { pid: link.pid, key: link.key };
    let own = home.digest();
    link.send(&ToHub::Hello(Hello::new(Some(role), own))).await?;
    match link.receiver.recv().await? {
        // It was looked at when it was connected to, and it is the same that answers.
        Some(FromHub::Hello(_)) if !hub.is_there() => Err(SocketError::HungUp),
        Some(FromHub::Hello(hello)) if hello.version == VERSION && hello.home.as_deref() == Some(&own) => Ok(()),
        Some(FromHub::Hello(hello)) if hello.version == VERSION => Err(SocketError::OtherHome),
        Some(FromHub::Hello(hello)) => Err(SocketError::OtherVersion { build: hello.build, theirs: hello.version }),
        Some(FromHub::Refused(why)) => Err(SocketError::Refused(why)),
        Some(_) => Err(SocketError::Strange("its first word was no hello".to_owned())),
        None => Err(SocketError::HungUp),
    }
}

/// Connects as `role`, starting a hub when none runs. A hub that was just leaving is given up for the next.
pub async fn attach(home: &Home, role: Role) -> Result<Link, SocketError> {
    let attached = async {
        let mut again = true;
        loop {
            let mut link = connect_or_start(home, READY).await?;
            match greet(&mut link, home, role.clone()).await {
                Ok(()) => return Ok(link),
                Err(e) if again && e.is_hang_up() => again = false,
                Err(e) => return Err(e),
            }
        }
    };
    tokio::time::timeout(READY * 3, attached).await.unwrap_or(Err(SocketError::Late(READY * 3)))
}

#[cfg(test)]
mod tests;
