//! The words of `token`. Runs nothing.

use clap::{Subcommand, builder::PossibleValuesParser};
use web_dto::{MAX_TOKEN_DAYS, McpClient, TOKEN_SCOPES};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token and print its secret, this once, on standard output
    #[command(after_help = "Scopes: memory (search, keep, correct and forget memories; what MCP \
        clients need), memory-read,\nchat (talk to the agents), read-only (whatever you may read), \
        full (whatever you may do, but\ntokens, log-ins and passwords).\n\nExamples:\n  \
        ai-infra token add claude-code --for claude-code\n  \
        ai-infra token add dashboard --scope read-only --expires 90")]
    Add {
        /// What to call it: the program it is for, say
        name: String,
        /// What it may do; may be given several times
        #[arg(long = "scope", value_name = "SCOPE", default_value = "memory",
            value_parser = PossibleValuesParser::new(TOKEN_SCOPES.map(|(name, _)| name)))]
        scopes: Vec<String>,
        /// In how many days it stops working [default: never]
        #[arg(long, value_name = "DAYS",
            value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TOKEN_DAYS)))]
        expires: Option<u32>,
        /// Print what to paste into this MCP client, the token in it, in the place of the secret alone
        #[arg(long = "for", value_name = "CLIENT",
            value_parser = PossibleValuesParser::new(
                McpClient::ALL.into_iter().filter(|client| client.takes_token()).map(McpClient::name)))]
        client: Option<String>,
    },
    /// Print what to paste into an MCP client; the token's place is marked
    Config {
        /// Which client; `stdio` is for Claude Desktop and whoever else starts a program
        #[arg(value_name = "CLIENT",
            value_parser = PossibleValuesParser::new(McpClient::ALL.map(McpClient::name)))]
        client: String,
    },
    /// Show the tokens: scopes, when they end and when they were used last
    List,
    /// Revoke a token: the program that has it is refused at once
    Revoke {
        /// Which: its name, or its id
        token: String,
    },
}
