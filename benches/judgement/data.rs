//! Rows in, calls out, tables printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use sayso::call::{Call, CallId, Definition, Digest, Params, Server, ServerName, SessionId, ToolName};
use sayso::json::{Duplicates, compact};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Where the tables go.
pub struct Report {
    /// Whether anything is printed at all.
    pub prints: bool,
    /// Whether misses are listed.
    pub lists: bool,
    /// Only the timings whose names have this text.
    pub only: String,
}

impl Report {
    /// A line of a table.
    pub fn line(&self, text: &str) {
        if self.prints {
            println!("{text}");
        }
    }

    /// A miss, of the part that is tuned on only.
    pub fn miss(&self, tuned: bool, text: impl FnOnce() -> String) {
        if self.prints && self.lists && tuned {
            println!("    {}", text());
        }
    }
}

/// A share of the tuned and of the kept part, and of both.
#[derive(Default, Clone, Copy)]
pub struct Share {
    hits: [usize; 2],
    all: [usize; 2],
}

impl Share {
    /// Counts a row.
    pub fn count(&mut self, tuned: bool, hit: bool) {
        self.all[usize::from(!tuned)] += 1;
        self.hits[usize::from(!tuned)] += usize::from(hit);
    }

    /// `12.3 % (n=100)` for the tuned part, the kept part and both.
    pub fn show(&self) -> String {
        let one = |hits: usize, all: usize| {
            let share = if all == 0 { 0.0 } else { 100.0 * hits as f64 / all as f64 };
            format!("{share:5.1} % ({hits}/{all})")
        };
        let both = one(self.hits[0] + self.hits[1], self.all[0] + self.all[1]);
        format!("{:<22} {:<22} {both}", one(self.hits[0], self.all[0]), one(self.hits[1], self.all[1]))
    }
}

/// Whether a row is of the part that was tuned on.
pub fn is_tuned(row: &str) -> bool {
    Digest::of(row.as_bytes()).0[0] % 10 < 7
}

fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name)
}

/// The rows of a file of the shared data, each with whether it is tuned on. Empty when the file is not there.
pub fn rows(name: &str) -> Vec<(bool, Value)> {
    let packed = Path::new(name).extension().is_some_and(|ending| ending == "gz");
    let text = if packed {
        let gzip = Command::new("gzip").arg("-dc").arg(shared(name)).stderr(Stdio::null()).output();
        gzip.ok().filter(|out| out.status.success()).map(|out| out.stdout)
    } else {
        fs::read(shared(name)).ok()
    };
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    text.lines().filter_map(|line| Some((is_tuned(line), serde_json::from_str(line).ok()?))).collect()
}

/// A call of a tool, with its definition when there is one; `None` when it could not be made at all.
pub fn call(tool: &str, arguments: &Value, definition: Option<&Value>, args: &[&str]) -> Option<Call> {
    let params = json!({ "name": tool, "arguments": arguments }).to_string();
    let params = compact(params.as_bytes(), Duplicates::Everywhere).ok()?;
    let tool = ToolName::new(tool).ok()?;
    let definition = match definition {
        Some(definition) => {
            let raw = compact(definition.to_string().as_bytes(), Duplicates::Envelope).ok()?;
            Some(Arc::new(Definition::new(tool.clone(), RawValue::from_string(raw).ok()?)))
        }
        None => None,
    };
    Some(Call {
        id: CallId(1),
        session: SessionId("s".to_owned()),
        server: Arc::new(Server {
            name: ServerName::new("server").ok()?,
            command: "server".to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            cwd: "/".to_owned(),
            environment: Digest::of(b""),
        }),
        tool,
        params: Params::new(RawValue::from_string(params).ok()?),
        definition,
    })
}

/// Arguments as a schema demands them, saying as little as can be said: defaults, first choices, plain words.
pub fn plain_arguments(schema: &Value) -> Value {
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fill = |key: &str| {
        let property = &schema["properties"][key];
        if !property["default"].is_null() {
            return property["default"].clone();
        }
        if let Some(first) = property["enum"].get(0) {
            return first.clone();
        }
        match property["type"].as_str() {
            Some("number" | "integer") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("object") => json!({}),
            // A text that its reader can read.
            _ if key.to_lowercase().contains("sql") => json!("SELECT 1"),
            _ if key == "command" => json!("ls"),
            _ => json!("example"),
        }
    };
    required.iter().filter_map(Value::as_str).map(|key| (key.to_owned(), fill(key))).collect()
}
