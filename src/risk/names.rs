//! What a tool's name says it does. The only family that can tell that a tool merely reads: without a reading verb
//! first or last, a call is at least medium.

mod vocabulary;

use super::subject::{Found, Subject, quoted};
use super::words::{List, Words};
use super::{Access as Need, Family, Kind, shell};
use crate::decision::Level::{High, Low, Medium};

const READS: Kind = Kind::new("name.reads", Low, "the tool's name is that of a reader");
const SENSITIVE: Kind = Kind::new("name.sensitive", Medium, "it reads secrets, keys or passwords").needs(Need::Read);
const WRITES: Kind = Kind::new("name.writes", Medium, "it changes something");
const EXECUTES: Kind = Kind::new("name.executes", Medium, "it starts something").needs(Need::Admin);
const GIVEN: Kind = Kind::new("name.given", Low, "it runs what it is given, which was read whole and only reads");
const UNKNOWN: Kind = Kind::new("name.unknown", Medium, "nothing in the name tells what the tool does");
const STRANGE: Kind =
    Kind::new("name.strange", Medium, "the name has characters that may pass for others").needs(Need::Read);
const TITLE: Kind = Kind::new("name.title", Medium, "the name reads, the title changes something");
const UNLISTED: Kind = Kind::new("name.unlisted", Medium, "the server has listed its tools, and this is none of them");
const TWICE: Kind = Kind::new("name.twice", Medium, "the server defines the tool more than once, in different ways");
const DESTROYS: Kind = Kind::new("name.destroys", High, "it deletes or overwrites");
const SENDS: Kind = Kind::new("name.sends", High, "it sends something to other people");
const PAYS: Kind = Kind::new("name.pays", High, "it moves money");
const ACCESS: Kind = Kind::new("name.access", High, "it changes permissions or credentials");
const DEPLOYS: Kind = Kind::new("name.deploys", High, "it changes what runs in production, or the shape of a database");

/// The family.
pub const FAMILY: Family = Family {
    name: "name",
    about: "the verbs of the tool's name and title, in any casing",
    kinds: &[
        READS, SENSITIVE, WRITES, EXECUTES, GIVEN, UNKNOWN, STRANGE, TITLE, UNLISTED, TWICE, DESTROYS, SENDS, PAYS,
        ACCESS, DEPLOYS,
    ],
    detect,
};

/// What a verb does. Ordered: of several the gravest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Reads and nothing else.
    Read,
    /// Nobody knows.
    Unknown,
    /// Changes something.
    Write,
    /// Starts something.
    Execute,
    /// Changes production or a schema.
    Deploy,
    /// Sends to other people.
    Send,
    /// Changes who may do what.
    Access,
    /// Moves money.
    Pay,
    /// Deletes or overwrites.
    Destroy,
}

/// How sure a word is that verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Wherever it stands.
    Anywhere,
    /// When it is the first verb.
    First,
    /// When it is the first verb and the name does not end in a reading one: it is a noun too (`issue_list`).
    Perhaps,
}

use Deed::{Access, Deploy, Destroy, Execute, Pay, Read, Send, Write};
use Use::{Anywhere, First, Perhaps};
use vocabulary::{
    ASKS, BEFORE, COMPOUNDS, ENDS, JOINS, LOOKS, MODELS, NOUNS, NOUNY, OBJECTS, OF_A_CHANGE, OFFERS, OPENING, POSTS,
    READERS, RECORDS, SINKS, STATES, TAILS, VERBS,
};

/// Nouns that make a change one of access, and a read one of secrets.
const SECRETS: &List = &List::of(&[
    "secret",
    "secrets",
    "credential",
    "credentials",
    "password",
    "passwords",
    "passwd",
    "keychain",
    "kubeconfig",
    "apikey",
    "apikeys",
    "cookie",
    "cookies",
]);
/// Nouns whose reading tells secrets, though what is called so as an argument need not be one.
const TELLING: &List = &List::of(&["env", "environ", "printenv", "getenv", "dotenv", "envvars", "clipboard"]);
const RIGHTS: &List = &List::of(&[
    "permission",
    "permissions",
    "role",
    "roles",
    "acl",
    "acls",
    "iam",
    "rbac",
    "collaborator",
    "collaborators",
]);

/// A tool's name, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its words.
    pub words: Words,
    /// What it says that the tool does.
    pub deed: Deed,
    /// The word that says so.
    pub verb: String,
}

impl Name {
    /// Whether the name is a reader's.
    pub const fn reads(&self) -> bool {
        matches!(self.deed, Deed::Read)
    }
}

fn lookup(word: &str) -> Option<(Deed, Use)> {
    let own = |word: &str| TABLE.binary_search_by(|(own, _, _)| own.cmp(&word)).ok().map(|i| (TABLE[i].1, TABLE[i].2));
    // `regenerate`, `unpack`: done again or undone. What is sent or paid again may be a product's name (`resend`).
    let again = || {
        let base = word.strip_prefix("re").or_else(|| word.strip_prefix("un"))?;
        let (deed, how) = own(base)?;
        let changes = matches!(deed, Write | Execute | Deploy | Access | Destroy) && how != Perhaps;
        changes.then_some((Write, First))
    };
    own(word).or_else(again)
}

/// Every verb, sorted; made once.
static TABLE: std::sync::LazyLock<Vec<(&str, Deed, Use)>> = std::sync::LazyLock::new(|| {
    let mut all: Vec<_> =
        VERBS.iter().flat_map(|(deed, how, words)| words.split_whitespace().map(|w| (w, *deed, *how))).collect();
    all.sort_unstable_by_key(|(word, _, _)| *word);
    all
});

/// Reads a tool's name.
pub fn read(name: &str) -> Name {
    let words = Words::of(name);
    let (deed, verb) = deed(&words, false);
    let verb = verb.to_owned();
    Name { words, deed, verb }
}

/// A verb in a name: where it stands, what it is, what it does, how sure that is.
type Verb<'a> = (usize, &'a str, Deed, Use);

/// Where the noun ends that a name without verbs is: `status_of_job` is a status.
fn end(list: &[&str]) -> usize {
    list.iter().skip(1).position(|word| BEFORE.contains(word)).map_or(list.len(), |at| at + 1)
}

/// Whether the word at `i` and the next one are one noun.
fn is_pair(list: &[&str], i: usize) -> bool {
    list.get(i).zip(list.get(i + 1)).is_some_and(|(a, b)| NOUNS.contains(&(*a, *b)))
}

fn is_compound(list: &[&str], i: usize) -> bool {
    let Some((a, b)) = list.get(i).zip(list.get(i + 1)).filter(|_| i + 2 == end(list)) else { return false };
    COMPOUNDS.iter().any(|(first, second)| first.contains(a) && second.contains(b))
}

/// Whether the verb at `i` only reads for what the name ends in, or for what is before it at the end.
fn reads_its_end(list: &[&str], i: usize) -> bool {
    let Some(&(_, ends)) = ENDS.iter().find(|(verb, _)| *verb == list[i]) else { return false };
    let is_noun = |at: usize| is_pair(list, at) || at > 0 && is_pair(list, at - 1);
    let reads = |at: usize| lookup(list[at]).is_none_or(|(deed, _)| deed == Read) || is_noun(at);
    let last = list.len() - 1;
    let (end, mut between) = if i < last {
        (last, i + 1..last)
    } else if i > 0 {
        (i - 1, 0..i - 1)
    } else {
        return false;
    };
    let of_a_model = !list[end].starts_with("completion") || end == 0 || MODELS.contains(&list[end - 1]);
    ends.contains(&list[end]) && of_a_model && between.all(reads)
}

/// The verbs of a name, in order.
fn verbs<'a>(list: &[&'a str]) -> Vec<Verb<'a>> {
    let verb = |(i, word): (usize, &&'a str)| {
        if i > 0 && is_compound(list, i - 1) {
            return Some((i, *word, Read, Perhaps));
        }
        if is_compound(list, i) || is_pair(list, i) || i > 0 && is_pair(list, i - 1) {
            return None;
        }
        let takes = |object: &&str| OBJECTS.iter().find(|(verb, objects, _)| verb == word && objects.contains(object));
        let with = list.get(i + 1).and_then(takes);
        if let Some((_, _, deed)) = with {
            let how = lookup(word).filter(|(_, how)| *how == Anywhere).map_or(First, |(_, how)| how);
            return Some((i, *word, *deed, how));
        }
        let (deed, how) = lookup(word)?;
        // `build_log` is one; `log_build` makes one.
        let (deed, how) = if i > 0 && i + 1 == list.len() && *word == "log" { (Read, Perhaps) } else { (deed, how) };
        let joined = i > 0 && JOINS.contains(&list[i - 1]);
        Some((i, *word, if !joined && reads_its_end(list, i) { Read } else { deed }, how))
    };
    list.iter().enumerate().filter_map(verb).collect()
}

/// What a text names: its gravest sure verb, else its first one, else a reading one at its end.
pub fn deed(words: &Words, only_sure: bool) -> (Deed, &str) {
    let mut list: Vec<&str> = words.iter().collect();
    while list.len() > 1 && list.last().is_some_and(|last| TAILS.contains(last)) {
        list.pop();
    }
    let verbs = verbs(&list);
    let joined = |i: usize| i > 0 && JOINS.contains(&list[i - 1]);
    // `get_edit_options`, and with the name of a product before it.
    let asks = || list.iter().take(2).find(|word| lookup(word).is_some());
    let asked_about = |i: usize, deed: Deed| {
        let of_a_change = deed == Write && i + 2 == list.len() && OF_A_CHANGE.contains(&list[i + 1]);
        of_a_change && !joined(i) && asks().is_some_and(|word| ["get", "list", "describe"].contains(word))
    };
    let sure = verbs.iter().filter(|(i, _, deed, how)| *deed != Read && (*how == Anywhere || joined(*i)));
    let sure = sure.filter(|(i, _, deed, _)| !asked_about(*i, *deed));
    if let Some((_, word, deed, _)) = sure.max_by_key(|(_, _, deed, _)| *deed) {
        return (*deed, word);
    }
    let first = list.first().copied().filter(|_| list.len() > 1).unwrap_or_default();
    if only_sure || ASKS.contains(&first) {
        return if only_sure { (Deed::Unknown, "") } else { (Read, first_word(words)) };
    }
    let (deed, verb) = unsure(&list, &verbs);
    if deed == Read && is_more(&list) { (Deed::Unknown, "") } else { (deed, verb) }
}

/// Whether a reader's name tells of more than reading: something is kept, put up, or opened to others.
fn is_more(list: &[&str]) -> bool {
    list.windows(2).skip(1).any(|pair| {
        let kept = ["to", "into", "onto"].contains(&pair[0]) && SINKS.contains(&pair[1]);
        let offered = list[0] == "list" && OFFERS.iter().any(|(on, what)| *on == pair[0] && what.contains(&pair[1]));
        let opened = OPENING.contains(&pair[0]) && ["url", "urls", "link", "links"].contains(&pair[1]);
        kept || offered || opened
    })
}

/// Whether the verb at the end of a name is a noun, since what the verb at its start reads is one.
fn is_object(verb: &str, last: &str) -> bool {
    ["mail", "email"].contains(&last) || READERS.contains(&verb) && RECORDS.contains(&last)
}

fn first_word(words: &Words) -> &str {
    words.iter().next().unwrap_or_default()
}

/// What a name without a sure verb says.
fn unsure<'a>(list: &[&'a str], verbs: &[Verb<'a>]) -> (Deed, &'a str) {
    let ends = verbs.last().filter(|(i, ..)| i + 1 == list.len());
    let ends_reading = ends.filter(|(_, _, deed, _)| *deed == Read);
    // A reading noun (`status`, `history`) says something only where there is no verb.
    let Some(&(at, word, deed, how)) = verbs.iter().find(|(_, _, deed, how)| (*deed, *how) != (Read, Perhaps)) else {
        return noun(list, verbs);
    };
    // `check_and_tidy`: what follows at once is a verb, whether it is known or not.
    let and = list.get(at + 1).is_some_and(|word| JOINS.contains(word));
    if deed == Read && at == 0 && and && list.get(2).is_some_and(|word| lookup(word).is_none()) {
        return (Deed::Unknown, "");
    }
    let next = verbs.iter().find(|(i, _, deed, how)| *i == at + 1 && *deed != Read && *how == First);
    match (deed, how) {
        // `profile_set_name`: at the start a profile.
        (Read, First) if NOUNY.contains(&word) && next.is_some() => next.map_or((deed, word), |next| (next.2, next.1)),
        // `list_clear`: at the start a list, at the end a verb; but `read_archive`, `search_mail`.
        (Read, First) => match ends {
            Some(&(_, last, deed, First)) if deed != Read && !is_object(word, last) => (deed, last),
            _ => (Read, word),
        },
        (Read, _) => (Read, word),
        // `import_job_get`: a verb at the start is a noun when a sure reading verb follows, unless it starts something or
        // both are done: `drop_and_get`.
        (_, First) => match verbs.iter().find(|(_, _, deed, how)| (*deed, *how) == (Read, Anywhere)) {
            Some((i, reading, _, _)) if deed != Execute && !JOINS.contains(&list[i - 1]) => (Read, reading),
            _ => (deed, word),
        },
        // `issue_list`, `issue_status` are about an issue; `post_status` posts one.
        (_, _) => match ends_reading {
            Some((_, _, _, Perhaps)) if at == 0 && POSTS.contains(&word) => (deed, word),
            Some((_, reading, _, _)) => (Read, reading),
            None => (deed, word),
        },
    }
}

/// What a name without any verb says: `server_status`, `status_of_job`, `current_user`.
fn noun<'a>(list: &[&'a str], verbs: &[Verb<'a>]) -> (Deed, &'a str) {
    let end = end(list);
    let ends = verbs.iter().find(|(i, ..)| i + 1 == end || i + 1 == list.len()).map(|(_, word, ..)| *word);
    let looks = list.first().copied().filter(|first| list.len() > 1 && LOOKS.contains(first));
    let many = end.checked_sub(1).is_some_and(|last| list[last].ends_with('s')) && list.get(1) != Some(&"directory");
    let states = list.first().copied().filter(|first| end > 1 && many && STATES.contains(first));
    ends.or(looks).or(states).map_or((Deed::Unknown, ""), |word| (Read, word))
}

/// The finding for a deed.
pub const fn kind(deed: Deed) -> Kind {
    match deed {
        Read => READS,
        Deed::Unknown => UNKNOWN,
        Write => WRITES,
        Execute => EXECUTES,
        Deploy => DEPLOYS,
        Send => SENDS,
        Access => ACCESS,
        Pay => PAYS,
        Destroy => DESTROYS,
    }
}

/// The sentence for a deed.
pub fn sentence(deed: Deed, verb: &str) -> String {
    let what = match deed {
        Read => "that of a reader",
        Deed::Unknown => return "nothing in the tool's name tells what it does".to_owned(),
        Write => "that of a change",
        Execute => "that of something being started",
        Deploy => "that of a deploy or a change of schema",
        Send => "that of a message to somebody",
        Access => "that of a change of access",
        Pay => "that of a payment",
        Destroy => "that of a deletion or of overwriting",
    };
    format!("the tool's name has the verb \u{201c}{verb}\u{201d}, {what}")
}

/// Whether the words are about secrets.
pub fn is_secret(words: &Words) -> bool {
    words.has_one_of(SECRETS)
        || [
            ("api", "key"),
            ("api", "keys"),
            ("private", "key"),
            ("access", "key"),
            ("access", "token"),
            ("auth", "token"),
        ]
        .iter()
        .any(|(a, b)| words.has_pair(a, b))
}

/// What the name and the title leave, whatever the arguments.
pub(super) fn define(tool: &str, name: &Name, title: Option<&str>, found: &mut Found) {
    let Name { words, deed: does, verb } = name;
    found.add(kind(*does), sentence(*does, verb));
    if !tool.is_ascii() || tool.bytes().any(|b| b.is_ascii_control()) {
        found.add(STRANGE, "the tool's name has characters outside ASCII, which may pass for others");
    }
    if is_secret(words) {
        if name.reads() {
            found.add(SENSITIVE, "it reads secrets, keys or passwords");
        } else {
            found.add(ACCESS, "its name is about credentials, and it does not merely read");
        }
    } else if name.reads() && (words.has_one_of(TELLING) || words.has_pair("environment", "variables")) {
        found.add(SENSITIVE, "it reads what often holds secrets");
    }
    if !name.reads() && words.has_one_of(RIGHTS) {
        found.add(ACCESS, "its name is about permissions, and it does not merely read");
    }
    if !name.reads() && words.has_one_of(const { &List::of(&["prod", "production"]) }) {
        found.add(DEPLOYS, "its name is about production, and it does not merely read");
    }
    if let Some(title) = title.filter(|_| name.reads()) {
        let words = Words::of(title);
        let (does, verb) = deed(&words, true);
        if does > Deed::Unknown {
            found.add(TITLE, format!("the tool's title {} has the verb \u{201c}{verb}\u{201d}", quoted(title)));
        }
    }
}

/// What a tool leaves that is defined more than once.
pub(super) fn twice(found: &mut Found) {
    found.add(TWICE, "the server defines this tool more than once, in different ways");
}

/// What the name and the whole definition left when they became known.
fn detect(subject: &Subject<'_>, found: &mut Found) {
    if subject.facts.unlisted {
        found.add(UNLISTED, "the server has listed its tools, and this is none of them");
    }
    let given = subject.name.deed == Execute && shell::only_reads(subject);
    for finding in subject.known.findings() {
        if given && finding.id == EXECUTES.id {
            found.add(GIVEN, "the tool runs what it is given, and what it is given only reads");
        } else {
            found.take(finding.clone());
        }
    }
}
