//! `memory import` against the real server: what files are taken, what is refused whole, what is counted.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use appliance_tests::{Home, Plan, Server, wait};
use serde_json::{Value, json};
use web_dto::{ActionView, Corrected, MemoryList, MemoryView, Remembered};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// `count` lines, each a text of its own.
fn lines(count: usize) -> Vec<String> {
    (1..=count).map(|n| json!({"text": format!("note {n} says {}", n * 7)}).to_string()).collect()
}

/// Returns the memories of an export, without its marks.
async fn exported(server: &Server) -> anyhow::Result<Vec<Value>> {
    let text = server.command(["memory", "export"]).run().await?.success()?.stdout;
    let all: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|line| line.get("export").is_none()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_taken_from_standard_input_and_whatever_saved_it() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let saved = "\u{feff}{\"text\":\"the mailer is postmark\"}\r\n\r\n{\"text\":\"a\\r\\nb\"}\r\n";
    let taken = server.command(["memory", "import", "-"]).input(saved).run().await?.success()?;
    ensure!(taken.stderr.contains("imported: 2 new, 0 remembered already"), "{taken:?}");
    let again = server.command(["memory", "import"]).input(saved).run().await?.success()?;
    ensure!(again.stderr.contains("imported: 0 new, 2 remembered already"), "{again:?}");
    let twice = "{\"text\":\"one\"}\n{\"text\":\"one\"}\n{\"text\":\"the mailer is postmark\"}\n";
    let twice = server.command(["memory", "import", "-"]).input(twice).run().await?.success()?;
    let said = "imported: 1 new, 1 remembered already, 1 said twice in it";
    ensure!(twice.stderr.contains(said), "{twice:?}");
    let texts: Vec<Value> = exported(&server).await?.iter().map(|it| it["text"].clone()).collect();
    ensure!(texts == ["the mailer is postmark", "a\r\nb", "one"], "{texts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_with_a_bad_line_keeps_nothing_or_says_what_it_left_out() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let home = Home::new()?;
    let file = home.root().join("notes.jsonl");
    let name = file.to_str().context("a name")?;
    let mut all = lines(2_600);
    all[2_500] = json!({"text": "a day", "created_at": "2026-13-45"}).to_string();
    all[9] = "{\"txt\":\"b\"}".to_owned();
    all[19] = json!({"text": "by somebody", "author": "a".repeat(2_000_000)}).to_string();
    all[29] = json!({"text": "by somebody", "author": "a".repeat(201)}).to_string();
    std::fs::write(&file, all.join("\n"))?;

    let refused = server.command(["memory", "import", name]).run().await?;
    ensure!(refused.code == Some(1), "{refused:?}");
    for part in ["nothing of", "4 of its 2600 lines", "line 10: column 6: unknown field `txt`"] {
        ensure!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
    ensure!(refused.stderr.contains("line 2501: `created_at`: not a time such as"), "{refused:?}");
    let long = "line 20: `author`: 2000000 bytes, more than a whole request may have; shorten it";
    ensure!(refused.stderr.contains(long), "{refused:?}");
    ensure!(refused.stderr.contains("line 30: `author`: 201 bytes"), "{refused:?}");
    ensure!(refused.stderr.contains(&format!("memory import --skip-bad {name}")), "{refused:?}");
    ensure!(exported(&server).await?.is_empty(), "nothing was kept");

    let taken = server.command(["memory", "import", "--skip-bad", name]).run().await?;
    ensure!(taken.code == Some(3), "{taken:?}");
    ensure!(taken.stderr.contains("imported: 2596 new, 0 remembered already"), "{taken:?}");
    ensure!(
        taken.stderr.contains("line 10: ") && taken.stderr.contains("line 2501: "),
        "{taken:?}"
    );
    ensure!(exported(&server).await?.len() == 2_596, "all others are kept");
    let told = server.command(["--json", "memory", "import", "--skip-bad", name]).run().await?;
    let told: Value = serde_json::from_str(&told.stdout)?;
    ensure!(told["left_out"][3]["line"] == 2_501, "{}", told["left_out"]);
    ensure!(told["known"].as_array().context("a list")?.iter().all(|it| it == true), "known");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_longer_holds_comes_back_once_however_often_it_is_taken_in() -> anyhow::Result<()> {
    let (here, there) = (Plan::new(BINARY).start().await?, Plan::new(BINARY).start().await?);
    let client = here.local()?;
    let first = json!({"items": [
        {"text": "the mailer is postmark", "created_at": "2026-01-05T09:00:00Z"},
        {"text": "pinned", "pinned": true, "author": "Gwen", "conversation": "letters"},
        {"text": "held", "valid_from": "2025-01-01T00:00:00Z", "valid_until": "2025-02-01T00:00:00Z"},
    ]});
    let kept: Remembered = client.post("/api/memory", &first).await?;
    let path = format!("/api/memory/{}/correct", kept.ids[0]);
    let wrong: Corrected = client.post(&path, &json!({"text": "the mailer is osprey"})).await?;
    let path = format!("/api/memory/{}/correct", wrong.memory.id);
    let _: Corrected = client.post(&path, &json!({"text": "the mailer is postmark"})).await?;

    let file = here.command(["memory", "export"]).run().await?.success()?.stdout;
    // What has ended is pinned since: what is taken in again takes nothing back.
    let pin = format!("/api/memory/{}/pin", kept.ids[2]);
    let _: ActionView = client.post(&pin, &json!({"pinned": true})).await?;
    let taken = here.command(["--json", "memory", "import", "-"]).input(file.as_str());
    let taken: Remembered = serde_json::from_str(&taken.run().await?.success()?.stdout)?;
    ensure!(!taken.known.contains(&false), "{taken:?}");
    let held: MemoryView = client.get(&format!("/api/memory/{}", kept.ids[2])).await?;
    ensure!(held.pinned && taken.ids.contains(&kept.ids[2]), "{held:?} {taken:?}");
    let _: ActionView = client.post(&pin, &json!({"pinned": false})).await?;
    let mine = exported(&here).await?;
    ensure!(mine.len() == 5, "{mine:?}");
    for server in [&there, &there, &here] {
        let taken = server.command(["memory", "import", "-"]).input(file.as_str()).run().await?;
        taken.success()?;
        let theirs = exported(server).await?;
        ensure!(theirs == mine, "{theirs:?}\n{mine:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_cut_off_by_a_killed_server_says_where_and_goes_on_by_itself()
-> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let home = Home::new()?;
    let file = home.root().join("notes.jsonl");
    let name = file.to_str().context("a name")?;
    std::fs::write(&file, lines(20_000).join("\n"))?;
    let import = server.command(["memory", "import", name]);
    let client = server.local()?;
    let some = async || {
        let page: MemoryList = client.get("/api/memory?limit=1").await?;
        Ok((!page.items.is_empty()).then_some(()))
    };
    let killed = async {
        wait::until("the first lines", Duration::from_secs(60), some).await?;
        server.kill9()
    };
    let (cut, killed) = tokio::join!(import.run(), killed);
    let (cut, ()) = (cut?, killed?);
    ensure!(cut.code == Some(69), "{cut:?}");
    ensure!(cut.stderr.contains("of 20000 lines, which are kept; the same import"), "{cut:?}");
    server.start().await?;
    let kept = exported(&server).await?.len();
    ensure!(kept > 0 && kept < 20_000, "{kept}");
    let rest = server.command(["memory", "import", name]).run().await?.success()?;
    let said = format!("imported: {} new, {kept} remembered already", 20_000 - kept);
    ensure!(rest.stderr.contains(&said), "{said}: {rest:?}");
    ensure!(exported(&server).await?.len() == 20_000, "all are kept, each once");
    Ok(())
}
