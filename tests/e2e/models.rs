//! A model that refuses, is overloaded, or breaks off: the person is told, or never notices.
//!
//! The Messages API is the mock; what the worker does with each misbehaviour is seen over REST.

use std::time::Duration;

use anyhow::{Context, ensure};
use appliance_tests::{MockMessages, Plan, Server, mock::Behaviour, wait};
use serde_json::Value;
use web_dto::{MessageView, TaskView};

const KEY: &str = "sk-ant-mock";
const ANSWER: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_is_told_to_the_person() -> anyhow::Result<()> {
    let (server, mock) = start().await?;
    mock.then(Behaviour::refused());
    let (told, task) = ask(&server).await?;
    assert_eq!((told.role.as_str(), task.status.as_str()), ("system", "failed"), "{told:?}");
    ensure!(told.content.to_lowercase().contains("key"), "it names the key: {}", told.content);
    ensure!(!told.content.contains(KEY), "{}", told.content);
    assert_eq!(mock.requests().len(), 1, "a refused key is not tried again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overloaded_model_is_asked_again() -> anyhow::Result<()> {
    let (server, mock) = start().await?;
    for status in [529, 429] {
        let kind = if status == 429 { "rate_limit_error" } else { "overloaded_error" };
        mock.then(Behaviour::Error { status, kind: kind.to_owned(), retry_after: Some(1) });
    }
    let (told, task) = ask(&server).await?;
    assert_eq!((told.role.as_str(), task.status.as_str()), ("assistant", "completed"), "{told:?}");
    ensure!(mock.requests().len() >= 3, "two refusals and an answer: {}", mock.requests().len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_begun_again_and_stored_once() -> anyhow::Result<()> {
    let (server, mock) = start().await?;
    mock.then(Behaviour::Cut { after_events: 8 });
    mock.then(Behaviour::ErrorEvent { after_events: 6 });
    let (told, task) = ask(&server).await?;
    assert_eq!((told.role.as_str(), task.status.as_str()), ("assistant", "completed"), "{told:?}");
    let begun = told.content.matches("The mock model heard").count();
    assert_eq!(begun, 1, "the half answers are gone: {}", told.content);
    let stored = server.local()?.messages(&told.conversation_id).await?;
    assert_eq!(stored.len(), 2, "{stored:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_stalls_holds_up_no_other_and_says_why() -> anyhow::Result<()> {
    for (said, why) in
        [("hello", "did not say within 20 seconds"), ("/ask code hello", "sent nothing")]
    {
        let (server, mock) = start().await?;
        let client = server.local()?;
        mock.then(Behaviour::Stall { after_events: 0 });
        let thread = client.converse().await?;
        let stalled = client.say(&thread, said).await?;
        let asked = async || Ok((!mock.requests().is_empty()).then_some(()));
        wait::until("the request that stalls", ANSWER, asked).await?;
        for n in 0..20 {
            let other = client.converse().await?;
            let accepted = client.say(&other, &format!("what does exit code {n} mean?")).await?;
            let told = client.answer(&other, &accepted, ANSWER).await;
            let told = told.with_context(|| server.log_tail())?;
            assert_eq!(told.role, "assistant", "{told:?}");
        }
        let open = client.task(&stalled.task_id).await?;
        ensure!(open.completed_at.is_none(), "others went on while it was open: {open:?}");
        let told = client.answer(&thread, &stalled, ANSWER).await?;
        assert_eq!(told.role, "system", "{told:?}");
        ensure!(told.content.contains(why), "{}", told.content);
    }
    Ok(())
}

/// Returns what the doctor says of one part, and how it went.
async fn doctor(server: &Server, part: &str) -> anyhow::Result<(String, String)> {
    let told = server.command(["doctor", "--json"]).run().await?;
    let report: Value = serde_json::from_str(&told.stdout).with_context(|| told.stderr)?;
    let checks = report["checks"].as_array().context("checks")?;
    let check = checks.iter().find(|check| check["name"] == part).context("the part")?;
    let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
    Ok((text("level"), text("said")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_the_model_is_what_the_running_server_has() -> anyhow::Result<()> {
    let mock = MockMessages::with(Some(KEY), Duration::ZERO).await?;
    let plan = Plan::new(env!("CARGO_BIN_EXE_ai-infra")).anthropic(&mock.base_url(), KEY);
    let mut server = plan.start().await?;
    let (level, said) = doctor(&server, "model").await?;
    ensure!(level == "ok" && said.contains("the key is taken"), "{level}: {said}");
    let listen = server.facts()?.listen.clone();
    let (_, said) = doctor(&server, "config").await?;
    ensure!(said.ends_with(&format!("listens on {listen} (--listen)")), "{said}");
    let shown = server.command(["config", "show", "--origin"]).run().await?.success()?.stdout;
    let row = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    ensure!(row("model.provider").contains("anthropic"), "{shown}");
    ensure!(row("model.provider").contains("--model"), "{shown}");
    ensure!(row("server.listen").contains(&listen), "{shown}");
    ensure!(!shown.contains(KEY), "{shown}");

    server.set_variable("AI_INFRA__MODEL__NAME", "unknown-1");
    server.restart().await?;
    let (level, said) = doctor(&server, "model").await?;
    ensure!(level == "fail" && said.contains("knows no model `unknown-1`"), "{level}: {said}");
    server.set_variable("ANTHROPIC_API_KEY", "sk-ant-withdrawn");
    server.restart().await?;
    let (level, said) = doctor(&server, "model").await?;
    ensure!(level == "fail" && said.contains("refuses the key"), "{level}: {said}");
    ensure!(!said.contains("withdrawn"), "{said}");

    server.stop().await?;
    let (level, said) = doctor(&server, "model").await?;
    ensure!(level == "ok" && said.starts_with("a start would use demo"), "{level}: {said}");
    let shown = server.command(["config", "show"]).run().await?.success()?;
    ensure!(shown.stderr.contains("this is what a start would use"), "{shown:?}");
    let given = [("ANTHROPIC_BASE_URL", mock.base_url()), ("ANTHROPIC_API_KEY", "no".to_owned())];
    let given = given.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let chosen = vec![("AI_INFRA__MODEL__PROVIDER".to_owned(), "anthropic".to_owned())];
    let asked = server.command(["doctor"]).environment(given).environment(chosen).run().await?;
    ensure!(asked.stdout.contains("refuses the key (401)"), "{asked:?}");
    ensure!(mock.requests().is_empty(), "nothing that costs was asked");
    Ok(())
}

async fn start() -> anyhow::Result<(Server, MockMessages)> {
    let mock = MockMessages::with(Some(KEY), Duration::ZERO).await?;
    let plan = Plan::new(env!("CARGO_BIN_EXE_ai-infra")).with_agents();
    let server = plan.anthropic(&mock.base_url(), KEY).start().await?;
    server.agents_idle().await?;
    Ok((server, mock))
}

/// Asks one worker by name, so that routing asks the model nothing, and waits for what is stored.
async fn ask(server: &Server) -> anyhow::Result<(MessageView, TaskView)> {
    let client = server.local()?;
    let thread = client.converse().await?;
    let accepted = client.say(&thread, "/ask code say something long enough to break").await?;
    let told = client.answer(&thread, &accepted, ANSWER).await;
    let told = told.with_context(|| server.log_tail())?;
    Ok((told, client.task(&accepted.task_id).await?))
}
