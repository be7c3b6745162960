//! What stands behind the console in `sayso demo`: a small real MCP server, a scripted agent, and their folder.
//!
//! Invariant: the demo has no path of its own around the gate. The agent starts `sayso wrap` as any host would, and the
//! server is an ordinary program on a pipe. Nothing outside the demo's own folder is read or written by it, unless a
//! person allows a command that does. The only room that names rmcp.

pub mod agent;
pub mod folder;
pub mod script;
pub mod server;
