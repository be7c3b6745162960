//! What asks a program about itself only: its version, its help.

use super::script::Word;

/// What asks a program for its version, where `--version` is not the way.
const VERSIONS: &[(&str, &str)] = &[
    ("node", "-v"),
    ("python", "-V"),
    ("python3", "-V"),
    ("java", "-version"),
    ("ruby", "-v"),
    ("perl", "-v"),
    ("php", "-v"),
    ("rustc", "-V"),
    ("rustc", "-vV"),
    ("cargo", "-V"),
    ("cargo", "-vV"),
    ("npm", "-v"),
    ("gcc", "-v"),
    ("make", "-v"),
    ("curl", "-V"),
    ("wget", "-V"),
    ("ssh", "-V"),
    ("psql", "-V"),
];

/// Subcommands that do nothing but explain themselves when `--help` follows; after `x/` one more word may stand between.
/// Of these tools, others may run what is in the project or on the path.
const HELPS: &[(&str, &str)] = &[
    (
        "cargo",
        "add bench build check clean clippy doc fetch fix fmt info init install metadata new package publish remove run \
         rustc rustdoc search test tree uninstall update vendor yank",
    ),
    (
        "npm",
        "access audit cache ci config dedupe init install link ls outdated pack ping prune publish rebuild search start \
         test uninstall update version view",
    ),
    ("pip", "check config download freeze index install list show uninstall wheel"),
    ("pip3", "check config download freeze index install list show uninstall wheel"),
    (
        "docker",
        "build cp create diff exec export images import inspect kill load login logs port ps pull push restart rm rmi \
         run save search start stats stop tag top update wait buildx/ compose/ container/ context/ image/ network/ \
         system/ volume/",
    ),
    (
        "kubectl",
        "annotate apply attach autoscale cordon cp create debug delete describe diff drain edit exec explain expose get \
         label logs patch port-forward proxy replace rollout/ run scale set/ taint top wait",
    ),
    (
        "helm",
        "create dependency get/ history install lint list package pull push repo/ rollback search/ show/ status template \
         test uninstall upgrade",
    ),
    (
        "terraform",
        "apply console destroy fmt force-unlock get graph import init login output plan providers refresh show state/ \
         taint test validate workspace/",
    ),
    ("gh", "api auth/ browse cache/ gist/ issue/ label/ pr/ release/ repo/ run/ search/ secret/ variable/ workflow/"),
];

/// Whether these arguments ask for the version or the help of a known program.
pub fn only(own: &str, arguments: &[Word]) -> bool {
    if !matches!(arguments.len(), 1..=3) || !arguments.iter().all(Word::is_literal) {
        return false;
    }
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    match texts[..] {
        ["--help" | "--version"] | ["--version", "--verbose"] => true,
        [one] => VERSIONS.contains(&(own, one)),
        [first, "--help"] => is_named(own, |name| name.trim_end_matches('/') == first),
        [first, second, "--help"] => {
            !second.starts_with('-') && is_named(own, |name| name.strip_suffix('/') == Some(first))
        }
        _ => false,
    }
}

fn is_named(own: &str, is: impl Fn(&str) -> bool) -> bool {
    HELPS.iter().any(|(name, subcommands)| *name == own && subcommands.split_whitespace().any(&is))
}
