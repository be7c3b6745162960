//! What the desk shows consoles of a call, and what it writes down of it.

use super::{Held, Now};
use crate::call::{Call, Digest};
use crate::decision::{Action, Verdict};
use crate::record::{Record, Submitted};
use crate::risk::Risk;
use crate::wire::Pending;

impl Held {
    /// How much there is to read, in characters.
    pub(super) fn to_read(&self) -> u64 {
        let findings: usize = self.risk.findings.iter().map(|finding| finding.says.chars().count()).sum();
        u64::try_from(self.call.params.text().chars().count() + findings).unwrap_or(u64::MAX)
    }

    /// As a console is told of it.
    pub(super) fn pending(&self, now: Now) -> Pending {
        Pending {
            id: self.call.id,
            server: (*self.call.server).clone(),
            tool: self.call.tool.clone(),
            params: self.call.params.clone(),
            definition: self.call.definition.as_ref().map(|d| d.raw.clone()),
            level: self.verdict.level,
            confirm: self.verdict.action == Action::Confirm,
            findings: self.risk.findings.clone(),
            rule: self.verdict.rule.clone(),
            at: self.since.wall,
            remaining_ms: self.deadline.saturating_sub(now.mono),
        }
    }
}

/// The journal's entry of a call that came in.
pub(super) fn submitted(call: &Call, risk: &Risk, verdict: &Verdict, params_digest: Digest) -> Record {
    let server = &call.server;
    Record::Submitted(Box::new(Submitted {
        id: call.id,
        session: call.session.clone(),
        server: server.name.clone(),
        identity: server.identity(),
        command: std::iter::once(&server.command).chain(&server.args).cloned().collect(),
        tool: call.tool.clone(),
        definition: call.definition.as_ref().map(|d| d.digest),
        risk: verdict.level,
        findings: risk.findings.clone(),
        params_digest,
        params: call.params.raw(),
    }))
}
