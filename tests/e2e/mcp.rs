//! The memory as tools for other programs: the official SDK's own client, over both ways in.

use std::process::Stdio;

use anyhow::{Context, ensure};
use appliance_tests::{Home, Plan, Program, Server, people};
use rmcp::{
    RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, CallToolResult, JsonObject},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const PUBLIC: &str = "ai.example.com";

type Talk = RunningService<RoleClient, ()>;

/// Starts `ai-infra mcp` and greets it; the process ends with the talk's input.
async fn stdio(server: &Server) -> anyhow::Result<(Talk, tokio::process::Child)> {
    let mut command = server.command(["mcp"]).command();
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("standard output is not piped")?;
    let input = child.stdin.take().context("standard input is not piped")?;
    Ok((().serve((output, input)).await?, child))
}

/// Greets `/mcp` at an address, with a login or without.
async fn http(base: &str, token: Option<&str>) -> anyhow::Result<Talk> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(format!("{base}/mcp"));
    config.auth_header = token.map(str::to_owned);
    let talk = ().serve(StreamableHttpClientTransport::from_config(config)).await;
    talk.context("while greeting the server")
}

async fn call(talk: &Talk, tool: &'static str, arguments: Value) -> anyhow::Result<CallToolResult> {
    let arguments: JsonObject = serde_json::from_value(arguments)?;
    Ok(talk.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await?)
}

/// Calls a tool that must do its work, and returns the structured answer.
async fn done(talk: &Talk, tool: &'static str, arguments: Value) -> anyhow::Result<Value> {
    let result = call(talk, tool, arguments).await?;
    ensure!(result.is_error != Some(true), "{tool}: {result:?}");
    ensure!(!result.content.is_empty(), "{tool} says nothing to the model: {result:?}");
    result.structured_content.with_context(|| format!("{tool} is not structured"))
}

/// Goes through all four tools.
async fn all_four(talk: &Talk) -> anyhow::Result<()> {
    let names: Vec<String> =
        talk.list_all_tools().await?.into_iter().map(|tool| tool.name.into_owned()).collect();
    ensure!(names == ["search", "remember", "forget", "recent"], "{names:?}");

    let text = "the staging database is called heron";
    let kept = done(talk, "remember", json!({"text": text, "author": "Gwen"})).await?;
    let id = kept["id"].as_str().context("an id")?;
    let again = done(talk, "remember", json!({"text": text, "author": "Gwen"})).await?;
    ensure!(again == json!({"id": id, "known": true}), "{again}");
    let found = done(talk, "search", json!({"query": "name of the staging database"})).await?;
    let hit = &found["results"][0];
    ensure!(hit["id"] == id && hit["author"] == "Gwen" && hit["why"].is_string(), "{found}");
    let listed = done(talk, "recent", json!({"limit": 5})).await?;
    ensure!(listed["memories"][0]["text"] == text, "{listed}");

    let gone = done(talk, "forget", json!({"ids": [id]})).await?;
    ensure!(gone["ids"] == json!([id]), "{gone}");
    let found = done(talk, "search", json!({"query": "name of the staging database"})).await?;
    ensure!(!found.to_string().contains("heron"), "{found}");

    let wrong = call(talk, "search", json!({"query": ""})).await?;
    ensure!(wrong.is_error == Some(true), "{wrong:?}");
    let told = serde_json::to_string(&wrong.content)?;
    ensure!(told.contains("empty") && told.contains("what to do"), "{told}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_on_this_machine_uses_the_local_users_memory() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let (talk, mut child) = stdio(&server).await?;
    all_four(&talk).await?;

    server.restart().await?;
    done(&talk, "remember", json!({"text": "the other one is called egret"})).await?;
    let found = server.local()?.recall("what is the other one called?").await?;
    ensure!(found.iter().any(|hit| hit.memory.text.contains("egret")), "{found:?}");

    talk.cancel().await?;
    let status = child.wait().await?;
    ensure!(status.success(), "the command ends well with its input: {status}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_command_says_so_and_how_to_start_one() -> anyhow::Result<()> {
    let home = Home::new()?;
    let ended = Program::new(BINARY.as_ref(), &home).arguments(["mcp"]).run().await?;
    ensure!(ended.code == Some(69) && ended.stdout.is_empty(), "{ended:?}");
    ensure!(ended.stderr.contains("no server runs"), "{ended:?}");
    ensure!(ended.stderr.trim_end().ends_with(" serve"), "{ended:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_elsewhere_logs_in_and_sees_its_own_persons_memory() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let anna = server.first_user("anna@example.com", "correct horse battery").await?;
    let base = format!("http://{}", server.facts()?.listen);
    let token = anna.token().context("a token")?.to_owned();
    let talk = http(&base, Some(&token)).await?;
    all_four(&talk).await?;

    let stranger = http(&base, None).await.err().context("nobody is let in")?;
    ensure!(format!("{stranger:#?}").contains("AuthRequired"), "{stranger:#?}");
    let forged = http(&base, Some("not.a.token")).await.err().context("a forged login")?;
    ensure!(format!("{forged:#?}").contains("AuthRequired"), "{forged:#?}");
    anna.send(appliance_tests::client::Method::POST, "/api/auth/logout", &[], Vec::new()).await?;
    let late = call(&talk, "recent", json!({})).await;
    ensure!(late.is_err(), "a login that has ended is refused at once: {late:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_a_token_uses_it_until_it_is_revoked() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    server.first_user("anna@example.com", "correct horse battery").await?;
    let base = format!("http://{}", server.facts()?.listen);
    let made = server.command(["token", "add", "my editor"]).run().await?.success()?;
    let secret = made.stdout.trim_end();
    ensure!(made.stdout.lines().count() == 1 && !made.stderr.contains(secret), "{made:?}");
    ensure!(made.stderr.contains(&format!("{base}/mcp")), "the running server's own: {made:?}");
    ensure!(!server.home().log_text().contains(secret), "a secret is never logged");
    let talk = http(&base, Some(secret)).await?;
    all_four(&talk).await?;

    let add = ["token", "add", "reader", "--scope", "memory-read", "--expires", "1"];
    let reader = server.command(add).run().await?.success()?;
    let reader = http(&base, Some(reader.stdout.trim_end())).await?;
    done(&reader, "search", json!({"query": "heron"})).await?;
    let refused = call(&reader, "remember", json!({"text": "the egret"})).await?;
    ensure!(refused.is_error == Some(true), "{refused:?}");
    ensure!(serde_json::to_string(&refused)?.contains("memory or full"), "{refused:?}");

    let listed = server.command(["token", "list", "--json"]).run().await?.success()?;
    let listed: Value = serde_json::from_str(&listed.stdout)?;
    ensure!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    ensure!(listed["items"][1]["expires_at"].is_string(), "{listed}");
    server.command(["token", "revoke", "my editor"]).run().await?.success()?;
    ensure!(call(&talk, "recent", json!({})).await.is_err(), "a revoked token is refused at once");
    let again = server.command(["token", "revoke", "my editor"]).run().await?;
    ensure!(again.code == Some(1) && again.stderr.contains("token list"), "{again:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_for_a_client_reaches_the_server() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let base = format!("http://{}", server.facts()?.listen);
    let add = ["token", "add", "cursor", "--for", "cursor"];
    let printed = server.command(add).run().await?.success()?;
    let value: Value = serde_json::from_str(&printed.stdout)?;
    let cursor = &value["mcpServers"]["ai-infra"];
    ensure!(cursor["url"] == format!("{base}/mcp"), "{value}");
    ensure!(printed.stderr.contains("~/.cursor/mcp.json"), "{printed:?}");
    let shown = cursor["headers"]["Authorization"].as_str().context("a header")?;
    let secret = shown.strip_prefix("Bearer ").context("a token")?;
    all_four(&http(&base, Some(secret)).await?).await?;

    let asked = server.command(["token", "add", "editor", "--for", "vscode"]).run().await?;
    let asked = asked.success()?.stdout;
    let first = asked.lines().next().unwrap_or_default();
    ensure!(first.starts_with("aiinfra_") && asked.matches(first).count() == 1, "{asked}");

    let printed = server.command(["token", "config", "stdio"]).run().await?.success()?;
    let value: Value = serde_json::from_str(&printed.stdout)?;
    let entry = &value["mcpServers"]["ai-infra"];
    let words: Vec<String> = serde_json::from_value(entry["args"].clone())?;
    // From another directory, by the words that were printed alone.
    let program = entry["command"].as_str().context("a program")?;
    let mut command = Program::new(program.as_ref(), server.home()).arguments(words).command();
    let mut child = command.current_dir("/").stdin(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("standard output is not piped")?;
    let input = child.stdin.take().context("standard input is not piped")?;
    let talk = ().serve((output, input)).await?;
    done(&talk, "recent", json!({})).await?;
    talk.cancel().await?;
    ensure!(child.wait().await?.success(), "the command ends well with its input");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_finds_nothing_of_another() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let anna = server.first_user("anna@example.com", "correct horse battery").await?;
    server.stop().await?;
    let token = people::add(server.home(), "ben").await?;
    server.start().await?;
    let ben = server.stranger()?.set_up(&token, "ben@example.com", "correct horse staple").await?;
    let base = format!("http://{}", server.facts()?.listen);
    let (hers, his) = (http(&base, anna.token()).await?, http(&base, ben.token()).await?);
    let kept = done(&hers, "remember", json!({"text": "the heron nests at dawn"})).await?;
    for (tool, arguments) in [("search", json!({"query": "heron"})), ("recent", json!({}))] {
        let found = done(&his, tool, arguments).await?;
        ensure!(!found.to_string().contains("dawn"), "{tool}: {found}");
    }
    let stolen = call(&his, "forget", json!({"ids": [kept["id"]]})).await?;
    ensure!(stolen.is_error == Some(true), "{stolen:?}");
    let found = done(&hers, "search", json!({"query": "heron"})).await?;
    ensure!(found.to_string().contains("dawn"), "{found}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_host_name_is_the_servers_and_no_other() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).variable("PRIMARY_DOMAIN", PUBLIC).start().await?;
    let anna = server.first_user("anna@example.com", "correct horse battery").await?;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    for (host, status) in [(PUBLIC, 200), ("evil.example", 421)] {
        let headers = [
            ("host", host),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("x-forwarded-for", "198.51.100.7"),
            ("x-forwarded-proto", "https"),
        ];
        let method = appliance_tests::client::Method::POST;
        let reply = anna.send(method, "/mcp", &headers, message.clone().into_bytes()).await?;
        ensure!(reply.status == status, "{host}: {} {}", reply.status, reply.text());
    }
    Ok(())
}
