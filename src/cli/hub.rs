//! `sayso hub`, and how the other commands talk with the hub.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::{Exit, HubCommand, HubStage};
use crate::config::Home;
use crate::hub::{self, Ended};
use crate::proc::{Key, Process};
use crate::shown::Shown;
use crate::socket::{self, Link, SocketError};
use crate::wire::{FromHub, Role, Status, ToHub};

/// How long a hub may take to end.
const LEAVE: Duration = Duration::from_secs(10);

/// How long a hub may take to answer a command.
const ANSWER: Duration = Duration::from_secs(10);

/// Runs, asks or stops the hub.
pub fn run(home: &Home, command: HubCommand) -> Result<Exit> {
    match command {
        HubCommand::Run { stage: None } => {
            if hub::run(home, false)? == Ended::AnotherRuns {
                print("another hub runs for this home already; see: sayso hub status\n")?;
            }
            Ok(Exit::Ok)
        }
        HubCommand::Run { stage: Some(HubStage::Leave) } => on_a_runtime(hub::leave(home))?.map(|()| Exit::Ok),
        HubCommand::Run { stage: Some(HubStage::Serve) } => hub::run(home, true).map(|_| Exit::Ok),
        HubCommand::Status => status(home),
        HubCommand::Stop => stop(home),
    }
}

/// Writes to standard output; a reader that has gone is no error.
pub(super) fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

fn on_a_runtime<F: Future>(future: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot begin to run")?;
    Ok(runtime.block_on(future))
}

/// Asks the hub one thing, starting one when none runs, and gives back its answer: the first message that `is` it.
pub(super) fn ask<T>(home: &Home, question: &ToHub, is: impl Fn(FromHub) -> Option<T>) -> Result<T> {
    on_a_runtime(async {
        let mut link = socket::attach(home, Role::Command).await?;
        answer(&mut link, question, is).await
    })?
}

async fn answer<T>(link: &mut Link, question: &ToHub, is: impl Fn(FromHub) -> Option<T>) -> Result<T> {
    let heard = async {
        link.send(question).await?;
        loop {
            match link.receiver.recv().await? {
                Some(FromHub::Refused(why)) => bail!(why),
                Some(message) => {
                    if let Some(answer) = is(message) {
                        return Ok(answer);
                    }
                }
                None => bail!("the hub ended before it answered"),
            }
        }
    };
    let late = || anyhow::anyhow!("the hub did not answer within {} s; run: sayso doctor", ANSWER.as_secs());
    tokio::time::timeout(ANSWER, heard).await.unwrap_or_else(|_| Err(late()))
}

/// How things stand with a hub that runs; `None`: none does.
pub(super) fn status_of(home: &Home) -> Result<Option<Status>> {
    on_a_runtime(async {
        let mut link = match socket::connect(home).await {
            Err(SocketError::NoHub) => return Ok(None),
            link => link?,
        };
        socket::greet(&mut link, home, Role::Command).await?;
        let is = |message| match message {
            FromHub::Status(status) => Some(status),
            _ => None,
        };
        answer(&mut link, &ToHub::Status, is).await.map(Some)
    })?
}

fn status(home: &Home) -> Result<Exit> {
    let Some(status) = status_of(home)? else {
        print("no hub runs for this home; one is started on demand\n")?;
        return Ok(Exit::No);
    };
    let mut out = String::new();
    let policy = status.policy_error.as_deref().unwrap_or("in force");
    writeln!(out, "hub       pid {}", status.pid)?;
    writeln!(out, "home      {}", Shown::line(&status.home))?;
    writeln!(out, "policy    {}", Shown::line(policy))?;
    writeln!(out, "consoles  {}", status.consoles)?;
    writeln!(out, "held      {}", status.held)?;
    if let Some(waits) = &status.policy_waits {
        writeln!(out, "waits     {}", Shown::line(waits))?;
    }
    for (name, command) in &status.wraps {
        writeln!(out, "server    {} ({})", Shown::line(name), Shown::line(command))?;
    }
    for notice in &status.notices {
        writeln!(out, "notice    {}", Shown::line(notice))?;
    }
    print(&out)?;
    Ok(Exit::Ok)
}

fn stop(home: &Home) -> Result<Exit> {
    match end(home)? {
        Some(pid) => print(&format!("the hub (pid {pid}) has stopped\n"))?,
        None => print("no hub runs for this home\n")?,
    }
    Ok(Exit::Ok)
}

/// Asks the hub to stop; one of another build is sent SIGTERM. Returns when it has ended: its process, or `None` when
/// none ran.
pub(super) fn end(home: &Home) -> Result<Option<u32>> {
    on_a_runtime(async {
        let mut link = match socket::connect_to_any(home).await {
            Err(SocketError::NoHub) => return Ok(None),
            link => link?,
        };
        let pid = link.pid.context("the system does not say which process the hub is; stop it by hand")?;
        let key = Process::look(pid).ok().map(|process| process.key);
        let ours = crate::proc::check_program(Some(pid)).is_ok()
            && socket::greet(&mut link, home, Role::Command).await.is_ok();
        if !ours || link.send(&ToHub::Stop).await.is_err() {
            // The socket says that it is the same user's process, and that it listens there now.
            let target = i32::try_from(pid).ok().and_then(Pid::from_raw).context("the hub has no process number")?;
            kill_process(target, Signal::TERM).with_context(|| format!("cannot end the hub (pid {pid})"))?;
        }
        gone(pid, key).await?;
        Ok(Some(pid))
    })?
}

async fn gone(pid: u32, key: Option<Key>) -> Result<()> {
    let start = Instant::now();
    // A process that has ended and is not yet reaped has no command line any more.
    while Process::look(pid).is_ok_and(|now| Some(now.key) == key && !now.words.is_empty()) {
        if start.elapsed() > LEAVE {
            bail!("the hub (pid {pid}) has not ended within {} s; end it with: kill -9 {pid}", LEAVE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
