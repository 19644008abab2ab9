//! Bad input and faults at the door: each gets one clear error that names the thing and the way out.
//!
//! Tables of what to send or start and what must come back. Nothing here may change a record, and a
//! server must live through all of it.

use std::{fs, net::TcpListener, path::PathBuf};

use anyhow::{Context, ensure};
use appliance_tests::{
    Client, Feed, Home, Plan, Program,
    client::{Method, messages_path},
    program::Ended,
};
use web_dto::{ClientPayload, ServerPayload};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const PASSWORD: &str = "a long enough password";
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// One request and the refusal it must get.
struct Refused {
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    /// What the problem document must mention.
    names: &'static str,
}

/// A `POST` with a JSON content type.
fn post(path: &str, body: impl Into<Vec<u8>>, status: u16, code: &'static str) -> Refused {
    let (path, body) = (path.to_owned(), body.into());
    Refused { method: Method::POST, path, headers: JSON.to_vec(), body, status, code, names: "" }
}

fn get(path: &str, status: u16, code: &'static str) -> Refused {
    Refused { method: Method::GET, headers: Vec::new(), ..post(path, "", status, code) }
}

impl Refused {
    fn naming(self, names: &'static str) -> Self {
        Self { names, ..self }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    async fn check(self, client: &Client) -> anyhow::Result<()> {
        let Self { method, path, headers, body, status, code, names } = self;
        let what =
            format!("{method} {path} {}", String::from_utf8_lossy(&body[..body.len().min(80)]));
        let reply = client.send(method, &path, &headers, body).await.context(what.clone())?;
        let problem = reply.problem().with_context(|| format!("{what}: {}", reply.status))?;
        let told = (reply.status, problem.status, problem.code.as_str());
        ensure!(told == (status, status, code), "{what}: {problem:?}");
        ensure!(reply.text().contains(names), "{what}: `{names}` is not named in {problem:?}");
        ensure!(!problem.hint.is_empty() && !problem.request_id.is_empty(), "{what}: {problem:?}");
        ensure!(problem.detail.is_ascii() || !names.is_empty(), "{what}: {problem:?}");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_told_clearly() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let client = server.first_user("anna@example.com", PASSWORD).await?;
    let thread = client.converse().await?;
    let said = messages_path(&thread);
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let table = vec![
        get("/api/no/such/route", 404, "route.unknown").naming("/api/no/such/route"),
        get("/api/auth/login", 405, "method.not_allowed"),
        post(&said, "{\n \"content\": oops}", 400, "body.malformed").naming("line 2"),
        post(&said, b"{\"content\": \"\xff\xfe\"}".to_vec(), 400, "body.malformed"),
        post(&said, r#"{"content": "\ud800"}"#, 400, "body.malformed"),
        post(&said, "[".repeat(100_000), 400, "body.malformed"),
        post(&said, r#"{"content": 7}"#, 422, "body.invalid").naming("/content"),
        post(&said, r#"{"contents": "typo"}"#, 422, "body.invalid").naming("contents"),
        post(&said, "{}", 422, "body.invalid").naming("content"),
        post(&said, r#"{"content": ""}"#, 422, "message.empty"),
        post(&said, r#"{"content": " \n\t "}"#, 422, "message.empty"),
        post(&said, long(50_001), 422, "message.too_long").naming("50001"),
        post(&said, long(1024 * 1024), 413, "body.too_large").naming("1 MiB"),
        post(
            &said,
            r#"{"content": "x", "attachments": ["/etc/x.json"]}"#,
            422,
            "attachments.unsupported",
        ),
        post(&said, r#"{"content": "x"}"#, 422, "idempotency.invalid")
            .with("idempotency-key", "white space"),
        Refused { headers: Vec::new(), ..post(&said, r#"{"content": "x"}"#, 415, "body.not_json") },
        get("/api/conversations/not-a-uuid", 422, "id.invalid").naming("not-a-uuid"),
        get(&format!("/api/conversations/{nobody}"), 404, "not_found"),
        post(&messages_path(nobody), r#"{"content": "x"}"#, 404, "not_found"),
        get("/api/conversations?limit=many", 422, "query.invalid").naming("limit"),
        get("/api/conversations?status=lost", 422, "query.invalid").naming("status"),
        get("/api/tasks?status=lost", 422, "query.invalid").naming("status"),
        get(&format!("/api/tasks/{nobody}"), 404, "not_found"),
        get("/api/agents/chef", 404, "agent.unknown").naming("chef"),
        post("/api/agents/chef/restart", "{}", 404, "agent.unknown").naming("chef"),
        post("/api/memory/search", r#"{"query": ""}"#, 422, "search.invalid"),
        post(
            "/api/auth/login",
            r#"{"email": "anna@example.com", "password": "wrong wrong wrong"}"#,
            401,
            "auth.failed",
        ),
        post("/agent/v1/lease-next", r#"{"wait_ms": 1}"#, 404, "route.unknown"),
        get("/api/conversations", 421, "host.foreign").with("host", "evil.example"),
    ];
    for refused in table {
        refused.check(&client).await?;
    }
    assert!(client.messages(&thread).await?.is_empty(), "nothing refused was stored");
    let most = client.send(Method::POST, &said, JSON, long(50_000)).await?;
    assert_eq!(most.status, 202, "{}", most.text());
    assert_eq!(client.messages(&thread).await?[0].content.chars().count(), 50_000);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_foreign_session_is_refused() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let client = server.first_user("anna@example.com", PASSWORD).await?;
    let (stranger, list) = (server.stranger()?, "/api/conversations");
    let forged = server.stranger()?.with_token("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.");
    for nobody in [&stranger, &forged] {
        get(list, 401, "auth.required").check(nobody).await?;
        post(list, "{}", 401, "auth.required").check(nobody).await?;
        post("/api/auth/setup-link", "{}", 401, "auth.required").check(nobody).await?;
    }
    let cookie = ("cookie", "__Host-ai_session=0123456789abcdef");
    get(list, 401, "auth.required").with(cookie.0, cookie.1).check(&stranger).await?;
    post("/api/auth/login", "{}", 403, "origin.foreign")
        .with("origin", "http://evil.example")
        .check(&stranger)
        .await?;
    let address = &server.facts()?.listen;
    let foreign = [("origin", "http://evil.example"), cookie];
    ensure!(Feed::tcp(address, None, &foreign).await.is_err(), "a foreign site opened the feed");
    ensure!(Feed::tcp(address, None, &[]).await.is_err(), "a stranger opened the feed");

    let mut feed = client.feed().await?;
    let out = client.send(Method::POST, "/api/auth/logout", JSON, Vec::new()).await?;
    assert!((200..300).contains(&out.status), "{}", out.text());
    get(list, 401, "auth.required").check(&client).await?;
    let ended = feed.until("the end of the session", |_| false).await;
    let told = format!("{:#}", ended.err().context("an open feed outlives its session")?);
    assert!(told.contains("closed") || told.contains("ended"), "{told}");

    let local = server.local()?;
    post("/agent/v1/lease-next", r#"{"wait_ms": 1}"#, 404, "route.unknown").check(&local).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_are_told_clearly_and_the_feed_goes_on() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let mut feed = server.local()?.feed().await?;
    let texts = [
        "not json",
        "[]",
        r#"{"type": "dance", "id": "1"}"#,
        r#"{"type": "subscribe"}"#,
        r#"{"type": "subscribe", "payload": {"channel": "kitchen"}}"#,
        r#"{"type": "send_message", "payload": {"conversation_id": "x", "content": "hi"}}"#,
    ];
    for text in texts {
        feed.send_text(text.to_owned()).await?;
        let answer = feed.next().await.with_context(|| text.to_owned())?;
        let ServerPayload::Error(error) = &answer.payload else {
            anyhow::bail!("{text} was answered with {answer:?}");
        };
        assert!(!error.code.is_empty() && !error.message.is_empty(), "{text}: {error:?}");
    }
    let id = feed.send("ping", ClientPayload::default()).await?;
    let answer = feed.next().await?;
    assert_eq!((answer.payload, answer.id), (ServerPayload::Pong, Some(id)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_holds_until_logout_and_a_link_works_once() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let link = server.local()?.setup_link().await?;
    let token = link.url.split_once("#t=").context("a token")?.1.to_owned();
    let wish = |password: &str| {
        serde_json::json!({"token": token, "display_name": "Anna", "email": "anna@example.com",
                           "password": password})
        .to_string()
    };
    let stranger = server.stranger()?;
    post("/api/auth/setup", wish("short"), 422, "password.weak").check(&stranger).await?;
    let taken = stranger.send(Method::POST, "/api/auth/setup", JSON, wish(PASSWORD).into()).await?;
    assert!((200..300).contains(&taken.status), "{}", taken.text());
    post("/api/auth/setup", wish(PASSWORD), 410, "setup.link_invalid").check(&stranger).await?;

    let login = r#"{"email": "ANNA@example.com", "password": "a long enough password"}"#;
    let login = stranger.send(Method::POST, "/api/auth/login", JSON, login.into()).await?;
    let cookie = login.headers.get("set-cookie").context("a cookie")?.to_str()?;
    for flag in ["__Host-ai_session_", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(flag), "{flag} is missing in {cookie}");
    }
    let pair = cookie.split(';').next().unwrap_or_default();
    let origin = format!("http://{}", server.facts()?.listen);
    let list = "/api/conversations";
    let with = |more: &[(&'static str, String)]| {
        let mut all =
            vec![("cookie", pair.to_owned()), ("content-type", "application/json".into())];
        all.extend_from_slice(more);
        all
    };
    for (headers, status) in [
        (with(&[("origin", origin)]), 201),
        (with(&[("origin", "http://evil.example".to_owned())]), 403),
        (with(&[]), 403),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = stranger.send(Method::POST, list, &headers, b"{}".to_vec()).await?;
        assert_eq!(reply.status, status, "{headers:?}: {}", reply.text());
    }
    Ok(())
}

/// One start that must fail: the exit code and what must be said.
async fn fails(program: &Program, code: i32, names: &[&str]) -> anyhow::Result<Ended> {
    let ended = program.run().await?;
    ensure!(ended.code == Some(code), "{program:?} ended with {:?}: {}", ended.code, ended.stderr);
    for name in names {
        ensure!(ended.stderr.contains(name), "`{name}` is not named in: {}", ended.stderr);
    }
    ensure!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    Ok(ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_has_is_named_and_exits_with_75() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let pid = server.pid()?.to_string();
    let data = server.home().data().display().to_string();
    fails(&Plan::new(BINARY).program(server.home()), 75, &[&pid, &data]).await?;

    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let home = Home::new()?;
    let serve = Program::new(BINARY.as_ref(), &home).arguments([
        "serve",
        "--agents",
        "none",
        "--listen",
        &format!("127.0.0.1:{port}"),
    ]);
    fails(&serve, 75, &[&port, "in use"]).await?;
    assert_eq!(server.local()?.get_status("/api/health/live").await?, 200, "the first one lives");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn places_that_cannot_be_used_are_named() -> anyhow::Result<()> {
    let home = Home::new()?;
    let serve = |data: &PathBuf| {
        let data = data.display().to_string();
        Program::new(BINARY.as_ref(), &home)
            .arguments(
                ["serve", "--agents", "none", "--listen", "127.0.0.1:0", "--data"]
                    .map(str::to_owned),
            )
            .arguments([data])
    };
    let file = home.root().join("file");
    fs::write(&file, "not a directory")?;
    fails(&serve(&file), 78, &[&file.display().to_string(), "not a directory"]).await?;
    // The kernel's own tree takes no directory from anybody, root included.
    let system = PathBuf::from("/sys/ai-infra-data");
    fails(&serve(&system), 77, &["/sys/ai-infra-data", "not writable"]).await?;

    let deep = home.root().join("d".repeat(90));
    fs::create_dir(&deep)?;
    let long = Plan::new(BINARY).variable("XDG_RUNTIME_DIR", &deep.display().to_string());
    fails(&long.program(&home), 78, &["100", "XDG_RUNTIME_DIR"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_named_with_line_and_remedy() -> anyhow::Result<()> {
    let home = Home::new()?;
    let file = home.config().join("config.yaml");
    fs::write(&file, "# typo below\nserver:\n  lisen: 127.0.0.1:0\n")?;
    let path = file.display().to_string();
    let typo: &[&str] = &[&path, ":3:", "server.lisen", "did you mean", "server.listen"];
    fails(&Plan::new(BINARY).program(&home), 78, typo).await?;
    let check = Program::new(BINARY.as_ref(), &home).arguments(["config", "check"]);
    fails(&check, 78, typo).await?;

    fs::write(&file, "server: [1, 2\n")?;
    fails(&Plan::new(BINARY).program(&home), 78, &[&path]).await?;
    fs::write(&file, "logging:\n  format: shiny\n")?;
    fails(&Plan::new(BINARY).program(&home), 78, &[&path, "shiny", "json"]).await?;
    fs::remove_file(&file)?;
    let typo = Plan::new(BINARY).variable("AI_INFRA__SERVER__LISEN", "127.0.0.1:0");
    fails(&typo.program(&home), 78, &["AI_INFRA__SERVER__LISEN", "AI_INFRA__SERVER__LISTEN"])
        .await?;
    let keyless = Plan::new(BINARY).anthropic("http://127.0.0.1:1", "");
    fails(&keyless.program(&home), 78, &["ANTHROPIC_API_KEY"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_store_is_named_and_left_alone() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    client.say(&thread, "keep me").await?;
    server.stop().await?;
    let store = server.home().data().join("state.redb");
    let sound = fs::read(&store)?;
    let mut damaged = sound.clone();
    damaged[..4_096].fill(0xa5);
    fs::write(&store, &damaged)?;

    let name = store.display().to_string();
    let again = Plan::new(BINARY).program(server.home());
    let ended = again.run().await?;
    ensure!(ended.code.is_some_and(|code| code != 0 && code != 101), "{ended:?}");
    ensure!(ended.stderr.contains(&name), "{}", ended.stderr);
    ensure!(
        ended.stderr.contains("damaged") && !ended.stderr.contains("panicked"),
        "{}",
        ended.stderr
    );
    assert!(fs::read(&store)? == damaged, "a damaged store is never touched");

    fs::write(&store, &sound)?;
    server.start().await?;
    assert_eq!(server.local()?.messages(&thread).await?[0].content, "keep me");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_what_is_wrong() -> anyhow::Result<()> {
    let home = Home::new()?;
    let run =
        |words: &[&str]| Program::new(BINARY.as_ref(), &home).arguments(words.iter().copied());
    let data = home.data().display().to_string();
    fails(&run(&["chat", "hello"]), 69, &[&data]).await?;
    fails(&run(&["agent", "list"]), 69, &[&data]).await?;
    fails(&run(&["dance"]), 2, &["dance"]).await?;
    fails(&run(&["agent", "start", "chef"]), 2, &["chef", "supervisor, code"]).await?;
    fails(&run(&["serve", "--model", "parrot"]), 2, &["parrot", "demo", "anthropic"]).await?;
    fails(&run(&["serve", "--listen", "nowhere"]), 78, &["nowhere"]).await?;
    let version = run(&["version", "--json"]).run().await?.success()?;
    let version: serde_json::Value = serde_json::from_str(&version.stdout)?;
    assert!(version["version"].is_string(), "{version}");
    Ok(())
}

/// A message of so many characters.
fn long(characters: usize) -> Vec<u8> {
    format!(r#"{{"content":"{}"}}"#, "x".repeat(characters)).into_bytes()
}
