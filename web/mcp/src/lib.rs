//! The memory as tools for other programs' agents: the Model Context Protocol, by its official SDK.
//!
//! Four tools ([`Tools`]) over a [`Memory`], which is one person's and reached in two ways: by the
//! server itself for `/mcp` ([`serve_http`]), and over `api.sock` for `ai-infra mcp`
//! ([`serve_stdio`]). A crate of its own because both the server and the command line speak it, and
//! neither may know the other. Holds no session and no store: every call stands for itself, so
//! there is nothing that one person could find of another.
//!
//! Who asks, from where, and under which host name is decided before a call gets here. Source:
//! modelcontextprotocol.io, revisions 2025-03-26 to 2026-07-28, as the SDK negotiates them.

mod http_face;
mod line;
mod lines;
mod memory;
mod server;
mod stdio_face;
mod tools;
mod wrong;

pub use http_face::serve_http;
pub use memory::{Memory, Refused};
pub use server::Tools;
pub use stdio_face::{Ended, serve_stdio};
pub use wrong::{Wrong, check_message};
