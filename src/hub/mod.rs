//! The hub: the only process that judges, stores and settles.

pub mod desk;
