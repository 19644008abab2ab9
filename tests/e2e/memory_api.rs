//! The memory through the API and the command line, against the real server: keep, find, narrow,
//! correct, forget, bring back, carry away.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, ensure};
use appliance_tests::{Client, Home, Plan, Server, wait};
use serde_json::{Value, json};
use web_dto::{
    ActionView, Corrected, MemoryList, MemoryResults, MemoryStatsView, MemoryView, Remembered,
};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// Six texts of all kinds; the last two differ in one word.
fn items() -> Value {
    json!([
        {"text": "the staging database is called heron", "created_at": "2026-01-05T09:00:00Z"},
        {"text": "I moved from Oslo to Lisbon \u{1f980}", "kind": "said", "author": "Gwen",
            "created_at": "2023-05-08T13:56:00Z", "conversation": "letters"},
        {"text": "Lisbon is lovely in spring", "kind": "answer", "agent": "research",
            "created_at": "2023-05-08T13:57:00Z", "conversation": "letters"},
        {"text": "check the backup before the restore", "kind": "learning", "phase": "VERIFY",
            "outcome": "failure"},
        {"text": "nginx reloads without dropping connections", "kind": "document",
            "source": "documentation", "domain": "infra", "untrusted": "web: nginx.org"},
        {"text": "do restart nginx at 2am"},
        {"text": "do not restart nginx at 2am"},
    ])
}

async fn keep(client: &Client, items: Value) -> anyhow::Result<Remembered> {
    client.post("/api/memory", &json!({ "items": items })).await
}

async fn find(client: &Client, query: &str, filters: Value) -> anyhow::Result<Vec<String>> {
    let body = json!({"query": query, "limit": 100, "filters": filters});
    let found: MemoryResults = client.post("/api/memory/search", &body).await?;
    Ok(found.results.into_iter().map(|hit| hit.memory.text).collect())
}

async fn start() -> anyhow::Result<(Server, Client)> {
    let server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    Ok((server, client))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_bulk_keeps_its_own_time_author_and_place() -> anyhow::Result<()> {
    let (mut server, client) = start().await?;
    let kept = keep(&client, items()).await?;
    ensure!(kept.ids.len() == 7 && !kept.known.contains(&true), "{kept:?}");
    let said: MemoryView = client.get(&format!("/api/memory/{}", kept.ids[1])).await?;
    ensure!(said.text == "I moved from Oslo to Lisbon \u{1f980}", "{said:?}");
    ensure!(said.author.as_deref() == Some("Gwen") && said.kind == "said", "{said:?}");
    ensure!(said.created_at.starts_with("2023-05-08T13:56:00"), "{said:?}");
    ensure!(said.collection == "conversations" && said.tier == "hot", "{said:?}");
    let answer: MemoryView = client.get(&format!("/api/memory/{}", kept.ids[2])).await?;
    ensure!(answer.conversation_id == said.conversation_id, "equal names belong together");
    let page: MemoryView = client.get(&format!("/api/memory/{}", kept.ids[4])).await?;
    ensure!(page.untrusted.as_deref() == Some("web: nginx.org"), "{page:?}");

    let again = keep(&client, items()).await?;
    ensure!(again.ids == kept.ids && !again.known.contains(&false), "{again:?}");
    server.restart().await?;
    let client = server.local()?;
    let list: MemoryList = client.get("/api/memory?limit=100").await?;
    ensure!(list.items.len() == 7, "nothing is kept twice: {list:?}");
    ensure!(list.items.iter().all(|memory| memory.repeats == 1), "{list:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_of_a_search_leaves_what_passes_and_nothing_else() -> anyhow::Result<()> {
    let (_server, client) = start().await?;
    let kept = keep(&client, items()).await?;
    let said: MemoryView = client.get(&format!("/api/memory/{}", kept.ids[1])).await?;
    let thread = said.conversation_id.context("a conversation")?;
    let (moved, nginx) = ("who moved to Lisbon?", "does nginx keep its connections at 2am?");
    let backup = "what to check of the backup before the restore?";
    for (filters, query, expected) in [
        (json!({"collection": "knowledge"}), nginx, vec![4]),
        (json!({"source": "documentation", "domain": "infra"}), nginx, vec![4]),
        (json!({"collection": "learnings", "phase": "VERIFY"}), backup, vec![3]),
        (json!({"outcome": "failure"}), backup, vec![3]),
        (json!({"outcome": "success"}), backup, vec![]),
        (json!({"agent": "research"}), moved, vec![2]),
        (json!({"conversation_id": thread}), moved, vec![1, 2]),
        (json!({"until": "2024-01-01"}), moved, vec![1, 2]),
        (json!({"from": "2024-01-01"}), moved, vec![]),
        (json!({"from": "2026-01-05", "until": "2026-01-06"}), "staging database", vec![0]),
        (json!({"tier": "cold"}), moved, vec![]),
        (json!({"min_utility": 0.95}), moved, vec![]),
    ] {
        let mut found = find(&client, query, filters.clone()).await?;
        let texts = items();
        let mut expected: Vec<String> = expected
            .iter()
            .filter_map(|n: &usize| Some(texts[*n]["text"].as_str()?.to_owned()))
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        ensure!(found == expected, "{filters}: {found:?}, not {expected:?}");
    }
    let both = find(&client, "restart nginx at 2am", json!({})).await?;
    for text in ["do restart nginx at 2am", "do not restart nginx at 2am"] {
        ensure!(both.iter().any(|found| found == text), "{text}: {both:?}");
    }
    let reply = client
        .send(
            appliance_tests::client::Method::POST,
            "/api/memory/search",
            &[("content-type", "application/json")],
            br#"{"query":"a","filters":{"tier":"lukewarm"}}"#.to_vec(),
        )
        .await?;
    ensure!(reply.status == 422 && reply.problem()?.code == "body.invalid", "{}", reply.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_correction_today_and_yesterday_are_told_apart() -> anyhow::Result<()> {
    let (mut server, client) = start().await?;
    let old = keep(&client, json!([{"text": "the backup runs at 2am"}])).await?.ids.remove(0);
    let was: MemoryView = client.get(&format!("/api/memory/{old}")).await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let path = format!("/api/memory/{old}/correct");
    let body = json!({"text": "the backup runs at 3am"});
    let corrected: Corrected = client.post(&path, &body).await?;
    let now = find(&client, "when does the backup run?", json!({})).await?;
    ensure!(now == ["the backup runs at 3am"], "{now:?}");
    let then = json!({"as_of": was.created_at});
    let before = find(&client, "when does the backup run?", then.clone()).await?;
    ensure!(before == ["the backup runs at 2am"], "{before:?}");

    server.restart().await?;
    let client = server.local()?;
    let before = find(&client, "when does the backup run?", then).await?;
    ensure!(before == ["the backup runs at 2am"], "after a restart: {before:?}");
    let undo = json!({"action_id": corrected.action.id});
    let _: ActionView = client.post("/api/memory/undo", &undo).await?;
    let now = find(&client, "when does the backup run?", json!({})).await?;
    ensure!(now == ["the backup runs at 2am"], "{now:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_found_by_nothing_until_it_is_brought_back() -> anyhow::Result<()> {
    let (mut server, client) = start().await?;
    let kept = keep(&client, items()).await?;
    let question = "what is the staging database called?";
    let has = async |client: &Client| -> anyhow::Result<bool> {
        let texts = find(client, question, json!({})).await?;
        Ok(texts.iter().any(|text| text.contains("heron")))
    };
    ensure!(has(&client).await?, "it is found at first");
    let path = format!("/api/memory/{}/forget", kept.ids[0]);
    let action: ActionView = client.post(&path, &json!({})).await?;
    ensure!(!has(&client).await?, "gone at once");
    ensure!(client.get_status(&format!("/api/memory/{}", kept.ids[0])).await? == 404, "gone");
    server.restart().await?;
    let client = server.local()?;
    ensure!(!has(&client).await?, "gone after a restart");
    let undone: ActionView = client.post("/api/memory/undo", &json!({})).await?;
    ensure!(undone.id == action.id && undone.undone_at.is_some(), "{undone:?}");
    ensure!(has(&client).await?, "back at once");
    server.restart().await?;
    ensure!(has(&server.local()?).await?, "back after a restart");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_stays_and_the_figures_add_up() -> anyhow::Result<()> {
    let (mut server, client) = start().await?;
    let kept = keep(&client, items()).await?;
    let path = format!("/api/memory/{}/pin", kept.ids[0]);
    let _: ActionView = client.post(&path, &json!({"pinned": true})).await?;
    server.restart().await?;
    let client = server.local()?;
    let pinned: MemoryView = client.get(&format!("/api/memory/{}", kept.ids[0])).await?;
    ensure!(pinned.pinned, "{pinned:?}");

    let stats: MemoryStatsView = client.get("/api/memory/stats").await?;
    let tiers: Vec<&str> = stats.tiers.iter().map(|tier| tier.tier.as_str()).collect();
    ensure!(tiers == ["hot", "warm", "cold"], "{stats:?}");
    ensure!(stats.tiers.iter().map(|tier| tier.mine).sum::<u64>() == 7, "{stats:?}");
    ensure!(stats.tiers.iter().all(|tier| tier.limit > 0), "{stats:?}");
    let held: BTreeMap<&str, u64> =
        stats.collections.iter().map(|it| (it.collection.as_str(), it.memories)).collect();
    let expected = [("conversations", 2), ("knowledge", 1), ("learnings", 1), ("memories", 3)];
    ensure!(held == expected.into(), "{held:?}");
    ensure!(stats.collections.iter().all(|it| it.dim > 0 && !it.model.is_empty()), "{stats:?}");
    let metrics =
        client.send(appliance_tests::client::Method::GET, "/metrics", &[], vec![]).await?;
    let text = metrics.text();
    ensure!(text.contains("memory_tier_items{tier=\"hot\"} "), "{text}");
    Ok(())
}

/// Runs a command that must end well.
async fn told(server: &Server, words: &[&str]) -> anyhow::Result<String> {
    Ok(server.command(words.iter().copied()).run().await?.success()?.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_taken_in_elsewhere_has_equal_texts() -> anyhow::Result<()> {
    let (here, client) = start().await?;
    keep(&client, items()).await?;
    let odd = "line\nbreak, \"quotes\", \u{202e}turned, \\ and a tab\t";
    keep(&client, json!([{"text": odd}, {"text": "x".repeat(64 * 1024)}])).await?;
    let folder = Home::new()?;
    let file = folder.root().join("memories.jsonl");
    let name = file.to_str().context("a name")?;
    told(&here, &["memory", "export", name]).await?;
    let refused = here.command(["memory", "export", name]).run().await?;
    ensure!(refused.code == Some(1) && refused.stderr.contains("exists already"), "{refused:?}");

    let (there, client) = start().await?;
    told(&there, &["memory", "import", name]).await?;
    let (mine, theirs) = (exported(&here).await?, exported(&there).await?);
    let texts =
        |lines: &[Value]| -> Vec<Value> { lines.iter().map(|line| line["text"].clone()).collect() };
    ensure!(texts(&mine) == texts(&theirs) && mine.len() == 9, "{mine:?}\n{theirs:?}");
    ensure!(mine[7]["text"] == odd, "{:?}", mine[7]);
    for field in ["kind", "created_at", "author", "agent", "phase", "source", "untrusted"] {
        ensure!(mine.iter().zip(&theirs).all(|(a, b)| a[field] == b[field]), "{field}");
    }
    let found = find(&client, "where did Gwen move to?", json!({})).await?;
    ensure!(found.iter().any(|text| text.contains("Lisbon")), "{found:?}");
    told(&there, &["memory", "import", name]).await?;
    told(&here, &["memory", "import", name]).await?;
    ensure!(exported(&there).await?.len() == 9, "taking it in again adds nothing");
    ensure!(exported(&here).await? == mine, "nor does taking it in where it came from");

    let whole = std::fs::read_to_string(&file)?;
    let cut = folder.root().join("cut.jsonl");
    std::fs::write(&cut, whole.lines().take(4).collect::<Vec<_>>().join("\n"))?;
    let cut = cut.to_str().context("a name")?;
    let refused = there.command(["memory", "import", cut]).run().await?;
    ensure!(refused.code == Some(1) && refused.stderr.contains("cut off"), "{refused:?}");
    Ok(())
}

async fn exported(server: &Server) -> anyhow::Result<Vec<Value>> {
    let text = told(server, &["memory", "export"]).await?;
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let (begin, rest) = lines.split_first().context("a first line")?;
    let (end, memories) = rest.split_last().context("a last line")?;
    ensure!(begin["export"]["begin"]["format"] == 1, "{begin}");
    ensure!(end["export"]["end"]["memories"] == memories.len(), "{end}");
    Ok(memories.to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_looks_after_memories() -> anyhow::Result<()> {
    let (server, client) = start().await?;
    let kept = keep(&client, items()).await?;
    let (heron, oslo) = (kept.ids[0].as_str(), kept.ids[1].as_str());
    let table = told(&server, &["memory", "search", "staging database"]).await?;
    ensure!(table.contains("heron"), "{table}");
    let narrowed = ["memory", "search", "--collection", "knowledge", "--json", "nginx connections"];
    let found: MemoryResults = serde_json::from_str(&told(&server, &narrowed).await?)?;
    ensure!(found.results.len() == 1 && found.results[0].memory.kind == "document", "{found:?}");
    let why = told(&server, &["memory", "why", heron, "what is the database called?"]).await?;
    ensure!(why.contains("found, at place 1"), "{why}");
    let one = told(&server, &["memory", "get", oslo]).await?;
    ensure!(one.contains("Gwen") && one.contains("conversations"), "{one}");
    let list = told(&server, &["memory", "list", "--until", "2024-01-01"]).await?;
    ensure!(list.lines().count() == 3, "a head and two memories: {list}");
    let learned = told(&server, &["memory", "learnings", "--phase", "VERIFY"]).await?;
    ensure!(learned.contains("backup"), "{learned}");

    let none = server.command(["memory", "undo"]).run().await?;
    ensure!(none.code == Some(1) && none.stderr.contains("nothing to undo"), "{none:?}");
    let asked = server.command(["memory", "forget", heron, oslo]).run().await?;
    ensure!(asked.code == Some(2) && asked.stderr.contains("--yes"), "{asked:?}");
    told(&server, &["memory", "forget", heron, oslo, "--yes"]).await?;
    let lost = server.command(["memory", "get", heron]).run().await?;
    ensure!(lost.code == Some(1) && lost.stderr.contains("memory"), "{lost:?}");
    let deeds = told(&server, &["memory", "actions"]).await?;
    ensure!(deeds.contains("forget"), "{deeds}");
    told(&server, &["memory", "undo"]).await?;
    told(&server, &["memory", "get", heron]).await?;

    told(&server, &["memory", "pin", heron]).await?;
    ensure!(told(&server, &["memory", "get", heron]).await?.contains("pinned"), "pinned");
    told(&server, &["memory", "pin", "--off", heron]).await?;
    let correct = ["memory", "correct", heron, "the staging database is called egret"];
    let new = told(&server, &correct).await?;
    let new = told(&server, &["memory", "get", new.trim()]).await?;
    ensure!(new.contains("egret"), "{new}");
    let why = told(&server, &["memory", "why", heron, "what is the database called?"]).await?;
    ensure!(why.contains("--as-of"), "{why}");
    let stats = told(&server, &["memory", "stats"]).await?;
    ensure!(stats.matches('[').count() == 3 && stats.contains("of 50000"), "{stats}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn building_the_indexes_anew_loses_nothing_and_says_how_far_it_is() -> anyhow::Result<()> {
    let (server, client) = start().await?;
    keep(&client, items()).await?;
    told(&server, &["memory", "reindex"]).await?;
    let ended = wait::until("the end of the reindex", Duration::from_secs(30), async || {
        let stats: MemoryStatsView = client.get("/api/memory/stats").await?;
        Ok(stats.job.filter(|job| job.name == "reindex" && job.ended))
    });
    let job = ended.await?;
    ensure!(job.done == job.total, "{job:?}");
    let found = find(&client, "what is the staging database called?", json!({})).await?;
    ensure!(found.iter().any(|text| text.contains("heron")), "{found:?}");
    Ok(())
}
