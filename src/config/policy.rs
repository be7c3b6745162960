//! Reads the policy file whole, from a file that nobody else can write.
//!
//! Invariant: only a file that is not there means the defaults. Anything else that cannot be read whole (a broken link,
//! a folder, a pipe, somebody else's file) makes a policy that denies everything that is not low.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::call::Digest;
use crate::policy::{Parsed, from_file, parse::MAX_FILE};

/// A policy file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The policy and everything to be said about the file.
    pub parsed: Parsed,
    /// Digest of the file's bytes, when they could be read; `None` also without a file.
    pub digest: Option<Digest>,
}

/// Reads and parses the policy file at `path` (`Home::policy()`).
pub fn load(path: &Path) -> Loaded {
    let label = path.file_name().map_or_else(|| "policy.toml".into(), |name| name.to_string_lossy());
    let read = read(path);
    let digest = read.as_ref().ok().and_then(|found| found.as_deref().map(Digest::of));
    Loaded { parsed: from_file(read, &label), digest }
}

/// The bytes of the file, or `None` when there is none.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // A link whose end is missing is not a missing file: so ask after the link, not its end.
    if let Err(error) = fs::symlink_metadata(path) {
        return if error.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(error) };
    }
    let no_wait = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(no_wait).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me && meta.uid() != 0 {
        return Err(io::Error::other(format!("it belongs to user {}, not to you (user {me})", meta.uid())));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(io::Error::other(format!("others may write it (mode {:o}); run: chmod 600", meta.mode() & 0o777)));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn b31_only_a_file_that_is_not_there_means_the_defaults() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("policy.toml");
        let broken = |what: &str| {
            let loaded = load(&path);
            assert!(
                loaded.parsed.policy.why_invalid().is_some_and(|why| why.starts_with("policy.toml:1:1: ")),
                "{what}"
            );
        };
        assert_eq!(load(&path).parsed.policy, crate::policy::Policy::default());
        symlink(dir.path().join("gone"), &path).expect("a link");
        broken("a link to nowhere");
        fs::remove_file(&path).expect("removed");
        symlink(&path, &path).expect("a link");
        broken("a link to itself");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder");
        broken("a folder");
        fs::remove_dir(&path).expect("removed");
        let status = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
        assert!(status.success());
        broken("a pipe");
        fs::remove_file(&path).expect("removed");
        fs::write(&path, "[levels]\nlow = \"ask\"\n").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("mode");
        broken("a file that others may write");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
        let loaded = load(&path);
        assert_eq!(loaded.parsed.diagnostics, []);
        assert_eq!(loaded.digest, Some(Digest::of(b"[levels]\nlow = \"ask\"\n")));
    }
}
