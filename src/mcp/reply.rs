//! What sayso says in the server's place: denials, refusals, and signs of life while a call is held.
//!
//! Invariant: a denial is a result with `isError: true` and says that the call was NOT executed; nothing here can be
//! read as success. No rules, no paths, no arguments in the text: only the person's own reason. Every answer is one
//! compact line that ends in a line feed, and ids and tokens are given back to the letter.

use crate::call::Era;
use crate::decision::{By, Decision, DecisionKind};
use crate::json::quote;

/// The longest reason passed on to the model, in characters.
const MAX_REASON: usize = 1_000;

/// The result of a call that was not sent.
pub fn denial(id: &str, era: Era, decision: &Decision) -> Vec<u8> {
    let text = quote(&denial_text(decision));
    let complete = match era {
        Era::Legacy => "",
        Era::Modern => r#","resultType":"complete""#,
    };
    let result = format!(r#"{{"content":[{{"type":"text","text":{text}}}],"isError":true{complete}}}"#);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n").into_bytes()
}

/// What the model reads: not executed, why, and what to do.
pub fn denial_text(decision: &Decision) -> String {
    let reason = decision.reason.as_deref().map(|text| text.trim().chars().take(MAX_REASON).collect::<String>());
    let reason = reason.filter(|text| !text.is_empty());
    let because = reason.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let why = match (decision.kind, decision.by) {
        (DecisionKind::Denied, By::Human) => match reason {
            Some(text) => format!("The user denied it and says: \"{text}\""),
            None => "The user denied it".to_owned(),
        },
        (DecisionKind::Denied, _) => format!("The user's own rules deny it{because}"),
        (DecisionKind::TimedOut, _) => format!("Nobody approved it in time{because}"),
        (DecisionKind::Withdrawn, _) => format!("It was withdrawn{because}"),
        // An allowed call has no denial; were one made, this is what could be said of it.
        (DecisionKind::Blocked | DecisionKind::Allowed, _) => {
            format!("The approval layer could not let it pass{because}")
        }
    };
    let then = match decision.kind {
        DecisionKind::Denied => "Do not retry the same call; ask the user how to go on.",
        _ => "Do not retry the same call unless the user asks for it.",
    };
    let stop = if why.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("This call was NOT executed. {why}{stop} {then}")
}

/// The JSON-RPC error for a refused message. Without an id the answer's id is null (JSON-RPC 2.0 section 5).
pub fn error(id: Option<&str>, code: i32, why: &str) -> Vec<u8> {
    let id = id.unwrap_or("null");
    let message = quote(&format!("refused by sayso: {why}"));
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{code},\"message\":{message}}}}}\n").into_bytes()
}

/// A sign of life for a held call. `count` is 1 for the first and grows: the value strictly increases and stays so
/// small that whatever the server reports later is more.
pub fn progress(token: &str, count: u32, seconds_left: u64) -> Vec<u8> {
    let value = format!("{}.{:06}", count / 1_000_000, count % 1_000_000);
    let params = format!(
        r#"{{"progressToken":{token},"progress":{value},"message":"waiting for approval, {seconds_left} s left"}}"#
    );
    format!("{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{params}}}\n").into_bytes()
}

/// What a server says when its tools have changed: the host lists them again.
pub fn tools_changed() -> Vec<u8> {
    b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n".to_vec()
}

#[cfg(test)]
mod tests;
