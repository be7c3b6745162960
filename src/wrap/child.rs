//! The server's process: started in a process group of its own, watched, signalled as a group, and never left behind.
//!
//! Its standard streams are pipes whose far ends only it holds, so that their end is its end. Never talks to it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll};

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

use super::outlet::Outlet;
use super::stream::{Stream, Way};
use crate::shown::Shown;

/// Why a server was not started: words, and the exit code that shells use for it.
#[derive(Debug)]
pub struct NotStarted {
    /// For the person; safe to draw.
    pub words: String,
    /// 127: there is no such program; 126: it cannot be run.
    pub code: u8,
}

/// A server's process and its streams.
#[derive(Debug)]
pub struct Server {
    child: Child,
    group: Option<Pid>,
    /// Its input; `None` once closed.
    pub input: Option<Outlet>,
    /// Its output; `None` after its end.
    pub output: Option<Stream>,
    /// Its standard error; `None` after its end.
    pub errors: Option<Stream>,
    /// How it ended, once it has.
    pub status: Option<ExitStatus>,
}

impl Server {
    /// Starts it. Environment and working directory are ours.
    pub fn start(command: &[String]) -> Result<Self, NotStarted> {
        let (program, args) = command.split_first().unwrap_or((const { &String::new() }, &[]));
        Self::spawn(program, args).map_err(|e| not_started(program, &e))
    }

    fn spawn(program: &str, args: &[String]) -> io::Result<Self> {
        let (their_input, input) = io::pipe()?;
        let (output, their_output) = io::pipe()?;
        let (errors, their_errors) = io::pipe()?;
        let mut command = Command::new(program);
        command.args(args).process_group(0);
        command.stdin(Stdio::from(OwnedFd::from(their_input)));
        command.stdout(Stdio::from(OwnedFd::from(their_output)));
        command.stderr(Stdio::from(OwnedFd::from(their_errors)));
        let child = command.spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        Ok(Self {
            group: pid.and_then(Pid::from_raw),
            child,
            input: Some(Outlet::new(Stream::own(input.into(), Way::Out)?)),
            output: Some(Stream::own(output.into(), Way::In)?),
            errors: Some(Stream::own(errors.into(), Way::In)?),
            status: None,
        })
    }

    /// Ready once, when it has ended.
    pub fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.status.is_some() {
            return Poll::Pending;
        }
        pin!(self.child.wait()).poll(cx).map(|status| {
            // If it cannot be waited for it is as good as gone, with the code of a killed one.
            self.status = Some(status.unwrap_or_else(|_| ExitStatus::from_raw(Signal::KILL.as_raw())));
        })
    }

    /// Sends a signal to it and to all that it started and that stayed in its group.
    pub fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // The group may be gone already.
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// The exit code that is passed on: the server's own, or 128 and the signal that ended it, as shells say it.
pub fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// How it ended, in words.
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("the server exited with code {code}"),
        (None, Some(signal)) => format!("the server was ended by signal {signal}"),
        (None, None) => "the server ended".to_owned(),
    }
}

fn not_started(program: &str, why: &io::Error) -> NotStarted {
    let program = Shown::name(program);
    let (code, words) = match why.kind() {
        io::ErrorKind::NotFound => {
            (127, format!("there is no command {program}; install it, or give its path after `--`"))
        }
        io::ErrorKind::PermissionDenied => {
            (126, format!("{program} may not be run; check its path and mode: it has to be an executable file"))
        }
        _ => (126, format!("{program} cannot be run: {why}")),
    };
    NotStarted { words, code }
}
