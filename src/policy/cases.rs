//! `[[test]]`: calls in the policy file with the verdict that is expected of each. They judge nothing.

use super::asked::Local;
use crate::call::{ServerName, ToolName};
use crate::decision::{Action, Level};

/// One call and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its line, from 1.
    pub line: usize,
    /// The server's label.
    pub server: ServerName,
    /// The tool.
    pub tool: ToolName,
    /// The arguments as strict, compact JSON.
    pub arguments: String,
    /// Stands for the judged level.
    pub level: Option<Level>,
    /// When the call comes; `None`: nobody is sure.
    pub at: Option<Local>,
    /// Whether a console is attached.
    pub console: bool,
    /// What is to be done.
    pub expect: Action,
    /// The level that is to count.
    pub expect_level: Option<Level>,
}
