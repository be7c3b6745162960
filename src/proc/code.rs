//! Whose code a process runs besides its program: `LD_PRELOAD`, `LD_AUDIT` and the like add some without changing which
//! file it runs.
//!
//! Invariant: what cannot be read is an error. It tells nothing of code that was written over the program's own
//! (ptrace, `/proc/PID/mem`): that is in the threat model.

use std::fs::File;
use std::io::{self, Read as _};

/// The most that is read of a process's mappings, in bytes.
const LONGEST: u64 = 4 << 20;

/// A file as the kernel names it in `maps`: device and inode.
type Id<'a> = (&'a str, &'a str);

/// What a process executes that this one does not, if anything: a file's path, or `memory without a file`.
pub fn foreign(pid: u32) -> io::Result<Option<String>> {
    Ok(beyond(&maps("self")?, &maps(&pid.to_string())?))
}

fn maps(pid: &str) -> io::Result<String> {
    let mut text = Vec::new();
    File::open(format!("/proc/{pid}/maps"))?.take(LONGEST).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn beyond(own: &str, other: &str) -> Option<String> {
    let known: Vec<Id<'_>> = executable(own).map(|(id, _)| id).collect();
    let strange = executable(other).find(|(id, path)| match id.1 {
        "0" => !matches!(*path, "[vdso]" | "[vsyscall]"),
        _ => !known.contains(id),
    })?;
    Some(if strange.1.is_empty() { "memory without a file".to_owned() } else { strange.1.to_owned() })
}

/// `proc_pid_maps(5)`: `address perms offset dev inode path`.
fn executable(maps: &str) -> impl Iterator<Item = (Id<'_>, &str)> {
    maps.lines().filter_map(|line| {
        let mut fields = line.splitn(6, ' ');
        let (_, perms, _) = (fields.next()?, fields.next()?, fields.next()?);
        let id = (fields.next()?, fields.next()?);
        perms.contains('x').then(|| (id, fields.next().unwrap_or_default().trim_start()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "\
55d0-55d1 r--p 00000000 fd:01 11                         /usr/bin/sayso
55d1-55d2 r-xp 00001000 fd:01 11                         /usr/bin/sayso
7f00-7f01 rw-p 00000000 00:00 0 \n\
7f01-7f02 r-xp 00001000 fd:01 12                         /usr/lib/libc.so.6
7ffe-7fff r-xp 00000000 00:00 0                          [vdso]
ffff-ffff --xp 00000000 00:00 0                          [vsyscall]
";

    #[test]
    fn the_same_program_with_the_same_libraries_has_nothing_foreign() {
        assert_eq!(beyond(OWN, OWN), None);
        let data = format!("{OWN}7f10-7f11 r--p 00000000 fd:01 99                         /usr/share/data\n");
        assert_eq!(beyond(OWN, &data), None, "data is no code");
        assert_eq!(foreign(std::process::id()).expect("readable"), None);
    }

    #[test]
    fn b36_a_library_or_memory_that_runs_and_is_not_ours_is_seen() {
        for (line, says) in [
            ("7f10-7f11 r-xp 00000000 fd:01 99                         /tmp/a b.so", "/tmp/a b.so"),
            ("7f10-7f11 r-xp 00000000 00:01 99                         /memfd:x (deleted)", "/memfd:x (deleted)"),
            ("7f10-7f11 rwxp 00000000 00:00 0 ", "memory without a file"),
            ("7f10-7f11 rwxp 00000000 00:00 0                          [heap]", "[heap]"),
            ("7f01-7f02 r-xp 00001000 fd:02 12                         /usr/lib/libc.so.6", "/usr/lib/libc.so.6"),
        ] {
            assert_eq!(beyond(OWN, &format!("{OWN}{line}\n")).as_deref(), Some(says));
        }
    }
}
