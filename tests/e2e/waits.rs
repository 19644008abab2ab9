//! What waits says what it waits for, until when, can be ended, and holds up nobody else.
//!
//! Seen as people see it: over REST, in the terminal's words, after a kill. The model is the mock where
//! it has to misbehave.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::time::Duration;

use anyhow::Context;
use appliance_tests::{Client, MockMessages, Plan, Server, mock::Behaviour, wait};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use web_dto::WaitView;

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const KEY: &str = "sk-ant-mock";
const ANSWER: Duration = Duration::from_secs(40);

/// Starts a server whose model is the mock, which waits so long before each word.
async fn with_mock(between_words: Duration) -> anyhow::Result<(Server, MockMessages)> {
    let mock = MockMessages::with(Some(KEY), between_words).await?;
    let plan = Plan::new(BINARY).with_agents().anthropic(&mock.base_url(), KEY);
    let server = plan.start().await?;
    server.agents_idle().await?;
    Ok((server, mock))
}

type Said = Lines<BufReader<tokio::process::ChildStderr>>;

/// Starts `chat` and returns it with the lines of its standard error.
fn chat(server: &Server, words: &str) -> anyhow::Result<(tokio::process::Child, Said)> {
    let mut command = server.command(["chat", words]).command();
    let mut chat = command.stderr(std::process::Stdio::piped()).spawn()?;
    let stderr = chat.stderr.take().context("its standard error")?;
    Ok((chat, BufReader::new(stderr).lines()))
}

/// Reads until a line has `words` in it.
async fn says(said: &mut Said, words: &str) -> anyhow::Result<String> {
    let reading = async {
        while let Some(line) = said.next_line().await? {
            if line.contains(words) {
                return Ok(line);
            }
        }
        anyhow::bail!("it ended without `{words}`")
    };
    tokio::time::timeout(ANSWER, reading).await.with_context(|| format!("waits for `{words}`"))?
}

/// Runs the command that was printed for a person; the options before it lead to this server.
async fn as_printed(server: &Server, printed: &str) -> anyhow::Result<()> {
    let words: Vec<&str> = printed.split_whitespace().skip_while(|it| *it != "agent").collect();
    server.command(words).run().await?.success().map(drop)
}

async fn becomes(server: &Server, agent: &str, status: &str) -> anyhow::Result<()> {
    let what = format!("{agent} is {status}");
    wait::until(&what, ANSWER, async || {
        let is = server.local()?.agent(agent).await?;
        Ok((is.status == status).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_a_stopped_agent_says_so_waits_and_is_answered_when_it_starts()
-> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    for (agent, asked) in [("qa", "/ask qa is the heron a bird?"), ("supervisor", "hello")] {
        server.command(["agent", "stop", agent]).run().await?.success()?;
        becomes(&server, agent, "stopped").await?;
        let (mut chat, mut said) = chat(&server, asked)?;
        let line = says(&mut said, " is stopped. Start it: ").await?;
        let (_, command) = line.split_once("Start it: ").context("the command")?;
        if agent == "qa" {
            server.kill9()?; // what waits is on disk
            server.start().await?;
            becomes(&server, "code", "idle").await?;
        }
        as_printed(&server, command).await?;
        let status = tokio::time::timeout(ANSWER, chat.wait()).await??;
        anyhow::ensure!(status.success(), "{agent}: {status}\n{}", server.log_tail());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_kept_and_marked_and_its_text_is_its_own() -> anyhow::Result<()>
{
    // Ten words at this pace have made the person wait already: they are not thrown away.
    let (server, mock) = with_mock(Duration::from_millis(600)).await?;
    for how in [Behaviour::Cut { after_events: 13 }, Behaviour::ErrorEvent { after_events: 13 }] {
        mock.then(how);
        let asked = "/ask code say something that is long enough to break";
        let told = server.command(["chat", "--json", asked]).run().await?.success()?;
        let report: Value = serde_json::from_str(&told.stdout)?;
        assert_eq!(report["cut_off"], "broke_off", "{report}");
        let text = report["answer"].as_str().context("the text")?;
        // The second time, it is told that this was asked before.
        let said = [
            "The mock model heard 8 words and answers with them: say something",
            "As far as I remember, this is what was said before: ",
        ];
        let is_its_own = said.iter().any(|said| said.starts_with(text.trim_end()));
        anyhow::ensure!(text.len() > 20 && is_its_own, "{text}");
        let thread = report["conversation_id"].as_str().context("the conversation")?;
        let stored = server.local()?.messages(thread).await?;
        let last = stored.last().context("the answer")?;
        assert_eq!((last.content.as_str(), last.cut_off.as_deref()), (text, Some("broke_off")));
    }
    mock.then(Behaviour::Cut { after_events: 13 });
    let told =
        server.command(["chat", "/ask code say it once more and break off then"]).run().await?;
    let told = told.success()?;
    anyhow::ensure!(told.stderr.contains("(Cut off here: "), "{}", told.stderr);
    anyhow::ensure!(!told.stdout.contains("Cut off"), "{}", told.stdout);
    Ok(())
}

/// What the provider says when it takes no more for a while.
fn limited(retry_after: u64) -> Behaviour {
    let kind = "rate_limit_error".to_owned();
    Behaviour::Error { status: 429, kind, retry_after: Some(retry_after) }
}

/// Waits until the task says that it waits, and returns how.
async fn waits(client: &Client, id: &str) -> anyhow::Result<WaitView> {
    let look = async || Ok(client.task(id).await?.wait);
    wait::until("the task says what it waits for", ANSWER, look).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_said_holds_up_no_other_and_is_kept_through_a_kill() -> anyhow::Result<()> {
    let (mut server, mock) = with_mock(Duration::ZERO).await?;
    let client = server.local()?;
    mock.then(limited(30));
    let (mut chat, mut said) = chat(&server, "/ask research what is tea?")?;
    let line = says(&mut said, "next try in ").await?;
    anyhow::ensure!(line.starts_with("Research: rate-limited, next try in "), "{line}");
    let root = client.tasks().await?.into_iter().find(|task| task.kind == "message");
    let root = root.context("the message's task")?;
    let wait = root.wait.context("a list tells the wait of a part")?;
    assert_eq!((wait.reason.as_str(), wait.tries), ("rate_limited", 1));
    anyhow::ensure!(wait.left_ms > 0 && wait.left_ms <= 30_000, "{wait:?}");

    let other = client.converse().await?;
    let accepted = client.say(&other, "/ask research what is coffee?").await?;
    let told = client.answer(&other, &accepted, ANSWER).await.with_context(|| server.log_tail())?;
    assert_eq!(told.role, "assistant", "another message passes: {told:?}");
    anyhow::ensure!(client.task(&root.id).await?.wait.is_some(), "and this one still waits");

    server.kill9()?;
    server.start().await?;
    let status = tokio::time::timeout(ANSWER * 2, chat.wait()).await??;
    anyhow::ensure!(status.success(), "{status}\n{}", server.log_tail());
    let ended = server.local()?.task(&root.id).await?;
    assert_eq!((ended.status.as_str(), &ended.wait), ("completed", &None));
    assert_eq!(ended.children[0].attempt, 2, "the restart was no try");
    assert_eq!(mock.requests().len(), 3, "one refused, one for the other, and the second try");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_it_is_stopped_and_a_choice_of_an_agent_waits_as_well()
-> anyhow::Result<()> {
    let (server, mock) = with_mock(Duration::ZERO).await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    for asked in ["/ask code what is tea?", "what is tea?"] {
        mock.then(limited(300));
        let accepted = client.say(&thread, asked).await?;
        let wait = waits(&client, &accepted.task_id).await?;
        anyhow::ensure!(wait.left_ms > 200_000, "{wait:?}");
        let listed = server.command(["task", "list"]).run().await?.success()?;
        anyhow::ensure!(listed.stdout.contains("rate-limited, next try in"), "{}", listed.stdout);
        server.command(["task", "cancel", &accepted.task_id]).run().await?.success()?;
        let told = client.answer(&thread, &accepted, ANSWER).await?;
        assert_eq!(told.content, "Stopped before an answer was begun.");
        let ended = client.task(&accepted.task_id).await?;
        assert_eq!((ended.status.as_str(), &ended.wait), ("cancelled", &None));
    }
    mock.then(limited(3_600));
    let accepted = client.say(&thread, "/ask code what is tea?").await?;
    let told = client.answer(&thread, &accepted, ANSWER).await?;
    anyhow::ensure!(told.content.contains("Send the message again in 60 minutes"), "{told:?}");

    mock.then(Behaviour::ErrorEvent { after_events: 2 });
    let accepted = client.say(&thread, "/ask code what is tea?").await?;
    let wait = waits(&client, &accepted.task_id).await?;
    assert_eq!(wait.reason, "overloaded", "said in the stream, before the first word");
    let told = client.answer(&thread, &accepted, ANSWER).await?;
    assert_eq!(told.role, "assistant", "{told:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_reached_is_waited_for() -> anyhow::Result<()> {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let plan = Plan::new(BINARY).with_agents().anthropic(&format!("http://{nobody}"), KEY);
    let server = plan.start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let accepted = client.say(&thread, "/ask data what is tea?").await?;
    assert_eq!(waits(&client, &accepted.task_id).await?.reason, "unreachable");
    let (_chat, mut said) = chat(&server, "/ask data and coffee?")?;
    says(&mut said, "Data: the model cannot be reached, next try in ").await?;
    Ok(())
}
