//! The remembered approvals: a list, and taking them back.
//!
//! Invariant: the list is the hub's; a row leaves when the hub says so. Never gives an approval.

use crate::decision::{Grant, GrantId};

/// The approvals that are known, newest first, with how often each was used.
#[derive(Debug, Default)]
pub struct Rules {
    grants: Vec<(Grant, u64)>,
    selected: Option<GrantId>,
    waiting: bool,
}

impl Rules {
    /// Newest first.
    pub fn grants(&self) -> &[(Grant, u64)] {
        &self.grants
    }

    /// Whether the list is awaited.
    pub const fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// The list was asked for.
    pub const fn asked(&mut self, waiting: bool) {
        self.waiting = waiting;
    }

    /// Where the selected one stands.
    pub fn position(&self) -> Option<usize> {
        self.grants.iter().position(|(grant, _)| Some(grant.id) == self.selected)
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&Grant> {
        self.position().map(|at| &self.grants[at].0)
    }

    /// One approval.
    pub fn get(&self, id: GrantId) -> Option<&Grant> {
        self.grants.iter().map(|(grant, _)| grant).find(|grant| grant.id == id)
    }

    /// Moves the selection. Whether it moved.
    pub fn step(&mut self, by: isize) -> bool {
        let Some(last) = self.grants.len().checked_sub(1) else { return false };
        let to = self.position().map_or(0, |at| at.saturating_add_signed(by).min(last));
        let id = self.grants[to].0.id;
        let moved = self.selected != Some(id);
        self.selected = Some(id);
        moved
    }

    /// The list came. If the selected approval is gone, its neighbour is selected.
    pub fn take(&mut self, grants: Vec<(Grant, u64)>) {
        let at = self.position().unwrap_or(0);
        self.grants = grants;
        self.waiting = false;
        if self.position().is_none() {
            self.selected = self.grants.get(at).or_else(|| self.grants.last()).map(|(grant, _)| grant.id);
        }
    }
}
