//! The text of the policy that was accepted last, kept beside the journal, and what an opening hub makes of it.
//!
//! The journal's `policy` entries name the digest of the policy that was accepted; the first entry of every file of the
//! journal carries it on, and an entry with an error says nothing of it. The text lies in `accepted/DIGEST.toml` beside
//! the journal: written before the entry, the older copy dropped after it. An opening hub takes the policy file as it
//! stands only when journal, cache and copies are all missing. When it cannot tell what was accepted (the entry was cut,
//! the copy is gone or is another text), everything is asked for until a person accepts a policy at a console.
//!
//! Invariant: a text is believed only when its digest is the one in the journal. What cannot be believed may tighten,
//! never loosen. Never decides what is accepted: the desk does.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::desk::{PolicyFile, Recalled};
use super::watch;
use crate::call::Digest;
use crate::policy::{self, Policy};
use crate::record::Accepted;

/// The name of the copy that stands for the defaults.
const DEFAULTS: &str = "defaults.toml";
/// The most copies that are looked at.
const MOST: usize = 8;

/// The folder of the copies. There is one, and for a moment two.
#[derive(Debug)]
pub struct Copies(PathBuf);

impl Copies {
    /// In this folder.
    pub const fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    fn path(&self, digest: Option<Digest>) -> PathBuf {
        self.0.join(digest.map_or_else(|| DEFAULTS.to_owned(), |digest| format!("{digest}.toml")))
    }

    /// Every copy there is, oldest names first.
    fn list(&self) -> Vec<PathBuf> {
        let found = fs::read_dir(&self.0).into_iter().flatten().flatten().map(|item| item.path());
        let mut copies: Vec<PathBuf> =
            found.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
        copies.sort();
        copies
    }

    /// Whether anything was ever accepted here.
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// The text with this digest, if it is here.
    fn find(&self, digest: Digest) -> Option<Vec<u8>> {
        let bytes = watch::read(&self.path(Some(digest))).ok().flatten()?;
        (Digest::of(&bytes) == digest).then_some(bytes)
    }

    /// Keeps a text (`None`: the defaults), on the disk itself and for its owner alone.
    pub fn keep(&self, digest: Option<Digest>, text: &str) -> Result<()> {
        let path = self.path(digest);
        if digest.map_or_else(|| path.exists(), |digest| self.find(digest).is_some()) {
            return Ok(());
        }
        let write = || -> io::Result<()> {
            // `tempfile` makes it with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            File::open(&self.0)?.sync_all()
        };
        write().with_context(|| format!("cannot keep a copy of the accepted policy in {}", self.0.display()))
    }

    /// Drops every other copy. One that stays does no harm: it is not believed.
    pub fn drop_others(&self, digest: Option<Digest>) {
        let kept = self.path(digest);
        for path in self.list().iter().filter(|path| **path != kept) {
            if let Err(e) = fs::remove_file(path) {
                tracing::warn!(error = %e, "an old copy of the policy cannot be removed");
            }
        }
    }

    /// What was accepted last, by what the journal says and what the file is now. `new`: nothing was ever recorded here.
    pub fn recall(&self, said: Option<Accepted>, new: bool, file: &PolicyFile) -> Recalled {
        let Some(said) = said else {
            if new && self.is_empty() {
                return Recalled::New;
            }
            return self
                .lost("the journal does not say which policy was accepted last; it may have been removed or cut");
        };
        let Some(digest) = said.digest else { return Recalled::Accepted(PolicyFile::none()) };
        let accepted = if file.digest == Some(digest) {
            Some(file.clone())
        } else {
            self.find(digest).map(|bytes| as_file(Ok(Some(bytes))))
        };
        match accepted {
            Some(file) if file.policy.why_invalid().is_none() => Recalled::Accepted(file),
            Some(_) => self.lost("the policy that was accepted last cannot be used by this version"),
            None => self.lost("the text of the policy that was accepted last is gone, and the file is another"),
        }
    }

    fn lost(&self, why: &str) -> Recalled {
        let copies = self.list().into_iter().take(MOST).filter_map(|path| policy_of(&path));
        Recalled::Lost { why: why.to_owned(), doubted: copies.collect() }
    }
}

fn policy_of(path: &Path) -> Option<Policy> {
    let policy = as_file(watch::read(path)).policy;
    policy.why_invalid().is_none().then_some(policy)
}

/// What was read, with what came of it.
pub fn as_file(found: watch::Found) -> PolicyFile {
    let bytes = found.as_ref().ok().and_then(Option::as_deref);
    let digest = bytes.map(Digest::of);
    let text = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let policy = policy::parse::from_file(found, "policy.toml").policy;
    PolicyFile { digest, text, policy }
}
