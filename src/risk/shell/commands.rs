//! What a simple command does: a list of readers with the options that make them more, and lists of the worst.

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Reads and nothing else.
    Read,
    /// Nobody knows.
    Anything,
    /// Sends to other machines, or fetches from them.
    Send,
    /// Stays, or starts things later.
    Persist,
    /// Runs with other rights, or changes rights.
    Privilege,
    /// Deletes, overwrites, rewrites.
    Destroy,
}

/// Commands that only read whatever their options.
const READERS: &[&str] = &[
    "ls",
    "cat",
    "pwd",
    "echo",
    "head",
    "tail",
    "wc",
    "grep",
    "egrep",
    "fgrep",
    "stat",
    "du",
    "df",
    "which",
    "whoami",
    "id",
    "uname",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "cut",
    "tr",
    "nl",
    "diff",
    "cmp",
    "true",
    "false",
    "ps",
    "uptime",
    "free",
    "groups",
    "arch",
    "nproc",
    "printf",
    "test",
    "[",
    "cksum",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "od",
    "comm",
    "paste",
    "expand",
    "fold",
    "seq",
    "column",
    "tty",
    "jq",
    "type",
    "cd",
    "locale",
    "getconf",
    "lscpu",
    "lsblk",
    "tac",
    "rev",
    "strings",
    "sleep",
];
/// Readers, each with the beginnings of options that make it more.
const VETOED: &[(&str, &[&str])] = &[
    ("find", &["-exec", "-ok", "-delete", "-fprint", "-fls"]),
    ("fd", &["-x", "-X", "--exec"]),
    ("rg", &["--pre", "--hostname-bin"]),
    ("sort", &["-o", "--o", "--compress", "-T", "--t"]),
    ("tree", &["-o", "-R"]),
    ("file", &["-C", "--compile", "-m", "--magic"]),
    ("date", &["-s", "--s"]),
];
/// Git's subcommands that only read, each with options that make them more.
const GIT: &[(&str, &[&str])] = &[
    ("status", &[]),
    ("log", &["--output", "--ext-diff"]),
    ("show", &["--output", "--ext-diff"]),
    ("diff", &["--output", "--ext-diff"]),
    ("rev-parse", &[]),
    ("ls-files", &[]),
    ("ls-tree", &[]),
    ("blame", &[]),
    ("describe", &[]),
    ("shortlog", &["--output"]),
    ("cat-file", &["--textconv", "--filters"]),
    ("rev-list", &[]),
    ("merge-base", &[]),
    ("grep", &["-O", "--open-files"]),
];
/// The worst of git: the subcommand and a word that has to be among the rest, if one has to.
const GIT_DESTROYS: &[(&str, &[&str])] = &[
    ("push", &["-f", "--force", "--force-with-lease", "--delete", "-d", "--mirror", "--prune"]),
    ("reset", &["--hard", "--merge", "--keep"]),
    ("clean", &[]),
    ("filter-branch", &[]),
    ("filter-repo", &[]),
    ("branch", &["-D", "-d", "--delete", "-f", "--force", "-M"]),
    ("tag", &["-d", "--delete", "-f"]),
    ("stash", &["drop", "clear"]),
    ("reflog", &["expire", "delete"]),
    ("gc", &[]),
    ("prune", &[]),
    ("rebase", &[]),
    ("checkout", &["--", "-f", "--force", "."]),
    ("restore", &[]),
    ("rm", &[]),
    ("update-ref", &[]),
    ("worktree", &["remove", "prune"]),
];

const DESTROYERS: &[&str] = &[
    "rm",
    "rmdir",
    "unlink",
    "shred",
    "dd",
    "mkfs",
    "wipefs",
    "fdisk",
    "parted",
    "sfdisk",
    "truncate",
    "wipe",
    "srm",
    "kill",
    "killall",
    "pkill",
    "shutdown",
    "reboot",
    "halt",
    "poweroff",
    "init",
    "mkswap",
    "blkdiscard",
    "dropdb",
    "userdel",
    "groupdel",
    "del",
    "erase",
    "format",
    "rd",
    "deltree",
    "remove-item",
    "tee",
    "mv",
];
const PRIVILEGE: &[&str] = &[
    "sudo",
    "su",
    "doas",
    "pkexec",
    "run0",
    "chmod",
    "chown",
    "chgrp",
    "setfacl",
    "chattr",
    "usermod",
    "useradd",
    "adduser",
    "groupadd",
    "passwd",
    "visudo",
    "setcap",
    "mount",
    "umount",
    "insmod",
    "modprobe",
    "sysctl",
    "iptables",
    "nft",
    "ufw",
    "setenforce",
    "nsenter",
    "unshare",
    "chroot",
    "runas",
    "icacls",
    "takeown",
];
const PERSISTENCE: &[&str] = &[
    "crontab",
    "at",
    "batch",
    "systemctl",
    "service",
    "launchctl",
    "schtasks",
    "update-rc.d",
    "nohup",
    "disown",
    "setsid",
    "screen",
    "tmux",
];
const SENDERS: &[&str] = &[
    "curl",
    "wget",
    "nc",
    "ncat",
    "netcat",
    "socat",
    "telnet",
    "ftp",
    "sftp",
    "scp",
    "rsync",
    "rclone",
    "mail",
    "mailx",
    "sendmail",
    "ssh",
    "aria2c",
    "invoke-webrequest",
    "iwr",
    "invoke-restmethod",
    "certutil",
];
const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "fish",
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "node",
    "deno",
    "bun",
    "php",
    "lua",
    "osascript",
    "pwsh",
    "powershell",
    "tclsh",
    "awk",
    "gawk",
    "xargs",
    "parallel",
    "eval",
    "source",
    ".",
    "sudo",
];
/// Commands that run another one, which begins at the first word that is no option.
const WRAPPERS: &[&str] = &[
    "env", "nice", "nohup", "timeout", "time", "command", "stdbuf", "ionice", "setsid", "exec", "xargs", "sudo", "doas",
];

/// A command's own name: `/bin/rm` and `rm.exe` are `rm`.
fn base(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

/// Whether a command runs what it is given to read.
pub fn is_interpreter(argv: &[String]) -> bool {
    argv.first().is_some_and(|name| INTERPRETERS.contains(&base(name).as_str()))
}

/// Judges a simple command.
pub fn judge(argv: &[String]) -> Does {
    let Some((name, rest)) = argv.split_first() else { return Does::Anything };
    // A variable set for one command changes what the command is.
    let is_set = |word: &str| {
        word.split_once('=')
            .is_some_and(|(key, _)| key.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) && !key.is_empty())
    };
    if is_set(name) {
        return worst_within(rest).max_by_gravity(Does::Anything);
    }
    let own = base(name);
    let does = match own.as_str() {
        _ if own.starts_with("mkfs") || DESTROYERS.contains(&own.as_str()) => Does::Destroy,
        _ if PRIVILEGE.contains(&own.as_str()) => Does::Privilege,
        "git" => git(rest),
        _ if PERSISTENCE.contains(&own.as_str()) => Does::Persist,
        _ if SENDERS.contains(&own.as_str()) => Does::Send,
        // A reader is one by its plain name only: `./ls` may be anything.
        _ if *name == own && READERS.contains(&own.as_str()) => Does::Read,
        "hostname" if rest.is_empty() => Does::Read,
        "uniq" if rest.iter().filter(|word| !word.starts_with('-')).count() < 2 => Does::Read,
        _ => match VETOED.iter().find(|(reader, _)| *reader == *name) {
            Some((_, vetoes)) if !vetoed(rest, vetoes) => Does::Read,
            Some(("find", _)) if rest.iter().any(|word| word == "-delete") => Does::Destroy,
            _ => Does::Anything,
        },
    };
    if WRAPPERS.contains(&own.as_str())
        || (own == "find" && does == Does::Anything)
        || INTERPRETERS.contains(&own.as_str())
    {
        return worst_within(rest).max_by_gravity(does);
    }
    does
}

fn vetoed(words: &[String], vetoes: &[&str]) -> bool {
    words.iter().any(|word| vetoes.iter().any(|veto| word.starts_with(veto)))
}

/// The worst that any later word could be the name of: wrappers have options of their own, and which word begins the
/// inner command is not worth being wrong about.
fn worst_within(words: &[String]) -> Does {
    let inner = words.iter().flat_map(|word| word.split([' ', ';', '|', '&', '\'', '"', '(', '`']));
    inner.fold(Does::Anything, |worst, word| {
        let own = base(word);
        let does = match own.as_str() {
            "" => Does::Anything,
            _ if own.starts_with("mkfs") || DESTROYERS.contains(&own.as_str()) => Does::Destroy,
            _ if PRIVILEGE.contains(&own.as_str()) => Does::Privilege,
            _ if PERSISTENCE.contains(&own.as_str()) => Does::Persist,
            _ if SENDERS.contains(&own.as_str()) => Does::Send,
            _ => Does::Anything,
        };
        worst.max_by_gravity(does)
    })
}

impl Does {
    fn max_by_gravity(self, other: Self) -> Self {
        if (other as u8) > (self as u8) { other } else { self }
    }
}

fn git(words: &[String]) -> Does {
    let mut rest = words;
    // Global options: `-C dir` only says where; any other may change what is run.
    while let [option, after @ ..] = rest {
        match option.as_str() {
            "-C" if !after.is_empty() => rest = &after[1..],
            "--no-pager" | "-P" => rest = after,
            _ => break,
        }
    }
    let odd = rest.first().is_some_and(|word| word.starts_with('-'));
    let at = rest.iter().position(|word| !word.starts_with('-')).unwrap_or(rest.len());
    let Some((subcommand, after)) = rest[at..].split_first() else { return Does::Anything };
    let short = |word: &str, flag: &str| {
        // `-fd` holds `-f`.
        flag.len() == 2
            && word.len() > 2
            && !word.starts_with("--")
            && word.starts_with('-')
            && word.contains(&flag[1..])
    };
    let has = |flag: &&str| {
        after.iter().any(|word| word == flag || word.starts_with(&format!("{flag}=")) || short(word, flag))
    };
    let worst = GIT_DESTROYS.iter().find(|(own, _)| own == subcommand);
    if worst.is_some_and(|(_, flags)| flags.is_empty() || flags.iter().any(has))
        || (subcommand == "push" && after.iter().any(|w| w.starts_with(['+', ':'])))
    {
        return Does::Destroy;
    }
    match GIT.iter().find(|(own, _)| own == subcommand) {
        Some((_, vetoes)) if !odd && !vetoed(after, vetoes) => Does::Read,
        _ if matches!(subcommand.as_str(), "push" | "fetch" | "pull" | "clone") => Does::Send,
        _ => Does::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn does(line: &str) -> Does {
        judge(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn readers_read_until_an_option_makes_them_more() {
        for line in
            ["ls -la", "cat a", "find . -name x", "git status", "git -C /x log -p", "sort -u a", "uniq a", "date"]
        {
            assert_eq!(does(line), Does::Read, "{line}");
        }
        for line in [
            "find . -exec x",
            "sort -o b a",
            "uniq a b",
            "git -c core.pager=x log",
            "git --exec-path=x status",
            "./ls",
            "/tmp/cat",
            "git diff --ext-diff",
            "date -s 1",
            "rg --pre x",
            "PAGER=x git log",
            "tree -o x",
            "hostname x",
            "git config a b",
        ] {
            assert_ne!(does(line), Does::Read, "{line}");
        }
    }

    #[test]
    fn the_worst_is_found_behind_its_wrappers() {
        for line in [
            "rm -rf /",
            "/bin/rm x",
            "env A=b rm x",
            "timeout 5 rm x",
            "nice -n 5 dd",
            "xargs rm",
            "sudo rm x",
            "find . -exec rm {} ;",
            "git push -f",
            "git -C x push --force-with-lease",
            "git push origin +main",
            "git push origin :main",
            "git reset --hard",
            "git clean -fdx",
            "git branch -D x",
            "mkfs.ext4 /dev/sda",
            "A=b rm x",
            "sh -c rm",
            "git push -uf x",
            "find . -delete",
        ] {
            assert_eq!(does(line), Does::Destroy, "{line}");
        }
        assert_eq!(does("chmod 777 x"), Does::Privilege);
        assert_eq!(does("crontab -"), Does::Persist);
        assert_eq!(does("curl x"), Does::Send);
    }
}
