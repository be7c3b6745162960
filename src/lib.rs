//! sayso: nothing runs without your say-so. The map, in reading order; `docs/architecture.md` has the walls between.

pub mod call;
pub mod decision;
pub mod json;
pub mod mcp;
pub mod policy;
pub mod record;
pub mod risk;
pub mod shown;
pub mod stats;
pub mod wire;

pub mod hub;
pub mod intercept;

pub mod config;
pub mod journal;
pub mod log;
pub mod proc;
pub mod socket;
pub mod store;

pub mod wrap;

pub mod demo;

pub mod console;

pub mod cli;
