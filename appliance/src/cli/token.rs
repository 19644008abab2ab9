//! `token`: makes, lists and revokes tokens for programs, through the running server.
//!
//! A secret goes to standard output once and alone, so that it can be passed on by a pipe; what helps
//! a person goes to standard error, and so do the places where what is printed is to be pasted. Keeps
//! no secret.

use std::process::ExitCode;

use http::Method;
use serde::Serialize;
use web_dto::{McpClient, MintedToken, NewToken, Paste, Problem, Reached, TokenList, TokenView};

use super::{Client, Context, arguments::Token, client, print};
use crate::exit::Failure;

/// Characters of a name that fit beside the rest.
const WIDTH: usize = 40;

/// Runs one of the token commands.
///
/// # Errors
/// When no server runs, there is no such token, or the server takes no such name.
pub fn run(context: &Context, command: &Token) -> anyhow::Result<ExitCode> {
    let server = context.client()?;
    match command {
        Token::Add { name, scopes, expires, client } => {
            let new =
                NewToken { name: name.clone(), scopes: scopes.clone(), expires_in_days: *expires };
            let made: MintedToken = context.block_on(server.post("/api/tokens", &new))?;
            let client = client.as_deref().and_then(McpClient::named);
            added(context, &made, client)
        }
        Token::Config { client } => {
            let url = context.block_on(list(&server))?.url;
            let named = McpClient::named(client);
            let pastes = named.map(|client| pastes(context, client, (&url, None))).transpose()?;
            shown(context, &pastes.unwrap_or_default())
        }
        Token::List => listed(context, &context.block_on(list(&server))?),
        Token::Revoke { token } => revoke(context, &server, token),
    }
}

async fn list(server: &Client) -> anyhow::Result<TokenList> {
    server.get("/api/tokens").await
}

/// A token and what to paste where, for programs.
#[derive(Serialize)]
struct Configured<'a> {
    #[serde(flatten)]
    made: &'a MintedToken,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paste: Vec<Paste>,
}

/// Returns what to paste into `client` so that it reaches the server at `url`.
fn pastes(
    context: &Context,
    client: McpClient,
    (url, secret): (&str, Option<&str>),
) -> anyhow::Result<Vec<Paste>> {
    let command = context.mcp_command()?;
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    Ok(client.pastes(Reached { url, secret, command: &command }))
}

fn shown(context: &Context, pastes: &[Paste]) -> anyhow::Result<ExitCode> {
    if context.json() {
        print::json(&pastes)?;
        return Ok(ExitCode::SUCCESS);
    }
    for paste in pastes {
        context.say(&format!("{}:", paste.place));
        print::out(&format!("{}\n", paste.text))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn added(
    context: &Context,
    made: &MintedToken,
    client: Option<McpClient>,
) -> anyhow::Result<ExitCode> {
    let at = (made.url.as_str(), Some(made.secret.as_str()));
    let paste = client.map(|client| pastes(context, client, at)).transpose()?.unwrap_or_default();
    if context.json() {
        print::json(&Configured { made, paste })?;
        return Ok(ExitCode::SUCCESS);
    }
    if !paste.iter().any(|paste| paste.text.contains(&made.secret)) {
        print::out(&format!("{}\n", made.secret))?;
    }
    shown(context, &paste)?;
    let scopes = made.token.scopes.join(", ");
    let end = made
        .token
        .expires_at
        .as_deref()
        .map_or_else(|| "works until it is revoked".to_owned(), |at| format!("works until {at}"));
    context.say(&format!("this is shown once; it opens {scopes} and {end}"));
    context.say(&format!(
        "programs send it as `Authorization: Bearer ...` to {url}; MCP is at {url}/mcp",
        url = made.url
    ));
    Ok(ExitCode::SUCCESS)
}

fn listed(context: &Context, found: &TokenList) -> anyhow::Result<ExitCode> {
    if context.json() {
        print::json(found)?;
    } else if found.items.is_empty() {
        context.say("there are no tokens; `ai-infra token add NAME` makes one");
    } else {
        let rows = found.items.iter().map(row).collect();
        print::out(&(print::table(&["ID", "NAME", "SCOPES", "ENDS", "LAST USED"], rows) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(token: &TokenView) -> Vec<String> {
    let never = || "never".to_owned();
    let ends = match token.expired {
        true => "has ended".to_owned(),
        false => token.expires_at.clone().unwrap_or_else(never),
    };
    let used = token.last_used_at.clone().unwrap_or_else(never);
    vec![token.id.clone(), print::line(&token.name, WIDTH), token.scopes.join(","), ends, used]
}

fn revoke(context: &Context, server: &Client, named: &str) -> anyhow::Result<ExitCode> {
    let found = context.block_on(list(server))?;
    let is_it = |token: &&TokenView| token.id == named || token.name == named;
    let Some(token) = found.items.iter().find(is_it) else {
        let hint = "`ai-infra token list` shows those there are";
        let what = format!("there is no token `{}`", print::line(named, WIDTH));
        return Err(Failure::new(1, what, hint).into());
    };
    let path = format!("/api/tokens/{}", token.id);
    let told: Result<(), Problem> =
        context.block_on(server.exchange_empty(&Method::DELETE, &path))?;
    told.map_err(|problem| client::told(&problem))?;
    if context.json() {
        print::json(token)?;
    } else {
        context.say(&format!("`{}` is revoked", print::line(&token.name, WIDTH)));
    }
    Ok(ExitCode::SUCCESS)
}
