//! `sayso demo`.

use std::path::Path;

use super::Exit;
use crate::config::Home;

/// The console with a scripted agent behind it.
pub fn run(theme: Option<&str>) -> anyhow::Result<Exit> {
    let _ = theme;
    anyhow::bail!("not merged yet")
}

/// The demo's MCP server on standard input and output.
pub fn server(root: &Path) -> anyhow::Result<Exit> {
    let _ = root;
    anyhow::bail!("not merged yet")
}

/// The demo's agent: a host that starts `sayso wrap`.
pub fn agent(home: &Home, root: &Path) -> anyhow::Result<Exit> {
    let _ = (home, root);
    anyhow::bail!("not merged yet")
}
