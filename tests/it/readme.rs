//! Every command in the README is typed here, as it stands there, in the order in which it stands there.
//!
//! What is not ours (`npx`, `claude`) is stood in for; of cargo's own lines it is checked that something runs them: the
//! demo has tests of its own, `cargo test` is this, and `.ci/run` installs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use portable_pty::CommandBuilder;
use sayso::journal::Journal;
use sayso::record::Record;
use serde_json::json;

use crate::docs::{blocks, read, words};
use crate::journal::{PLAIN, grant, records};
use crate::world::{Host, Screen, World, fixture, sayso};

/// Lines of cargo's, and what runs them.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("cargo run --release -- demo", "tests/it/demo.rs", "\"demo\""),
    ("cargo test", ".ci/run", "cargo test --locked"),
    ("cargo install --path .", ".ci/run", "cargo install --locked --path ."),
];

/// A person's folder with `project` in it, a home with a history, and programs that stand in for other people's.
struct Desk {
    world: World,
    person: PathBuf,
    path: String,
}

impl Desk {
    fn new() -> Self {
        let world = World::new();
        let person = world.home().join("person");
        fs::create_dir_all(person.join("project")).unwrap();
        let programs = person.join("bin");
        fs::create_dir(&programs).unwrap();
        script(&programs.join("npx"), &format!("exec '{}'", fixture().display()));
        // What a host is told to start, started.
        script(&programs.join("claude"), "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"");
        let ours = Path::new(sayso()).parent().unwrap();
        let theirs = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{theirs}", programs.display(), ours.display());
        history(&world);
        Self { world, person, path }
    }

    fn environment(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.display().to_string();
        [("SAYSO_HOME", text(self.world.home())), ("HOME", text(&self.person)), ("PATH", self.path.clone())]
    }

    fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.person).envs(self.environment()).stdin(Stdio::null());
        command
    }

    /// A line that starts a server: a host speaks to it.
    fn serves(&self, line: &str) {
        let mut host = Host::start(self.shell(line));
        host.initialize();
        let tools = host.list(1);
        assert!(tools["result"]["tools"].as_array().is_some_and(|tools| !tools.is_empty()), "{line}: {tools}");
        host.call(2, "echo", &json!({}));
        host.close();
        assert_eq!(host.wait(), 0, "{line}: {}", host.stderr());
    }

    /// A line that opens the console: a person leaves it.
    fn opens(&self, line: &str) {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", line]);
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        let mut screen = Screen::start(command, 100, 30);
        screen.wait_for("waiting");
        screen.keys("q");
        assert_eq!(screen.wait(), 0);
    }

    /// Any other line.
    fn runs(&self, line: &str) {
        let output = self.shell(line).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {:?} {said}", output.status.code());
        assert!(said.is_empty(), "{line}: {said}");
    }
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Twenty calls and four remembered approvals, so that the numbers in the README are those of something.
fn history(world: &World) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    let (mut journal, _) = Journal::open(&world.home().join("journal"), now).unwrap();
    for id in 1..=20 {
        journal.append(now, &records(id, &PLAIN)).unwrap();
    }
    let grants: Vec<Record> = (1..=4).map(|id| Record::Granted(grant(id))).collect();
    journal.append(now, &grants).unwrap();
}

#[test]
fn every_command_in_the_readme_runs() {
    let desk = Desk::new();
    let mut ran = 0;
    for (_, body) in blocks(&read("README.md")).into_iter().filter(|(language, _)| language == "sh") {
        for line in body.replace("\\\n", " ").lines().map(str::trim).filter(|line| !line.is_empty()) {
            let plain = words(line).join(" ");
            ran += 1;
            match words(line).iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["cargo", ..] => {
                    let known = ELSEWHERE.iter().find(|(own, ..)| *own == plain);
                    let (_, file, text) = known.unwrap_or_else(|| panic!("nothing runs {plain}"));
                    assert!(read(file).contains(text), "{file} does not run {plain}");
                }
                ["claude", ..] | ["sayso", "wrap", ..] => desk.serves(line),
                ["sayso"] => desk.opens(line),
                ["sayso", ..] => desk.runs(line),
                _ => panic!("nothing here runs {plain}"),
            }
        }
    }
    assert!(ran >= 18, "only {ran} commands were found");
    assert!(fs::read_to_string(desk.person.join("history.csv")).is_ok_and(|csv| csv.lines().count() > 20));
}
