//! The log: what happened to the program itself, as JSON lines in the home's log folder (mode 0600).
//!
//! Invariant: no argument, result or policy text is logged at any level, nothing goes to standard output or standard
//! error, and rmcp, which logs what it carries, is silenced whatever level is asked for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Home, make_private};

/// A log longer than this is renamed to `NAME.log.old` (which it replaces), in bytes.
const ROTATE_AT: u64 = 4 << 20;

/// Names the level to log at: `error`, `warn`, `info` (without it), `debug`, `trace` or `off`.
pub const LEVEL_VARIABLE: &str = "SAYSO_LOG";

/// Begins the log of this program under `name` (`hub`, `wrap`, `console`). Several processes may share one.
pub fn init(home: &Home, name: &str) -> Result<()> {
    make_private(&home.log)?;
    let writer = Log::open(home.log.join(format!("{name}.log")))?;
    let level = std::env::var(LEVEL_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().json().with_current_span(false).with_span_list(false);
    tracing_subscriber::registry()
        .with(filter(level))
        .with(lines.with_writer(writer))
        .try_init()
        .context("the log was begun before")?;
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Where, not what: the message of a panic may quote a call.
        tracing::error!(at = info.location().map(ToString::to_string), "panicked");
        before(info);
    }));
    Ok(())
}

fn filter(level: LevelFilter) -> Targets {
    let others = LevelFilter::WARN.min(level);
    Targets::new().with_default(others).with_target("sayso", level).with_target("rmcp", LevelFilter::OFF)
}

/// The file, renamed when it has grown long.
struct Log {
    path: PathBuf,
    file: Mutex<File>,
}

impl Log {
    fn open(path: PathBuf) -> Result<Self> {
        let file = open(&path).with_context(|| format!("cannot write the log {}", path.display()))?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.metadata()?.len() >= ROTATE_AT {
            // Another process may have renamed it already: then this only opens the new one.
            if fs::metadata(&self.path).is_ok_and(|meta| meta.len() >= ROTATE_AT) {
                fs::rename(&self.path, self.path.with_extension("log.old"))?;
            }
            *file = open(&self.path)?;
        }
        file.write_all(line)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(flags).open(path)
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        Log::write(self, line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_long_log_is_renamed_and_closed_to_others() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("hub.log");
        let log = Log::open(path.clone()).expect("opens");
        let other = Log::open(path.clone()).expect("opens twice");
        let line = vec![b'x'; 1 << 20];
        for _ in 0..5 {
            log.write(&line).expect("written");
        }
        other.write(b"y").expect("written");
        let len = |name: &str| fs::metadata(dir.path().join(name)).expect("there").len();
        assert_eq!((len("hub.log"), len("hub.log.old")), ((1 << 20) + 1, 4 << 20));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn rmcp_is_silent_at_every_level() {
        for level in [LevelFilter::INFO, LevelFilter::TRACE] {
            let filter = filter(level);
            assert!(!filter.would_enable("rmcp", &tracing::Level::ERROR));
            assert!(!filter.would_enable("rmcp::service", &tracing::Level::ERROR));
            assert!(filter.would_enable("sayso::hub", &tracing::Level::INFO));
            assert!(!filter.would_enable("sled", &tracing::Level::INFO));
        }
        assert!(!super::filter(LevelFilter::OFF).would_enable("sled", &tracing::Level::ERROR));
    }

    #[test]
    fn a_log_that_is_a_link_is_refused() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("hub.log");
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &path).expect("linked");
        assert!(Log::open(path).is_err());
        assert!(!dir.path().join("elsewhere").exists());
    }
}
