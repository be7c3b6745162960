//! `sayso hub`.

use super::{Exit, HubCommand};
use crate::config::Home;

/// Runs, asks or stops the hub.
pub fn run(home: &Home, command: HubCommand) -> anyhow::Result<Exit> {
    let _ = (home, command);
    anyhow::bail!("not merged yet")
}
