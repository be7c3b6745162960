//! A project's own file, and what the commands say of policies that wait: the real program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::world::{ECHO_RUNS, Host, World, fixture};

const DENIES: &str = "[[rule]]\ntool = \"echo\"\naction = \"deny\"\nreason = \"not in this project\"\n";

/// A project in this world: a repository, and a folder in it where the server runs.
fn project(world: &World, text: &str) -> (PathBuf, PathBuf) {
    let repository = world.home().join("repository");
    let folder = repository.join("a/b");
    fs::create_dir_all(&folder).expect("made");
    fs::create_dir_all(repository.join(".git")).expect("made");
    let file = repository.join(".sayso.toml");
    write(&file, text);
    (folder, file)
}

fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("written");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o644)).expect("set");
    fs::rename(new, path).expect("put in place");
}

fn server_in(world: &World, folder: &Path) -> Host {
    let words = [fixture().display().to_string(), "--log".to_owned(), world.log().display().to_string()];
    let mut host = world.wrap_changed(Some("fix"), &words, |command| {
        command.current_dir(folder);
    });
    host.initialize();
    host
}

fn denied(answer: &Value) -> bool {
    answer["result"]["isError"] == json!(true)
}

#[test]
fn b30_what_a_repository_ships_tightens_and_does_not_loosen() {
    let world = World::with_policy(&format!(
        "[timeout]\ndefault = \"1s\"\n{ECHO_RUNS}[[rule]]\ntool = \"frob\"\naction = \"allow\"\n"
    ));
    let loosens = format!("[levels]\nmedium = \"allow\"\nhigh = \"allow\"\n{DENIES}[[rule]]\naction = \"allow\"\n");
    let (folder, file) = project(&world, &loosens);
    let screen = world.console_sized(120, 30);
    screen.wait_for("No call waits for you");
    let mut host = server_in(&world, &folder);
    host.call(1, "echo", &json!({"n": 1}));
    let answer = host.answer(1);
    assert!(denied(&answer) && answer.to_string().contains("not in this project"), "{answer}");
    host.call(2, "write_note", &json!({"text": "x"}));
    assert!(denied(&host.answer(2)), "what it allows is asked for as ever, and nobody answers");
    screen.wait_for(".sayso.toml:2: ");
    assert!(world.ran().is_empty());
    // Whatever is done to it while the server runs, it has said what it said.
    fs::remove_file(&file).expect("removed");
    screen.wait_for("is gone");
    host.call(3, "echo", &json!({"n": 3}));
    assert!(denied(&host.answer(3)));
    drop(host);
    let mut host = server_in(&world, &folder);
    host.call(4, "echo", &json!({"n": 4}));
    assert!(!denied(&host.answer(4)), "a server that is started anew has no such file");
    write(&file, "[[rule]\n");
    screen.wait_for(".sayso.toml:1:8: ");
    host.call(5, "frob", &json!({"n": 5}));
    let answer = host.answer(5);
    assert!(denied(&answer) && answer.to_string().contains(".sayso.toml"), "{answer}");
}

#[test]
fn b30_a_command_says_what_of_a_projects_file_counts() {
    let world = World::new();
    let (folder, file) = project(&world, &format!("[levels]\nmedium = \"allow\"\n{DENIES}"));
    let dir = folder.display().to_string();
    let (code, out, _) = world.run(&["policy", "check", "--project", &dir]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains(".sayso.toml:2:10: warning: medium calls: allow is looser than ask"), "{out}");
    let (code, out, _) = world.run(&["policy", "show", "--project", &dir]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("* echo -> deny (not in this project)"), "{out}");
    write(&file, DENIES);
    assert_eq!(world.run(&["policy", "check", "--project", &dir]).0, 0);
    write(&file, "[[rule]\n");
    let (code, out, _) = world.run(&["policy", "check", "--project", &dir]);
    assert!(code == 1 && out.contains("until this is mended"), "{out}");
    fs::remove_file(&file).expect("removed");
    let (code, out, _) = world.run(&["policy", "check", "--project", &dir]);
    assert!(code == 0 && out.starts_with("no .sayso.toml"), "{out}");
}

#[test]
fn b29_commands_that_loosen_say_that_it_waits_for_a_person() {
    let world = World::new();
    // A new home: what stands there when the first hub begins is taken.
    let set = |tool: &str, level: &str| world.run(&["risk", "set", "fix", tool, level]);
    let (code, out, _) = set("echo", "low");
    assert!(code == 0 && out.contains("from now on"), "{out}");
    let mut host = world.wrap(&[]);
    host.initialize();
    host.call(1, "echo", &json!({"n": 1}));
    assert!(!denied(&host.answer(1)));
    let (_, out, _) = set("write_note", "high");
    assert!(out.contains("from now on") && !out.contains("waits"), "{out}");
    let (_, out, _) = set("write_note", "low");
    assert!(out.contains("once that is accepted") && out.contains("key P"), "{out}");
    let screen = world.console_sized(80, 24);
    screen.wait_for("POLICY GOT LOOSER");
    assert!(world.run(&["policy", "show"]).1.contains("waits     "));
    assert!(world.run(&["doctor"]).1.contains("waits until a person accepts it"));
    let explain = || world.run(&["risk", "explain", "fix", "write_note"]).2;
    assert!(explain().contains("this is what the file says; the policy file got looser"), "{}", explain());
    drop(screen);
    drop(host);
    world.stop_hub();
    let (_, out, _) = world.run(&["policy", "show"]);
    assert!(out.contains("waits     the file is not the one that was accepted last"), "{out}");
    assert!(explain().contains("the file is not the one that was accepted last"), "{}", explain());
}
