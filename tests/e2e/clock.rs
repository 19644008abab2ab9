//! The real server under a clock that is far ahead and far back: nothing is deleted, no login ends,
//! what was forgotten can be brought back, and all of it is said; a person's word ends it.

use std::time::Duration;

use anyhow::{Context, ensure};
use appliance_tests::{Client, Plan, Server, wait};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Longest wait for the first maintenance, which begins ten seconds after a start.
const SOON: Duration = Duration::from_secs(60);

/// Starts the server with a clock that many days off and waits until it has looked for what is due.
async fn lived_a_while(server: &mut Server, days: i64) -> anyhow::Result<()> {
    server.stop().await?;
    let offset = (days * DAY_SECONDS).to_string();
    server.set_variable("AI_INFRA__CLOCK__OFFSET_SECONDS", &offset);
    server.start().await?;
    let from = server.home().log_text().len();
    wait::until("the maintenance", SOON, async || {
        let text = server.home().log_text();
        Ok(text.get(from..).is_some_and(|new| new.contains("maintenance:")).then_some(()))
    })
    .await
}

/// Memories that there are, and those that can be brought back.
async fn held(client: &Client) -> anyhow::Result<(u64, u64)> {
    let stats: Value = client.get("/api/memory/stats").await?;
    let tiers = stats["tiers"].as_array().context("tiers")?;
    let all = tiers.iter().filter_map(|tier| tier["all"].as_u64()).sum();
    Ok((all, stats["forgotten"].as_u64().context("forgotten")?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_deletes_nothing_ends_no_login_and_is_said() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let anna = server.first_user("anna@example.com", "correct horse battery").await?;
    let token = anna.token().context("a token")?.to_owned();
    let items: Vec<Value> = (0..20).map(|n| json!({"text": format!("fact {n}")})).collect();
    let kept: Value = anna.post("/api/memory", &json!({"items": items})).await?;
    let ids = kept["ids"].as_array().context("ids")?;
    anna.post::<Value>("/api/memory/forget", &json!({"ids": ids[..5]})).await?;
    let before = held(&anna).await?;
    ensure!(before == (15, 5), "{before:?}");

    for days in [366, -3_660, 31] {
        lived_a_while(&mut server, days).await?;
        let anna = server.stranger()?.with_token(&token);
        ensure!(held(&anna).await? == before, "{days} days off: {:?}", held(&anna).await?);
        ensure!(server.home().log_text().contains("clock.jumped"), "{}", server.log_tail());
        server.stranger()?.log_in("anna@example.com", "correct horse battery").await?;
    }

    let client = server.local()?;
    let ready: Value = client.get("/api/health/ready").await?;
    ensure!(ready["status"] == "degraded" && ready["checks"]["clock"] == "ahead", "{ready}");
    let said = server.command(["clock"]).run().await?.success()?;
    ensure!(said.stdout.contains(" clock confirm"), "{}", said.stdout);
    let doctor = server.command(["doctor"]).run().await?;
    ensure!(doctor.stdout.contains("clock confirm"), "{}", doctor.stdout);

    let unasked = server.command(["clock", "confirm"]).run().await?;
    ensure!(unasked.code == Some(2) && unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    server.command(["clock", "confirm", "--yes"]).run().await?.success()?;
    let clock: Value = client.get("/api/clock").await?;
    ensure!(clock["ahead_seconds"] == 0, "{clock}");
    lived_a_while(&mut server, 31).await?;
    let (_, forgotten) = held(&server.local()?).await?;
    ensure!(forgotten == 0, "a month has passed, a person says: {forgotten}");
    Ok(())
}
