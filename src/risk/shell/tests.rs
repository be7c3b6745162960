use proptest::prelude::*;

use super::script::Sure;
use super::{parse, plain, text_of};

fn parsed(text: &str) -> Result<super::script::Script, &'static str> {
    parse::read(text, &mut parse::BUDGET.clone())
}

/// The ids of what a line does beside reading; `None` when it cannot be read.
fn rulings(text: &str) -> Option<Vec<&'static str>> {
    let mut budget = parse::BUDGET;
    let report = text_of(text, &mut budget).ok()?;
    Some(report.rulings.iter().map(|ruling| ruling.kind.id).collect())
}

fn only_reads(text: &str) -> bool {
    rulings(text).is_some_and(|rulings| rulings.is_empty())
}

#[test]
fn both_readers_take_a_plain_line_apart_alike() {
    for text in [
        "ls -l 'a b' \"c\\\"d\" | grep x && cat y;pwd\nid||wc 2>&1 >/dev/null",
        r"r\m -r''f",
        "cat < a > b >> c 2> d",
        "a $HOME/x \"$B\" ${C}d '$E'",
        "ls *.rs a?b [c]d",
        "find . -exec ls {} +",
        "echo \"a'b\" 'c\"d' e\\ f",
        "echo ä\u{1f600} 'ö' ü",
    ] {
        assert_eq!(plain::read(text), parsed(text).ok(), "{text}");
        assert!(plain::read(text).is_some(), "{text}");
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_parser() {
    for text in [
        "$(x)",
        "`x`",
        "(a)",
        "a & b",
        "cat <<E\nx\nE",
        "cat <(a)",
        "if a; then b; fi",
        "{ a; }",
        "a{b,c}",
        "$'a'",
        "A=b c",
        "! a",
        "# a",
    ] {
        assert_eq!(plain::read(text), None, "{text}");
        assert!(parsed(text).is_ok(), "{text}");
    }
}

#[test]
fn every_command_is_seen_wherever_it_stands() {
    for place in [
        "X",
        "ls; X",
        "ls && X",
        "ls || X",
        "ls | X",
        "ls & X",
        "X &",
        "(X)",
        "((X))x",
        "{ X; }",
        "echo $(X)",
        "echo `X`",
        "echo \"$(X)\"",
        "echo \"`X`\"",
        "cat <(X)",
        "ls > >(X)",
        "if ls; then X; fi",
        "if X; then ls; fi",
        "if ls; then ls; else X; fi",
        "while ls; do X; done",
        "until X; do ls; done",
        "for f in a b; do X; done",
        "for f in $(X); do ls; done",
        "case a in a) X;; esac",
        "f() { X; }",
        "function f { X; }; f",
        "cat <<E\n$(X)\nE",
        "cat <<E\n`X`\nE",
        "cat <<< $(X)",
        "[[ -n $(X) ]]",
        "[ -n \"$(X)\" ]",
        "echo ${a:-$(X)}",
        "echo $(echo $(X))",
        "a=$(X)",
        "a=(1 $(X))",
        "ls 2>/dev/null; X",
        "! X",
        "time X",
        "ls\nX",
        "for ((i=0;i<3;i++)); do X; done",
        "echo $((1+$(X)))",
        "ls # y\nX",
        "select a in b; do X; done",
        "echo \"${a[$(X)]}\"",
    ] {
        let line = place.replace('X', "rm -rf x");
        let rulings = rulings(&line);
        let seen = rulings.is_none_or(|r| r.contains(&"shell.destroys") || r.contains(&"shell.unreadable"));
        assert!(seen, "{line}");
        assert!(!only_reads(&line), "{line}");
    }
}

#[test]
fn a_command_is_seen_through_what_wraps_it() {
    for wrapped in [
        "sudo X",
        "sudo -u me X",
        "doas X",
        "env A=b X",
        "env -i X",
        "nice -n 5 X",
        "nohup X",
        "timeout 5 X",
        "timeout -k 1 5s X",
        "time X",
        "stdbuf -oL X",
        "setsid X",
        "xargs X",
        "ls | xargs -0 -I{} X {}",
        "find . -exec X {} ;",
        "find . -execdir X {} +",
        "find . -ok X ;",
        "parallel X",
        "watch X",
        "watch -n 1 'X'",
        "sh -c 'X'",
        "bash -lc 'X'",
        "bash -c \"ls; X\"",
        "sh -c \"sh -c 'X'\"",
        "ssh host X",
        "ssh -p 22 host 'ls; X'",
        "docker exec c X",
        "docker exec -it c sh -c 'X'",
        "kubectl exec p -- X",
        "su -c 'X'",
        "su - me -c 'X'",
        "eval X",
        "eval 'ls; X'",
        "command X",
        "exec X",
        "builtin X",
        "sudo env A=b nice timeout 5 X",
        "/usr/bin/env X",
        "ionice -c 3 X",
        "env -S 'X'",
        "busybox X",
        "flock /tmp/l X",
        "xargs -a f sh -c 'X'",
        "chroot /x X",
    ] {
        let line = wrapped.replace('X', "rm -rf x");
        let found = rulings(&line).unwrap_or_default();
        assert!(found.contains(&"shell.destroys"), "{line}: {found:?}");
    }
}

#[test]
fn a_variable_may_not_decide_what_runs() {
    for line in [
        "$X -rf y",
        "\"$X\" y",
        "${X:-ls}",
        "r$X y",
        "sudo $X",
        "sh -c \"$X\"",
        "eval $X",
        "{ls,x}",
        "$(echo ls)",
        "xargs $X",
        "find . $X",
        "sort $X a",
    ] {
        assert!(!only_reads(line), "{line}");
        assert!(rulings(line).is_none_or(|r| r.iter().any(|id| *id != "shell.open")), "{line}");
    }
}

#[test]
fn what_may_become_several_words_is_never_taken_for_one() {
    for line in [
        "x='9 5 rm -rf y'; timeout -s $x 5 ls",
        "x='5 rm'; timeout $x ls",
        "nice -n $x ls",
        "env -u $x ls",
        "env A=$x ls",
        "x='a -delete'; find . -name $x",
        "find . -name \"$@\"",
        "find . -name {a,-delete}",
        "find . -exec ls $x {} ;",
        "find . -exec ls {} ; -newer $(echo a -delete)",
        "x=' -o y'; sort -k1$x z",
        "rg a b$x",
        "awk -F $x '{print}' a",
        "git log --grep=$x",
        "git commit -m $x",
        "for f in '. -delete'; do find $f; done",
        "for f in 'a -o b'; do sort $f; done",
    ] {
        let high = |id: &&str| !["shell.open", "shell.changes", "git.changes"].contains(id);
        assert!(rulings(line).is_none_or(|r| r.iter().any(high)), "{line}: {:?}", rulings(line));
    }
    for line in ["timeout \"$x\" ls", "find . -name \"$x\"", "git log --grep=\"$x\"", "for f in a b; do ls a$f; done"] {
        assert!(only_reads(line), "{line}: {:?}", rulings(line));
    }
}

/// Lines that somebody types only to look.
const LOOKS: &[&str] = &[
    "egrep -n 'a|b' x",
    "rg -l x | xargs wc -l",
    "find . -name '*.rs' | xargs wc -l | sort -n | tail -5",
    "find src -name '*.ts' -print0 | xargs -0 grep -l x",
    "git ls-files | grep -v test | head -5 | xargs -I{} wc -l {}",
    "for f in *.rs; do wc -l \"$f\"; done",
    "lsof -nP -iTCP -sTCP:LISTEN",
    "lsof -i :3000",
    "ifconfig",
    "ip -br addr",
    "mount | grep x",
    "umask",
    "ulimit -a",
    "sysctl -a",
    "crontab -l",
    "ssh-add -l",
    "ssh-keygen -lf a.pub",
    "alias",
    "printenv PATH HOME",
    "nvidia-smi --query-gpu=name --format=csv",
    "rpm -qa",
    "pacman -Q",
    "gofmt -l .",
    "shellcheck -f gcc x",
    "xmllint --xpath //a x.xml",
    "eza -la --tree --level=2",
    "gzip -dc a.gz | head",
    "gunzip -c a.gz",
    "xz -l a.xz",
    "zstd -dc a.zst",
    "zipinfo a.zip",
    "openssl x509 -in a.crt -noout -text",
    "openssl dgst -sha256 a",
    "journalctl --list-boots",
    "journalctl -b -1 -n 50 -u x",
    "service nginx status",
    "supervisorctl status",
    "npm run",
    "pnpm why a",
    "yarn list --depth=0",
    "uv pip list",
    "poetry show --tree",
    "conda env list",
    "cargo metadata --no-deps --format-version 1",
    "cargo --list",
    "cargo locate-project",
    "go env GOPATH",
    "go doc fmt.Println",
    "rustc --version --verbose",
    "rustc -vV",
    "curl --version",
    "ssh -V",
    "cargo build --help",
    "docker run --help",
    "docker compose up --help",
    "gh pr create --help",
    "git commit --help",
    "git branch --format='%(refname:short)' --sort=-committerdate",
    "git apply --check a.patch",
    "git config get user.name",
    "docker --context x ps",
    "docker compose -f a.yml ps",
    "docker compose config --services",
    "kubectl -n web get pods -owide",
    "kubectl get pods -n \"$NS\"",
    "kubectl logs -f deploy/web -c app",
    "kubectl get pods -w",
    "aws --region x s3 ls",
    "aws s3 sync a s3://b --dryrun",
    "gh -R a/b run list --limit 5",
    "systemctl --user --no-pager status x",
    "terraform fmt -check -diff",
    "hg status",
    "svn status",
];

#[test]
fn what_is_typed_only_to_look_only_reads() {
    for line in LOOKS {
        let fetches = rulings(line).is_some_and(|r| r.iter().all(|id| *id == "shell.fetches"));
        assert!(fetches, "{line}: {:?}", rulings(line));
        assert!(only_reads(line) || line.starts_with("gh "), "{line}: {:?}", rulings(line));
    }
}

/// Lines that look as if they only looked.
const MORE: &[&str] = &[
    // The word that counts is an option's value, or stands behind an option that takes none.
    "npm -g install ls",
    "npm --profile install ls",
    "npm -s run build",
    "npm run -s build",
    "apt -f purge list",
    "brew -f uninstall list",
    "systemctl -f stop status",
    "kubectl --as-group get delete pod x",
    "docker --tlskey ps rm -f x",
    "docker compose --parallel ps down",
    "redis-cli -h ping flushall",
    "tmux -L ls new-session x",
    "git config --comment get core.editor x",
    "git bisect view stash drop",
    "git reflog --all expire",
    // It is asked of somebody else, or runs or writes what an option names.
    "kubectl -s https://a get pods",
    "kubectl get pods -Ashttps://a",
    "kubectl get pods --profile=cpu --profile-output=x",
    "kubectl cluster-info dump --output-directory=x",
    "helm list --kube-apiserver=https://a",
    "helm template . --dependency-update",
    "vault kv list -address=https://a x",
    "consul members --http-addr=a",
    "etcdctl --endpoints=a get x",
    "apt list -o Dir::Bin::dpkg=x",
    "pip list --python x",
    "pip list --pyth=x",
    "pip list --log x",
    "podman ps --runtime=x",
    "nginx -t -g x",
    "restic snapshots -o sftp.command=x",
    "rclone ls ':sftp,ssh=x:'",
    "rclone ls a:b --sftp-ssh x",
    "rclone ls a:b --log-file=x",
    "docker compose config -ox",
    "tmux ls '-F#(x)'",
    "go env --w A=b",
    "go list --toolexec=x ./...",
    "svn diff --diff-cmd x",
    "hg log --conf alias.log=x",
    "git grep --open=x y",
    "git ls-remote --upload=x y",
    "bat -p --pager=x y",
    "cloc --vcs='rm x' .",
    "journalctl -n --vacuum-size=1",
    "sed -l -i '' s/a/b/ x",
    "strace -o x ls",
    "proxychains -f x ls",
    "parallel -S host cat ::: x",
    "lsof -D b",
    "lsof -i -D b",
    "awk '{ print $1,\n$2 > \"x\" }' y",
    "awk '{ print $1 \\\n > \"x\" }' y",
    // It is no trial, or it is taken back.
    "rclone delete a:b --include --dry-run",
    "rclone delete a:b --dry-run --dry-run=false",
    "rclone delete a:b -- --dry-run",
    "aws s3 rm s3://a --exclude --dryrun",
    // It looks with one word and does with the next.
    "crontab a",
    "crontab -r",
    "mount -a",
    "umask 0",
    "sysctl a=b",
    "alias a=b",
    "ifconfig a down",
    "ssh-add",
    "ssh-keygen -f a",
    "rpm -qa --pipe x",
    "rpm -e a",
    "pacman -S a",
    "gofmt -w a",
    "gzip a",
    "bzip2 -td a",
    "openssl x509 -in a -out b",
    "ip -br link set a down",
    "service a restart",
    "npm audit fix",
    "cargo xtask --help",
    "cargo run -- --help",
    "docker run a --help",
    "docker exec a b --help",
    "npm x --help",
    // What it is given is not from below the folder.
    "find / -name a | xargs cat",
    "find . -printf '/etc/shadow\n' | xargs cat",
    "find . -name id_rsa | xargs cat",
    "echo a | xargs cat",
    "cd a && find . | xargs cat",
    "find . | sed s/a/b/ | xargs cat",
    "{ echo a; find .; } | xargs cat",
    "find . | xargs -a b cat",
    "find . | xargs git log",
    "find . | xargs -I{} sh -c 'cat {}'",
];

#[test]
fn what_only_seems_to_look_does_not_merely_read() {
    for line in MORE {
        assert!(!only_reads(line), "{line}");
    }
}

#[test]
fn spans_are_bytes_of_the_line() {
    let text = "ls ä; echo $(date) 'ö'; rm -rf x";
    let report = text_of(text, &mut parse::BUDGET.clone()).expect("readable");
    let [ruling] = &report.rulings[..] else { panic!("{:?}", report.rulings) };
    assert_eq!(&text[ruling.at.clone()], "rm -rf x");
    let report = text_of("sudo sh -c 'ls; rm x'", &mut parse::BUDGET.clone()).expect("readable");
    assert!(report.rulings.iter().all(|ruling| ruling.at == (0..21)), "{:?}", report.rulings);
}

#[test]
fn hostile_lines_are_unreadable_and_break_nothing() {
    for unit in [
        "(",
        ")",
        "$(",
        "`",
        "{ ",
        "}",
        "if ",
        "if a; then ",
        "while ",
        "case x in ",
        "cat <<A\n",
        "<<A ",
        "\"",
        "'",
        "\"$(",
        "$((",
        "${a:-",
        "a|",
        "a&&",
        "f(){ ",
        "<(",
        "[[ ( ",
        "! ",
        "a;",
        "elif ",
        "\n",
        "a=(",
        "@(",
        "{a,",
        "coproc ",
        "\\",
        "a & ",
        "$'",
        "$\"",
        "((",
        "for i in a; do ",
        "a=",
        "((((((((a)))))))) ",
        "{a,b}",
        "[[ a && ",
        "[[ ! ",
        "a > ",
        "<<<",
        "\u{0}",
        "sh -c '",
        "sudo ",
        "find -exec ",
        "xargs ",
        "env ",
    ] {
        for n in [30, 1_000, 100_000] {
            let text = unit.repeat(n);
            let mut budget = parse::BUDGET;
            let report = text_of(&text, &mut budget);
            assert!(report.is_err() || n < 100_000, "{unit} × {n}");
            if text.len() > 2 * super::LONGEST {
                assert_eq!(budget, parse::BUDGET, "what is too long is not parsed");
            }
        }
    }
    let nested = (0..40)
        .fold("rm x".to_owned(), |inner, _| format!("sh -c {}", shell_quoted(&inner)).chars().take(8_000).collect());
    assert!(!only_reads(&nested));
    let balanced = |open: &str, close: &str, n: usize| format!("{}ls{}", open.repeat(n), close.repeat(n));
    for (open, close) in [
        ("(", ")"),
        ("$(", ")"),
        ("{ ", "; }"),
        ("if ls; then ", "; fi"),
        ("\"$(", ")\""),
        ("${a:-", "}"),
        ("echo $((", "))"),
        ("<(", ")"),
        ("f() { ", "; }"),
    ] {
        for n in [1, 4, 8, 20, 60, 500] {
            let line = balanced(open, close, n);
            assert!(n < 60 || !only_reads(&line), "{line}");
            let _ = rulings(&line);
        }
    }
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Lines that only read.
const LOW: &[&str] = &[
    "ls -la",
    "cat a b",
    "git status",
    "grep -rn x src | head -n 5",
    "find . -name '*.rs' -type f",
    "wc -l a && pwd",
    "echo a",
    "git log --oneline -5",
    "du -sh .",
    "ps aux | sort -k 3",
];

/// One word in one of the shell's ways.
fn written(word: &str, way: u8) -> String {
    match way {
        0 => word.to_owned(),
        1 => format!("'{word}'"),
        2 => format!("\"{word}\""),
        3 => word.chars().flat_map(|c| ['\\', c]).collect(),
        4 => format!("$'{word}'"),
        _ => {
            let (a, b) = word.split_at(word.len() / 2);
            format!("{a}''{b}")
        }
    }
}

/// In a plain line nothing is made; of a backquote in quotes the parser's reader may think so.
fn unmade(mut script: super::script::Script) -> super::script::Script {
    let words = script.commands.iter_mut().flat_map(|command| command.words.iter_mut().chain(&mut command.sets));
    for word in words.chain(&mut script.writes).chain(&mut script.reads) {
        word.made = false;
    }
    script
}

proptest! {
    #[test]
    fn how_a_word_is_quoted_changes_nothing(
        line in prop::sample::select(vec!["ls -la src", "rm -rf x", "git push --force", "sort -o a b", "cat a b", "sudo ls", "git log -p", "find . -delete", "frobnicate x", "touch a"]),
        ways in prop::collection::vec(0_u8..6, 4),
    ) {
        let quoted: Vec<String> = line.split(' ').zip(ways).map(|(word, way)| written(word, way)).collect();
        let quoted = quoted.join(" ");
        prop_assert_eq!(rulings(&quoted), rulings(line), "{}", quoted);
    }

    #[test]
    fn a_destroyer_anywhere_is_found(line in prop::sample::select(LOW), place in 0_usize..14) {
        prop_assert!(only_reads(line), "{}", line);
        let worse = [
            "L; rm -rf x", "rm -rf x; L", "L && rm -rf x", "L || rm -rf x", "L | rm -rf x", "L $(rm -rf x)", "L `rm -rf x`", "L \"$(rm -rf x)\"", "L\nrm -rf x", "L & rm -rf x",
            "(L; rm -rf x)", "if L; then rm -rf x; fi", "for i in 1 2; do L; rm -rf x; done", "L <(rm -rf x)",
        ][place].replace('L', line);
        prop_assert!(rulings(&worse).is_none_or(|r| r.contains(&"shell.destroys")), "{}", worse);
    }

    #[test]
    fn the_two_readers_agree(text in "([a-zA-Z0-9_./=~*?'\" |;&<>$-]|\\\\.|\\$[A-Z]|'[^']{0,5}'|\"[a-z $A-Z]{0,5}\"|&&|\\|\\||2>|\\n|ä){0,24}") {
        if let Some(script) = plain::read(&text) {
            prop_assert_eq!(Some(script), parsed(&text).ok().map(unmade), "{:?}", text);
        }
    }

    #[test]
    fn no_line_breaks_the_judge(text in "(\\PC|[$(){}`'\"|&;<>\\\\ \\n\\[\\]!#*=-]|if |then |fi|do |done|sh -c |<<E|case |esac|in ){0,60}") {
        let mut budget = parse::BUDGET;
        if let Ok(report) = text_of(&text, &mut budget) {
            for ruling in report.rulings {
                prop_assert!(text.get(ruling.at.clone()).is_some(), "{:?} of {:?}", ruling, text);
            }
        }
    }
}

#[test]
fn what_is_known_of_a_word_is_told() {
    let word = |text: &str| parsed(&format!("x {text}")).expect("readable").commands.remove(0).words.remove(1);
    assert_eq!((word("$HOME/a").sure, word("$HOME/a").open), (Sure::Tame, true));
    assert_eq!((word("a$B").sure, word("a$B").open, word("a$B").splits), (Sure::Unknown, true, true));
    assert_eq!((word("a\"$B\"").sure, word("a\"$B\"").open), (Sure::Unknown, false));
    assert_eq!((word("\"$B\"").open, word("\"$B\"").splits, word("\"$@\"").splits), (true, false, true));
    assert_eq!((word("a*").sure, word("a*").open), (Sure::Tame, false));
    assert_eq!((word("'*'").sure, word("'a'\"b\"c").text), (Sure::Literal, "abc".to_owned()));
    assert_eq!((word("{a,b}").sure, word("{}").sure), (Sure::Unknown, Sure::Literal));
}
