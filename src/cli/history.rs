//! `sayso history`.

use super::{Exit, HistoryArgs};
use crate::config::Home;

/// Lists, shows, exports or verifies the history, from the journal itself.
pub fn run(home: &Home, args: HistoryArgs) -> anyhow::Result<Exit> {
    let _ = (home, args);
    anyhow::bail!("not merged yet")
}
