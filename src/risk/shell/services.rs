//! The command lines of services: clouds, clusters, registries, secret stores. What they do is said by their words.
//!
//! Invariant: an allow-list of reading words at their places. The options of a reading request are its parameters,
//! but for those that lead it elsewhere, write a file or run something.

use std::sync::LazyLock;

use super::script::{Sure, Word};
use super::worst::says_going;
use crate::risk::names::{Deed, deed, is_secret};
use crate::risk::words::{List, Lookup, Words};

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

/// One a line: the name, then in any order
/// - what only reads: `a/b` are words that follow each other, `*` is any one word, `get-*` one that begins so. `?` before
///   it: it tells secrets. `@`: it reads what others wrote. `+` at its end: and no more words;
/// - `:-n=`, an option that may stand before those words and takes a value, `:-q`, one that takes none: with any other
///   nobody knows where the words begin;
/// - `!-x`, an option that makes more of it than a reader, beside those of [`VETOED`];
/// - `%`: its options are words behind one dash or two, and not letters.
const TABLE: &str = "\
aws :--debug :--region= :--profile= :--output= :--query= :--color= :--no-cli-pager :--no-paginate */list-* */describe-* */head-* */get-*-attributes */get-*-policy */get-*-tagging */get-*-url */get-*-location */get-*-status */get-caller-identity */get-random-password */get-metric-* */get-log-events */get-cost-and-usage */get-account-* */get-bucket-* */get-queue-* */get-topic-* */get-resources */get-item */query */scan s3/ls s3/cp/--dryrun s3/sync/--dryrun s3/mv/--dryrun s3/rm/--dryrun sts/get-caller-identity configure/list configure/list-profiles logs/filter-log-events logs/tail ?*/get-secret-value ?*/get-parameter ?*/get-parameters ?*/get-login-password ?*/get-session-token !--cli-input-yaml
gcloud :--project= :--account= :--configuration= :--format= :--quiet :-q :--verbosity= */list */describe */*/list */*/describe */*/*/list */*/*/describe info version config/list config/get-value auth/list ?auth/print-access-token ?secrets/versions/access !--flags-file !--log-http !--access-token-file !--impersonate-service-account !--run-diagnostics
gsutil :-m :-q :-u= ls du stat version
bq :--project_id= :--format= ls show version
az :--subscription= :--output= :-o= :--query= :--only-show-errors */list */show */*/list */*/show */*/*/list */*/*/show version account/show ?keyvault/secret/show ?account/get-access-token ?*/keys/list ?*/*/keys/list ?*/*/appsettings/list ?*/*/connection-string/list ?*/list-keys ?*/list-connection-strings
doctl :--context= */list */get */*/list */*/get version
fly :--app= :-a= status info list logs version apps/list machine/list machines/list secrets/list volumes/list ips/list regions/list releases
heroku :--app= :-a= apps/+ apps:info ps logs status version ?config/+
vercel :--scope= ls list inspect whoami
netlify status sites:list
kubectl :--namespace= :-n= :--context= :--cluster= :--user= :--request-timeout= :--v= :-v= :-c= :-w :-o= :-l= :-f= :-A get describe logs top version explain api-resources api-versions cluster-info config/current-context config/get-contexts config/view auth/can-i auth/whoami rollout/status rollout/history events !-s !--profile !--as !--as-group !--as-uid !--cache-dir !-k !--kustomize
oc :--namespace= :-n= :--context= :--cluster= :--user= :--request-timeout= :-c= :-w :-o= :-l= :-f= :-A get describe logs status version whoami projects !-s !--profile !--as !--as-group !--as-uid !--cache-dir !-k !--kustomize !--show-token
k9s version
helm :--namespace= :-n= :--kube-context= :--debug list ls status history get/values get/manifest get/notes get/all version search/repo search/hub show/chart show/values show/readme template lint repo/list dependency/list env
docker :--context= :--log-level= :-l= :--debug :-D :--file= :-f= :--project-name= :-p= :--profile= :--project-directory= :--env-file= :--ansi= :--progress= ps images logs inspect version info stats top port diff history events search container/ls container/list container/inspect container/logs container/top container/stats container/port container/diff image/ls image/list image/inspect image/history network/ls network/list network/inspect volume/ls volume/list volume/inspect system/df system/info context/ls context/show builder/du buildx/ls buildx/du buildx/version @manifest/inspect compose/ps compose/logs compose/config/--services compose/config/--images compose/config/--volumes compose/config/--quiet compose/config/-q ?compose/config compose/images compose/ls compose/top compose/port compose/events compose/version node/ls service/ls service/ps service/inspect service/logs stack/ls stack/ps stack/services !-o !--output
podman :--log-level= ps images logs inspect version info stats top port diff history container/ls container/inspect image/ls image/inspect network/ls volume/ls volume/inspect pod/ps pod/ls pod/inspect !--url !--connection !--identity !--module !--root !--runroot !--storage-opt !--network-cmd-path !--ssh !--tmpdir
docker-compose :--file= :-f= :--project-name= :-p= :--profile= :--project-directory= :--env-file= ps logs config/--services config/--images config/--volumes config/--quiet config/-q ?config images top port events version ls !-o !--output
nerdctl :--namespace= :-n= ps images logs inspect version info
crictl ps images logs inspect version info pods
terraform % :-chdir= ?show version providers/+ fmt/-check state/list ?state/show workspace/list workspace/show ?output
tofu % :-chdir= ?show version providers/+ fmt/-check state/list ?state/show workspace/list workspace/show ?output
pulumi :--stack= :-s= stack/ls whoami version about
argocd app/list app/get app/history cluster/list repo/list version
flux :--namespace= :-n= get version check
istioctl :--namespace= :-n= version proxy-status
velero :--namespace= :-n= */get */describe restore/get restore/describe schedule/get schedule/describe backup/logs restore/logs get/* describe/* version
consul % members catalog/* kv/get info version
nomad % status node/status job/status version
etcdctl :--write-out= :-w= get endpoint/health endpoint/status member/list version
vault % status list kv/list kv/metadata/get secrets/list auth/list policy/list policy/read lease/lookup token/lookup token/capabilities audit/list version ?read ?kv/get !-agent-address
op :--account= :--vault= :--format= item/list vault/list vault/get user/list user/get group/list group/get account/list account/get document/list whoami ?item/get ?read ?document/get
bw status list/folders ?list/items ?get/*
pass ls find ?show
doppler :--project= :-p= :--config= :-c= :--json configs/+ configs/get configs/list projects/+ projects/get projects/list environments/+ environments/list activity me secrets/--only-names ?secrets/+ ?secrets/list ?secrets/download ?secrets/get
gh :--repo= :-R= :-c :-H= @pr/list @pr/view @pr/status @pr/diff @pr/checks @issue/list @issue/view @issue/status @repo/view @repo/list @release/list @release/view @run/list @run/view @workflow/list @workflow/view @gist/list @gist/view @search/* @search/code @search/commits @search/issues @search/prs @search/repos @project/list @project/view @ruleset/list @ruleset/view auth/status label/list ssh-key/list gpg-key/list cache/list variable/list secret/list extension/list alias/list config/list ?config/get ?auth/token !--show-token
glab :--repo= :-R= @mr/list @mr/view @mr/diff @issue/list @issue/view @ci/list @ci/status @ci/view @repo/view auth/status
hub @pr/list @issue/+
circleci version diagnostic */list */info */status orb/list orb/info orb/source orb/validate project/list namespace/list config/validate config/process pipeline/list follow/list policy/logs
gitlab-runner list status verify --version
jenkins-cli % :-s= :-auth= :-http :-webSocket list-jobs list-views list-plugins list-builds who-am-i get-* version console
npm :--silent :--global :-g :--json :--long :--offline @view @info @show @search ls list @outdated root prefix bin whoami config/get config/list ping explain why pkg/get fund query run/+ run-script/+ @audit/+ --version
pnpm :--silent :--global :-g :--json :--recursive :-r :--offline ls list ll why root bin @outdated config/get config/list run/+ licenses/list store/path @audit/+ --version
yarn :--silent :--json list why info config/get config/list workspaces/info workspaces/list @outdated --version
bun pm/ls pm/bin pm/cache/+ --version
pip :--quiet :-q :--verbose :-v :--no-color :--disable-pip-version-check :--no-input list show freeze check inspect config/list cache/list cache/info cache/dir @index/versions --version !--log !--proxy !--cert !--client-cert !--keyring-provider
pip3 :--quiet :-q :--verbose :-v :--no-color :--disable-pip-version-check :--no-input list show freeze check inspect config/list cache/list cache/info cache/dir @index/versions --version !--log !--proxy !--cert !--client-cert !--keyring-provider
uv :--quiet :-q :--verbose :-v :--no-cache :--offline :--color= pip/list pip/show pip/freeze pip/tree pip/check tree/--frozen python/list python/find python/dir tool/list tool/dir cache/dir version/+ --version !-p
poetry :--quiet :-q :--no-ansi :--no-interaction :-n show env/info env/list config/--list about version/+ check --version
conda :--json list env/list info @search --version
mamba :--json list env/list info @search --version
cargo :--quiet :-q :--verbose :-v :--offline :--locked :--frozen :--color= version --list --version @search @info tree/--frozen @tree metadata/--no-deps metadata/--frozen @metadata pkgid locate-project read-manifest !-Z
rustup :--quiet :-q :--verbose :-v show --version which toolchain/list target/list component/list
go % version env doc help @list @mod/graph @mod/why !-w !-u !-http !-export !-compiled !-mod !-modcacherw
gem list query environment
brew :--quiet :-q :--verbose :-v list ls info search config --version deps outdated uses leaves
apt list show search policy --version !-o !--option !--config-file
apt-cache show search policy depends rdepends madison showpkg --version !-o !--option !--config-file
dpkg -l -L -s -S -I -p --list --status --listfiles --search --info --print-avail --get-selections --print-architecture --version
dnf @list @info @search @repoquery repolist --version
yum @list @info @search @repoquery repolist --version
snap list info find version
flatpak list info search
systemctl :--user :--system :--no-pager :--quiet :-q :--all :-a :--full :-l :--plain :--no-legend status is-active is-enabled is-failed is-system-running list-units list-unit-files list-timers list-sockets list-jobs show cat list-dependencies get-default --version
service --status-all */status/+
launchctl list print
ip % :-br :-brief :-4 :-6 :-o :-s :-d :-c :-j :-p :-N= :-n= addr/show addr/+ address/show address/+ a/show a/+ link/show link/+ l/+ route/show route/get route/+ r/+ neigh/show neigh/+ n/+ rule/show rule/+ netns/list netns/+ maddr/+ -V
supervisorctl status version avail !-s !-u !-p
hg :-c= status st log diff identify/+ id/+ summary heads branches branch/+ tags annotate blame files manifest paths/+ parents --version !-o !--output !-R !--repository !--cwd !--debugger !--profile !--tool !--remote
svn status st stat info/+ @info diff di proplist propget @log @list @ls @cat @blame @praise --version !--diff-cmd !--config-option !--config-dir !-x !--extensions !-F
nvm :--no-colors ls list current version which
pyenv versions version version-name which root prefix whence --version
rbenv versions version version-name which root prefix whence --version
asdf list current where which version info --version
direnv status version --version
kafka-topics --list --describe
kafka-configs --describe
kafka-consumer-groups --list --describe --state --members
kafka-acls --list
kafka-broker-api-versions --bootstrap-server
kafka-log-dirs --describe
rabbitmqctl :--vhost= :-p= :--node= :-n= :--quiet :-q list_* status cluster_status node_health_check environment report version
rabbitmqadmin :--vhost= :-V= :--format= :-f= list show
rabbitmq-diagnostics :--vhost= :-p= :--node= :-n= :--quiet :-q ping status check_* list_* server_version cluster_status memory_breakdown environment listeners
nats :--context= :--timeout= stream/ls stream/list stream/info stream/report stream/view stream/get stream/state consumer/ls consumer/list consumer/info consumer/report kv/ls kv/list kv/info kv/status kv/history server/list server/info server/ping server/check account/info context/ls object/ls object/info ?kv/get
redis-cli :-p= :-n= :--raw ping/+ info dbsize/+
restic :--repo= :-r= :--quiet :-q :--verbose :-v :--no-lock :--json snapshots stats ls find diff check list ?cat version !-o !--option
borg :--verbose :-v :--info :--debug :--progress :-p list info diff check extract/--dry-run extract/-n version
rclone :--verbose :-v :--quiet :-q :--dry-run :-n ls lsl lsd lsf lsjson size check md5sum sha1sum hashsum about version listremotes tree cat sync/--dry-run sync/-n copy/--dry-run copy/-n copyto/--dry-run move/--dry-run move/-n delete/--dry-run delete/-n purge/--dry-run ?config/show !--dump !-o !--output !--combined !--differ !--missing-on-dst !--missing-on-src !--match !--error !--cache-dir !--temp-dir
pg_isready % -h
nginx % -t/+ -v/+ -V/+
virsh :--quiet :-q :--readonly :-r list dominfo domstate net-list pool-list
vboxmanage :-q :--nologo list showvminfo
tmux ls/+ list-sessions/+ list-windows/+ list-panes/+ -V/+ !-F !-f
screen -ls -v
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
    "--python",
    "--profile-output",
    "--output-directory",
    "--log-file",
    "--kube-apiserver",
    "--kube-token",
    "--endpoints",
    "--http-addr",
    "-http-addr",
    "-address",
    "--dependency-update",
    "--runtime",
    "--hooks-dir",
    "--conmon",
    "--setopt",
    "--installroot",
];

/// Options that begin like one of those and are none: some tools take the beginning of an option for it.
const NOT_VETOED: &[&str] = &["--output", "--repo", "--log", "--watch", "--user"];

/// A line of [`TABLE`].
struct Tool {
    /// The options that may stand before the words that count, and whether each takes a value.
    options: Vec<(&'static str, bool)>,
    vetoes: Vec<&'static str>,
    reads: Vec<&'static str>,
    /// Whether its options are words behind one dash.
    wordy: bool,
}

/// Whether there is a service of this name.
pub fn is_known(name: &str) -> bool {
    line(name).is_some()
}

fn line(name: &str) -> Option<&'static Tool> {
    static TOOLS: LazyLock<Lookup<Tool>> = LazyLock::new(|| TABLE.lines().filter_map(tool).collect());
    TOOLS.get(name.strip_suffix(".sh").unwrap_or(name))
}

fn tool(line: &'static str) -> Option<(&'static str, Tool)> {
    let (name, rest) = line.split_once(' ')?;
    let mut tool = Tool { options: Vec::new(), vetoes: Vec::new(), reads: Vec::new(), wordy: false };
    for own in rest.split(' ') {
        if let Some(option) = own.strip_prefix(':') {
            tool.options.push((option.trim_end_matches('='), option.ends_with('=')));
        } else if let Some(veto) = own.strip_prefix('!') {
            tool.vetoes.push(veto);
        } else if own == "%" {
            tool.wordy = true;
        } else {
            tool.reads.push(own);
        }
    }
    Some((name, tool))
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
    let tool = line(name)?;
    let words = tool.words(arguments);
    if let Some(inner) = inner(name, &words, arguments) {
        return Some(Service::Runs(inner));
    }
    let going = arguments.iter().any(|word| says_going(&word.text));
    let other = if going { Service::Destroys } else { Service::Changes };
    // `:sftp,ssh=…:` is a remote with its settings, of which some are run.
    let settings = |word: &&str| name == "rclone" && (word.starts_with(':') || word.contains(','));
    if words.odd || words.all.iter().any(settings) || arguments.iter().any(|word| tool.vetoes(&word.text)) {
        return Some(other);
    }
    let fits = |own: &&str| tool.fits(own.trim_start_matches(['?', '@']), &words, arguments);
    // The one that says most of it: `keyvault/secret/show` before `*/*/show`.
    let says = |own: &&str| own.split('/').filter(|part| !part.contains('*') && *part != "+").count();
    let found = tool.reads.iter().rev().copied().filter(fits).max_by_key(says);
    Some(match found {
        None => other,
        Some(own) if own.starts_with('?') => Service::Reveals,
        Some(own) if own.starts_with('@') => Service::Fetches,
        // Among the words that were read, one that deletes counts; after them it is a mere name.
        Some(own)
            if !own.contains("dry") && words.all.iter().take(own.split('/').count()).any(|word| says_going(word)) =>
        {
            other
        }
        // To get a secret is to tell it, wherever it is kept; to list or describe it is not.
        Some(own) if tells(own, &words.all) || shows(own, arguments) => Service::Reveals,
        Some(_) if words.all.iter().take(words.sure).any(|word| is_address(word)) => Service::Fetches,
        // `-f https://…`
        Some(_) if matches!(name, "kubectl" | "oc") && arguments.iter().any(|word| is_address(&word.text)) => {
            Service::Fetches
        }
        Some(_) => Service::Reads,
    })
}

/// Whether what is got, of what may be anything, is a secret.
fn tells(own: &str, words: &[&str]) -> bool {
    let any = matches!(own.rsplit('/').next(), Some("get" | "get-*"));
    any && words.iter().take(own.split('/').count() + 1).any(|word| is_secret(&Words::of(word)))
}

/// Whether the token is told with who one is: `oc whoami -t`, `gh auth status -at`.
fn shows(own: &str, arguments: &[Word]) -> bool {
    let short = |word: &Word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('t');
    matches!(own, "whoami" | "auth/status") && arguments.iter().any(short)
}

/// Whether a word is, or has, an address in the open world.
fn is_address(text: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| text.contains(scheme))
}

/// The words that are neither options nor their values.
struct Operands<'w> {
    all: Vec<&'w str>,
    /// How many of them stand before the first option that is not known: for certain no values.
    sure: usize,
    /// Whether one is not known, and may turn out to be an option.
    odd: bool,
}

impl Tool {
    fn words<'w>(&self, arguments: &'w [Word]) -> Operands<'w> {
        let (mut all, mut sure, mut odd) = (Vec::new(), None, false);
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let text = word.text.as_str();
            // What is within a word goes out with it.
            odd |= word.sure == Sure::Unknown;
            if !text.starts_with('-') {
                all.push(text);
                continue;
            }
            let (name, value) = text.split_once('=').map_or((text, false), |(name, _)| (name, true));
            match self.option(name) {
                Some(true) if !value => odd |= rest.next().is_some_and(|value| value.splits || value.made),
                Some(_) => {}
                None => sure = sure.or(Some(all.len())),
            }
        }
        Operands { sure: sure.unwrap_or(all.len()), all, odd }
    }

    /// The option of this name that may stand anywhere, and whether it takes a value.
    fn option(&self, name: &str) -> Option<bool> {
        self.options.iter().find(|(own, _)| *own == name).map(|(_, valued)| *valued)
    }

    /// Whether a word is an option that makes more of it than a reader.
    fn vetoes(&self, text: &str) -> bool {
        if !text.starts_with('-') {
            return text.starts_with("file:") || text.starts_with("fileb:");
        }
        let name = text.split_once('=').map_or(text, |(name, _)| name);
        if self.wordy {
            let bare = |own: &str| own.trim_start_matches('-') == name.trim_start_matches('-');
            return self.vetoes.iter().chain(VETOED).any(|own| bare(own)) || runs(name);
        }
        if name.starts_with("--") {
            // Some take any beginning of a long option for it.
            let begins = |own: &&str| own.starts_with(name) && name.len() > 2;
            let known = NOT_VETOED.contains(&name) || self.option(name).is_some();
            return self.vetoes.iter().any(begins) || !known && (VETOED.iter().any(begins) || runs(name));
        }
        // `-abc`, `-ovalue`.
        for c in text.chars().skip(1).take_while(char::is_ascii_alphabetic) {
            let letter = |own: &&str| own.strip_prefix('-').is_some_and(|own| own.chars().eq([c]));
            let known = self.options.iter().find(|(own, _)| letter(own)).map(|(_, valued)| *valued);
            if known == Some(true) {
                return false;
            }
            if known.is_none() && self.vetoes.iter().chain(VETOED).any(letter) {
                return true;
            }
        }
        false
    }

    /// Whether an option is given, and is no value of another, nor taken back.
    fn has(&self, arguments: &[Word], option: &str) -> bool {
        let free = |at: usize| {
            let before = at.checked_sub(1).map_or("", |before| arguments[before].text.as_str());
            !before.starts_with('-') || before.contains('=') || self.option(before) == Some(false)
        };
        let taken_back = |word: &Word| word.text.strip_prefix(option).is_some_and(|rest| rest.starts_with('='));
        let until = arguments.iter().position(|word| word.text == "--").unwrap_or(arguments.len());
        let given = |at: usize| arguments[at].is_literal() && arguments[at].text == option && free(at);
        (0..until).any(given) && !arguments.iter().any(taken_back)
    }

    fn fits(&self, own: &str, words: &Operands<'_>, arguments: &[Word]) -> bool {
        let (own, alone) = own.strip_suffix("/+").map_or((own, false), |own| (own, true));
        if own.starts_with('-') {
            // The options of Kafka's tools stand in any order; elsewhere the first word says what follows.
            let any = own == "--list" || own == "--describe" || own == "--bootstrap-server";
            let places = if any { arguments.len() } else { 1 };
            return (!alone || arguments.len() == 1) && arguments.iter().take(places).any(|word| word.text == own);
        }
        let (options, parts): (Vec<&str>, Vec<&str>) = own.split('/').partition(|part| part.starts_with('-'));
        // `-n --dry-run=false`: whichever way it was asked for, it is taken back.
        let no = |word: &Word| {
            let value = word.text.rsplit_once('=').filter(|_| word.text.starts_with('-')).map(|(_, value)| value);
            value.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "false" | "f" | "0" | "no" | "off"))
        };
        if !options.is_empty() && arguments.iter().any(no) {
            return false;
        }
        parts.len() <= words.sure
            && (!alone || words.all.len() == parts.len())
            && options.iter().all(|option| self.has(arguments, option))
            && parts.iter().zip(&words.all).all(|(part, word)| match part.split_once('*') {
                // Where any word may stand, one that does something may not: `compute ssh list`.
                Some(("", "")) => deed(&Words::of(word), false).0 <= Deed::Unknown,
                Some((start, end)) => {
                    word.len() >= start.len() + end.len() && word.starts_with(start) && word.ends_with(end)
                }
                None => part == word,
            })
    }
}

/// Whether an option names what is run.
fn runs(name: &str) -> bool {
    !name.starts_with("--no-")
        && Words::of(name).has_one_of(
            const { &List::of(&["command", "exec", "ssh", "rsh", "program", "hook", "hooks", "mapper", "loader"]) },
        )
}

/// The command that is run in a container, or by a store of secrets.
fn inner<'w>(name: &str, words: &Operands<'_>, arguments: &'w [Word]) -> Option<&'w [Word]> {
    let verb = words.all.first().copied().unwrap_or_default();
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
