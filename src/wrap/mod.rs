//! `sayso wrap`: stands between an AI host and one MCP server on their standard streams.
//!
//! The shell around `intercept`: it reads lines, carries out effects, starts and ends the server, and talks to the hub
//! through `socket`. One process, one loop; no thread stands behind a stream, and one does only while it is looked up
//! where the paths of a call lead. Invariants: standard output
//! carries protocol and nothing else; nothing reaches the server but what the machine emits; no flag and no variable
//! turns the gate off. Never judges and never shows a prompt.

mod child;
mod environment;
mod errors;
mod follow;
mod lines;
mod link;
mod name;
mod outlet;
mod session;
mod stream;

use std::time::Duration;

use anyhow::Context as _;

use crate::call::{Server, ServerName, SessionId};
use crate::config::Home;
use crate::shown::Shown;
use crate::wire::Role;
use session::Session;

/// What a wrap may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The longest line, either way, in bytes.
    pub max_line: usize,
    /// How long a server may take to end once its input is closed; then its group is asked to (SIGTERM).
    pub grace: Duration,
    /// How long after that until its group is killed.
    pub last_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        // Hosts of the TypeScript SDK kill the wrap two seconds after they asked it to end: the server must be gone then.
        Self { max_line: 16 << 20, grace: Duration::from_secs(5), last_grace: Duration::from_millis(1500) }
    }
}

/// Wraps a server until it or the host ends; the exit code to pass on.
pub fn run(home: &Home, name: Option<&str>, command: &[String]) -> anyhow::Result<u8> {
    let name = match name {
        Some(name) => ServerName::new(name)?,
        None => name::of_command(command),
    };
    let session = session_id()?;
    let log = crate::log::init(home, "wrap");
    tracing::info!(server = name.as_str(), session = session.0, "a wrap begins");
    let words = command.to_vec();
    let role = Box::new(move || Role::Wrap { session: session.clone(), server: server(&name, &words) });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the system gives no means to wait for input; close some programs")?;
    let args = command.get(1..).unwrap_or_default();
    let code = runtime.block_on(async {
        let link = link::Link::new(home.clone(), role, follow::Place::of_process(args));
        let mut session = Session::open(Settings::default(), command, link)?;
        if let Err(e) = log {
            session.say(&Shown::line(&format!("there is no log: {e:#}")).to_string());
        }
        Ok(session.run().await)
    });
    // A look-up in a file system that hangs is not waited for.
    runtime.shutdown_background();
    code
}

fn server(name: &ServerName, command: &[String]) -> Server {
    let (program, args) = command.split_first().map_or((String::new(), Vec::new()), |(p, a)| (p.clone(), a.to_vec()));
    let cwd = std::env::current_dir().map_or_else(|_| String::new(), |dir| dir.to_string_lossy().into_owned());
    Server { name: name.clone(), command: program, args, cwd, environment: environment::digest(std::env::vars_os()) }
}

fn session_id() -> anyhow::Result<SessionId> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).context("the system gives no random numbers")?;
    Ok(SessionId(format!("{:032x}", u128::from_be_bytes(bits))))
}
