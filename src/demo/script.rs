//! What the demo's agent does, as a table, with the folder and the policy it is done in.
//!
//! Invariant: every command in it is harmless outside the demo's folder.

use std::time::Duration;

/// The server's label in the demo.
pub const SERVER: &str = "demo";

/// One call of the agent.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The tool.
    pub tool: &'static str,
    /// Names and values of the arguments.
    pub arguments: &'static [(&'static str, &'static str)],
    /// How long the agent waits before it, as a model that thinks would.
    pub pause: Duration,
    /// What a person is meant to see.
    pub shows: &'static str,
}

/// The files in the folder before the agent begins.
pub const FILES: &[(&str, &str)] = &[
    ("notes.txt", "Call the printer about the invitations.\nAsk Ines for the numbers of May.\n"),
    ("sales.csv", "month,pieces\nMarch,120\nApril,141\nMay,\n"),
    ("build/old.o", "not a real object file\n"),
];

/// The policy of the demo's home.
pub const POLICY: &str = r#"# The demo's policy. What is not said here is as everywhere: low is allowed, medium is asked, high is confirmed.

[[rule]]
tool = "delete_file"
action = "ask"
timeout = "15s"
reason = "the demo shows what silence means: after 15 seconds the answer is no"
"#;

const REPORT: &str = "# Sales\n\nMarch 120, April 141, May is missing.\n\n\
                      (To you at the console: `A` allows this and remembers it. The agent will ask for exactly this \
                      call once more in a moment, and then it passes unasked.)\n";

/// The calls, in order, one after the other.
pub const STEPS: &[Step] = &[
    Step {
        tool: "list_files",
        arguments: &[("path", ".")],
        pause: Duration::from_millis(500),
        shows: "low risk passes",
    },
    Step {
        tool: "read_file",
        arguments: &[("path", "sales.csv")],
        pause: Duration::from_millis(500),
        shows: "low risk passes",
    },
    Step {
        tool: "write_file",
        arguments: &[("path", "report.md"), ("content", REPORT)],
        pause: Duration::from_millis(500),
        shows: "medium risk is asked",
    },
    Step {
        tool: "write_file",
        arguments: &[("path", "notes.txt"), ("content", "All done.\n")],
        pause: Duration::from_millis(700),
        shows: "the same tool with other arguments is asked again",
    },
    Step {
        tool: "run_command",
        arguments: &[("command", "rm -rf ./build && echo cleaned")],
        pause: Duration::from_millis(700),
        shows: "high risk is confirmed with a word",
    },
    Step {
        tool: "write_file",
        arguments: &[("path", "report.md"), ("content", REPORT)],
        pause: Duration::from_millis(700),
        shows: "the remembered call passes unasked",
    },
    Step {
        tool: "delete_file",
        arguments: &[("path", "sales.csv")],
        pause: Duration::from_millis(700),
        shows: "silence is a denial after 15 seconds",
    },
    Step {
        tool: "list_files",
        arguments: &[("path", ".")],
        pause: Duration::from_millis(500),
        shows: "low risk passes",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_repeats_one_call_to_the_letter() {
        let repeated = STEPS
            .iter()
            .enumerate()
            .filter(|(i, a)| STEPS[..*i].iter().any(|b| (a.tool, a.arguments) == (b.tool, b.arguments)))
            .filter(|(_, a)| a.tool == "write_file");
        assert_eq!(repeated.count(), 1);
    }

    #[test]
    fn the_pauses_add_up_to_seconds_and_not_to_minutes() {
        assert!(STEPS.iter().map(|s| s.pause).sum::<Duration>() < Duration::from_secs(10));
    }
}
