//! How well and how fast the judge judges: over the project's own cases, and over public data where that lies beside
//! the project (`../shared/data`); without it, those tables are left out.
//!
//! `cargo bench --bench judgement` prints the tables, `-- --list` what each of them counts as a miss (of the part that is
//! tuned on only), `-- --tables` or `-- --speed` one half (`--sizes`: without the worst cases), `-- --speed --only TEXT`
//! only the timings whose names have that text, `-- --policy` the rules alone. As a test (`cargo test --benches`) it goes through once, with
//! few rounds, and prints nothing. It never fails for what it measures.
//!
//! Part of every source is kept back (three rows of ten, by a digest of the row): nothing was tuned on it.

#![allow(clippy::print_stdout, reason = "a bench prints its tables")]
#![allow(clippy::cast_precision_loss, reason = "counts of rows and nanoseconds, for reading")]

mod data;
mod policy;
mod speed;
mod tables;

fn main() {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let bench = asked("--bench") && !asked("--test");
    let only = std::env::args().skip_while(|arg| arg != "--only").nth(1).unwrap_or_default();
    let mut report = data::Report { prints: bench, lists: asked("--list"), only };
    if asked("--policy") {
        return policy::rules(&report);
    }
    if !asked("--speed") {
        tables::own_cases(&mut report);
        tables::tools(&mut report);
        tables::shell(&mut report);
        tables::sql(&mut report);
        tables::paths(&mut report);
    }
    if !asked("--tables") {
        speed::sizes(&report);
        if !asked("--sizes") {
            speed::worst(&report);
        }
        policy::rules(&report);
    }
}
