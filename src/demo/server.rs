//! The demo's MCP server on standard input and output: five tools over one folder.
//!
//! Invariant: the file tools stay inside the folder, whatever the path says. `run_command` really runs what it is
//! given, as the user, with the folder as its working directory: a person stands in front of it. Installs no logger,
//! so nothing that rmcp would log about payloads is written anywhere.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, ServiceExt as _, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::process::Command;

/// How long a command may run.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);
/// How much of a file or of a command's output is answered, in bytes.
const ANSWER_LIMIT: usize = 64 << 10;

/// A folder and the tools over it.
#[derive(Clone, Debug)]
pub struct Server {
    root: PathBuf,
}

/// A place in the folder.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct At {
    /// Path relative to the served folder
    pub path: String,
}

/// A file and what it shall hold.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Write {
    /// Path relative to the served folder
    pub path: String,
    /// The whole new content
    pub content: String,
}

/// A command line.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Run {
    /// The command line, given to sh -c in the served folder
    pub command: String,
}

#[tool_router]
impl Server {
    /// A server over this folder, which has to exist.
    pub fn new(root: &Path) -> Result<Self> {
        let root = root.canonicalize().with_context(|| format!("cannot serve {}", root.display()))?;
        if !root.is_dir() {
            bail!("{} is not a folder", root.display());
        }
        Ok(Self { root })
    }

    /// Names what is in a folder.
    #[tool(description = "List the files of a folder", annotations(read_only_hint = true, open_world_hint = false))]
    async fn list_files(&self, Parameters(At { path }): Parameters<At>) -> CallToolResult {
        answer(self.inside(&path).and_then(|dir| list(&dir)))
    }

    /// Reads a text file.
    #[tool(description = "Read a text file", annotations(read_only_hint = true, open_world_hint = false))]
    async fn read_file(&self, Parameters(At { path }): Parameters<At>) -> CallToolResult {
        answer(self.inside(&path).and_then(|file| {
            let bytes = fs::read(&file).with_context(|| format!("cannot read {path}"))?;
            Ok(clip(&bytes))
        }))
    }

    /// Writes a text file, over what was there.
    #[tool(
        description = "Write a text file, replacing what was there",
        annotations(read_only_hint = false, idempotent_hint = true, open_world_hint = false)
    )]
    async fn write_file(&self, Parameters(Write { path, content }): Parameters<Write>) -> CallToolResult {
        answer(self.inside(&path).and_then(|file| {
            fs::write(&file, &content).with_context(|| format!("cannot write {path}"))?;
            Ok(format!("wrote {} bytes to {path}", content.len()))
        }))
    }

    /// Deletes one file.
    #[tool(
        description = "Delete a file",
        annotations(read_only_hint = false, destructive_hint = true, idempotent_hint = true, open_world_hint = false)
    )]
    async fn delete_file(&self, Parameters(At { path }): Parameters<At>) -> CallToolResult {
        answer(self.inside(&path).and_then(|file| {
            fs::remove_file(&file).with_context(|| format!("cannot delete {path}"))?;
            Ok(format!("deleted {path}"))
        }))
    }

    /// Runs a command line.
    #[tool(
        description = "Run a shell command in the folder",
        annotations(read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = true)
    )]
    async fn run_command(&self, Parameters(Run { command }): Parameters<Run>) -> CallToolResult {
        answer(run(&self.root, &command).await)
    }

    /// The real place of a path, if it is inside the folder. A file that does not exist yet is where its folder is.
    fn inside(&self, path: &str) -> Result<PathBuf> {
        let relative = Path::new(path);
        if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            bail!("{path} is not inside the served folder");
        }
        let whole = self.root.join(relative);
        let real = match whole.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !whole.is_symlink() => {
                let (parent, name) =
                    whole.parent().zip(whole.file_name()).with_context(|| format!("{path} is not a file"))?;
                parent.canonicalize().with_context(|| format!("cannot look at {path}"))?.join(name)
            }
            other => other.with_context(|| format!("cannot look at {path}"))?,
        };
        if !real.starts_with(&self.root) {
            bail!("{path} leads out of the served folder");
        }
        Ok(real)
    }
}

#[tool_handler]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("sayso-demo", env!("CARGO_PKG_VERSION")))
            .with_instructions("Files and commands in one scratch folder.")
    }
}

/// A result or an error, both in words for the model.
fn answer(result: Result<String>) -> CallToolResult {
    match result {
        Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
        Err(error) => CallToolResult::error(vec![ContentBlock::text(format!("{error:#}"))]),
    }
}

fn list(dir: &Path) -> Result<String> {
    let mut names = fs::read_dir(dir)
        .context("cannot list the folder")?
        .map(|entry| {
            let entry = entry?;
            let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
            Ok(format!("{}{slash}", entry.file_name().to_string_lossy()))
        })
        .collect::<io::Result<Vec<_>>>()
        .context("cannot list the folder")?;
    names.sort();
    Ok(names.join("\n"))
}

/// At most [`ANSWER_LIMIT`] bytes as text, and a word if there was more.
fn clip(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(ANSWER_LIMIT)]);
    match bytes.len().saturating_sub(ANSWER_LIMIT) {
        0 => shown.into_owned(),
        more => format!("{shown}\n({more} more bytes)"),
    }
}

async fn run(root: &Path, command: &str) -> Result<String> {
    let child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start sh")?;
    let output = tokio::time::timeout(COMMAND_LIMIT, child.wait_with_output())
        .await
        .with_context(|| format!("the command was stopped after {} s", COMMAND_LIMIT.as_secs()))?
        .context("cannot wait for the command")?;
    let mut said = output.stdout;
    said.extend_from_slice(&output.stderr);
    let said = clip(&said);
    if output.status.success() { Ok(said) } else { bail!("{}\n{said}", output.status) }
}

/// Serves until standard input ends.
pub async fn serve(root: &Path) -> Result<()> {
    let service = Server::new(root)?.serve(rmcp::transport::stdio()).await.context("cannot speak MCP")?;
    service.waiting().await.context("the demo server failed")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> (tempfile::TempDir, Server) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.txt"), "a").unwrap();
        let server = Server::new(dir.path()).unwrap();
        (dir, server)
    }

    #[test]
    fn a_path_stays_inside_the_folder() {
        let (dir, server) = server();
        assert_eq!(server.inside("a.txt").unwrap(), dir.path().canonicalize().unwrap().join("a.txt"));
        assert!(server.inside("./new.txt").is_ok());
        for path in ["..", "../x", "a/../../x", "/etc/passwd", "nowhere/x", "a.txt/b"] {
            assert!(server.inside(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let (dir, server) = server();
        std::os::unix::fs::symlink("/etc", dir.path().join("etc")).unwrap();
        std::os::unix::fs::symlink("/nowhere-at-all", dir.path().join("dangling")).unwrap();
        for path in ["etc", "etc/passwd", "etc/new", "dangling"] {
            assert!(server.inside(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_long_file_is_clipped_with_a_word() {
        let text = clip(&vec![b'x'; ANSWER_LIMIT + 3]);
        assert!(text.ends_with("(3 more bytes)"));
    }
}
