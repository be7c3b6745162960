//! The rules of a policy, with an index: of ten thousand only those are looked at that can fit a call at all.
//!
//! Invariant: the index leaves out no rule that fits in any way ([`Fit::Wide`](super::arguments::Fit) included); a
//! generated test holds it against looking at every rule. A rule is found by its exact tool and server, by its exact
//! tool, by its exact server, or by the longest plain part of its pattern for the tool; where many are left, by the
//! longest plain part of what an argument must look like.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use aho_corasick::{AhoCorasick, MatchKind};

use super::arguments::{Arguments, Fit};
use super::asked::Asked;
use super::rule::Rule;
use super::shape::{Range, Shape};

/// With fewer rules, looking at each is as fast.
const FEW: usize = 32;

/// Rules, and how to find those that matter.
#[derive(Clone, Default)]
pub struct Rules {
    list: Vec<Rule>,
    index: Option<std::sync::Arc<Index>>,
}

impl From<Vec<Rule>> for Rules {
    fn from(list: Vec<Rule>) -> Self {
        let index = (list.len() > FEW).then(|| std::sync::Arc::new(Index::new(&list)));
        Self { list, index }
    }
}

impl Deref for Rules {
    type Target = [Rule];

    fn deref(&self) -> &[Rule] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Rules {
    type Item = &'a Rule;
    type IntoIter = std::slice::Iter<'a, Rule>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Rules {}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

impl Rules {
    /// The rules that may fit, in the order of the file.
    pub(super) fn candidates<'a>(&'a self, asked: &Asked<'_>, arguments: &Arguments<'_>) -> Vec<&'a Rule> {
        let Some(index) = &self.index else { return self.list.iter().collect() };
        let mut found = Vec::new();
        index.find(asked, arguments, &mut found);
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.list.get(at)).collect()
    }
}

#[derive(Default)]
struct Index {
    both: HashMap<(String, String), Bucket>,
    tools: HashMap<String, Bucket>,
    servers: HashMap<String, Bucket>,
    words: Words<Bucket>,
    any: Bucket,
}

impl Index {
    fn new(rules: &[Rule]) -> Self {
        let mut both: HashMap<(String, String), Vec<usize>> = HashMap::new();
        let (mut tools, mut servers, mut words) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut any = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let (server, tool) = (rule.server.as_str().to_owned(), rule.tool.as_str().to_owned());
            let bucket = match (rule.server.is_exact(), rule.tool.is_exact()) {
                (true, true) => both.entry((server, tool)).or_default(),
                (false, true) => tools.entry(tool).or_default(),
                (true, false) => servers.entry(server).or_default(),
                (false, false) => match rule.tool.longest_plain() {
                    Some(word) => words.entry(word).or_default(),
                    None => &mut any,
                },
            };
            bucket.push(at);
        }
        let buckets = |found: HashMap<String, Vec<usize>>| {
            found.into_iter().map(|(key, list)| (key, Bucket::new(rules, &list))).collect::<HashMap<_, _>>()
        };
        Self {
            both: both.into_iter().map(|(key, list)| (key, Bucket::new(rules, &list))).collect(),
            tools: buckets(tools),
            servers: buckets(servers),
            words: Words::new(buckets(words)),
            any: Bucket::new(rules, &any),
        }
    }

    fn find(&self, asked: &Asked<'_>, arguments: &Arguments<'_>, found: &mut Vec<usize>) {
        let server = asked.call.server.name.as_str();
        let mut key = (server.to_owned(), String::new());
        let named = asked.risk.tools.iter().map(String::as_str);
        for tool in std::iter::once(asked.call.tool.as_str()).chain(named) {
            tool.clone_into(&mut key.1);
            let exact = [self.both.get(&key), self.tools.get(tool)];
            exact.into_iter().flatten().for_each(|bucket| bucket.find(asked, arguments, found));
            self.words.each(tool, |bucket| bucket.find(asked, arguments, found));
        }
        for bucket in self.servers.get(server).into_iter().chain([&self.any]) {
            bucket.find(asked, arguments, found);
        }
    }
}

/// Rules that have server and tool in common, as far as the index looks.
#[derive(Default)]
struct Bucket {
    rest: Vec<usize>,
    args: Vec<(String, Words<Vec<usize>>)>,
    /// Rules that ask for a number.
    ranges: Vec<(String, Vec<(Range, usize)>)>,
}

impl Bucket {
    fn new(rules: &[Rule], list: &[usize]) -> Self {
        let mut bucket = Self::default();
        if list.len() <= FEW {
            bucket.rest = list.to_vec();
            return bucket;
        }
        let mut args: HashMap<&str, HashMap<String, Vec<usize>>> = HashMap::new();
        let mut ranges: HashMap<&str, Vec<(Range, usize)>> = HashMap::new();
        for at in list.iter().copied() {
            let plain = rules[at].args.iter().filter_map(|arg| Some((arg.name.as_str(), arg.shape.plain_parts()?)));
            // The argument whose shortest plain part is the longest.
            let best = plain.max_by_key(|(_, parts)| parts.iter().map(String::len).min());
            if let Some((name, parts)) = best {
                let words = args.entry(name).or_default();
                for part in parts {
                    words.entry(part).or_default().push(at);
                }
                continue;
            }
            let number = rules[at].args.iter().find_map(|arg| match &arg.shape {
                Shape::Number(range) => Some((arg.name.as_str(), *range)),
                _ => None,
            });
            match number {
                Some((name, range)) => ranges.entry(name).or_default().push((range, at)),
                None => bucket.rest.push(at),
            }
        }
        bucket.ranges = ranges.into_iter().map(|(name, ranges)| (name.to_owned(), ranges)).collect();
        bucket.args = args.into_iter().map(|(name, words)| (name.to_owned(), Words::new(words))).collect();
        bucket
    }

    fn find(&self, asked: &Asked<'_>, arguments: &Arguments<'_>, found: &mut Vec<usize>) {
        found.extend_from_slice(&self.rest);
        for (name, ranges) in &self.ranges {
            if let Some(number) = arguments.number(name) {
                found.extend(ranges.iter().filter(|(range, _)| range.fit(number) != Fit::No).map(|(_, at)| *at));
            }
        }
        for (name, words) in &self.args {
            match arguments.texts(name, asked) {
                Some(texts) => texts.iter().for_each(|text| words.each(text, |list| found.extend_from_slice(list))),
                None => words.all().for_each(|list| found.extend_from_slice(list)),
            }
        }
    }
}

/// What is found by a word that a text holds.
struct Words<T> {
    found: Vec<T>,
    /// `None`: there are too many to tell, so all are given.
    search: Option<AhoCorasick>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { found: Vec::new(), search: None }
    }
}

impl<T> Words<T> {
    fn new(words: HashMap<String, T>) -> Self {
        let (words, found): (Vec<String>, Vec<T>) = words.into_iter().unzip();
        // A folder to be under is looked for in any case.
        let search =
            AhoCorasick::builder().match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(&words).ok();
        Self { found, search }
    }

    fn all(&self) -> impl Iterator<Item = &T> {
        self.found.iter()
    }

    fn each<'a>(&'a self, text: &str, mut take: impl FnMut(&'a T)) {
        match &self.search {
            None => self.found.iter().for_each(take),
            Some(search) => {
                let (mut seen, mut left) = (vec![false; self.found.len()], self.found.len());
                for hit in search.find_overlapping_iter(text) {
                    let at = hit.pattern().as_usize();
                    if let (Some(word), Some(false)) = (self.found.get(at), seen.get(at)) {
                        seen[at] = true;
                        left -= 1;
                        take(word);
                    }
                    if left == 0 {
                        break;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
