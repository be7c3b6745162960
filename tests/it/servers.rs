//! Real servers and the official SDKs through `sayso wrap`: npm `@modelcontextprotocol/server-filesystem` and `PyPI`
//! `mcp-server-time`, driven by both lines of the TypeScript and Python SDKs in both eras (`clients/`).
//!
//! `.ci/e2e-setup` installs them. Where they are not installed these tests print why they do nothing; with
//! `SAYSO_REQUIRE_E2E=1` that is a failure.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Host, World, fixture, sayso};

/// Where the servers and SDKs are.
struct Installed {
    node: PathBuf,
    python: PathBuf,
}

/// One official client.
#[derive(Clone, Copy, Debug)]
struct Sdk {
    script: &'static str,
    mode: &'static str,
}

/// Every SDK in every era that it speaks. A pinned revision is for servers that speak it.
const SDKS: &[Sdk] = &[
    Sdk { script: "legacy.mjs", mode: "legacy" },
    Sdk { script: "modern.mjs", mode: "legacy" },
    Sdk { script: "modern.mjs", mode: "auto" },
    Sdk { script: "modern.mjs", mode: "2026-07-28" },
    Sdk { script: "legacy.py", mode: "legacy" },
    Sdk { script: "modern.py", mode: "legacy" },
    Sdk { script: "modern.py", mode: "auto" },
    Sdk { script: "modern.py", mode: "2026-07-28" },
];

impl Installed {
    /// `None`, with words, when something is missing.
    fn find() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let of = |name: &str, default: &str| root.join(std::env::var(name).unwrap_or_else(|_| default.to_owned()));
        let found = Self {
            node: of("SAYSO_TEST_NODE", "target/e2e/node"),
            python: of("SAYSO_TEST_PYTHON", "target/e2e/python"),
        };
        let missing: Vec<PathBuf> = [
            found.node.join(".installed"),
            found.python.join("modern/.installed"),
            found.python.join("legacy/.installed"),
        ]
        .into_iter()
        .filter(|path| !path.exists())
        .collect();
        if missing.is_empty() && Command::new("node").arg("--version").output().is_ok() {
            return Some(found);
        }
        let why = format!("skipped: node or {missing:?} is not there; run .ci/e2e-setup");
        assert!(std::env::var("SAYSO_REQUIRE_E2E").is_err(), "{why}");
        // Not by a macro: what those say of a test that passes is kept back.
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        std::io::stderr().write_all(format!("{test}: {why}\n").as_bytes()).unwrap();
        None
    }

    /// The filesystem server over this folder.
    fn filesystem(&self, folder: &Path) -> Vec<String> {
        let script = self.node.join("node_modules/@modelcontextprotocol/server-filesystem/dist/index.js");
        vec!["node".to_owned(), script.display().to_string(), folder.display().to_string()]
    }

    /// The time server.
    fn time(&self) -> Vec<String> {
        let program = self.python.join("modern/bin/mcp-server-time");
        vec![program.display().to_string(), "--local-timezone".to_owned(), "UTC".to_owned()]
    }

    /// This SDK as the host of a server that is started with `command`.
    fn host(&self, sdk: Sdk, world: &World, command: &[String]) -> Host {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients").join(sdk.script);
        let mut words: Vec<PathBuf> = match sdk.script.split_once('.') {
            Some((generation, "py")) => vec![self.python.join(generation).join("bin/python")],
            _ => vec!["node".into()],
        };
        words.extend([script, self.node.clone(), sdk.mode.into()]);
        words.extend(command.iter().map(PathBuf::from));
        // Behind a stand-in, so that consoles of the test do not descend from the host.
        let mut host = Command::new(fixture());
        host.arg("host").args(words).env("SAYSO_HOME", world.home());
        let mut host = Host::start(host);
        assert_eq!(host.message(), json!({"ok": sdk.mode}), "{sdk:?}: {}", host.stderr());
        host
    }
}

/// The same server behind a wrap.
fn wrapped(name: &str, command: &[String]) -> Vec<String> {
    let head = [sayso(), "wrap", "--name", name, "--"].map(str::to_owned);
    head.into_iter().chain(command.iter().cloned()).collect()
}

fn ask(host: &mut Host, op: &str, params: &Value) -> Value {
    host.send(json!({"op": op, "params": params}).to_string());
    host.message()
}

/// Everything asked, answered directly and through a wrap, is the same.
fn same_through_the_gate(sdk: Sdk, installed: &Installed, name: &str, command: &[String], calls: &[Value]) {
    let world = World::with_policy("[[rule]]\nserver = \"*\"\ntool = \"*\"\naction = \"allow\"\n");
    let mut direct = installed.host(sdk, &world, command);
    let mut gated = installed.host(sdk, &world, &wrapped(name, command));
    let listed = ask(&mut direct, "list", &json!({}));
    assert!(listed["ok"]["tools"].is_array(), "{sdk:?}: {listed}");
    assert_eq!(ask(&mut gated, "list", &json!({})), listed, "{sdk:?}: another list");
    for call in calls {
        let answer = ask(&mut direct, "call", call);
        assert!(answer["ok"].is_object(), "{sdk:?}: {answer}");
        assert_eq!(ask(&mut gated, "call", call), answer, "{sdk:?}: another result of {call}");
    }
    let rows = world.history_until("every call finished", |rows| {
        rows.len() == calls.len() && rows.iter().all(|row| !row["outcome"].is_null())
    });
    assert!(rows.iter().all(|row| row["decision"] == "allowed" && row["server"] == name), "{rows:#?}");
    for host in [&mut direct, &mut gated] {
        host.close();
        assert_eq!(host.wait(), 0, "{sdk:?}: {}", host.stderr());
    }
}

#[test]
fn the_filesystem_server_is_the_same_through_the_gate_for_every_sdk() {
    let Some(installed) = Installed::find() else { return };
    for sdk in SDKS.iter().filter(|sdk| sdk.mode != "2026-07-28") {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.txt"), "one\r\ntwo \u{1f600}\n").expect("a file");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let calls = [
            json!({"name": "read_text_file", "arguments": {"path": path("a.txt")}}),
            json!({"name": "list_directory", "arguments": {"path": path("")}}),
            json!({"name": "write_file", "arguments": {"path": path("b.txt"), "content": "three\n"}}),
            json!({"name": "read_text_file", "arguments": {"path": path("b.txt")}}),
            json!({"name": "read_text_file", "arguments": {"path": "/etc/hostname"}}),
            json!({"name": "read_text_file", "arguments": {"path": path("missing")}}),
        ];
        same_through_the_gate(*sdk, &installed, "fs", &installed.filesystem(folder.path()), &calls);
    }
}

#[test]
fn the_time_server_is_the_same_through_the_gate_for_every_sdk_in_both_eras() {
    let Some(installed) = Installed::find() else { return };
    let convert = |zone: &str| {
        let arguments = json!({"source_timezone": "UTC", "time": "12:30", "target_timezone": zone});
        json!({"name": "convert_time", "arguments": arguments})
    };
    for sdk in SDKS {
        let calls = [convert("Asia/Kolkata"), convert("Asia/Kathmandu"), convert("No/Where")];
        same_through_the_gate(*sdk, &installed, "time", &installed.time(), &calls);
    }
}

#[test]
fn b39_every_sdk_sees_a_denial_as_an_error() {
    let Some(installed) = Installed::find() else { return };
    let world = World::with_policy("[[rule]]\ntool = \"convert_time\"\naction = \"deny\"\nreason = \"not today\"\n");
    for sdk in SDKS {
        let mut host = installed.host(*sdk, &world, &wrapped("time", &installed.time()));
        let arguments = json!({"source_timezone": "UTC", "time": "12:30", "target_timezone": "Asia/Kolkata"});
        let answer = ask(&mut host, "call", &json!({"name": "convert_time", "arguments": arguments}));
        assert_eq!(answer["ok"]["isError"], true, "{sdk:?}: {answer}");
        let text = answer["ok"]["content"][0]["text"].as_str().unwrap_or_default();
        assert!(text.contains("NOT executed") && text.contains("not today"), "{sdk:?}: {text}");
    }
    assert!(world.history().iter().all(|row| row["decision"] == "denied"));
}

#[test]
fn a_write_waits_for_a_person_and_then_happens_for_every_sdk() {
    let Some(installed) = Installed::find() else { return };
    let world = World::with_policy("[[rule]]\ntool = \"write_file\"\naction = \"ask\"\n");
    let folder = tempfile::tempdir().expect("a folder");
    let mut screen = world.console();
    for (number, sdk) in (0..).zip(SDKS.iter().filter(|sdk| sdk.mode != "2026-07-28")) {
        let path = folder.path().join(format!("{number}.txt"));
        let mut host = installed.host(*sdk, &world, &wrapped("fs", &installed.filesystem(folder.path())));
        let arguments = json!({"path": path.display().to_string(), "content": "said so\n"});
        let call = json!({"name": "write_file", "arguments": arguments});
        host.send(json!({"op": "call", "params": call}).to_string());
        screen.wait_for("waiting 1");
        assert!(!path.exists(), "{sdk:?}: written before anybody said so");
        screen.keys_after_guard("a");
        let answer = host.message();
        assert!(answer["ok"]["isError"] != true && answer["ok"].is_object(), "{sdk:?}: {answer}");
        assert_eq!(std::fs::read_to_string(&path).expect("written"), "said so\n");
        screen.wait_gone("waiting 1");
    }
    let rows = world.history();
    assert!(rows.iter().all(|row| row["decision"] == "allowed" && row["by"] == "human"), "{rows:#?}");
}
