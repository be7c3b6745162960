//! The policy in force, and what of the policy file waits for a person.
//!
//! Invariant: nothing is ever judged more loosely than under the policy that was accepted last. A file that loosens
//! nothing is accepted by itself; one that loosens anything waits until a person accepts exactly that change, and until
//! then the stricter of the two counts. A file that cannot be used takes nothing back either: what is mended is compared
//! with what was accepted, not with what was broken.

use std::time::Duration;

use super::events::{PolicyFile, Recalled};
use crate::call::Digest;
use crate::decision::{Action, Keep, Level};
use crate::policy::suggest::Remember;
use crate::policy::{self, Asked, Change, Policy, Ruling, Side, Way};
use crate::record::{PolicyLoaded, Waiting};
use crate::wire::Proposal;

/// See above.
#[derive(Debug)]
pub(super) struct Ground {
    accepted: Accepted,
    file: File,
}

/// What was accepted last.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, for as long as the desk lives")]
enum Accepted {
    /// Nothing yet: the first policy of this home is taken as it stands.
    New,
    /// This.
    Known { file: PolicyFile, by: Option<String> },
    /// It cannot be told, for this reason. Everything is asked for, whatever was approved before.
    Lost { why: String, doubted: Vec<Policy> },
}

/// The file as it was read last.
#[derive(Debug)]
enum File {
    /// Nothing was read yet, or it cannot be used.
    Unusable(Policy),
    /// What was accepted.
    Same,
    /// Something looser, or something else while it is not known what was accepted.
    Waits(Box<Waits>),
}

#[derive(Debug)]
struct Waits {
    file: PolicyFile,
    changes: Vec<Change>,
    /// Names this change: from what, to what.
    digest: Digest,
    refused_by: Option<String>,
}

/// What came of a reading or of a person's word.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// To be written.
    pub(super) records: Vec<PolicyLoaded>,
    /// What was accepted has changed: its text is to be kept.
    pub(super) keep: bool,
}

impl Ground {
    /// Until something is read everything that is not low is denied, and nothing passes unasked.
    pub(super) fn new() -> Self {
        let why = "no policy has been read yet";
        Self {
            accepted: Accepted::Lost { why: why.to_owned(), doubted: Vec::new() },
            file: File::Unusable(Policy::invalid(why)),
        }
    }

    /// What an opening hub found out about the policy that was accepted last.
    pub(super) fn recall(&mut self, recalled: Recalled) {
        self.accepted = match recalled {
            Recalled::New => Accepted::New,
            Recalled::Accepted(file) => Accepted::Known { file, by: None },
            Recalled::Lost { why, doubted } => Accepted::Lost { why, doubted },
        };
    }

    /// The file was read.
    pub(super) fn read(&mut self, file: PolicyFile) -> Turn {
        let mut turn = Turn::default();
        if matches!(self.accepted, Accepted::New) {
            // Of a new home whose first policy cannot be used, the defaults are what was accepted.
            let usable = file.policy.why_invalid().is_none();
            let first = if usable { file.clone() } else { PolicyFile::none() };
            if !usable {
                turn.records.push(PolicyLoaded::default());
            }
            self.accepted = Accepted::Known { file: first, by: None };
            turn.keep = true;
        }
        if let Some(why) = file.policy.why_invalid() {
            let error = Some(why.to_owned());
            turn.records.push(PolicyLoaded { digest: file.digest, error, ..PolicyLoaded::default() });
            self.file = File::Unusable(file.policy);
            return turn;
        }
        let changes = match &self.accepted {
            Accepted::Known { file: accepted, .. } if accepted.digest == file.digest => Vec::new(),
            Accepted::Known { file: accepted, .. } => policy::compare(&accepted.policy, &file.policy),
            Accepted::Lost { why, .. } => {
                vec![Change { way: Way::Looser, says: why.clone(), line: None, side: Side::New }]
            }
            Accepted::New => Vec::new(),
        };
        if changes.iter().any(|change| change.way == Way::Looser) {
            let digest = name(self.accepted().and_then(|file| file.digest), file.digest);
            self.file = File::Waits(Box::new(Waits { file, changes, digest, refused_by: None }));
        } else {
            if self.accepted().is_none_or(|accepted| accepted.digest != file.digest) {
                self.accepted = Accepted::Known { file, by: None };
            }
            turn.keep = true;
            self.file = File::Same;
        }
        turn.records.push(self.record());
        turn
    }

    /// A person's word on the change that was shown to them: in words why it does not count, if it does not.
    pub(super) fn weigh(&mut self, shown: Digest, accept: bool, who: &str) -> Result<Turn, String> {
        let File::Waits(waits) = &mut self.file else {
            return Err("no policy waits any more; nothing was done".to_owned());
        };
        if waits.digest != shown {
            return Err("the policy file was changed after it was shown to you; look at it again".to_owned());
        }
        if accept {
            self.accepted = Accepted::Known { file: waits.file.clone(), by: Some(who.to_owned()) };
            self.file = File::Same;
        } else {
            waits.refused_by = Some(who.to_owned());
        }
        Ok(Turn { records: vec![self.record()], keep: accept })
    }

    /// How things stand, for the journal.
    pub(super) fn record(&self) -> PolicyLoaded {
        let waiting = match &self.file {
            File::Waits(waits) => Some(Waiting { digest: waits.file.digest, refused_by: waits.refused_by.clone() }),
            File::Same | File::Unusable(_) => None,
        };
        match &self.accepted {
            Accepted::Known { file, by } => {
                PolicyLoaded { digest: file.digest, error: None, accepted_by: by.clone(), waiting }
            }
            // With an error: such a record says nothing of what was accepted.
            Accepted::Lost { why, .. } => PolicyLoaded { error: Some(why.clone()), waiting, ..PolicyLoaded::default() },
            Accepted::New => PolicyLoaded::default(),
        }
    }

    /// The policy that was accepted last, when it is known.
    pub(super) fn accepted(&self) -> Option<&PolicyFile> {
        match &self.accepted {
            Accepted::Known { file, .. } => Some(file),
            Accepted::New | Accepted::Lost { .. } => None,
        }
    }

    /// How long the person's own policy gives for each level, whatever the host.
    pub(super) fn times(&self) -> [Duration; 3] {
        let time = |level| self.policies().map(|policy| policy.time_to_answer(level, None)).min();
        [Level::Low, Level::Medium, Level::High].map(|level| time(level).unwrap_or(policy::DEFAULT_TIMEOUT))
    }

    /// Every policy that has a say, the accepted one first.
    fn policies(&self) -> impl Iterator<Item = &Policy> {
        let first = match &self.accepted {
            Accepted::Known { file, .. } => std::slice::from_ref(&file.policy),
            Accepted::Lost { doubted, .. } => doubted,
            Accepted::New => &[],
        };
        let second = match &self.file {
            File::Unusable(policy) => Some(policy),
            File::Waits(waits) => Some(&waits.file.policy),
            File::Same => None,
        };
        first.iter().chain(second)
    }

    /// What is ruled of a call.
    pub(super) fn judge(&self, asked: &Asked<'_>) -> Ruling {
        let rulings = self.policies().map(|policy| policy::judge(policy, asked));
        let ruling = rulings.reduce(policy::strictest);
        let ruling = ruling.unwrap_or_else(|| policy::judge(&Policy::default(), asked));
        if matches!(self.accepted, Accepted::Known { .. }) { ruling } else { at_least_asked(ruling) }
    }

    /// How far approvals may be remembered: no further than each policy that has a say lets them. What covers more than
    /// one call stands in the journal with parts of the call, so not at all where that is to keep no values.
    pub(super) fn remember(&self) -> Remember {
        let known = matches!(self.accepted, Accepted::Known { .. });
        let widest = Remember { wide: known, high: known };
        let told = Remember { wide: self.keep() != Keep::Digest, high: true };
        self.policies().fold(widest.and(told), |all, policy| all.and(policy.remember))
    }

    /// How much of a call's params the journal keeps: the least that any policy in force says.
    pub(super) fn keep(&self) -> Keep {
        let tells = |keep: &Keep| match keep {
            Keep::Digest => 0,
            Keep::Masked => 1,
            Keep::Full => 2,
        };
        let most = if matches!(self.accepted, Accepted::Known { .. }) { Keep::Full } else { Keep::Masked };
        self.policies().map(|policy| policy.journal).chain([most]).min_by_key(tells).unwrap_or_default()
    }

    /// What a level does: the strictest that any policy says which has a say.
    pub(super) fn action(&self, level: Level) -> Action {
        self.policies().map(|policy| policy.levels.action(level)).max().unwrap_or(Action::Deny)
    }

    /// What is wrong with the file, if it cannot be used.
    pub(super) fn error(&self) -> Option<&str> {
        match &self.file {
            File::Unusable(policy) => policy.why_invalid(),
            File::Same | File::Waits(_) => None,
        }
    }

    /// What waits, for consoles.
    pub(super) fn proposal(&self) -> Option<Proposal> {
        let File::Waits(waits) = &self.file else { return None };
        Some(Proposal {
            digest: waits.digest,
            lost: matches!(self.accepted, Accepted::Lost { .. }),
            old: self.accepted().and_then(|file| file.text.clone()),
            new: waits.file.text.clone(),
            changes: waits.changes.clone(),
            refused_by: waits.refused_by.clone(),
        })
    }

    /// What waits, in a sentence for a person.
    pub(super) fn waits(&self) -> Option<String> {
        let File::Waits(waits) = &self.file else { return None };
        let what = match &self.accepted {
            Accepted::Lost { why, .. } => format!("{why}, so everything is asked for"),
            _ => "the policy file got looser; what is stricter in it holds".to_owned(),
        };
        Some(match &waits.refused_by {
            None => format!("{what}; the rest waits until a person accepts it at a console (key P)"),
            Some(who) => format!("{what}; the rest was refused ({who}) and does not hold; change the file, or key P"),
        })
    }
}

/// Whatever would pass unasked, or by an approval given earlier, is asked for.
fn at_least_asked(ruling: Ruling) -> Ruling {
    let (Ruling::Final(mut verdict) | Ruling::UnlessGranted(mut verdict)) = ruling;
    verdict.action = verdict.action.max(Action::Ask);
    Ruling::Final(verdict)
}

/// What names a change.
fn name(from: Option<Digest>, to: Option<Digest>) -> Digest {
    let bytes = |digest: &Option<Digest>| digest.as_ref().map_or_else(Vec::new, |digest| digest.0.to_vec());
    Digest::of_fields([b"policy change" as &[u8], &bytes(&from), &bytes(&to)])
}
