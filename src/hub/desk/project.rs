//! What the files of a project say of the servers that run in it.
//!
//! Invariant: they only tighten; and while a server is attached, nothing that is done to them takes back what they said:
//! a file that got looser or is gone counts as it was, too, until the server is started again. One that cannot be used
//! denies what is not low.

use std::time::Duration;

use super::ground::Ground;
use crate::policy::{self, Asked, Policy, Ruling, Way, project};

/// The most that is told of one server's files.
const MOST_TOLD: usize = 3;

/// A project's file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Where it lies. Untrusted.
    pub path: String,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
}

/// The files above one server.
#[derive(Debug, Default)]
pub(super) struct Projects(Vec<Layer>);

#[derive(Debug)]
struct Layer {
    path: String,
    /// As tight as it was since the server is attached; `None`: it could not be used so far.
    held: Option<Policy>,
    /// As it is now, where that is another.
    now: Option<Policy>,
    /// What is not as it should be, for a person.
    told: Vec<String>,
}

impl Projects {
    /// The files were read: these are all there are.
    pub(super) fn read(&mut self, files: &[ProjectFile], own: [Duration; 3]) {
        for layer in &mut self.0 {
            if files.iter().all(|file| file.path != layer.path) {
                layer.take(project::silent());
                layer.told = vec![format!("{} is gone; it counts until the server is started again", layer.path)];
            }
        }
        for file in files {
            let at = self.0.iter().position(|layer| layer.path == file.path).unwrap_or(self.0.len());
            if at == self.0.len() {
                self.0.push(Layer { path: file.path.clone(), held: None, now: None, told: Vec::new() });
            }
            self.0[at].file(file, own);
        }
    }

    /// The stricter of a ruling and what the files say.
    pub(super) fn judge(&self, ground: &Ground, asked: &Asked<'_>) -> Ruling {
        let policies = self.0.iter().flat_map(|layer| layer.held.iter().chain(&layer.now));
        policies.fold(ground.judge(asked), |ruling, policy| {
            policy::strictest(ruling, project::rule(policy, asked, |level| ground.action(level)))
        })
    }

    /// What is not as it should be, for a person: a few lines.
    pub(super) fn told(&self) -> Vec<String> {
        let all: Vec<&String> = self.0.iter().flat_map(|layer| &layer.told).collect();
        let more = all.len().saturating_sub(MOST_TOLD);
        let mut told: Vec<String> = all.into_iter().take(MOST_TOLD).cloned().collect();
        if more > 0 {
            told.push(format!("{more} more in the project's files; see: sayso policy check --project"));
        }
        told
    }
}

impl Layer {
    fn file(&mut self, file: &ProjectFile, own: [Duration; 3]) {
        let parsed = match &file.text {
            Ok(text) => project::read(text, &file.path, own),
            Err(why) => policy::from_file(Err(std::io::Error::other(why.clone())), &file.path),
        };
        let refused = parsed.diagnostics.iter().filter(|d| project::is_refusal(d));
        self.told = refused.map(|d| format!("{}:{}: {}", self.path, d.line, d.says)).collect();
        if let Some(why) = parsed.policy.why_invalid() {
            self.told = vec![format!("{why}; what is not low is denied for servers in this project")];
        }
        if self.take(parsed.policy) {
            self.told.push(format!("{} got looser; that counts once the server is started again", self.path));
        }
    }

    /// Whether what is there now is looser than what was there.
    fn take(&mut self, policy: Policy) -> bool {
        if policy.why_invalid().is_some() {
            self.now = Some(policy);
            return false;
        }
        let loosens = |held: &Policy| policy::compare(held, &policy).iter().any(|change| change.way == Way::Looser);
        if self.held.as_ref().is_some_and(loosens) {
            self.now = Some(policy);
            return true;
        }
        (self.held, self.now) = (Some(policy), None);
        false
    }
}
