//! Watches the policy file: reads it whole, at the start and whenever it changes.
//!
//! Invariant: what is there but cannot be read is told as an error, never as "no policy". Never judges the text.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How often the file is looked at.
pub const EVERY: Duration = Duration::from_millis(500);

/// The longest policy that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// A change so young may be followed by another that looks the same to [`Mark`]: then the file is read again.
const YOUNG: Duration = Duration::from_secs(2);

/// What a policy file was found to be: `Ok(None)` only when there is none.
pub type Found = io::Result<Option<Vec<u8>>>;

/// What of a file changes when its text does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
    mode: u32,
    owner: u32,
}

/// The file as it was last read.
#[derive(Debug)]
pub struct Watch {
    mark: Option<Mark>,
    last: Option<Result<Option<Vec<u8>>, String>>,
}

impl Watch {
    /// Nothing has been read yet.
    pub const fn new() -> Self {
        Self { mark: None, last: None }
    }

    /// Looks at the file: what it says, if that is not what it said before.
    pub fn look(&mut self, path: &Path) -> Option<Found> {
        let mark = mark(path);
        let young = |mark: &Mark| {
            let at = Duration::from_secs(u64::try_from(mark.changed.0).unwrap_or(0));
            let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + at);
            age.is_ok_and(|age| age < YOUNG)
        };
        if self.last.is_some() && mark == self.mark && !mark.as_ref().is_some_and(young) {
            return None;
        }
        self.mark = mark;
        let found = read(path);
        let seen = found.as_ref().map(Clone::clone).map_err(ToString::to_string);
        let new = self.last.as_ref() != Some(&seen);
        self.last = Some(seen);
        new.then_some(found)
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let meta = fs::metadata(path).ok()?;
    Some(Mark {
        device: meta.dev(),
        inode: meta.ino(),
        size: meta.size(),
        written: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
        mode: meta.mode(),
        owner: meta.uid(),
    })
}

/// Reads the whole file; refuses one that others may write, or that is no file.
pub fn read(path: &Path) -> Found {
    // A name that leads nowhere is an error as well: a link to a file that is gone was meant to be a policy.
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
        Ok(_) => {}
    }
    // Looked at once it is open: what is looked at before may be another file by then. A pipe is not waited for.
    let no_wait = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let opened = File::options().read(true).custom_flags(no_wait).open(path);
    let file = opened.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => io::Error::new(e.kind(), "it is a link to a file that is not there"),
        _ => e,
    })?;
    let meta = file.metadata()?;
    let refuse = |why: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    let me = rustix::process::geteuid().as_raw();
    if !meta.is_file() {
        return refuse("it is not a file".to_owned());
    }
    if meta.uid() != me && meta.uid() != 0 {
        return refuse(format!("it belongs to user {}, not to you (user {me})", meta.uid()));
    }
    if meta.mode() & 0o022 != 0 {
        return refuse(format!(
            "others may write it (mode {:o}); run: chmod go-w {}",
            meta.mode() & 0o777,
            path.display()
        ));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {LONGEST} bytes")));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn text(found: Option<Found>) -> Option<String> {
        found.map(|found| match found {
            Ok(Some(bytes)) => String::from_utf8(bytes).expect("text"),
            Ok(None) => "none".to_owned(),
            Err(e) => format!("error: {e}"),
        })
    }

    #[test]
    fn b31_every_change_is_told_once_and_no_change_is_not() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("policy.toml");
        let mut watch = Watch::new();
        assert_eq!(text(watch.look(&path)).as_deref(), Some("none"));
        assert_eq!(text(watch.look(&path)), None);
        // The second has the size of the first and comes within the same tick of the clock.
        for content in ["aaaa", "bbbb", "cc"] {
            fs::write(&path, content).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
            assert_eq!(text(watch.look(&path)).as_deref(), Some(content));
            assert_eq!(text(watch.look(&path)), None);
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(text(watch.look(&path)).as_deref(), Some("none"));
    }

    #[test]
    fn b31_what_cannot_be_read_is_an_error_and_never_no_policy() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("policy.toml");
        let mut watch = Watch::new();
        fs::create_dir(&path).expect("made");
        assert!(text(watch.look(&path)).is_some_and(|t| t.starts_with("error: it is not a file")));
        fs::remove_dir(&path).expect("removed");
        std::os::unix::fs::symlink(dir.path().join("gone"), &path).expect("linked");
        assert!(text(watch.look(&path)).is_some_and(|t| t.starts_with("error: ")));
        fs::remove_file(&path).expect("removed");
        fs::write(&path, vec![b'#'; (1 << 20) + 1]).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
        assert!(text(watch.look(&path)).is_some_and(|t| t.contains("longer than")));
    }

    #[test]
    fn b29_a_policy_that_others_may_write_is_refused() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("policy.toml");
        fs::write(&path, "").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o662)).expect("opened");
        let error = read(&path).expect_err("refused").to_string();
        assert!(error.contains("others may write it") && error.contains("chmod"), "{error}");
    }
}
