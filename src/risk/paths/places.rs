//! Places to be careful in: keys, tokens, what a shell, a login or a timer starts, what configures an agent, and
//! sayso's own.

use std::borrow::Cow;
use std::sync::LazyLock;

/// Segments in a row, in lower case; `*` at the end of one stands for any rest.
const PLACES: &[&str] = &[
    // Keys and tokens.
    ".ssh",
    "id_rsa*",
    "id_dsa*",
    "id_ed25519*",
    "id_ecdsa*",
    "authorized_keys*",
    "known_hosts",
    ".gnupg",
    "secring*",
    ".pki",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".yarnrc*",
    ".pypirc",
    ".config/pip",
    ".gem/credentials",
    ".composer/auth.json",
    ".m2/settings*",
    ".gradle/gradle.properties",
    ".nuget/nuget.config",
    ".cargo/config*",
    ".condarc",
    ".git-credentials",
    ".htpasswd",
    ".pgpass",
    ".my.cnf",
    ".env*",
    ".envrc",
    "secrets*",
    "credentials*",
    "service-account*.json",
    "wp-config.php",
    // Clouds, clusters, containers.
    ".aws",
    ".azure",
    ".kube",
    "kubeconfig*",
    ".docker",
    ".dockercfg",
    ".config/containers",
    ".config/gcloud",
    ".config/gh",
    ".config/hub",
    ".config/doctl",
    ".config/rclone",
    ".s3cfg",
    ".boto",
    ".oci",
    ".aliyun",
    ".databrickscfg",
    ".snowsql",
    ".vault-token",
    ".terraform.d",
    ".terraformrc",
    "terraform.tfstate*",
    "docker.sock",
    "containerd.sock",
    "podman.sock",
    // Passwords, wallets, browsers, mail.
    ".password-store",
    "keychains",
    "login.keychain*",
    "keyrings",
    "kwalletd",
    ".config/keepassxc",
    ".config/op",
    ".config/bitwarden",
    "wallet.dat",
    ".bitcoin",
    ".ethereum",
    ".electrum",
    ".config/solana",
    ".mozilla",
    ".thunderbird",
    ".config/google-chrome*",
    ".config/chromium",
    ".config/microsoft-edge*",
    ".config/bravesoftware",
    "application support/google",
    "application support/firefox",
    "google/chrome/user data",
    "mozilla/firefox/profiles",
    "cookies.sqlite",
    "logins.json",
    "key4.db",
    "login data*",
    // What a shell or an editor runs when it starts, and what it remembers.
    ".bashrc*",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".bash_history",
    ".profile",
    ".zshrc*",
    ".zprofile",
    ".zshenv",
    ".zlogin",
    ".zlogout",
    ".zsh_history",
    ".cshrc",
    ".tcshrc",
    ".kshrc",
    ".config/fish",
    "fish_history",
    ".psql_history",
    ".mysql_history",
    ".python_history",
    ".node_repl_history",
    ".inputrc",
    "microsoft.powershell_profile.ps1",
    "consolehost_history.txt",
    ".vimrc",
    ".config/nvim",
    ".emacs",
    ".emacs.d",
    ".tmux.conf",
    ".screenrc",
    ".devcontainer",
    ".local/bin",
    "usr/local/bin",
    // What a login, a timer or the system starts.
    ".xinitrc",
    ".xprofile",
    ".xsession*",
    ".pam_environment",
    ".config/environment.d",
    ".config/autostart",
    ".config/systemd",
    ".local/share/systemd",
    "lib/systemd",
    "launchagents",
    "launchdaemons",
    "start menu/programs/startup",
    "crontab*",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    "cron.weekly",
    "cron.monthly",
    "var/spool/cron",
    "sudoers*",
    // What git runs or sends its words to.
    ".gitconfig",
    ".config/git",
    ".git/config*",
    ".git/hooks",
    ".git/info",
    ".githooks",
    ".husky",
    ".pre-commit-config*",
    // Agents, MCP, and the editors that run them.
    ".mcp.json",
    "mcp.json",
    "mcp_config.json",
    "mcp_settings.json",
    "cline_mcp_settings.json",
    "claude_desktop_config.json",
    ".claude",
    ".claude.json*",
    ".cursor",
    ".codex",
    ".gemini",
    ".vscode",
    ".continue",
    ".codeium",
    ".windsurf",
    ".zed",
    ".config/zed",
    ".aider.conf.yml",
    ".roo",
    ".kiro",
    ".amazonq",
    ".junie",
    ".idea/workspace.xml",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".config/code/user",
    ".config/cursor/user",
    ".config/claude",
    ".config/opencode",
    ".config/goose",
    "application support/claude",
    "application support/code/user",
    "application support/cursor/user",
    "appdata/roaming/claude",
    "appdata/roaming/code/user",
    "appdata/roaming/cursor/user",
    // sayso's own.
    ".sayso.toml",
    ".config/sayso",
    ".local/share/sayso",
    ".local/state/sayso",
    ".cache/sayso",
    "sayso/policy.toml",
    "sayso/theme.toml",
    "sayso/journal",
    "sayso/sled",
    "sayso/hub.sock",
    "sayso/hub.lock",
    "sayso/log",
    "hub.sock",
    // The system's.
    "etc",
    "private/etc",
    "proc",
    "sys",
    "dev",
    "boot",
    "root",
    "var/run",
    "run/secrets",
    "windows",
    "system32",
    "programdata",
    "sam",
    "ntds.dit",
];

/// Those of the places that count only at the root, or where a path may have climbed to it.
const AT_ROOT: &[&str] =
    &["etc", "private/etc", "proc", "sys", "dev", "boot", "root", "var/run", "windows", "programdata"];

/// Endings of file names that are keys.
const KEY_FILES: &[&str] =
    &[".pem", ".key", ".p12", ".pfx", ".kdbx", ".jks", ".keystore", ".ppk", ".asc", ".ovpn", ".tfvars", ".agekey"];

/// A place, by its first segment and the rest.
struct Place {
    whole: &'static str,
    first: &'static str,
    rest: Option<&'static str>,
    at_root: bool,
}

/// The places by their first two letters, which most segments share with none: those of one slot in the table's order.
static BY_HEAD: LazyLock<[Vec<Place>; 256]> = LazyLock::new(|| {
    let mut slots = std::array::from_fn(|_| Vec::new());
    for whole in PLACES.iter().copied() {
        let head = whole.as_bytes().first_chunk().expect("a place has more than two letters");
        let (first, rest) = whole.split_once('/').map_or((whole, None), |(first, rest)| (first, Some(rest)));
        slots[slot(*head)].push(Place { whole, first, rest, at_root: AT_ROOT.contains(&whole) });
    }
    slots
});

fn slot([first, second]: [u8; 2]) -> usize {
    usize::from(first.wrapping_mul(31).wrapping_add(second))
}

/// The place to be careful in that a path leads to. On a system that is blind for case any case is the same place, and
/// on one that is not, nobody else has these names: case does not count.
pub fn sensitive(path: &str) -> Option<&'static str> {
    // Most words of a command line are one segment, and as plain as they can be.
    if path.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')) {
        return place_of(path.as_bytes(), &std::iter::empty(), false);
    }
    let lower = lower(path);
    let drive = lower.as_bytes().get(1) == Some(&b':');
    let rooted = lower.starts_with('/') || lower.starts_with("../") || drive;
    let lower = if drive { &lower.as_bytes()[2..] } else { lower.as_bytes() };
    let segments = || lower.split(|b| *b == b'/').map(plain);
    let last = segments().rfind(|segment| !segment.is_empty()).unwrap_or_default();
    let ending = last.iter().rposition(|b| *b == b'.').map(|dot| &last[dot..]);
    if let Some(ending) = ending.and_then(|own| KEY_FILES.iter().find(|ending| ending.as_bytes() == own)) {
        return Some(ending);
    }
    let mut following = segments().skip_while(|s| s.is_empty() || *s == b"..").filter(|s| !s.is_empty());
    let mut at_root = rooted;
    loop {
        let place = place_of(following.next()?, &following, at_root);
        if place.is_some() {
            return place;
        }
        at_root = false;
    }
}

/// The place that begins with this segment.
fn place_of<'s>(
    segment: &'s [u8],
    following: &(impl Iterator<Item = &'s [u8]> + Clone),
    at_root: bool,
) -> Option<&'static str> {
    let head: &[u8; 2] = segment.first_chunk()?;
    let is_there = |place: &&Place| {
        if !place.first.as_bytes().starts_with(head) || (place.at_root && !at_root) || !fits(segment, place.first) {
            return false;
        }
        let mut own = following.clone();
        place.rest.is_none_or(|rest| rest.split('/').all(|part| own.next().is_some_and(|own| fits(own, part))))
    };
    BY_HEAD[slot(*head)].iter().find(is_there).map(|place| place.whole)
}

/// In lower case, with slashes.
fn lower(path: &str) -> Cow<'_, str> {
    let is_so = |b: &u8| b.is_ascii() && !b.is_ascii_uppercase() && *b != b'\\';
    if path.bytes().all(|b| is_so(&b)) {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(path.to_lowercase().replace('\\', "/"))
    }
}

/// A segment without what Windows takes off its end: a stream's name, dots and blanks.
fn plain(segment: &[u8]) -> &[u8] {
    let name = segment.iter().position(|b| *b == b':').map_or(segment, |colon| &segment[..colon]);
    let bare = name.iter().rposition(|b| !matches!(b, b'.' | b' ')).map_or(0, |last| last + 1);
    if bare == 0 { segment } else { &name[..bare] }
}

fn fits(own: &[u8], part: &str) -> bool {
    match part.split_once('*') {
        Some((start, end)) => {
            own.len() >= start.len() + end.len() && own.starts_with(start.as_bytes()) && own.ends_with(end.as_bytes())
        }
        None => own == part.as_bytes(),
    }
}
