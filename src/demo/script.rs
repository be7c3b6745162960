//! What the demo's agent does, as a table, with the folder and the policy it is done in.
//!
//! Invariant: every command in it is harmless outside the demo's folder.

use std::time::Duration;

/// The server's label in the demo.
pub const SERVER: &str = "demo";

/// Calls that the agent makes at once, as models do that call tools side by side. It goes on when all have come back.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// How long the agent waits before them, as a model that thinks would.
    pub pause: Duration,
    /// The calls.
    pub calls: &'static [Step],
}

/// One call of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The tool.
    pub tool: &'static str,
    /// Names and values of the arguments.
    pub arguments: &'static [(&'static str, &'static str)],
}

/// The files in the folder before the agent begins.
pub const FILES: &[(&str, &str)] = &[
    ("notes.txt", "Call the printer about the invitations.\nAsk Ines for the numbers of May.\n"),
    ("sales.csv", "month,pieces\nMarch,120\nApril,141\nMay,\n"),
    ("build/old.o", "not a real object file\n"),
];

/// The policy of the demo's home.
pub const POLICY: &str = r#"# The demo's policy. What is not said here is as everywhere: low is allowed, medium is asked, high is confirmed.

[timeout]
default = "3m"           # you may want to read; without a policy it is 55s

[[rule]]
tool = "delete_file"
action = "confirm"
timeout = "12s"
reason = "the demo shows what silence means: after 12 seconds the answer is no"
"#;

const REPORT: &[(&str, &str)] = &[
    ("path", "report.md"),
    (
        "content",
        "# Sales\n\nMarch 120, April 141, May is missing.\n\n(To you at the console: A and then 1 allows this and \
         remembers it. The agent will make exactly this call once more, and then it passes unasked.)\n",
    ),
];

const NOTES: &[(&str, &str)] = &[
    ("path", "notes.txt"),
    ("content", "All done.\n\n(To you: this writes over your notes. d denies it, r denies it with a reason.)\n"),
];

const COMMAND: &[(&str, &str)] = &[("command", "rm -rf ./build && echo cleaned")];

const fn call(tool: &'static str, arguments: &'static [(&'static str, &'static str)]) -> Step {
    Step { tool, arguments }
}

const fn act(pause_ms: u64, calls: &'static [Step]) -> Act {
    Act { pause: Duration::from_millis(pause_ms), calls }
}

/// What the agent does, in order. Beside each, what it shows.
pub const ACTS: &[Act] = &[
    // Low risk passes.
    act(800, &[call("list_files", &[("path", ".")])]),
    act(400, &[call("read_file", &[("path", "sales.csv")])]),
    // A queue: medium is asked, the same tool with other arguments is asked again, high wants a word.
    act(400, &[call("write_file", REPORT), call("write_file", NOTES), call("run_command", COMMAND)]),
    // A remembered approval passes.
    act(700, &[call("write_file", REPORT)]),
    // Silence is a denial.
    act(700, &[call("delete_file", &[("path", "sales.csv")])]),
    act(400, &[call("list_files", &[("path", ".")])]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_repeats_one_call_to_the_letter() {
        let calls: Vec<&Step> = ACTS.iter().flat_map(|act| act.calls).collect();
        assert_eq!(calls.iter().filter(|call| call.arguments == REPORT).count(), 2);
        assert_eq!(calls.iter().filter(|call| call.tool == "write_file").count(), 3);
    }

    #[test]
    fn the_pauses_add_up_to_seconds_and_not_to_minutes() {
        assert!(ACTS.iter().map(|act| act.pause).sum::<Duration>() < Duration::from_secs(10));
    }
}
