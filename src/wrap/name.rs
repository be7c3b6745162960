//! The label of a server that was given none: made from its command.
//!
//! A label decides nothing about remembered approvals (those are bound to the exact command), but rules in the policy
//! name servers by it. Two servers may get the same label here; whoever writes rules gives `--name`.

use crate::call::ServerName;

/// Programs that fetch or run a package: the program, the words before the package, flags that take a value.
const RUNNERS: &[(&str, &[&str], &[&str])] = &[
    ("npx", &[], &["-p", "--package", "-c", "--call"]),
    ("bunx", &[], &["-p", "--package"]),
    ("pnpx", &[], &[]),
    ("npm", &["exec"], &["-p", "--package", "-c", "--call"]),
    ("pnpm", &["dlx"], &["--package"]),
    ("yarn", &["dlx"], &["-p", "--package"]),
    ("uvx", &[], &["--from", "--with", "--python", "-p", "--index-url"]),
    ("uv", &["tool", "run"], &["--from", "--with", "--python", "-p"]),
    ("pipx", &["run"], &["--spec", "--python"]),
];

/// Programs that run a file or a module.
const INTERPRETERS: &[&str] = &["node", "bun", "deno", "python", "python3", "ruby", "perl", "sh", "bash"];

/// The label for a command line.
pub fn of_command(command: &[String]) -> ServerName {
    let program = command.first().map_or("", |program| base(program));
    let args = command.get(1..).unwrap_or_default();
    let text = package(program, args).or_else(|| script(program, args)).unwrap_or_else(|| program.to_owned());
    ServerName::new(usable(&text)).or_else(|_| ServerName::new("server")).expect("the fallback is a usable label")
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn package(program: &str, args: &[String]) -> Option<String> {
    let (_, words, valued) = RUNNERS.iter().find(|(name, ..)| *name == program)?;
    let rest = args.get(words.len()..)?;
    if !words.iter().zip(args).all(|(word, arg)| word == arg) {
        return None;
    }
    let mut rest = rest.iter();
    while let Some(arg) = rest.next() {
        if valued.contains(&arg.as_str()) {
            rest.next();
        } else if !arg.starts_with('-') {
            return Some(without_version(arg).to_owned());
        }
    }
    None
}

/// `@scope/name@1.2` → `@scope/name`; `name==1.2`, `name[extra]`, `name@latest` → `name`.
fn without_version(package: &str) -> &str {
    let body = package.strip_prefix('@').unwrap_or(package);
    let end = body.find(['@', '=', '[', '<', '>', '~', '!']).unwrap_or(body.len());
    &package[..package.len() - body.len() + end]
}

fn script(program: &str, args: &[String]) -> Option<String> {
    if !INTERPRETERS.contains(&program) {
        return None;
    }
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-m" => return args.next().cloned(),
            "-c" | "-e" => return None,
            "run" if program == "bun" || program == "deno" => {}
            flag if flag.starts_with('-') => {}
            file => {
                let name = base(file);
                return Some(name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned());
            }
        }
    }
    None
}

/// The same with every character that a label may not have replaced by `-`.
fn usable(text: &str) -> String {
    let text = text.strip_prefix('@').unwrap_or(text);
    let keep = |c: char| match c {
        '/' => '.',
        c if c.is_ascii_alphanumeric() || "._-".contains(c) => c,
        _ => '-',
    };
    text.chars().map(keep).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_made_from_the_command() {
        let cases = [
            (
                "npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /home/me",
                "modelcontextprotocol.server-filesystem",
            ),
            ("/usr/bin/npx --package=x -p y server-memory", "server-memory"),
            ("npm exec -- mcp-thing", "mcp-thing"),
            ("pnpm dlx @a/b", "a.b"),
            ("uvx --from git+https://x mcp-server-time==1.2", "mcp-server-time"),
            ("uv tool run mcp-server-git[all]", "mcp-server-git"),
            ("uv run server.py", "uv"),
            ("python3 -m mcp_server_time --local", "mcp_server_time"),
            ("python -u tools/weather.py", "weather"),
            ("node --enable-source-maps dist/index.js", "index"),
            ("node -e 1", "node"),
            ("/opt/bin/my server", "my"),
            ("./target/debug/serv\u{e9}r!", "serv-r-"),
            ("npx", "npx"),
            ("/", "server"),
            ("", "server"),
        ];
        for (command, expected) in cases {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(of_command(&words).as_str(), expected, "{command}");
        }
    }

    #[test]
    fn a_label_is_never_too_long() {
        assert_eq!(of_command(&["x".repeat(500)]).as_str().len(), 64);
        assert_eq!(of_command(&["é".repeat(500)]).as_str(), "-".repeat(64));
    }
}
