//! Times to answer, and what is said of servers, before and after.
//!
//! Invariant: as of rules: what is not certainly at least as strict is looser.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Change, Side, Way};
use crate::decision::Level;
use crate::policy::profile::{HOSTS, ServerProfile};
use crate::policy::shape::is_under;
use crate::policy::{Policy, time};

/// Everybody who may be asked how long a person has: hosts that are known, named in either policy, or unknown.
fn clients<'a>(policies: &[&'a Policy]) -> BTreeSet<Option<&'a str>> {
    let known = HOSTS.iter().flat_map(|host| host.clients.iter().copied().chain([host.name]));
    let named = policies.iter().flat_map(|policy| policy.hosts.keys().map(String::as_str));
    known.chain(named).map(Some).chain([None]).collect()
}

/// Every time that may hold where no rule gives one.
pub(super) fn all_times(policy: &Policy) -> impl Iterator<Item = Duration> {
    clients(&[policy])
        .into_iter()
        .flat_map(move |client| Level::ALL.iter().map(move |level| policy.time_to_answer(*level, client)))
}

/// How long a person has, by level and host.
pub(super) fn times(old: &Policy, new: &Policy, changes: &mut Vec<Change>) {
    // From one time to another, for these levels and hosts.
    type Said<'a> = BTreeMap<(Duration, Duration), (BTreeSet<Level>, BTreeSet<Option<&'a str>>)>;
    let mut said: Said<'_> = BTreeMap::new();
    for client in clients(&[old, new]) {
        for level in Level::ALL {
            let times = (old.time_to_answer(*level, client), new.time_to_answer(*level, client));
            if times.0 != times.1 {
                let (levels, clients) = said.entry(times).or_default();
                levels.insert(*level);
                clients.insert(client);
            }
        }
    }
    for ((before, after), (levels, clients)) in said {
        let levels: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
        let whom = if clients.contains(&None) {
            String::new()
        } else {
            format!(" from {}", clients.into_iter().flatten().collect::<Vec<_>>().join(", "))
        };
        let (way, levels) = (super::aspect::way(after <= before), levels.join(", "));
        let (before, after) = (time::show(before), time::show(after));
        changes.push(Change::new(
            way,
            None,
            format!("the time to answer {levels} calls{whom}: {before} becomes {after}"),
        ));
    }
}

/// What is said of servers.
pub(super) fn servers(old: &Policy, new: &Policy, changes: &mut Vec<Change>) {
    let nothing = ServerProfile::default();
    let names: BTreeSet<&String> = old.servers.keys().chain(new.servers.keys()).collect();
    for name in names {
        let (was, is) = (old.servers.get(name), new.servers.get(name));
        let (side, line) = match (was, is) {
            (_, Some(is)) => (Side::New, is.line),
            (Some(was), None) => (Side::Old, was.line),
            (None, None) => continue,
        };
        let (was, is) = (was.unwrap_or(&nothing), is.unwrap_or(&nothing));
        changes.extend(server(was, is, super::rises(new.levels)).into_iter().map(|(tighter, says)| Change {
            way: tighter.map_or(Way::Neutral, super::aspect::way),
            says: format!("server {name}: {says}"),
            line: Some(line),
            side,
        }));
    }
}

/// What changed of one server, and whether it is tighter; `None`: it judges nothing.
fn server(was: &ServerProfile, is: &ServerProfile, rises: bool) -> Vec<(Option<bool>, String)> {
    let mut changes = Vec::new();
    if was.access != is.access {
        let tighter = is.access.is_some_and(|is| was.access.is_none_or(|was| is <= was));
        let word = |profile: &ServerProfile| profile.access.map_or("any", crate::risk::Access::as_str);
        changes.push((Some(tighter), format!("access {} becomes {}", word(was), word(is))));
    }
    if was.hide != is.hide {
        let says =
            if is.hide { "tools beyond its access are hidden" } else { "tools beyond its access are listed again" };
        changes.push((None, says.to_owned()));
    }
    if was.roots != is.roots {
        let within = |root: &String| was.roots.iter().any(|wider| is_under(wider, root));
        let tighter = !is.roots.is_empty() && is.roots.iter().all(within);
        changes.push((Some(tighter), format!("its folders are {}", list(&is.roots))));
    }
    if was.domains != is.domains {
        let tighter = !is.domains.is_empty() && is.domains.iter().all(|domain| was.domains.contains(domain));
        changes.push((Some(tighter), format!("your own domains for it are {}", list(&is.domains))));
    }
    let trusted = |profile: &ServerProfile| profile.trusted.then(|| profile.command.clone());
    match (trusted(was), trusted(is)) {
        (was, is) if was == is => {}
        (_, None) => changes.push((Some(rises), "it is trusted no more".to_owned())),
        (_, Some(command)) => changes.push((Some(false), format!("it is trusted as {}", command.join(" ")))),
    }
    changes
}

fn list(texts: &[String]) -> String {
    if texts.is_empty() { "no longer said".to_owned() } else { texts.join(", ") }
}
