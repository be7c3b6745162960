//! `sayso completions`: a script for the person's shell, made from the same table as the help.

use std::io::{self, Write as _};

use anyhow::Context as _;

use super::Exit;

/// Prints completions to standard output. A reader that has seen enough and left is no error.
pub fn run(shell: clap_complete::Shell, command: &mut clap::Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "sayso", &mut script);
    match io::stdout().lock().write_all(&script) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write the completions to standard output")
        }
        _ => Ok(Exit::Ok),
    }
}
