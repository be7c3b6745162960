//! `sayso doctor`.

use super::Exit;
use crate::config::Home;

/// Looks at versions, paths, permissions, hub and terminal.
pub fn run(home: &Home) -> anyhow::Result<Exit> {
    let _ = home;
    anyhow::bail!("not merged yet")
}
