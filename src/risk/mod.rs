//! How much harm a call could do: `assess(&Call, &Facts) -> Risk`, deterministic and explained.
//!
//! Invariant: evidence only raises. The level is the maximum over the findings, and every level has findings that a
//! person can read. Never reads a clock, a file or the environment: what it needs beside the call is in [`Facts`].

pub mod hidden;
pub mod paths;

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::decision::Level;

/// One reason for a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable id: `shell.delete`, `name.unknown`.
    pub id: String,
    /// What it raises the call to.
    pub level: Level,
    /// One sentence for a person. May quote the call: untrusted, draw it through `shown`.
    pub says: String,
    /// JSON Pointer (RFC 6901) into the arguments, when it is about one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A level and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// The maximum over the findings.
    pub level: Level,
    /// Never empty; the gravest first.
    pub findings: Vec<Finding>,
}

/// What the judge may know beside the call itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The first call of this tool in this session.
    pub first_use: bool,
    /// How many calls of this session were denied so far.
    pub denied_before: u32,
}

/// Judges one call.
pub fn assess(call: &Call, facts: &Facts) -> Risk {
    let _ = (call, facts);
    let finding = Finding {
        id: "name.unknown".to_owned(),
        level: Level::Medium,
        says: "nothing tells what this tool does".to_owned(),
        at: None,
    };
    Risk { level: finding.level, findings: vec![finding] }
}
