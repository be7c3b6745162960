//! The hub: the only process that judges, stores and settles. `desk` is its machine; the rest is the shell around it.

mod accepted;
mod book;
pub mod desk;
mod pages;
mod peer;
mod projects;
mod run;
mod spawn;
mod watch;
mod zone;

pub use desk::ProjectFile;
pub use projects::read as read_projects;
pub use run::{Ended, run};
pub use spawn::leave;
pub use watch::read as read_policy;
pub use zone::Zone;

#[cfg(test)]
mod tests;
