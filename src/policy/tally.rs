//! What an approval would have covered of the calls of the journal: counted, for the person who is about to give it.
//!
//! Invariant: a number is never better than what is known. A call whose arguments are not in the journal as they were
//! (masked, or their digest only) is told apart from those that lie outside.

use serde::{Deserialize, Serialize};

use super::cover;
use super::suggest::Suggestion;
use crate::call::{Call, CallId, Digest, Params, ToolName};
use crate::decision::{DecisionKind, Level};
use crate::record::Row;

/// What an approval would have covered of the calls that were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// How many calls.
    pub matched: u64,
    /// How many of them a person or a rule denied.
    pub denied: u64,
    /// How many of them were rated higher than it covers, so that they would be asked for all the same.
    pub higher: u64,
    /// How many were rated high.
    pub high: u64,
    /// How many more cannot be told, since their arguments are not in the journal as they were.
    pub untold: u64,
}

/// The suggestions for one call, and what each would have covered so far.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The call they are for.
    pub id: CallId,
    /// Digest over its params.
    pub params_digest: Digest,
    /// Its server and its tool: other calls are no concern of theirs.
    server: Digest,
    tool: ToolName,
    definition: Option<Digest>,
    /// What the exact suggestion covers.
    approved: Digest,
    counts: Vec<(Suggestion, Past)>,
}

impl Tally {
    /// Nothing is counted yet.
    pub fn new(call: &Call, params_digest: Digest, suggestions: Vec<Suggestion>) -> Self {
        Self {
            id: call.id,
            params_digest,
            server: call.server.identity(),
            tool: call.tool.clone(),
            definition: call.definition.as_ref().map(|definition| definition.digest),
            approved: call.params.approved_digest(),
            counts: suggestions.into_iter().map(|suggestion| (suggestion, Past::default())).collect(),
        }
    }

    /// Each with its count.
    pub fn offers(&self) -> impl Iterator<Item = (&Suggestion, Past)> {
        self.counts.iter().map(|(suggestion, past)| (suggestion, *past))
    }

    /// The tool they are for.
    pub const fn tool(&self) -> &ToolName {
        &self.tool
    }

    /// Counts one call of the journal.
    pub fn add(&mut self, row: &Row) {
        let own = &row.submitted;
        if row.id == self.id
            || own.identity != self.server
            || own.tool != self.tool
            || own.definition != self.definition
        {
            return;
        }
        let params = Params::new(own.params.clone());
        let as_sent = params.digest() == own.params_digest;
        let denied = row.decided.as_ref().is_some_and(|decided| decided.decision.kind == DecisionKind::Denied);
        for (suggestion, past) in &mut self.counts {
            if !as_sent && own.params_digest != self.params_digest {
                past.untold += 1;
                continue;
            }
            let matched = match &suggestion.cover {
                None => own.params_digest == self.params_digest || params.approved_digest() == self.approved,
                Some(cover) => as_sent && cover::fits(cover, &params, &[]),
            };
            if matched {
                past.matched += 1;
                past.denied += u64::from(denied);
                past.high += u64::from(own.risk == Level::High);
                past.higher += u64::from(suggestion.cover.as_ref().is_some_and(|cover| own.risk > cover.level));
            }
        }
    }
}
