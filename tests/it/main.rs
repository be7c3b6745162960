//! The one integration binary: the real program, from outside.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops, and the line says where")]

mod cli;
mod console;
mod demo;
mod docs;
mod explain;
mod hub;
mod journal;
mod picture;
mod policy;
mod project;
mod readme;
mod rehearse;
mod risk;
mod tidy;
mod values;

mod approve;
mod bypass;
mod servers;
mod stats;
mod world;
mod wrap;
