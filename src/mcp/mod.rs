//! The Model Context Protocol as far as an interposer must know it: strict lines, answers of our own, tool definitions.
//!
//! Revisions 2024-11-05 to 2025-11-25 ("legacy") and 2026-07-28 ("modern"), read side by side: see [`crate::call::Era`].
//! Text in, text out; never reads a clock, a pipe or a file.

pub mod catalog;
pub mod frame;
pub mod reply;

mod salvage;

/// The method that is gated.
pub const TOOLS_CALL: &str = "tools/call";
/// The method whose results tell the tools' definitions.
pub const TOOLS_LIST: &str = "tools/list";
/// The request that opens a session before revision 2026-07-28.
pub const INITIALIZE: &str = "initialize";
/// The server's request for the folders that it may work in.
pub const ROOTS_LIST: &str = "roots/list";
/// The notification that takes a request back.
pub const CANCELLED: &str = "notifications/cancelled";
/// The member of `params._meta` that every request of revision 2026-07-28 carries, and no older one.
pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The member of `params._meta` that names the host since revision 2026-07-28.
pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";

/// JSON-RPC 2.0 section 5.1: the text is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// JSON-RPC 2.0 section 5.1: the text is not one request, notification or response.
pub const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC 2.0 section 5.1: the params do not fit the method.
pub const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC 2.0 section 5.1: used when the server's own answer cannot be passed on.
pub const INTERNAL_ERROR: i32 = -32603;
