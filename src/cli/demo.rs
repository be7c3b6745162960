//! `sayso demo`.

use std::path::Path;

use anyhow::Context as _;

use super::Exit;
use crate::config::Home;
use crate::demo;

/// The console with a scripted agent behind it.
pub fn run(theme: Option<&str>) -> anyhow::Result<Exit> {
    let _ = theme;
    anyhow::bail!("not merged yet")
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
