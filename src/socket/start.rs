//! Connect, or start a hub and connect.
//!
//! Invariant: any number may try at once and one hub comes of it (the hub's lock decides); what is started is this very
//! program with a bare environment, in a session of its own, and no child of its starter: whoever kills the starter's
//! family does not kill the hub.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{ChildStderr, Command};
use tokio::time::{Instant, sleep_until, timeout};

use super::{Link, SocketError, connect, failed};
use crate::config::Home;

/// How long a hub may take to come up.
pub const READY: Duration = Duration::from_secs(5);

/// What the hub may know of its starter's environment: enough to find the home and to write for its person. Never what
/// changes how a program is loaded, nor what time it is: rules ask for that, and whoever starts the hub may be the agent.
const ENVIRONMENT: &[&str] = &[
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// The most that is read of what a hub says when it cannot start, in bytes.
const COMPLAINT: usize = 4096;

/// Connects to the home's hub, starting one when none runs.
pub async fn connect_or_start(home: &Home, within: Duration) -> Result<Link, SocketError> {
    match connect(home).await {
        Err(SocketError::NoHub) => {}
        done => return done,
    }
    // Made and checked here too, so that the reason is told to the person who can mend it.
    home.make().map_err(|e| SocketError::NotStarted(format!("{e:#}")))?;
    let end = Instant::now() + within;
    let mut complaint = start(home)?;
    let mut said = Vec::new();
    let mut started = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match connect(home).await {
            Err(SocketError::NoHub) if Instant::now() < end => {}
            Err(SocketError::NoHub) => return Err(SocketError::Late(within)),
            done => return done,
        }
        // Until the pipe is closed the new hub is on its way; then it is up, has found another, or has said why not.
        tokio::select! {
            () = sleep_until((Instant::now() + pause).min(end)) => {}
            end = read_some(&mut complaint, &mut said) => if end {
                complaint = None;
                if !said.is_empty() {
                    let text = String::from_utf8_lossy(&said);
                    return Err(SocketError::NotStarted(text.trim().trim_start_matches("sayso: ").to_owned()));
                }
            },
        }
        pause = (pause * 2).min(Duration::from_millis(40));
        // The hub that was found may have been on its way out.
        if complaint.is_none() && started.elapsed() > Duration::from_millis(500) {
            complaint = start(home)?;
            started = Instant::now();
        }
    }
}

/// Reads on; `true` at the end. Without a pipe it waits for ever.
async fn read_some(pipe: &mut Option<ChildStderr>, said: &mut Vec<u8>) -> bool {
    let Some(pipe) = pipe else { return std::future::pending().await };
    let mut chunk = [0; 512];
    match pipe.read(&mut chunk).await {
        Ok(0) | Err(_) => true,
        Ok(read) => {
            let room = COMPLAINT.saturating_sub(said.len());
            said.extend_from_slice(&chunk[..read.min(room)]);
            false
        }
    }
}

/// Starts this very program as a hub: a first process that leaves our session, starts the hub proper and ends.
fn start(home: &Home) -> Result<Option<ChildStderr>, SocketError> {
    let mut command = itself().map_err(failed("find this program"))?;
    if let Some(dir) = &home.given {
        command.arg("--home").arg(dir);
    }
    command.args(["hub", "run", "--stage", "leave"]).env_clear().current_dir("/");
    for name in ENVIRONMENT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed("start a hub"))?;
    let complaint = child.stderr.take();
    // It ends at once; waiting for it keeps no dead process behind.
    tokio::spawn(async move { timeout(READY, child.wait()).await });
    Ok(complaint)
}

/// A command that runs the file this process runs, even if its path leads elsewhere by now.
pub fn itself() -> io::Result<Command> {
    let path = std::env::current_exe()?;
    if cfg!(not(target_os = "linux")) {
        return Ok(Command::new(path));
    }
    let mut command = Command::new("/proc/self/exe");
    command.arg0(path.file_name().unwrap_or("sayso".as_ref()));
    Ok(command)
}
