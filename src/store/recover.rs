//! Opening the store whatever has become of it: what cannot be read, or does not agree with the journal, is set aside
//! and made again.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};
use crate::record::{Fact, Stamp};

/// How many folders that were set aside are kept.
const KEEP: usize = 2;

/// Opens the store and brings it up to the end of the journal. `knows` says whether the journal has an entry, `facts`
/// gives those after one (all, after `None`). Call it before anything is appended to the journal. `now` is in milliseconds since the Unix epoch. With the store come
/// sentences for a person: what was wrong and what was done.
pub fn recover<I, E>(
    dir: &Path,
    now: i64,
    knows: impl Fn(&Stamp) -> Result<bool, E>,
    facts: impl Fn(Option<&Stamp>) -> Result<I, E>,
) -> Result<(Store, Vec<String>), E>
where
    I: Iterator<Item = Result<(Stamp, Fact), E>>,
    E: From<StoreError>,
{
    let why = match Store::open(dir) {
        Ok((store, None)) => {
            let entries = replay(&store, now, facts(None)?)??;
            let lost = entries > 0;
            let notice = "the approval cache was missing; it was made again from the journal".to_owned();
            return Ok((store, if lost { vec![notice] } else { Vec::new() }));
        }
        Ok((store, Some(stamp))) => {
            if knows(&stamp)? {
                match replay(&store, now, facts(Some(&stamp))?)? {
                    Ok(_) => return Ok((store, Vec::new())),
                    Err(e) => e.to_string(),
                }
            } else {
                format!(
                    "the approval cache includes entry {}, which the journal does not have: \
                     entries may have been lost or cut off its end",
                    stamp.seq
                )
            }
        }
        Err(StoreError::Corrupt(why)) => StoreError::Corrupt(why).to_string(),
        Err(other) => return Err(other.into()),
    };
    let aside = set_aside(dir, now)?;
    let (store, _) = Store::open(dir)?;
    replay(&store, now, facts(None)?)??;
    Ok((store, vec![format!("{why}; it was moved to {} and made again from the journal", aside.display())]))
}

/// The outer error is the journal's, the inner one the store's. How many entries there were.
fn replay<E>(
    store: &Store,
    now: i64,
    facts: impl Iterator<Item = Result<(Stamp, Fact), E>>,
) -> Result<Result<u64, StoreError>, E> {
    let mut entries = 0;
    for item in facts {
        let (stamp, fact) = item?;
        if let Err(e) = store.apply(&stamp, &fact) {
            return Ok(Err(e));
        }
        entries += 1;
    }
    Ok(store.tidy(now).map(|()| entries))
}

/// Moves the store's folder to `sled.bad-<ms>` beside it; of earlier ones only the newest stay.
pub fn set_aside(dir: &Path, now: i64) -> Result<PathBuf, StoreError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let prefix = format!("{name}.bad-");
    let parent = dir.parent().unwrap_or(Path::new("."));
    let target = (0..1000)
        .map(|more| parent.join(format!("{prefix}{:013}", now.saturating_add(more))))
        .find(|path| fs::symlink_metadata(path).is_err())
        .unwrap_or_else(|| parent.join(format!("{prefix}more")));
    fs::rename(dir, &target)?;
    let mut earlier: Vec<_> = fs::read_dir(parent)?
        .filter_map(|item| {
            let item = item.ok()?;
            let stamp = item.file_name().to_str()?.strip_prefix(&prefix)?.parse::<u64>().ok()?;
            item.file_type().ok()?.is_dir().then(|| (stamp, item.path()))
        })
        .collect();
    earlier.sort_unstable();
    earlier.truncate(earlier.len().saturating_sub(KEEP));
    for (_, path) in earlier {
        // It only takes up room.
        let _ = fs::remove_dir_all(path);
    }
    Ok(target)
}
