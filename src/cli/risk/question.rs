//! A call made up on the command line: server, tool and arguments as text become a call, as strictly as a wrap takes one.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::value::RawValue;

use crate::call::{Call, CallId, Definition, Digest, Params, Server, ServerName, SessionId, ToolName};
use crate::json::{self, Duplicates};
use crate::policy::Policy;
use crate::risk::Facts;

/// A server that is known by its label only: nothing was started, so no command and no folders are known.
pub(in crate::cli) fn server(label: &str) -> Result<Server> {
    let nothing = Digest::of(b"");
    let name = ServerName::new(label)?;
    Ok(Server { name, command: String::new(), args: Vec::new(), cwd: "/".to_owned(), environment: nothing })
}

/// A tool's definition from the strict, compact text of one.
pub(in crate::cli) fn definition(text: &str) -> Result<Definition> {
    let name = json::member(text, "name").filter(|name| name.starts_with('"'));
    let name = name.context("a tool's definition is an object with a \"name\"")?;
    let tool = ToolName::new(json::unescape(name))?;
    Ok(Definition::new(tool, raw(text)?))
}

/// Of a file's text the definition of one tool: the file is that definition, a list of them, or the answer to a
/// `tools/list`.
pub(in crate::cli) fn find_definition(text: &[u8], tool: &str) -> Result<Definition> {
    let text = json::compact(text, Duplicates::Envelope).context("it is not strict JSON")?;
    let within = json::member(&text, "result").unwrap_or(&text);
    let list = json::member(within, "tools").unwrap_or(within);
    if !list.starts_with('[') {
        let one = definition(list)?;
        ensure!(one.tool.as_str() == tool, "it defines another tool; give the file of this one");
        return Ok(one);
    }
    let mut named = json::elements(list).filter_map(|one| definition(one).ok()).filter(|d| d.tool.as_str() == tool);
    let one = named.next().context("it defines no tool of this name")?;
    // Two definitions of one name: a wrap would take them for neither.
    ensure!(named.next().is_none(), "it defines the tool twice; leave one of them out");
    Ok(one)
}

/// A call. `arguments` are strict, compact JSON.
pub(in crate::cli) fn call(
    server: Server,
    tool: ToolName,
    definition: Option<Definition>,
    arguments: &str,
) -> Result<Call> {
    if !arguments.starts_with('{') {
        bail!("arguments are an object, such as {{\"path\":\"a\"}}");
    }
    let params = format!("{{\"name\":{},\"arguments\":{arguments}}}", json::quote(tool.as_str()));
    // Quoting writes what may end a line as it stands; a wrap does not.
    let params = json::compact(params.as_bytes(), Duplicates::Everywhere).context("the call is not strict JSON")?;
    Ok(Call {
        id: CallId(0),
        session: SessionId(String::new()),
        server: Arc::new(server),
        tool,
        params: Params::new(raw(&params)?),
        definition: definition.map(Arc::new),
    })
}

/// What the policy says beside rules of the server that is called: its folders, and the person's own domains.
pub(in crate::cli) fn facts(policy: &Policy, call: &Call) -> Facts {
    let profile = policy.server(call.server.name.as_str());
    Facts {
        roots: profile.map(|profile| profile.roots.clone()).unwrap_or_default(),
        domains: profile.map(|profile| profile.domains.clone()).unwrap_or_default(),
        ..Facts::default()
    }
}

fn raw(text: &str) -> Result<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).context("it is not JSON")
}
