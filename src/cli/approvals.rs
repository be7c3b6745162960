//! `sayso approvals`.

use super::{ApprovalsArgs, Exit};
use crate::config::Home;

/// Lists or takes back the remembered approvals, through the hub.
pub fn run(home: &Home, args: ApprovalsArgs) -> anyhow::Result<Exit> {
    let _ = (home, args);
    anyhow::bail!("not merged yet")
}
