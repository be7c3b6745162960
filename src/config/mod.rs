//! Where everything lies: one folder with `--home DIR` or `SAYSO_HOME`, otherwise the XDG folders.
//!
//! Two homes never see each other. Finds paths and makes folders (mode 0700); settings live with their components.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use etcetera::BaseStrategy;

use crate::call::Digest;

/// The paths of one home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The folder given, or `None` when the XDG folders are used.
    pub given: Option<PathBuf>,
    /// The person's rules: `policy.toml`, and `theme.toml` if they have one.
    pub config: PathBuf,
    /// The journal's folder: the truth.
    pub journal: PathBuf,
    /// The index and the approval cache: can be rebuilt.
    pub sled: PathBuf,
    /// The folder of socket and lock.
    pub run: PathBuf,
    /// The logs' folder.
    pub log: PathBuf,
}

impl Home {
    /// From `--home` / `SAYSO_HOME`, or from the XDG variables.
    pub fn find(given: Option<&Path>) -> Result<Self> {
        if let Some(dir) = given {
            let dir = std::path::absolute(dir).with_context(|| format!("cannot use {} as a home", dir.display()))?;
            return Ok(Self {
                config: dir.clone(),
                journal: dir.join("journal"),
                sled: dir.join("sled"),
                run: dir.clone(),
                log: dir.join("log"),
                given: Some(dir),
            });
        }
        let base = etcetera::base_strategy::Xdg::new()
            .context("cannot tell your home folder; set HOME, or give --home DIR")?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir()).join("sayso");
        Ok(Self {
            given: None,
            config: base.config_dir().join("sayso"),
            journal: base.data_dir().join("sayso").join("journal"),
            sled: base.cache_dir().join("sayso").join("sled"),
            run: base.runtime_dir().map_or_else(|| state.clone(), |dir| dir.join("sayso")),
            log: state.join("log"),
        })
    }

    /// The policy file.
    pub fn policy(&self) -> PathBuf {
        self.config.join("policy.toml")
    }

    /// The folder of the policy text that was accepted last: beside the journal, which has its digest.
    pub fn accepted(&self) -> PathBuf {
        self.journal.with_file_name("accepted")
    }

    /// The hub's socket.
    pub fn socket(&self) -> PathBuf {
        self.run.join("hub.sock")
    }

    /// The file that a running hub holds locked.
    pub fn lock(&self) -> PathBuf {
        self.run.join("hub.lock")
    }

    /// Which home this is, by where policy, journal and cache lie once links are followed. Programs that meet at one
    /// socket and mean other folders (an `XDG_…` variable of one differs) are of two homes.
    pub fn digest(&self) -> Digest {
        let real = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let folders = [&self.config, &self.journal, &self.sled].map(real);
        Digest::of_fields(folders.iter().map(|path| path.as_os_str().as_bytes()))
    }

    /// Makes the folders that are missing (mode 0700), and refuses any that belongs to somebody else or that others
    /// may write.
    pub fn make(&self) -> Result<()> {
        for dir in [&self.config, &self.journal, &self.accepted(), &self.sled, &self.run, &self.log] {
            make_private(dir)?;
        }
        Ok(())
    }
}

/// The person's own folder, if the environment names one.
pub fn own_folder() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// Makes a folder and its missing parents, and checks that it is the user's own and nobody else's to write.
pub fn make_private(dir: &Path) -> Result<()> {
    match fs::DirBuilder::new().recursive(true).mode(0o700).create(dir) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => bail!("{} is not a folder; move it away", dir.display()),
        Err(e) => return Err(e).with_context(|| format!("cannot make the folder {}", dir.display())),
    }
    let meta = fs::metadata(dir).with_context(|| format!("cannot look at {}", dir.display()))?;
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        bail!("{} belongs to user {}, not to you (user {me}); give another --home", dir.display(), meta.uid());
    }
    let mode = meta.permissions().mode();
    if mode & 0o022 != 0 {
        bail!("{} may be written by others (mode {:o}); run: chmod 700 {}", dir.display(), mode & 0o777, dir.display());
    }
    Ok(())
}
