//! Becoming the hub: the lock that makes it the only one of its home, and the way into the background.
//!
//! Invariant: the lock is held from before anything is opened until the process ends. Never touches a call.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::config::Home;
use crate::socket;

/// Held by the one hub of a home; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, never read")] File);

impl Lock {
    /// Takes the lock, or finds that another hub has it.
    pub fn take(home: &Home) -> Result<Option<Self>> {
        let path = home.lock();
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("cannot lock {}", path.display())),
        }
    }
}

/// The files by which this hub is found and is the only one: as long as they are its own, nobody else can be the hub.
#[derive(Debug)]
pub struct Names(Vec<(PathBuf, (u64, u64))>);

impl Names {
    /// With the lock held and the socket bound.
    pub fn of(home: &Home) -> Result<Self> {
        let name = |path: PathBuf| {
            let id = identity(&path).with_context(|| format!("{} is gone already", path.display()))?;
            anyhow::Ok((path, id))
        };
        Ok(Self(vec![name(home.lock())?, name(home.socket())?]))
    }

    /// Whether both are there and are this hub's own.
    pub fn are_ours(&self) -> bool {
        self.0.iter().all(|(path, id)| identity(path) == Some(*id))
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::symlink_metadata(path).ok()?;
    Some((meta.dev(), meta.ino()))
}

/// The first of two processes: leaves the starter's session and starts the hub proper, which inherits standard error to
/// complain on. When this one ends, the hub is nobody's child: who kills the starter's family does not kill it.
pub async fn leave(home: &Home) -> Result<()> {
    // Fails only for the leader of a group, which is in nobody's way.
    _ = rustix::process::setsid();
    let mut command = socket::itself().context("cannot find this program")?;
    if let Some(dir) = &home.given {
        command.arg("--home").arg(dir);
    }
    command.args(["hub", "run", "--stage", "serve"]).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().context("cannot start the hub")?;
    Ok(())
}

/// Gives this process its own name: started through a link of `/proc`, it would be called after that.
pub fn name_itself() {
    // For a person who looks at processes; nothing depends on it.
    _ = std::fs::write("/proc/self/comm", "sayso");
}

/// Closes standard error: whoever waits at its other end knows that the hub is up.
pub fn hush() -> Result<()> {
    let null = OpenOptions::new().write(true).open("/dev/null").context("cannot open /dev/null")?;
    rustix::stdio::dup2_stderr(&null).context("cannot close standard error")?;
    Ok(())
}
