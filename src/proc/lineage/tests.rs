use super::*;

/// A chain from command lines, the process itself first; the last one is pid 1.
fn chain(lines: &[&str]) -> Vec<Process> {
    let count = u32::try_from(lines.len()).expect("few");
    lines
        .iter()
        .zip(0..)
        .map(|(line, at)| {
            let words: Vec<String> = if let Some(title) = line.strip_prefix('=') {
                vec![title.to_owned()]
            } else {
                line.split(' ').map(str::to_owned).collect()
            };
            let pid = if at + 1 == count { 1 } else { 1000 - at };
            Process {
                key: Key { pid, started: u64::from(count - at) },
                parent: 0,
                tty: 0x8800,
                name: words[0].rsplit('/').next().unwrap_or_default().chars().take(15).collect(),
                words,
            }
        })
        .collect()
}

fn host(lines: &[&str]) -> Option<String> {
    let chain = chain(lines);
    let host = host_of(&chain)?;
    chain.iter().find(|p| p.key == host).map(|p| p.words.join(" "))
}

#[track_caller]
fn check(lines: &[&str], expected: Option<&str>) {
    assert_eq!(host(lines).as_deref(), expected, "{lines:?}");
}

#[test]
fn the_host_is_the_nearest_that_is_no_shell_and_no_launcher() {
    let cases: &[(&[&str], &str)] = &[
        // Claude Code in a terminal.
        (&["sayso wrap", "claude", "-bash", "/usr/libexec/gnome-terminal-server", "systemd"], "claude"),
        (&["sayso wrap", "node /usr/bin/claude", "zsh", "=tmux: server", "/sbin/init"], "node /usr/bin/claude"),
        // An agent in Python, by script and by module.
        (&["sayso wrap", "/usr/bin/python3.12 agent.py", "bash", "alacritty", "init"], "/usr/bin/python3.12 agent.py"),
        (&["sayso wrap", "python -m agent", "fish", "kitty", "init"], "python -m agent"),
        (&["sayso wrap", "python3 -c import", "fish", "kitty", "init"], "python3 -c import"),
        // Through shells and package runners.
        (&["sayso wrap", "sh -c sayso wrap", "=npm exec sayso wrap", "claude", "bash", "kitty", "init"], "claude"),
        (&["sayso wrap", "node /usr/lib/npm/bin/npx-cli.js sayso", "cursor", "init"], "cursor"),
        (&["sayso wrap", "node --no-warnings /usr/bin/pnpm.cjs dlx sayso", "claude", "init"], "claude"),
        (&["sayso wrap", "uvx sayso", "python agent.py", "bash", "init"], "python agent.py"),
        (&["sayso wrap", "python /usr/bin/pipx run sayso", "goose", "init"], "goose"),
        (&["sayso wrap", "python3 -m pipx run sayso", "goose", "init"], "goose"),
        (&["sayso wrap", "timeout 60 sayso wrap", "/bin/dash -c x", "env A=1 sh", "codex", "bash", "init"], "codex"),
        (&["sayso wrap", "bun x sayso", "opencode", "bash", "init"], "opencode"),
        // A runtime that is a package runner too: with a script it is the agent.
        (&["sayso wrap", "bun agent.ts", "bash", "foot", "init"], "bun agent.ts"),
        (&["sayso wrap", "sh -c x", "bun run --smol src/agent.tsx", "zsh", "init"], "bun run --smol src/agent.tsx"),
        (&["sayso wrap", "sh -c x", "bun run start", "codex", "zsh", "init"], "codex"),
        // The editor's extension host, not the editor.
        (
            &["sayso wrap", "/usr/share/code/code --type=utility", "/usr/share/code/code", "systemd"],
            "/usr/share/code/code --type=utility",
        ),
        (
            &["sayso wrap", "/opt/Claude/claude-desktop", "/usr/lib/systemd/systemd --user", "systemd"],
            "/opt/Claude/claude-desktop",
        ),
        // An agent over ssh.
        (&["sayso wrap", "claude", "-zsh", "=sshd: me@pts/0", "sshd", "systemd"], "claude"),
    ];
    for (lines, expected) in cases {
        check(lines, Some(expected));
    }
}

#[test]
fn a_wrap_started_by_hand_has_its_parent_for_a_host() {
    check(&["sayso wrap", "bash", "=tmux: server", "init"], Some("bash"));
    check(&["sayso wrap", "uvx sayso", "-bash", "=sshd: me@pts/1", "sshd", "init"], Some("uvx sayso"));
    check(&["sayso wrap", "zsh", "SCREEN -S x", "init"], Some("zsh"));
    check(&["sayso wrap", "sh -c x", "bash"], Some("sh -c x"));
    check(&["sayso wrap", "bash", "bash -l", "kitty", "init"], Some("bash"));
    check(&["sayso wrap", "=sshd: me@notty", "sshd", "init"], Some("sshd: me@notty"));
}

#[test]
fn an_agent_that_is_a_shell_script_is_the_host() {
    check(&["sayso wrap", "sh -c x", "bash ./agent.sh", "-zsh", "kitty", "init"], Some("bash ./agent.sh"));
    check(&["sayso wrap", "bash ./agent.sh", "env A=1 sh", "=tmux: server", "init"], Some("bash ./agent.sh"));
}

#[test]
fn what_adopts_orphans_is_never_a_host() {
    check(&["sayso wrap", "/usr/lib/systemd/systemd --user", "systemd"], None);
    check(&["sayso wrap", "bash"], None);
    check(&["sayso wrap", "python agent.py"], None);
    check(&["sayso wrap"], None);
    assert_eq!(host_of(&[]), None);
}

#[test]
fn a_name_that_only_looks_like_a_shell_is_a_program() {
    for line in ["bashful", "./sh.agent", "node sh-agent.js", "python npx_agent.py", "terminal-agent", "npx-agent"] {
        check(&["sayso wrap", line, "bash", "kitty", "init"], Some(line));
    }
}

fn lineage(lines: &[&str]) -> Lineage {
    Lineage { chain: chain(lines), whole: true }
}

/// Whether `host` is among the console's forebears: what the desk asks.
fn is_below(console: &Lineage, host: Key) -> bool {
    console.chain.iter().any(|p| p.key == host)
}

#[test]
fn b36_a_console_below_a_host_is_told_from_one_beside_it() {
    let wrap = chain(&["sayso wrap", "python agent.py", "bash", "tmux", "init"]);
    let host = host_of(&wrap).expect("the agent");
    // What the agent's own shell starts; it is the third in that chain.
    let below = Lineage {
        chain: [chain(&["sayso", "bash -c sayso", "x"])[..2].to_vec(), wrap[1..].to_vec()].concat(),
        whole: true,
    };
    assert!(is_below(&below, host));
    // A window of the same multiplexer.
    let beside =
        Lineage { chain: [chain(&["sayso", "zsh", "x"])[..2].to_vec(), wrap[3..].to_vec()].concat(), whole: true };
    assert!(!is_below(&beside, host));
    assert_eq!((unfit(&below), unfit(&beside)), (None, None));
}

#[test]
fn b36_the_integrated_terminal_of_an_editor_that_hosts_wraps_is_not_below_the_host() {
    let mut wrap = chain(&["sayso wrap", "code --type=utility", "code", "init"]);
    let mut console = lineage(&["sayso", "bash", "code --type=ptyHost", "code", "init"]);
    // One editor, its extension host and its pty host side by side.
    wrap[2].key = Key { pid: 50, started: 1 };
    wrap[1].key = Key { pid: 60, started: 2 };
    console.chain[3].key = wrap[2].key;
    console.chain[2].key = Key { pid: 61, started: 2 };
    let host = host_of(&wrap).expect("the extension host");
    assert_eq!(host, wrap[1].key);
    assert!(!is_below(&console, host));
}

#[test]
fn b36_a_console_without_a_terminal_may_not_decide() {
    let mut console = lineage(&["sayso", "bash", "kitty", "init"]);
    assert_eq!(unfit(&console), None);
    console.chain[0].tty = 0;
    assert!(unfit(&console).is_some_and(|why| why.contains("no terminal")));
    assert!(unfit(&Lineage::default()).is_some());
}

#[test]
fn b36_a_console_that_a_known_agent_started_may_not_decide_though_no_wrap_is_its_own() {
    for agent in [
        "claude",
        "/home/me/.local/bin/claude --resume",
        "node /usr/bin/claude",
        "node --max-old-space-size=4096 /usr/lib/node_modules/@google/gemini-cli/dist/index.js",
        "node /usr/lib/node_modules/@openai/codex/bin/codex.js exec",
        "bun run /opt/node_modules/opencode-ai/main.ts",
        "/usr/bin/python3.12 /home/me/.local/bin/aider --yes",
        "python3 -m aider",
        "/opt/goose session",
        "=copilot",
        "cursor-agent -p",
    ] {
        let console = lineage(&["sayso", "bash -c sayso", "script -qc sayso", agent, "zsh", "=tmux: server", "init"]);
        let why = unfit(&console).unwrap_or_default();
        assert!(why.contains("terminal of your own"), "{agent}: {why}");
    }
    for person in [
        "/usr/share/code/code --type=ptyHost",
        "cursor --type=ptyHost",
        "zed",
        "vim claude.md",
        "bash claude",
        "python claude_notes.py",
        "node /home/me/codex/server.js",
        "less /usr/lib/node_modules/@openai/codex/README.md",
        "sshd: me@pts/0",
    ] {
        let console = lineage(&["sayso", "bash", person, "zsh", "init"]);
        assert_eq!(unfit(&console), None, "{person}");
    }
}
