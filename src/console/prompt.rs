//! The line at the foot of the screen where a person answers: how long, the word `yes`, a reason, a filter.
//!
//! Invariants: a prompt about a call belongs to that call's number and is closed with it (B25); a key counts only once
//! the prompt has been drawn; only the word `yes` and then Enter allows, as ssh does (B24).

use crate::call::{CallId, Digest};
use crate::decision::{GrantId, Scope};

use super::keymap::Context;

/// The longest line that is typed, in characters.
pub const LONGEST: usize = 500;

/// What lies over the tabs. One at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The help, scrolled by so many rows.
    Help(usize),
    /// The policy that waits.
    Policy,
    /// A question.
    Prompt(Prompt),
}

/// A question at the foot of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What is asked.
    pub ask: Ask,
    /// What was typed.
    pub line: String,
    /// Whether it has been on the screen: before that no key counts.
    pub drawn: bool,
    /// What was wrong with the last answer.
    pub wrong: Option<String>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What to remember of this call, and for how long.
    Remember(CallId),
    /// The word yes for this call, and whether to remember: for how long, and what beyond exactly this call.
    Yes(CallId, Option<(Scope, Option<Digest>)>),
    /// Why this call is denied.
    Reason(CallId),
    /// A filter for the history.
    Filter,
    /// Whether to take this approval back.
    Revoke(GrantId),
    /// The word yes for this change of the policy.
    Accept(Digest),
}

impl Prompt {
    /// A question with an empty line.
    pub const fn new(ask: Ask) -> Self {
        Self { ask, line: String::new(), drawn: false, wrong: None }
    }

    /// The call it belongs to.
    pub const fn call(&self) -> Option<CallId> {
        match self.ask {
            Ask::Remember(id) | Ask::Yes(id, _) | Ask::Reason(id) => Some(id),
            Ask::Filter | Ask::Revoke(_) | Ask::Accept(_) => None,
        }
    }

    /// Where its keys are looked up.
    pub const fn context(&self) -> Context {
        match self.ask {
            Ask::Remember(_) => Context::Remember,
            Ask::Yes(..) | Ask::Accept(_) => Context::Yes,
            Ask::Reason(_) | Ask::Filter => Context::Line,
            Ask::Revoke(_) => Context::Revoke,
        }
    }

    /// Whether characters are typed into its line.
    pub const fn takes_text(&self) -> bool {
        matches!(self.ask, Ask::Yes(..) | Ask::Accept(_) | Ask::Reason(_) | Ask::Filter)
    }

    /// A character was typed.
    pub fn push(&mut self, c: char) {
        if self.takes_text() && !c.is_control() && self.line.chars().count() < LONGEST {
            self.line.push(c);
        }
    }

    /// Text was pasted: into a reason or a filter it goes as text, line breaks as blanks; it never answers.
    pub fn paste(&mut self, text: &str) {
        if matches!(self.ask, Ask::Reason(_) | Ask::Filter) {
            for c in text.chars() {
                self.push(if c == '\n' || c == '\r' || c == '\t' { ' ' } else { c });
            }
        }
    }

    /// Whether the word that allows stands there.
    pub fn says_yes(&self) -> bool {
        self.line == "yes"
    }
}
