//! The command line from outside: help, wrong usage, completions, homes; and what is not on it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::CommandFactory as _;
use sayso::cli::Cli;

/// The program with nothing of this machine's environment but the path to tools.
pub fn sayso(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sayso"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn output(arguments: &[&str]) -> Output {
    sayso(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Every command of the table, hidden ones too, with the words that lead to it.
fn commands() -> Vec<(String, clap::Command)> {
    fn walk(at: &clap::Command, words: &str, all: &mut Vec<(String, clap::Command)>) {
        for command in at.get_subcommands() {
            let words = format!("{words} {}", command.get_name()).trim().to_owned();
            walk(command, &words, all);
            all.push((words, command.clone()));
        }
    }
    let mut all = Vec::new();
    walk(&Cli::command(), "", &mut all);
    all
}

#[test]
fn help_names_every_command_and_hides_the_demos_own() {
    let output = output(&["--help"]);
    assert!(output.status.success());
    let help = stdout(&output);
    let listed = |name: &str| help.lines().any(|line| line.trim_start().split(' ').next() == Some(name));
    for command in Cli::command().get_subcommands() {
        assert_eq!(listed(command.get_name()), !command.is_hide_set(), "{}\n{help}", command.get_name());
    }
}

#[test]
fn every_command_has_a_line_of_help_of_its_own() {
    let line = |command: &clap::Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let all = commands();
    for (words, command) in &all {
        let own = line(command);
        assert!(!own.is_empty(), "{words} says nothing");
        // Two lines that were written under each other are one.
        let begins = |word: &str| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
        assert!(!own.split(' ').skip(1).any(begins), "{words}: {own}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_what_is_right() {
    for (wrong, word) in [
        (&["frobnicate"][..], "unrecognized subcommand"),
        (&["wrap"][..], "required"),
        (&["wrap", "--name"][..], "value is required"),
        (&["wrap", "server-without-dashes"][..], "unexpected argument"),
        (&["history", "--risk", "huge"][..], "low, medium, high"),
        (&["history", "--decision", "maybe"][..], "allowed"),
        (&["history", "show", "not-a-number"][..], "invalid"),
        (&["risk", "set", "fs"][..], "required"),
        (&["completions", "cmd.exe"][..], "possible values"),
    ] {
        let output = output(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(stderr(&output).contains(word), "{wrong:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{wrong:?}");
    }
}

#[test]
fn b36_no_command_approves_a_held_call() {
    let says = ["approve", "allow", "accept", "decide", "answer", "grant", "yes", "confirm", "pass"];
    for (words, _) in commands() {
        let last = words.rsplit(' ').next().unwrap();
        assert!(!says.contains(&last), "sayso {words}");
    }
}

#[test]
fn b37_no_flag_or_variable_turns_the_gate_off() {
    let mut root = Cli::command();
    root.build();
    let mut variables = Vec::new();
    for command in root.get_subcommands().chain([&root]) {
        variables.extend(command.get_arguments().filter_map(|argument| argument.get_env()).map(ToOwned::to_owned));
    }
    variables.sort();
    variables.dedup();
    assert_eq!(variables, ["SAYSO_HOME"], "a variable on the command line can come from the agent's project");
    let wrap = root.find_subcommand("wrap").unwrap();
    let mut names: Vec<&str> = wrap.get_arguments().map(|argument| argument.get_id().as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["command", "help", "home", "name", "theme"]);
}

#[test]
fn completions_are_scripts_that_their_shells_can_read() {
    for (shell, check) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"), ("elvish", ""), ("powershell", "")] {
        let output = output(&["completions", shell]);
        assert!(output.status.success(), "{shell}");
        let script = stdout(&output);
        for command in ["wrap", "history", "approvals", "doctor"] {
            assert!(script.contains(command), "{shell} does not complete {command}");
        }
        if !check.is_empty() {
            parses(check, &script);
        }
    }
}

/// Asks the shell itself, where it is installed.
fn parses(shell: &str, script: &str) {
    let started = Command::new(shell).arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = started else { return };
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{shell}: {}", stderr(&output));
}

#[test]
fn completions_into_a_closed_pipe_are_no_error() {
    let mut child = sayso(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn the_flag_counts_before_the_variable() {
    let dir = tempfile::tempdir().unwrap();
    let (flag, variable) = (dir.path().join("flag"), dir.path().join("variable"));
    let run = |arguments: &[&str]| sayso(arguments).env("SAYSO_HOME", &variable).output().unwrap();
    let output = run(&["--home", flag.to_str().unwrap(), "policy", "init"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(flag.join("policy.toml").is_file() && !variable.exists());
    let output = run(&["policy", "init"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(variable.join("policy.toml").is_file());
}

#[test]
fn a_home_that_cannot_be_is_named_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    for home in [file.as_path(), &file.join("below"), Path::new("/dev/null/home"), Path::new("/proc/home")] {
        for arguments in [&["policy", "init"][..], &["hub", "run"]] {
            let output = sayso(arguments).env("SAYSO_HOME", home).output().unwrap();
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{}: {said}", home.display());
            assert!(said.contains(home.to_str().unwrap()), "{}: {said}", home.display());
            assert!(said.starts_with("sayso: ") && !said.contains("panicked"), "{said}");
        }
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn the_version_is_the_manifests() {
    assert_eq!(stdout(&output(&["--version"])), format!("sayso {}\n", env!("CARGO_PKG_VERSION")));
}
