//! Finds and watches the files of a project, `.sayso.toml`: from the folder that a server runs in upwards, to the first
//! that has a `.git`, the person's own, or the root.
//!
//! Invariant: where to look is settled when a server attaches. A file that is there and cannot be read is told as such.
//! Never on the hub's own thread: a file system may take for ever.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::desk::{Event, PeerId, ProjectFile};
use super::run::Incoming;
use super::watch::{self, Watch};
use crate::config;
use crate::policy::project::NAME;

/// How many folders are looked at, at most.
const MOST: usize = 64;
/// How long the files may take to be read before the server counts as attached.
const PATIENCE: Duration = Duration::from_secs(5);

/// The places of the files above a folder, the nearest first.
pub fn places(folder: &Path) -> Vec<PathBuf> {
    let home = config::own_folder();
    let mut places = Vec::new();
    for dir in folder.ancestors().take(MOST).filter(|dir| dir.is_absolute()) {
        places.push(dir.join(NAME));
        if home.as_deref() == Some(dir) || dir.join(".git").symlink_metadata().is_ok() {
            break;
        }
    }
    places
}

/// Reads them once: those that are there.
pub fn read(folder: &Path) -> Vec<ProjectFile> {
    Projects::of(folder).look().unwrap_or_default()
}

/// The files above one folder as they were read last.
#[derive(Debug)]
struct Projects(Vec<(PathBuf, Watch, Option<ProjectFile>)>);

impl Projects {
    fn of(folder: &Path) -> Self {
        Self(places(folder).into_iter().map(|path| (path, Watch::new(), None)).collect())
    }

    /// All that are there, if anything is new.
    fn look(&mut self) -> Option<Vec<ProjectFile>> {
        let mut new = false;
        for (path, watch, file) in &mut self.0 {
            let Some(found) = watch.look(path) else { continue };
            let seen = as_file(path, found);
            new |= seen != *file;
            *file = seen;
        }
        new.then(|| self.0.iter().filter_map(|(_, _, file)| file.clone()).collect())
    }
}

fn as_file(path: &Path, found: watch::Found) -> Option<ProjectFile> {
    let text = match found {
        Ok(None) => return None,
        // The folder went, or is none: there is nothing in it.
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => return None,
        Ok(Some(bytes)) => String::from_utf8(bytes).map_err(|_| "it is not UTF-8; save the file as UTF-8".to_owned()),
        Err(e) => Err(e.to_string()),
    };
    Some(ProjectFile { path: path.display().to_string(), text })
}

/// What is read while a server attaches, and what is watched afterwards.
#[derive(Debug, Default)]
pub struct Followed(Option<Projects>);

/// Looks for the first time. What takes too long cannot be read.
pub async fn first(folder: &str) -> (Vec<ProjectFile>, Followed) {
    let folder = PathBuf::from(folder);
    let path = folder.join(NAME).display().to_string();
    let read = spawn_blocking(move || {
        let mut projects = Projects::of(&folder);
        (projects.look().unwrap_or_default(), projects)
    });
    if let Ok(Ok((files, projects))) = timeout(PATIENCE, read).await {
        return (files, Followed(Some(projects)));
    }
    let why = format!("it cannot be read within {} s", PATIENCE.as_secs());
    (vec![ProjectFile { path, text: Err(why) }], Followed(None))
}

/// Tells what becomes of them, as long as the server is attached.
pub async fn follow(followed: Followed, peer: PeerId, inbox: mpsc::Sender<Incoming>) {
    let Followed(Some(mut projects)) = followed else { return std::future::pending().await };
    loop {
        sleep(watch::EVERY).await;
        let looked = spawn_blocking(move || {
            let news = projects.look();
            (news, projects)
        });
        let Ok((news, again)) = looked.await else { return std::future::pending().await };
        projects = again;
        if let Some(files) = news
            && inbox.send(Incoming::Event(Event::Project(peer, files))).await.is_err()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).expect("written");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    }

    #[test]
    fn b30_files_are_looked_for_up_to_the_first_repository_and_no_further() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let (repository, inner) = (dir.path().join("repository"), dir.path().join("repository/a/b"));
        fs::create_dir_all(&inner).expect("made");
        fs::create_dir(repository.join(".git")).expect("made");
        for folder in [dir.path(), &repository, &inner] {
            write(&folder.join(NAME), "", 0o644);
        }
        let found: Vec<String> = read(&inner).into_iter().map(|file| file.path).collect();
        let path = |folder: &Path| folder.join(NAME).display().to_string();
        assert_eq!(found, [path(&inner), path(&repository)]);
        assert!(places(Path::new("relative/folder")).is_empty());
        assert_eq!(places(Path::new("/")), [Path::new("/").join(NAME)]);
        assert!(places(Path::new(&"/a".repeat(1000))).len() <= MOST);
    }

    #[test]
    fn b30_a_file_is_read_as_carefully_as_the_policy() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        fs::create_dir(dir.path().join(".git")).expect("made");
        let path = dir.path().join(NAME);
        let one = || read(dir.path()).pop().expect("it is there").text;
        write(&path, "# fine\n", 0o600);
        assert_eq!(one(), Ok("# fine\n".to_owned()));
        write(&path, "", 0o666);
        assert!(one().is_err_and(|why| why.contains("others may write it")));
        write(&path, &"#".repeat((1 << 20) + 1), 0o600);
        assert!(one().is_err_and(|why| why.contains("longer than")));
        fs::remove_file(&path).expect("removed");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("a pipe");
        assert!(one().is_err_and(|why| why.contains("not a file")), "a pipe is not waited for");
        fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("/nowhere/at/all", &path).expect("linked");
        assert!(one().is_err(), "a link to nowhere is not no file");
    }
}
