//! `sayso completions`.

use super::Exit;

/// Prints completions to standard output.
pub fn run(shell: clap_complete::Shell, command: &mut clap::Command) -> Exit {
    clap_complete::generate(shell, command, "sayso", &mut std::io::stdout());
    Exit::Ok
}
