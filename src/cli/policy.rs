//! `sayso policy`.

use super::{Exit, PolicyArgs};
use crate::config::Home;

/// Writes, shows or checks the policy.
pub fn run(home: &Home, args: PolicyArgs) -> anyhow::Result<Exit> {
    let _ = (home, args);
    anyhow::bail!("not merged yet")
}
