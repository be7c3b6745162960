//! Names in a policy: which a server and a tool can have, and which key was meant.

use crate::risk::hidden::is_hidden;

/// Whether a text can be the `server` of a rule; otherwise why not.
pub fn check_server(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-*?".contains(c);
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => {
            let c = u32::from(c);
            Err(format!(
                "no server's name holds the character U+{c:04X}: names have a-z A-Z 0-9 . _ -, patterns also * and ?"
            ))
        }
        None if text.is_empty() => Err("server is empty; leave it out to mean every server".to_owned()),
        None if text.len() > 128 => Err("server is longer than 128 characters".to_owned()),
        None => Ok(()),
    }
}

/// Whether a text can be the `tool` of a rule; otherwise why not.
pub fn check_tool(text: &str) -> Result<(), String> {
    match text.chars().find(|c| is_hidden(*c) || c.is_control()) {
        Some(c) => Err(format!("tool holds the invisible character U+{:04X}", u32::from(c))),
        None if text.is_empty() => Err("tool is empty; leave it out to mean every tool".to_owned()),
        None if text.chars().count() > 256 => Err("tool is longer than 256 characters".to_owned()),
        None => Ok(()),
    }
}

/// How many letters have to be added, dropped, changed or swapped with their neighbour.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let plain = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { plain.min(rows[i - 2][j - 2] + 1) } else { plain }
            };
        }
    }
    rows[a.len()][b.len()]
}
