//! The demo's folder: a home for the hub and a scratch folder for the server, in a private temporary place.
//!
//! Invariant: gone when it is dropped, with everything in it. Never touches the person's own home.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::script;

/// The longest temporary folder that is used, in bytes: an address has 104 bytes where it has fewest.
const LONGEST_BASE: usize = 60;

/// The two folders, removed on drop.
#[derive(Debug)]
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    /// Makes both and fills them.
    pub fn new() -> Result<Self> {
        // A socket's address is short: a long TMPDIR (as macOS has) leaves no room for it.
        let usual = std::env::temp_dir();
        let base = if usual.as_os_str().len() > LONGEST_BASE { PathBuf::from("/tmp") } else { usual };
        let dir = tempfile::Builder::new()
            .prefix("sayso-demo-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(base)
            .context("cannot make a temporary folder; set TMPDIR to one that can be written")?;
        let made = Self { dir };
        made.fill().context("cannot fill the demo's folder")?;
        Ok(made)
    }

    fn fill(&self) -> Result<()> {
        fs::create_dir(self.home())?;
        fs::set_permissions(self.home(), fs::Permissions::from_mode(0o700))?;
        fs::write(self.home().join("policy.toml"), script::POLICY)?;
        for (name, content) in script::FILES {
            let file = self.scratch().join(name);
            fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
            fs::write(file, content)?;
        }
        Ok(())
    }

    /// What is given as `--home`.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// What the server serves.
    pub fn scratch(&self) -> PathBuf {
        self.dir.path().join("scratch")
    }

    /// Removes everything, and says so if it cannot.
    pub fn remove(self) -> Result<()> {
        let path = self.dir.path().to_owned();
        self.dir.close().with_context(|| format!("cannot remove {}; remove it yourself", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes_whole() {
        let folder = Folder::new().unwrap();
        let top = folder.home().parent().unwrap().to_owned();
        assert_eq!(fs::metadata(&top).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(folder.scratch().join("build/old.o").is_file());
        folder.remove().unwrap();
        assert!(!top.exists());
    }
}
