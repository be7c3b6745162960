//! The demo's agent: an MCP client that starts `sayso wrap` as a host does, and works through the script.
//!
//! It is a process of its own, because sayso takes the program that starts a wrap for the agent, and an agent may not
//! decide: the console beside it may. Its standard input is its life line: when it ends, the agent ends, and the wrap
//! and the server with it. It prints nothing unless asked to, since the console has the screen.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock};
use rmcp::service::{Peer, RoleClient, RunningService};
use rmcp::transport::{IntoTransport, TokioChildProcess};
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::task::JoinSet;

use super::script::{ACTS, Act, SERVER, Step};

/// What the agent starts: this program as `wrap`, in front of this program as `demo-server`.
pub fn command(program: &Path, home: &Path, root: &Path) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec![program.into(), "--home".into(), home.into()];
    line.extend(["wrap", "--name", SERVER, "--"].map(OsString::from));
    line.extend([program.into(), "demo-server".into(), "--root".into(), root.into()]);
    line
}

/// Works through the script, then stays until standard input ends. Gives each answer to `told`.
pub async fn work(line: &[OsString], told: impl FnMut(&Step, &Answer)) -> Result<()> {
    let (program, arguments) = line.split_first().context("the agent has nothing to start")?;
    let mut wrap = Command::new(program);
    wrap.args(arguments);
    let transport = TokioChildProcess::new(wrap).context("cannot start sayso wrap")?;
    tokio::select! {
        () = life_line() => Ok(()),
        done = script(transport, ACTS, told) => {
            let session = done?;
            life_line().await;
            session.cancel().await.context("the agent's session failed")?;
            Ok(())
        }
    }
}

/// How a call came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text for the model.
    pub text: String,
    /// Whether it says that the call did not work or was not made.
    pub error: bool,
}

async fn script<T, E, A>(
    transport: T,
    acts: &[Act],
    mut told: impl FnMut(&Step, &Answer),
) -> Result<RunningService<RoleClient, ()>>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let session = ().serve(transport).await.context("cannot speak MCP through sayso wrap")?;
    session.list_all_tools().await.context("cannot list the tools")?;
    for act in acts {
        tokio::time::sleep(act.pause).await;
        let mut calls = JoinSet::new();
        for step in act.calls {
            let peer = session.peer().clone();
            calls.spawn(async move { (step, call(&peer, step).await) });
        }
        while let Some(done) = calls.join_next().await {
            let (step, answer) = done.context("a call of the agent failed")?;
            told(step, &answer);
        }
    }
    Ok(session)
}

async fn call(peer: &Peer<RoleClient>, step: &Step) -> Answer {
    let arguments: Map<String, Value> =
        step.arguments.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    match peer.call_tool(CallToolRequestParams::new(step.tool).with_arguments(arguments)).await {
        Ok(result) => Answer { text: text(&result), error: result.is_error == Some(true) },
        Err(error) => Answer { text: error.to_string(), error: true },
    }
}

fn text(result: &CallToolResult) -> String {
    let parts: Vec<&str> =
        result.content.iter().filter_map(ContentBlock::as_text).map(|part| part.text.as_str()).collect();
    parts.join("\n")
}

/// Ends when standard input does.
async fn life_line() {
    let mut input = tokio::io::stdin();
    let mut bytes = [0; 64];
    while matches!(input.read(&mut bytes).await, Ok(1..)) {}
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::demo::folder::Folder;
    use crate::demo::server::Server;

    #[test]
    fn the_agent_starts_a_real_wrap_in_front_of_the_server() {
        let line = command(Path::new("/bin/sayso"), Path::new("/h"), Path::new("/r"));
        let text: Vec<_> = line.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        assert_eq!(text.join(" "), "/bin/sayso --home /h wrap --name demo -- /bin/sayso demo-server --root /r");
    }

    #[tokio::test]
    async fn every_step_of_the_script_works_on_the_server() {
        let folder = Folder::new().unwrap();
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let server = Server::new(&folder.scratch()).unwrap();
        let server = tokio::spawn(async move { server.serve(theirs).await.unwrap().waiting().await });
        let acts: Vec<Act> = ACTS.iter().map(|act| Act { pause: Duration::ZERO, ..*act }).collect();
        let mut answers = Vec::new();
        let session = script(ours, &acts, |step, answer| answers.push((*step, answer.clone()))).await.unwrap();
        session.cancel().await.unwrap();
        server.await.unwrap().unwrap();
        assert_eq!(answers.len(), ACTS.iter().map(|act| act.calls.len()).sum::<usize>());
        assert!(answers.iter().all(|(_, answer)| !answer.error), "{answers:?}");
        assert_eq!(answers[0].1.text, "build/\nnotes.txt\nsales.csv");
        assert!(answers.iter().any(|(step, answer)| step.tool == "run_command" && answer.text == "cleaned\n"));
        assert_eq!(answers.last().unwrap().1.text, "notes.txt\nreport.md");
    }
}
