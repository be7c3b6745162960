//! What a call needs to be let do: for servers that are to have no more than they need.

use serde::{Deserialize, Serialize};

use super::{FAMILIES, Finding, Risk};

/// What a call needs. Ordered: who may administer may write, who may write may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It reads; what it reads may be sensitive.
    Read,
    /// It changes something that can be changed back, or nobody knows what it does.
    Write,
    /// It deletes, runs code, changes rights, deploys, pays, sends messages; or it cannot be read.
    Admin,
}

impl Access {
    /// Every value, in order.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Write, Self::Admin];

    /// The word for it in files and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// What these findings need together. A kind that nobody here knows needs everything.
    pub fn of(findings: &[Finding]) -> Self {
        let kind = |id: &str| FAMILIES.iter().flat_map(|family| family.kinds).find(|kind| kind.id == id);
        findings.iter().map(|f| kind(&f.id).map_or(Self::Admin, |kind| kind.access)).max().unwrap_or(Self::Write)
    }
}

impl Risk {
    /// What the call needs, by its findings.
    pub fn access(&self) -> Access {
        Access::of(&self.findings)
    }
}
