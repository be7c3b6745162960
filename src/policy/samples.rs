//! A call for this room's tests.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::call::{Call, CallId, Digest, Params, Server, ServerName, SessionId, ToolName};

/// A call of a server that stands in the root and was started without arguments.
pub(super) fn call(server: &str, tool: &str, arguments: &str) -> Call {
    let params = format!(r#"{{"name":{},"arguments":{arguments}}}"#, serde_json::Value::from(tool));
    Call {
        id: CallId(1),
        session: SessionId("s".into()),
        server: Arc::new(Server {
            name: ServerName::new(server).expect("a name"),
            command: "server".into(),
            args: Vec::new(),
            cwd: "/".into(),
            environment: Digest::of(b""),
        }),
        tool: ToolName::new(tool).expect("a name"),
        params: Params::new(RawValue::from_string(params).expect("json")),
        definition: None,
    }
}
