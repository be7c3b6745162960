//! What the desk shows consoles of a call, and what it writes down of it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Held, Now};
use crate::call::{Call, Digest};
use crate::decision::{Action, Decision, Keep, Verdict};
use crate::record::{Masking, Record, Submitted};
use crate::risk::{Risk, secrets};
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

/// The journal's entry of a call that came in, without the secrets that it is not to keep.
pub(super) fn submitted(call: &Call, risk: &Risk, verdict: &Verdict, params_digest: Digest, keep: Keep) -> Record {
    let server = &call.server;
    let command: Vec<String> = std::iter::once(&server.command).chain(&server.args).cloned().collect();
    let kept = secrets::masked(call.params.text(), keep);
    // Were it not to be JSON, nothing of it is kept rather than all.
    let params = match &kept.text {
        Cow::Borrowed(_) => call.params.raw(),
        Cow::Owned(text) => RawValue::from_string(text.clone()).unwrap_or_default(),
    };
    Record::Submitted(Box::new(Submitted {
        id: call.id,
        session: call.session.clone(),
        server: server.name.clone(),
        identity: server.identity(),
        command: if keep == Keep::Full { command } else { secrets::command_without_secrets(&command) },
        tool: call.tool.clone(),
        definition: call.definition.as_ref().map(|d| d.digest),
        risk: verdict.level,
        findings: kept.findings(&risk.findings),
        params_digest,
        params,
        masked: (kept.parts > 0).then_some(Masking { keep, parts: kept.parts }),
    }))
}

/// A decision as the journal keeps it: a person's reason may quote the call.
pub(super) fn without_secrets(decision: &Decision, call: &Call, keep: Keep) -> Decision {
    let mut kept = decision.clone();
    if let (Some(reason), true) = (&decision.reason, keep != Keep::Full) {
        kept.reason = Some(secrets::masked(call.params.text(), keep).redact(reason));
    }
    kept
}
