//! `sayso demo`: the console, and behind it a hub in a temporary home, a server behind a real wrap, and an agent.
//!
//! Invariant: what is started here ends here, and the temporary folder goes, whichever way the console ends.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::{Exit, HistoryArgs, Select, history, hub};
use crate::config::Home;
use crate::console;
use crate::demo::{self, folder::Folder};
use crate::shown::Shown;

/// How long the agent may take to end, its wrap and its server included.
const AGENT_LEAVES: Duration = Duration::from_secs(8);

/// The console with a scripted agent behind it.
pub fn run(theme: Option<&str>) -> anyhow::Result<Exit> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("the demo needs a terminal to show the console in: run it in one, without pipes");
    }
    let folder = Folder::new()?;
    let home = Home::find(Some(&folder.home()))?;
    let mut agent = Agent::start(&folder)?;
    let shown = console::run(&console::Options { home: home.clone(), theme: theme.map(str::to_owned) });
    agent.stop();
    let stopped = hub::end(&home);
    let told = shown.and_then(|()| tell(&home, &agent.log));
    stopped.and(folder.remove())?;
    told
}

/// Says what happened, from the history, since the screen is gone.
fn tell(home: &Home, log: &Path) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    let log = fs::read_to_string(log).unwrap_or_default();
    for line in log.lines() {
        writeln!(out, "the demo's agent: {}", Shown::line(line).as_str())?;
    }
    writeln!(out, "What happened, as `sayso history` tells it (the demo's own record ends here):\n")?;
    drop(out);
    history::run(home, HistoryArgs { command: None, select: Select::default(), json: false })
}

/// The agent's process. Ends when its life line, its standard input, is closed.
struct Agent {
    child: Child,
    log: std::path::PathBuf,
}

impl Agent {
    /// Starts it in a process group of its own, so that a key for the console is no signal for it.
    fn start(folder: &Folder) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot tell where sayso itself is")?;
        let log = folder.scratch().with_file_name("agent.log");
        let errors = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(program)
            .arg("--home")
            .arg(folder.home())
            .args(["demo-agent", "--root"])
            .arg(folder.scratch())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .context("cannot start the demo's agent")?;
        Ok(Self { child, log })
    }

    /// Lets go of the life line and waits; then there is no more patience.
    fn stop(&mut self) {
        drop(self.child.stdin.take());
        let end = Instant::now() + AGENT_LEAVES;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= end {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The demo's MCP server on standard input and output.
pub fn server(root: &Path) -> anyhow::Result<Exit> {
    drive(demo::server::serve(root))
}

/// The demo's agent: a host that starts `sayso wrap`.
pub fn agent(home: &Home, root: &Path) -> anyhow::Result<Exit> {
    let program = std::env::current_exe().context("cannot tell where sayso itself is")?;
    let home = home.given.as_deref().context("the demo's agent needs --home")?;
    let line = demo::agent::command(&program, home, root);
    drive(demo::agent::work(&line, |_, _| {}))
}

/// Runs one task to its end, and does not wait for a read of standard input that is still open then.
fn drive(task: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Exit> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the event loop")?;
    let done = runtime.block_on(task);
    runtime.shutdown_background();
    done.map(|()| Exit::Ok)
}
