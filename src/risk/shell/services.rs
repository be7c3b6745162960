//! The command lines of services: clouds, clusters, registries, secret stores. What they do is said by their words.
//!
//! Invariant: an allow-list of reading words at their places. The options of a reading request are its parameters,
//! but for those that lead it elsewhere, write a file or run something.

use super::script::{Sure, Word};
use super::worst::says_going;
use crate::risk::names::{Deed, deed, is_secret};
use crate::risk::words::Words;

/// What such a command line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service<'w> {
    /// It reads what is the user's own.
    Reads,
    /// It reads what others wrote.
    Fetches,
    /// It reads secrets.
    Reveals,
    /// It runs these words somewhere.
    Runs(&'w [Word]),
    /// It deletes.
    Destroys,
    /// Anything else.
    Changes,
}

/// One a line: the name, then what only reads. `a/b` are words that follow each other, `*` is any one word, `get-*` one
/// that begins so. `?` before it: it tells secrets. `@`: it reads what others wrote. `+` means: and nothing more.
const TABLE: &str = "\
aws */list-* */describe-* */head-* */get-*-attributes */get-*-policy */get-*-tagging */get-*-url */get-*-location */get-*-status */get-caller-identity */get-random-password */get-metric-* */get-log-events */get-cost-and-usage */get-account-* */get-bucket-* */get-queue-* */get-topic-* */get-resources */get-item */query */scan s3/ls sts/get-caller-identity configure/list logs/filter-log-events logs/tail ?*/get-secret-value ?*/get-parameter ?*/get-parameters ?*/get-login-password ?*/get-session-token
gcloud */list */describe */*/list */*/describe */*/*/list */*/*/describe info version config/list config/get-value auth/list ?auth/print-access-token ?secrets/versions/access
gsutil ls du stat version
bq ls show version
az */list */show */*/list */*/show */*/*/list */*/*/show version account/show ?keyvault/secret/show ?account/get-access-token
doctl */list */get */*/list */*/get version
fly status info list version apps/list
heroku apps/+ apps:info ps logs status version ?config/+
vercel ls list inspect whoami
netlify status sites:list
kubectl get describe logs top version explain api-resources api-versions cluster-info config/current-context config/get-contexts config/view auth/can-i rollout/status rollout/history events
oc get describe logs status version whoami projects
k9s version
helm list ls status history get/values get/manifest get/notes get/all version search/repo search/hub show/chart show/values show/readme template lint repo/list dependency/list env
docker ps images logs inspect version info stats top port diff history events search container/ls container/list container/inspect container/logs container/top container/stats image/ls image/list image/inspect image/history network/ls network/list network/inspect volume/ls volume/list volume/inspect system/df system/info context/ls context/show compose/ps compose/logs ?compose/config compose/images compose/ls compose/top compose/version node/ls service/ls service/ps service/inspect service/logs stack/ls stack/ps
podman ps images logs inspect version info stats top port diff history container/ls container/inspect image/ls image/inspect network/ls volume/ls volume/inspect pod/ps pod/ls pod/inspect
docker-compose ps logs ?config images top version ls
nerdctl ps images logs inspect version info
crictl ps images logs inspect version info pods
terraform ?show version providers/+ state/list ?state/show workspace/list workspace/show ?output
tofu ?show version providers/+ state/list ?state/show workspace/list workspace/show ?output
pulumi stack/ls whoami version about
argocd app/list app/get app/history cluster/list repo/list version
flux get version check
istioctl version proxy-status
velero */get */describe restore/get restore/describe schedule/get schedule/describe backup/logs restore/logs get/* describe/* version
consul members catalog/* kv/get info version
nomad status node/status job/status version
etcdctl get endpoint/health endpoint/status member/list version
vault status list kv/list kv/metadata/get secrets/list auth/list policy/list policy/read lease/lookup token/lookup token/capabilities audit/list version ?read ?kv/get
op item/list vault/list vault/get user/list user/get group/list group/get account/list account/get document/list whoami ?item/get ?read ?document/get
bw status list/folders ?list/items ?get/*
pass ls find ?show
doppler configs/+ configs/get configs/list projects/+ projects/get projects/list environments/+ environments/list activity me secrets/--only-names ?secrets/+ ?secrets/list ?secrets/download ?secrets/get
gh @pr/list @pr/view @pr/status @pr/diff @pr/checks @issue/list @issue/view @issue/status @repo/view @repo/list @release/list @release/view @run/list @run/view @workflow/list @workflow/view @gist/list @gist/view @search/* auth/status status label/list ssh-key/list cache/list variable/list secret/list ?auth/token
glab @mr/list @mr/view @mr/diff @issue/list @issue/view @ci/list @ci/status @ci/view @repo/view auth/status
hub @pr/list @issue/+
circleci version diagnostic */list */info */status orb/list orb/info orb/source orb/validate project/list namespace/list config/validate config/process pipeline/list follow/list policy/logs
gitlab-runner list status verify --version
jenkins-cli list-jobs list-views list-plugins list-builds who-am-i get-* version console
npm @view @info @show @search ls list outdated root prefix bin whoami config/get config/list ping explain why pkg/get --version
pip list show freeze check --version
pip3 list show freeze check --version
cargo --version version @search
rustup show --version which toolchain/list target/list component/list
gem list query environment
brew list ls info search config --version deps outdated uses leaves
apt list show search policy
apt-cache show search policy depends rdepends
dpkg -l -L -s --list --status --listfiles -S
snap list info find version
flatpak list info search
systemctl status is-active is-enabled is-failed list-units list-unit-files list-timers list-sockets show cat list-dependencies --version
service --status-all
launchctl list print
ip addr/show addr/+ a/+ link/show link/+ route/show route/+ r/+ neigh/show neigh/+ -br/a
kafka-topics --list --describe
kafka-configs --describe
kafka-consumer-groups --list --describe --state --members
kafka-acls --list
kafka-broker-api-versions --bootstrap-server
kafka-log-dirs --describe
rabbitmqctl list_* status cluster_status node_health_check environment report version
rabbitmqadmin list show
rabbitmq-diagnostics ping status check_* list_* server_version cluster_status memory_breakdown environment listeners
nats stream/ls stream/list stream/info stream/report stream/view stream/get stream/state consumer/ls consumer/list consumer/info consumer/report kv/ls kv/list kv/info kv/status kv/history server/list server/info server/ping server/check account/info context/ls object/ls object/info ?kv/get
redis-cli ping info dbsize
restic snapshots stats ls find diff check list cat version
borg list info diff check version
rclone ls lsl lsd lsf lsjson size check md5sum sha1sum hashsum about version listremotes tree cat ?config/show
pg_isready -h
nginx -t -v -V
virsh list dominfo net-list pool-list
vboxmanage list showvminfo
tmux ls list-sessions
screen -ls
sw_vers -productVersion
go version
";

/// Options that make a reading request more: they lead it elsewhere, write a file, run something, or wait for more.
const VETOED: &[&str] = &[
    "--endpoint-url",
    "--endpoint",
    "--outfile",
    "--output-file",
    "--out",
    "--output-dir",
    "--ca-bundle",
    "--cli-input-json",
    "--no-verify-ssl",
    "--kubeconfig",
    "--server",
    "--token",
    "--raw",
    "--exec",
    "--command",
    "--web",
    "-w",
    "--host",
    "-H",
    "--config",
    "-c",
    "--registry",
    "--prefix",
    "--userconfig",
    "--globalconfig",
    "--script-shell",
    "--node-options",
    "--plugin",
    "--post-renderer",
    "--set-file",
    "--repo-url",
    "--password-command",
    "--rclone",
    "--rsh",
    "--remote-path",
    "--repair",
    "--fix",
    "--delete",
    "--purge",
    "--force",
    "--unset",
    "--set",
    "--modules",
    "--toolexec",
    "--modfile",
    "--overlay",
    "-toolexec",
    "-exec",
    "-overlay",
    "-modfile",
    "-C",
    "--manifest-path",
    "--address",
    "--from-file",
    "--watch-output",
    "--alter",
    "--create",
    "--add",
    "--remove",
    "--execute",
    "--reset-offsets",
    "--add-config",
    "--delete-config",
    "--delete-offsets",
    "--with-cache",
    "--browser",
    "--username",
    "--password",
];

/// Options of theirs whose value is the next word, so that it is not taken for one of the words that count.
const VALUED: &[&str] = &[
    "--region",
    "--profile",
    "--project",
    "--namespace",
    "-n",
    "--context-name",
    "--bootstrap-server",
    "--format",
    "-o",
    "--output",
    "--query",
    "--filter",
    "--filters",
    "--limit",
    "-l",
    "--selector",
    "--vault",
    "--account",
    "--zone",
    "--cluster",
    "--repo",
    "-R",
    "-s",
    "--resource-group",
    "-g",
    "--subscription",
    "-p",
    "--vhost",
    "--file",
    "-f",
    "--log-opt",
    "--log-level",
    "--max-items",
    "--max-results",
    "--page-size",
    "--sort-by",
    "--chdir",
];

/// Whether there is a service of this name.
pub fn is_known(name: &str) -> bool {
    line(name).is_some()
}

fn line(name: &str) -> Option<&'static str> {
    static LINES: std::sync::LazyLock<std::collections::HashMap<&'static str, &'static str>> =
        std::sync::LazyLock::new(|| TABLE.lines().filter_map(|line| line.split_once(' ')).collect());
    let name = name.strip_suffix(".sh").unwrap_or(name);
    LINES.get(name).copied()
}

/// What the command line of a service does; `None` when it is none.
pub fn judge<'w>(name: &str, arguments: &'w [Word]) -> Option<Service<'w>> {
    // `java -jar jenkins-cli.jar -s URL list-jobs`.
    if name == "java"
        && let [jar, file, rest @ ..] = arguments
        && jar.text == "-jar"
        && file.is_literal()
        && file.text.rsplit('/').next() == Some("jenkins-cli.jar")
    {
        return judge("jenkins-cli", rest);
    }
    let allowed = line(name)?;
    if let Some(inner) = inner(name, arguments) {
        return Some(Service::Runs(inner));
    }
    let going = arguments.iter().any(|word| says_going(&word.text));
    let other = if going { Service::Destroys } else { Service::Changes };
    // What a configuration is to most of them, a file that may name programs, is a name to Doppler.
    let vetoed = |text: &str| is_vetoed(text) && !(name == "doppler" && text.starts_with("--config"));
    let odd = |word: &Word| word.open && word.sure == Sure::Unknown || vetoed(&word.text);
    if arguments.iter().any(odd) {
        return Some(other);
    }
    let words = words(arguments);
    let found = allowed
        .split(' ')
        .filter(|own| !own.is_empty())
        .find(|own| fits(own.trim_start_matches(['?', '@']), &words, arguments));
    Some(match found {
        None => other,
        Some(own) if own.starts_with('?') => Service::Reveals,
        Some(own) if own.starts_with('@') => Service::Fetches,
        // Among the words that were read, one that deletes counts; after them it is a mere name.
        Some(own) if words.iter().take(own.split('/').count()).any(|word| says_going(word)) => other,
        // To get a secret is to tell it, wherever it is kept; to list or describe it is not.
        Some(own) if tells(own, &words) => Service::Reveals,
        Some(_) => Service::Reads,
    })
}

/// Whether what is got, of what may be anything, is a secret.
fn tells(own: &str, words: &[&str]) -> bool {
    let any = matches!(own.rsplit('/').next(), Some("get" | "get-*"));
    any && words.iter().take(own.split('/').count() + 1).any(|word| is_secret(&Words::of(word)))
}

fn is_vetoed(text: &str) -> bool {
    let name = text.split_once('=').map_or(text, |(name, _)| name);
    VETOED.contains(&name) || (text.starts_with("file:") || text.starts_with("fileb:"))
}

/// The words that are neither options nor their values.
fn words(arguments: &[Word]) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let text = word.text.as_str();
        if !text.starts_with('-') {
            words.push(text);
        } else if VALUED.contains(&text) {
            rest.next();
        }
    }
    words
}

fn fits(own: &str, words: &[&str], arguments: &[Word]) -> bool {
    if own.starts_with('-') && !own.contains('/') {
        // The options of Kafka's tools stand in any order; elsewhere the first word says what follows.
        let places =
            if own == "--list" || own == "--describe" || own == "--bootstrap-server" { arguments.len() } else { 1 };
        return arguments.iter().take(places).any(|word| word.text == own);
    }
    let parts: Vec<&str> = own.split('/').collect();
    if parts.last() == Some(&"+") {
        return words.len() == parts.len() - 1 && parts.iter().zip(words).all(|(part, word)| part == word);
    }
    parts.len() <= words.len() + parts.iter().filter(|p| p.starts_with('-')).count()
        && parts.iter().enumerate().all(|(at, part)| {
            if part.starts_with('-') {
                return arguments.iter().any(|word| word.text == *part);
            }
            let Some(word) = words.get(at) else { return false };
            match part.split_once('*') {
                // Where any word may stand, one that does something may not: `compute ssh list`.
                Some(("", "")) => deed(&Words::of(word), false).0 <= Deed::Unknown,
                Some((start, end)) => {
                    word.len() >= start.len() + end.len() && word.starts_with(start) && word.ends_with(end)
                }
                None => part == word,
            }
        })
}

/// The command that is run in a container, or by a store of secrets.
fn inner<'w>(name: &str, arguments: &'w [Word]) -> Option<&'w [Word]> {
    let verb = words(arguments).first().copied().unwrap_or_default();
    let after = || arguments.iter().position(|word| word.text == "--").map(|at| &arguments[at + 1..]);
    match (name, verb) {
        ("kubectl" | "oc", "exec" | "run" | "debug") | ("doppler" | "op" | "nomad", "run" | "exec" | "alloc") => {
            after().or(Some(&[]))
        }
        ("docker" | "podman" | "nerdctl" | "crictl" | "docker-compose", "exec" | "run" | "container" | "compose") => {
            let runs = arguments.iter().take(4).any(|word| matches!(word.text.as_str(), "exec" | "run"));
            if !runs {
                return None;
            }
            let at = arguments.iter().position(|word| matches!(word.text.as_str(), "exec" | "run"))?;
            // After the options comes the container, then the command.
            let mut rest = &arguments[at + 1..];
            while let [word, after @ ..] = rest
                && word.text.starts_with('-')
            {
                let valued = matches!(
                    word.text.as_str(),
                    "-e" | "-u"
                        | "-w"
                        | "-v"
                        | "-p"
                        | "--env"
                        | "--user"
                        | "--workdir"
                        | "--volume"
                        | "--name"
                        | "--network"
                        | "--entrypoint"
                        | "-m"
                );
                rest = if valued { after.get(1..).unwrap_or_default() } else { after };
            }
            Some(rest.get(1..).unwrap_or_default())
        }
        _ => None,
    }
}
