//! Where the paths of a call lead: looked up here, because the wrap stands where its server stands.
//!
//! Messages for the hub pass through in their order. A call without paths passes at once; one with paths waits until
//! their links were followed, on a thread of its own and not for long: a file system that hangs makes the answer
//! "unknown", never the session wait. Never opens a file, never judges.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Sleep;

use crate::risk::Link;
use crate::risk::paths::{self, MOST_LINKS};
use crate::wire::ToHub;

/// How long one call's paths may take.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many links are followed for one path, as Linux does.
const MOST_HOPS: usize = 40;
/// How many of the given folders a relative path is tried from.
const MOST_BASES: usize = 4;
/// The longest path that is told, in bytes.
const LONGEST: usize = 4_096;
/// How many look-ups may hang before none is begun any more.
const MOST_HUNG: usize = 2;

/// What is being looked up for the first of the messages.
struct Job {
    handle: JoinHandle<Vec<Link>>,
    sleep: Pin<Box<Sleep>>,
}

/// The messages that wait, and what is being looked up.
pub struct Follower {
    place: Place,
    waiting: VecDeque<(ToHub, Vec<String>)>,
    job: Option<Job>,
    hung: Vec<JoinHandle<Vec<Link>>>,
}

/// Where the server stands.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Its working folder.
    pub cwd: PathBuf,
    /// What `~` and `$HOME` are to it.
    pub home: Option<PathBuf>,
    /// The folders on its command line.
    pub roots: Vec<String>,
    /// The folders that its host gave it.
    pub host_roots: Vec<String>,
}

impl Place {
    /// This process's own, which its server shares.
    pub fn of_process(args: &[String]) -> Self {
        let cwd = std::env::current_dir().unwrap_or_default();
        let roots = paths::roots(args, &cwd.to_string_lossy());
        Self { cwd, home: std::env::var_os("HOME").map(PathBuf::from), roots, host_roots: Vec::new() }
    }
}

impl Follower {
    /// Nothing waits.
    pub fn new(place: Place) -> Self {
        Self { place, waiting: VecDeque::new(), job: None, hung: Vec::new() }
    }

    /// Takes a message; it comes out at once when nothing has to be looked up for it and none waits before it.
    pub fn push(&mut self, message: ToHub, out: &mut Vec<ToHub>) {
        let named = match &message {
            ToHub::Submit(submit) => paths::candidates(&submit.params),
            ToHub::Context { roots: Some(roots), .. } => {
                self.place.host_roots.clone_from(roots);
                Vec::new()
            }
            _ => Vec::new(),
        };
        if named.is_empty() && self.waiting.is_empty() {
            out.push(message);
        } else {
            self.waiting.push_back((message, named));
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Forgets what waits: whoever was to be told is gone.
    pub fn clear(&mut self) {
        self.waiting.clear();
        if let Some(job) = self.job.take() {
            self.hung.push(job.handle);
        }
    }

    /// Gives out what is ready, in order. Ready when nothing waits any more.
    pub fn poll(&mut self, cx: &mut Context<'_>, out: &mut Vec<ToHub>) -> Poll<()> {
        while let Some((_, named)) = self.waiting.front() {
            let links = match &mut self.job {
                _ if named.is_empty() => Vec::new(),
                None => {
                    self.hung.retain(|hung| !hung.is_finished());
                    if self.hung.len() < MOST_HUNG {
                        let (place, named) = (self.place.clone(), named.clone());
                        let handle = tokio::task::spawn_blocking(move || links(&place, &named));
                        self.job = Some(Job { handle, sleep: Box::pin(tokio::time::sleep(PATIENCE)) });
                        continue;
                    }
                    unknown(named)
                }
                Some(job) => match Pin::new(&mut job.handle).poll(cx) {
                    Poll::Ready(links) => {
                        self.job = None;
                        links.unwrap_or_else(|_| unknown(named))
                    }
                    Poll::Pending if job.sleep.as_mut().poll(cx).is_pending() => return Poll::Pending,
                    Poll::Pending => {
                        tracing::warn!("a file system does not answer");
                        self.hung.extend(self.job.take().map(|job| job.handle));
                        unknown(named)
                    }
                },
            };
            let Some((mut message, _)) = self.waiting.pop_front() else { break };
            if let ToHub::Submit(submit) = &mut message {
                submit.links = links;
            }
            out.push(message);
        }
        Poll::Ready(())
    }
}

fn unknown(named: &[String]) -> Vec<Link> {
    named.iter().map(|written| Link { written: written.clone(), leads: None }).collect()
}

/// Where paths lead, of those that lead elsewhere than their letters say or nobody knows where; and where the given
/// folders lead.
fn links(place: &Place, named: &[String]) -> Vec<Link> {
    let mut all = Vec::new();
    let mut tell = |written: &str, leads: Option<String>| {
        let link = Link { written: written.to_owned(), leads: leads.filter(|leads| leads.len() <= LONGEST) };
        if !all.contains(&link) {
            all.push(link);
        }
    };
    for written in named.iter().take(MOST_LINKS) {
        for (start, is_plain) in starts(place, written) {
            let letters = paths::resolve(&start);
            // The kernel follows a link before a `..` after it; some servers resolve the letters first.
            for start in [start.as_str(), letters.as_str()] {
                match follow(Path::new(start)) {
                    Some(leads) if is_plain && leads == Path::new(&letters) => {}
                    Some(leads) => tell(written, Some(leads.to_string_lossy().into_owned())),
                    None => tell(written, None),
                }
            }
        }
    }
    for written in named.iter().skip(MOST_LINKS) {
        tell(written, None);
    }
    for root in place.roots.iter().chain(&place.host_roots) {
        let leads = follow(Path::new(root)).filter(|leads| leads != Path::new(root));
        if let Some(leads) = leads {
            tell(root, Some(leads.to_string_lossy().into_owned()));
        }
    }
    all
}

/// The absolute paths that a text may stand for, and whether each says what is written.
fn starts(place: &Place, written: &str) -> Vec<(String, bool)> {
    if written.starts_with('/') {
        return vec![(written.to_owned(), true)];
    }
    if let Some(path) = paths::of_uri(written) {
        return vec![(path, true)];
    }
    let home = ["~", "$HOME", "${HOME}"].iter().find_map(|home| written.strip_prefix(home));
    if let Some(rest) = home.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        let home = place.home.iter().map(|home| (format!("{}{rest}", home.to_string_lossy()), false));
        return home.collect();
    }
    let cwd = place.cwd.to_string_lossy();
    let given = place.roots.iter().chain(&place.host_roots).filter(|root| root.starts_with('/')).take(MOST_BASES);
    let bases = std::iter::once(cwd.as_ref()).chain(given.map(String::as_str));
    bases.map(|base| (format!("{base}/{written}"), true)).collect()
}

/// Where an absolute path leads once every link is followed; what is not there yet is taken by its letters. `None`: that
/// cannot be found out, or it goes round in circles.
fn follow(path: &Path) -> Option<PathBuf> {
    let mut left: VecDeque<OsString> = names(path);
    let (mut at, mut hops, mut is_there) = (PathBuf::from("/"), 0, true);
    while let Some(name) = left.pop_front() {
        if name == ".." {
            at.pop();
            continue;
        }
        at.push(&name);
        if !is_there {
            continue;
        }
        match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_symlink() => {
                hops += 1;
                let target = fs::read_link(&at).ok().filter(|_| hops <= MOST_HOPS)?;
                at.pop();
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                for name in names(&target).into_iter().rev() {
                    left.push_front(name);
                }
            }
            Ok(_) => {}
            Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => is_there = false,
            // A text that is no path at all: no system opens it.
            Err(why) if matches!(why.kind(), ErrorKind::InvalidFilename | ErrorKind::InvalidInput) => is_there = false,
            Err(_) => return None,
        }
    }
    Some(at)
}

fn names(path: &Path) -> VecDeque<OsString> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Ground {
        _dir: tempfile::TempDir,
        root: PathBuf,
        place: Place,
    }

    /// `project` with links in it, and `outside` beside it.
    fn ground() -> Ground {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("a path");
        for folder in ["project/src", "outside/deep", "home"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        symlink(root.join("outside"), root.join("project/out")).expect("a link");
        symlink("../outside/deep", root.join("project/deep")).expect("a link");
        symlink(root.join("nowhere/yet"), root.join("project/dangling")).expect("a link");
        symlink("round", root.join("project/round")).expect("a link");
        symlink(root.join("project"), root.join("alias")).expect("a link");
        let place = Place { cwd: root.join("project"), home: Some(root.join("home")), ..Place::default() };
        Ground { _dir: dir, root, place }
    }

    impl Ground {
        fn says(&self, written: &str) -> Vec<Option<String>> {
            let links = links(&self.place, &[written.to_owned()]).into_iter();
            links.map(|link| link.leads.map(|leads| leads.replace(self.root.to_string_lossy().as_ref(), ""))).collect()
        }
    }

    #[test]
    fn b20_a_link_is_followed_to_where_it_leads_and_what_is_no_link_is_not_told() {
        let ground = ground();
        assert!(ground.says("src").is_empty());
        assert!(ground.says("src/new/file.txt").is_empty(), "what is not there yet is where its letters say");
        assert!(ground.says("src/../src").is_empty());
        assert_eq!(ground.says("out"), [Some("/outside".to_owned())]);
        assert_eq!(ground.says("./out/new.txt"), [Some("/outside/new.txt".to_owned())]);
        assert_eq!(
            ground.says("dangling"),
            [Some("/nowhere/yet".to_owned())],
            "a write through it makes the file there"
        );
        assert_eq!(ground.says("round"), [None], "it goes round in circles");
        assert_eq!(ground.says("~/x"), [Some("/home/x".to_owned())]);
        assert_eq!(ground.says("${HOME}/x"), [Some("/home/x".to_owned())]);
        let absolute = format!("{}/project/out", ground.root.display());
        assert_eq!(ground.says(&absolute), [Some("/outside".to_owned())]);
        assert_eq!(ground.says(&format!("file://{absolute}")), [Some("/outside".to_owned())]);
    }

    #[test]
    fn b20_dots_after_a_link_are_read_both_ways() {
        let ground = ground();
        assert_eq!(
            ground.says("deep/../x"),
            [Some("/outside/x".to_owned())],
            "by the kernel; by its letters it is inside"
        );
    }

    #[test]
    fn given_folders_that_are_links_are_told_too_and_relative_paths_tried_from_them() {
        let mut ground = ground();
        ground.place.cwd = ground.root.clone();
        ground.place.roots = vec![ground.root.join("alias").to_string_lossy().into_owned()];
        let found = ground.says("out/x");
        assert!(found.contains(&Some("/outside/x".to_owned())), "{found:?}");
        assert!(found.contains(&Some("/project".to_owned())), "{found:?}");
    }

    #[test]
    fn more_paths_than_a_bound_are_named_as_unknown() {
        let ground = ground();
        let named: Vec<String> = (0..MOST_LINKS + 3).map(|i| format!("a{i}")).collect();
        let links = links(&ground.place, &named);
        assert_eq!(links.len(), 3);
        assert!(links.iter().all(|link| link.leads.is_none()));
    }
}
