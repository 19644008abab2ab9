//! A model that refuses, is overloaded, or breaks off: the person is told, or never notices.
//!
//! The Messages API is the mock; what the worker does with each misbehaviour is seen over REST.

use std::time::Duration;

use anyhow::{Context, ensure};
use appliance_tests::{MockMessages, Plan, Server, mock::Behaviour, wait};
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
