//! `sayso trust`: a server's medium calls count as low, for exactly one command line. Writes the policy file, which then
//! waits for a person at a console as everything does that loosens.

use std::io::{self, Write};

use anyhow::{Context as _, Result, bail};

use super::hub::ask;
use super::risk::{WAITS, change};
use super::{Exit, TrustArgs};
use crate::call::ServerName;
use crate::config::Home;
use crate::policy::edit;
use crate::shown::Shown;
use crate::wire::{FromHub, ToHub};

/// Writes the trust, or takes it back.
pub fn run(home: &Home, args: &TrustArgs) -> Result<Exit> {
    let name = ServerName::new(args.name.as_str())?;
    if args.remove {
        let (file, _) = change(home, |text| edit::set_trust(text, name.as_str(), None))?;
        writeln!(io::stdout(), "{file}: server {name} is trusted no more, from now on")?;
        return Ok(Exit::Ok);
    }
    let command = if args.command.is_empty() { running(home, &name)? } else { args.command.clone() };
    let (file, waits) = change(home, |text| edit::set_trust(text, name.as_str(), Some(&command)))?;
    let words: Vec<String> = command.iter().map(|word| Shown::line(&format!("{word:?}")).to_string()).collect();
    writeln!(io::stdout(), "{file}: server {name} is trusted as exactly [{}]", words.join(", "))?;
    writeln!(io::stdout(), "its calls rated medium count as low, those rated high do not")?;
    writeln!(io::stdout(), "{}", if waits { WAITS } else { "this holds from now on" })?;
    Ok(Exit::Ok)
}

/// The command line of the server that runs under this name now.
fn running(home: &Home, name: &ServerName) -> Result<Vec<String>> {
    let status = ask(home, &ToHub::Status, |message| match message {
        FromHub::Status(status) => Some(status),
        _ => None,
    })?;
    let mut commands: Vec<Vec<String>> =
        status.commands.into_iter().filter(|(label, _)| label == name.as_str()).map(|(_, command)| command).collect();
    commands.sort();
    commands.dedup();
    let first = commands.pop().with_context(|| {
        format!("no server runs as {name}; start it, or give its command: sayso trust {name} -- COMMAND ARGS")
    })?;
    if !commands.is_empty() {
        bail!("several servers run as {name}; say which: sayso trust {name} -- COMMAND ARGS");
    }
    Ok(first)
}
