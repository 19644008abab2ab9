//! What must never cross: one user's words to another, and the key to anybody.

use std::time::Duration;

use anyhow::{Context, ensure};
use appliance_tests::{
    Client, Home, MockMessages, Plan, Program, Server,
    client::Method,
    mock::Behaviour,
    people,
    processes::{self, Process},
    wait,
};
use web_dto::{Channel, ClientPayload, ConversationList, ServerPayload, TaskList};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const ANSWER: Duration = Duration::from_secs(30);
const PASSWORD: &str = "a long enough password";

#[tokio::test(flavor = "multi_thread")]
async fn two_users_are_apart() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().start().await?;
    let anna = server.first_user("anna@example.com", PASSWORD).await?;
    server.stop().await?;
    let token = people::add(server.home(), "ben").await?;
    server.start().await?;
    let ben = server.stranger()?.set_up(&token, "ben@example.com", PASSWORD).await?;
    let anna = server.stranger()?.with_token(anna.token().context("a token")?);
    server.agents_idle().await?;

    let mut bens_feed = ben.feed().await?;
    bens_feed.follow(Channel::Tasks, None, None).await?;
    let thread = anna.converse().await?;
    let accepted = anna.say(&thread, "remember that the staging database is called heron").await?;
    anna.answer(&thread, &accepted, ANSWER).await.with_context(|| server.log_tail())?;
    ensure!(!anna.recall("staging database").await?.is_empty(), "anna finds her own");

    nothing_by_rest(&ben, &thread, &accepted.task_id).await?;
    for frame in [subscribe(&thread), send_message(&thread)] {
        let id = bens_feed.send(frame.0, frame.1).await?;
        let answer =
            bens_feed.until("a refusal", |frame| frame.id.as_deref() == Some(&*id)).await?;
        let ServerPayload::Error(error) = &answer.payload else {
            anyhow::bail!("ben may {}: {answer:?}", frame.0);
        };
        assert_eq!(error.code, "not_found", "{error:?}");
    }
    let further = anna.say(&thread, "and the heron flies at dawn").await?;
    anna.answer(&thread, &further, ANSWER).await?;
    let leaked = bens_feed.next_within(Duration::from_millis(500)).await?;
    assert_eq!(leaked, None, "nothing of anna reaches ben's feed");

    nothing_by_memory(&ben).await?;
    assert_eq!(anna.messages(&thread).await?.len(), 4, "and nothing of ben reached her thread");
    Ok(())
}

fn subscribe(thread: &str) -> (&'static str, ClientPayload) {
    let payload = ClientPayload {
        channel: Some(Channel::Conversation),
        conversation_id: Some(thread.to_owned()),
        ..ClientPayload::default()
    };
    ("subscribe", payload)
}

fn send_message(thread: &str) -> (&'static str, ClientPayload) {
    let payload = ClientPayload {
        conversation_id: Some(thread.to_owned()),
        content: Some("may I?".to_owned()),
        ..ClientPayload::default()
    };
    ("send_message", payload)
}

/// Tries every route that takes an id with ids of somebody else, and every route of admins.
async fn nothing_by_rest(ben: &Client, thread: &str, task: &str) -> anyhow::Result<()> {
    let conversation = format!("/api/conversations/{thread}");
    let messages = format!("{conversation}/messages");
    let tries = [
        (Method::GET, conversation.clone(), ""),
        (Method::PATCH, conversation.clone(), r#"{"title":"mine now"}"#),
        (Method::DELETE, conversation, ""),
        (Method::GET, messages.clone(), ""),
        (Method::POST, messages, r#"{"content":"may I?"}"#),
        (Method::GET, format!("/api/tasks/{task}"), ""),
    ];
    for (method, path, body) in tries {
        let headers = [("content-type", "application/json")];
        let reply = ben.send(method.clone(), &path, &headers, body.into()).await?;
        assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text());
        assert!(!reply.text().contains("heron"), "{}", reply.text());
    }
    let admins = [
        (Method::POST, "/api/auth/setup-link"),
        (Method::POST, "/api/agents/code/restart"),
        (Method::GET, "/api/agents/code/log"),
        (Method::GET, "/api/logs"),
    ];
    for (method, path) in admins {
        let headers = [("content-type", "application/json")];
        let reply = ben.send(method, path, &headers, b"{}".to_vec()).await?;
        assert_eq!((reply.status, reply.problem()?.code.as_str()), (403, "forbidden"), "{path}");
    }
    assert!(ben.get::<ConversationList>("/api/conversations").await?.items.is_empty());
    assert!(ben.get::<TaskList>("/api/tasks").await?.items.is_empty());
    Ok(())
}

/// Asks for the other's memories by search and through an agent.
async fn nothing_by_memory(ben: &Client) -> anyhow::Result<()> {
    let found = ben.recall("what is the staging database called? heron").await?;
    assert!(found.is_empty(), "{found:?}");
    let thread = ben.converse().await?;
    let accepted = ben.say(&thread, "what is the staging database called?").await?;
    let answer = ben.answer(&thread, &accepted, ANSWER).await?;
    assert!(answer.citations.is_empty(), "{answer:?}");
    assert!(!answer.content.contains("heron"), "{}", answer.content);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn canary_key_is_nowhere() -> anyhow::Result<()> {
    const CANARY: &str = "sk-ant-canary-7f3a9c51d2e84b60";
    let mock = MockMessages::with(Some(CANARY), Duration::ZERO).await?;
    let plan = Plan::new(BINARY).with_agents().anthropic(&mock.base_url(), CANARY);
    let mut server = plan.variable("AI_INFRA_LOG", "trace").start().await?;
    server.agents_idle().await.with_context(|| server.log_tail())?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let mut outcomes = String::new();
    for behaviour in [None, Some(Behaviour::refused())].into_iter().chain(told_back(CANARY)) {
        if let Some(behaviour) = behaviour {
            mock.then(behaviour);
        }
        let accepted = client.say(&thread, "/ask code hello").await?;
        let answer = client.answer(&thread, &accepted, ANSWER).await;
        outcomes += &answer.with_context(|| server.log_tail())?.content;
    }
    ensure!(outcomes.contains("[redacted]"), "no provider told the key back: {outcomes}");
    assert!(!shows(&outcomes, CANARY), "{outcomes}");
    client.say(&thread, &format!("/remember the key is {CANARY}")).await?;
    let used =
        mock.requests().iter().any(|request| request.headers.values().any(|v| v.contains(CANARY)));
    ensure!(used, "the key was never used, so this test shows nothing");

    // The key came by the server's environment; nobody has it there any more, the server neither.
    let own = server.pid()?;
    let mut family = family(&server).await?;
    family.extend(processes::all().into_iter().filter(|process| process.pid == own));
    ensure!(
        family.iter().any(|process| process.pid == own && process.environment.contains("PATH"))
    );
    for process in &family {
        assert!(!process.environment.contains(CANARY), "environ of {process:?}");
        assert!(!process.arguments.contains(CANARY), "cmdline of {process:?}");
    }
    for window in ["supervisor", "code", "monitor", "logs"] {
        let target = format!("ai-infrastructure:{window}");
        let screen = server.tmux(&["capture-pane", "-p", "-S", "-", "-t", &target]).await?;
        assert!(!shows(&screen.replace('\n', ""), CANARY), "{window} shows the key");
    }
    let commands: [&[&str]; 5] = [
        &["config", "show"],
        &["agent", "list"],
        &["agent", "log", "code"],
        &["logs", "--lines", "5000"],
        &["memory", "list"],
    ];
    for command in commands {
        let told = tell(&server.command(command.iter().copied())).await?;
        assert!(!shows(&told, CANARY), "{command:?} tells the key");
    }
    let problem = client.send(Method::GET, &format!("/api/{CANARY}"), &[], Vec::new()).await?;
    assert!(problem.problem()?.detail.contains("[redacted]"), "{}", problem.text());
    assert!(!shows(&problem.text(), CANARY));
    server.stop().await?;
    nowhere(server.home(), CANARY)
}

/// Errors of a provider that tells the key back, each in another spelling.
fn told_back(key: &str) -> Vec<Option<Behaviour>> {
    let percent: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let unicode: String = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let said = [(401, key.to_owned()), (400, percent), (403, unicode), (404, hex(key))];
    let says = |(status, key): (u16, String)| {
        let body = format!(
            r#"{{"type":"error","error":{{"type":"x","message":"the key {key} is not known"}}}}"#
        );
        Some(Behaviour::Says { status, body })
    };
    said.into_iter().map(says).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Tells whether `text` shows the key as it is, percent-encoded or in hex.
fn shows(text: &str, key: &str) -> bool {
    let percent: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    [key.to_owned(), percent, hex(key)].iter().any(|form| text.contains(form.as_str()))
}

/// Returns every process below the server and its tmux server, once all eight windows are there.
async fn family(server: &Server) -> anyhow::Result<Vec<Process>> {
    wait::until("tmux and eight windows with readable environments", ANSWER, async || {
        let pids = server.tmux(&["list-panes", "-s", "-F", "#{pid}"]).await?;
        let tmux: u32 = pids.lines().next().context("a tmux server")?.parse()?;
        let mut family = processes::descendants(&[server.pid()?, tmux]);
        family.extend(processes::all().into_iter().filter(|process| process.pid == tmux));
        let readable = family.iter().filter(|process| process.environment.contains("PATH="));
        let all = readable.count() >= 9 && pids.lines().count() == 8;
        Ok(all.then_some(family))
    })
    .await
}

/// Runs a command to its end and returns both its outputs.
async fn tell(program: &Program) -> anyhow::Result<String> {
    let ended = program.run().await?;
    Ok(format!("{}{}", ended.stdout, ended.stderr))
}

/// Checks every file of the home: data, logs, everything.
fn nowhere(home: &Home, secret: &str) -> anyhow::Result<()> {
    let files = home.files();
    let holding = |words: &str| {
        let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|part| part == words.as_bytes());
        let found = files.iter().filter(|(_, bytes)| holds(bytes));
        found.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let message = holding("/ask code hello");
    ensure!(message.iter().any(|path| path.starts_with(home.data())), "the data is not read");
    for form in [secret.to_owned(), hex(secret)] {
        assert!(holding(&form).is_empty(), "the key is in {:?}", holding(&form));
    }
    Ok(())
}
