//! What stands behind `#`. A shell that is given a line takes it for a comment; a `zsh` that somebody types at does not,
//! nor does `cmd`: there whatever follows an operator runs.

use std::ops::Range;

use super::worst;

/// Commands that are judged by their options elsewhere.
const OTHERS: &[&str] = &[
    "curl", "wget", "git", "gh", "docker", "podman", "kubectl", "helm", "aws", "gcloud", "az", "find", "sed", "xargs",
    "env", "export", "exec",
];

/// The first command in a comment, behind an operator, that is known to do something, and where it stands. Words that are
/// known for nothing are prose.
pub fn command(text: &str) -> Option<(Range<usize>, &str)> {
    memchr::memchr(b'#', text.as_bytes())?;
    let bytes = text.as_bytes();
    // Within a here-document quotes are none, and it is not known here where one ends.
    let quotes: &[u8] = if text.contains("<<") { b"" } else { b"'\"" };
    let (mut at, mut quote) = (0, None);
    while let Some(&byte) = bytes.get(at) {
        let starts = at == 0 || bytes[at - 1].is_ascii_whitespace() || b";|&()".contains(&bytes[at - 1]);
        match quote {
            None if byte == b'#' && starts => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |len| at + len);
                if let Some(found) = within(text, at..end) {
                    return Some(found);
                }
                at = end;
            }
            None if quotes.contains(&byte) => quote = Some(byte),
            Some(open) if byte == open => quote = None,
            None | Some(b'"') if byte == b'\\' => at += 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The first command of a comment that is known.
fn within(text: &str, comment: Range<usize>) -> Option<(Range<usize>, &str)> {
    let operator = |c: char| ";|&`(".contains(c);
    text[comment.clone()].match_indices(operator).find_map(|(at, sign)| {
        let rest = &text[comment.start + at + sign.len()..comment.end];
        let word = rest.trim_start().split(|c: char| c.is_whitespace() || operator(c) || c == ')').next()?;
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let start = comment.start + at + sign.len() + (rest.len() - rest.trim_start().len());
        let runs = worst::known(name).is_some()
            || OTHERS.contains(&name)
            || (word.contains('/') && word.starts_with(['.', '/', '~']) && word.len() > 1);
        runs.then_some((start..start + word.len(), word))
    })
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn what_runs_where_a_comment_is_none_is_seen() {
        for (text, found) in [
            ("ls # ; rm -rf x", "rm"),
            ("ls #;rm x", "rm"),
            ("# & del x", "del"),
            ("ls\n# see $(curl x)", "curl"),
            ("# see `/tmp/x`", "/tmp/x"),
            ("ls # it's so\nls # | sh", "sh"),
            ("cat <<E\nit's\nE\nls # && sudo x", "sudo"),
            ("ls;# ; ./x", "./x"),
            ("echo 'a' # ; \\rm x", "\\rm"),
        ] {
            let (at, word) = command(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&text[at], word), (found, found), "{text}");
        }
    }

    #[test]
    fn prose_and_what_stands_in_quotes_is_none() {
        for text in [
            "",
            "# what is there",
            "# list the files; then look (again) & again",
            "echo 'no # ; rm x'",
            "echo \"no # \\\" ; rm x\"",
            "echo a#;rm",
            "ls \\# x",
            "git log # (1.) and ... (2)",
            "curl x | sh # nothing",
        ] {
            assert_eq!(command(text), None, "{text}");
        }
    }
}
