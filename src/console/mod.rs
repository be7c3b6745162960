//! The console: the screen on which a person sees what an agent wants and answers.
//!
//! `app`, `update`, `queue`, `detail`, `history`, `rules`, `remember`, `stats`, `prompt`, `weigh`, `weighing` and `keymap` are one
//! pure machine; `view` draws it;
//! `run`, `link` and `term` are its shell. Invariants: it mirrors the hub's queue and never acts ahead of it; Enter and
//! Space never allow; no key acts on a call that has not been on the screen; no text of a call reaches the terminal but
//! as `Shown`.

pub mod app;
pub mod detail;
pub mod history;
pub mod keymap;
mod link;
pub mod prompt;
pub mod queue;
pub mod remember;
pub mod rules;
mod run;
pub mod stats;
mod term;
pub mod theme;
pub mod update;
pub mod view;
mod weigh;
pub mod weighing;

pub use run::{Options, run};

#[cfg(test)]
mod samples;
