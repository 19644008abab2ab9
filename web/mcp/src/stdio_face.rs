//! MCP over standard input and output: one JSON message a line, until the input ends.
//!
//! Whoever starts this writes nothing else to standard output.

use std::sync::Arc;

use rmcp::{ServiceExt as _, service::QuitReason, transport::stdio};

use crate::{Memory, Tools, lines::Lines};

/// How the talk ended.
#[derive(Debug)]
pub enum Ended {
    /// The client closed its end.
    ByClient,
    /// It broke off; what happened.
    Broken(String),
}

/// Speaks MCP on this process's standard streams.
pub async fn serve_stdio(memory: Arc<dyn Memory>) -> Ended {
    let (input, output) = stdio();
    let begun = match Tools::new(memory).serve(Lines::new(input, output)).await {
        Ok(begun) => begun,
        Err(error) => return Ended::Broken(format!("while greeting the client: {error}")),
    };
    match begun.waiting().await {
        Ok(QuitReason::JoinError(error)) => Ended::Broken(error.to_string()),
        Ok(_) => Ended::ByClient,
        Err(error) => Ended::Broken(error.to_string()),
    }
}
