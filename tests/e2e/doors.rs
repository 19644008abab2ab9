//! The doors of a running server, tried from an agent's process, from its child and from a grandchild
//! that has let go of both: none gets in but where it has a seat, and none finds a key.
//!
//! The agents here are forks of the test that lock themselves as `ai-infra agent run` does, because
//! a real one starts nothing and could not be told what to try.

#![allow(clippy::expect_used, reason = "a test that meets the unexpected fails")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use agents::lock::{self, Lock};
use anyhow::{Context, ensure};
use appliance_tests::{
    MockMessages, Plan,
    processes::{self, Signal},
};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const CANARY: &str = "sk-ant-canary-2b8d41f07c6e95a3";
const SEATS: [&str; 5] = ["supervisor", "data", "infra", "research", "qa"];

/// What is tried, and where.
struct Doors {
    api: PathBuf,
    agent: PathBuf,
    listen: String,
    data: PathBuf,
    server: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_seated_process_gets_in_and_nobody_finds_a_key() -> anyhow::Result<()> {
    let mock = MockMessages::start().await?;
    let server = Plan::new(BINARY).anthropic(&mock.base_url(), CANARY).start().await?;
    let facts = server.facts()?;
    let doors = Doors {
        api: facts.api_socket.clone(),
        agent: facts.agent_socket.clone(),
        listen: facts.listen.clone(),
        data: server.home().data(),
        server: facts.pid,
    };
    let key = std::fs::read_to_string(doors.api.with_file_name("people.key"))?;
    let mut seated = Vec::new();
    for name in SEATS {
        seated.push(fork(|out| {
            say(out, "hello", &hello(&doors.agent, name));
            std::thread::sleep(Duration::from_secs(60));
        })?);
    }
    for (said, name) in seated.iter().zip(SEATS) {
        ensure!(said.line()? == "hello: 200", "{name} is not seated");
    }
    let agent = fork(|out| {
        let lock = lock::lock();
        say(out, "lock", &lock.map_or_else(|why| why.to_string(), |lock| format!("{lock:?}")));
        say(out, "agent hello", &hello(&doors.agent, "code"));
        for line in tried(&doors) {
            say(out, "agent", &line);
        }
        family(out, &doors);
    })?;
    let told = agent.rest()?;
    for said in &seated {
        processes::kill(said.pid, Signal::KILL);
    }
    drop(seated);

    let lines = |of: &str| {
        let mark = format!("{of}: ");
        told.lines().filter_map(|line| line.strip_prefix(&mark)).collect::<Vec<_>>()
    };
    ensure!(lines("agent hello") == ["200"], "{told}");
    let lock = *lines("lock").first().context("a word of the lock")?;
    ensure!(["Whole", "Files", "None"].contains(&lock), "{told}");
    for role in ["agent", "child", "grandchild"] {
        let said = lines(role);
        ensure!(said.len() == 12, "{role} did not try all: {told}");
        for line in said {
            let (what, got) = line.split_once(" -> ").context("a try and its outcome")?;
            assert!(is_shut(role, what, got, lock), "{role}: {what} -> {got}\n{told}");
            assert!(!line.contains(CANARY) && !line.contains(&key), "{role} found a key: {line}");
        }
    }
    for process in processes::of_home(server.home().root()) {
        for secret in [CANARY, &key] {
            assert!(!process.environment.contains(secret), "environ of {}", process.pid);
            assert!(!process.arguments.contains(secret), "cmdline of {}", process.pid);
        }
    }
    Ok(())
}

/// Tells whether the outcome is a shut door. What this kernel's lock has no hold of stays open to
/// agents, which `doctor` says.
fn is_shut(role: &str, what: &str, got: &str, lock: &str) -> bool {
    match (what, role) {
        ("POST hello of a taken seat", "agent") => got == "403 agent.stranger",
        ("POST lease-next", "agent") => got == "204",
        ("POST messages without a task", "agent") => got == "403 lease.needed",
        ("POST messages for some task", "agent") => got == "409 lease.lost",
        ("GET a people's route by agent.sock", "agent") => got == "404 route.unknown",
        ("POST hello of a taken seat", _) => {
            matches!(got, "403 agent.stranger" | "409 agent.taken")
        }
        ("GET a people's route by api.sock", _) => got == "401 people.key",
        _ if what.starts_with("POST") || what.starts_with("GET") => got == "403 agent.stranger",
        ("connect by TCP", _) => lock != "Whole" || got == "denied",
        _ => lock == "None" || got == "denied",
    }
}

/// Tries every door once; one line each.
fn tried(doors: &Doors) -> Vec<String> {
    let (task, lease) =
        ("x-ai-infra-task: 01890a5d-ac96-774b-bcce-b302099a8057\r\n", r#"{"wait_ms":1,"held":[]}"#);
    let agents =
        |path: &str, headers: &str, body: &str| ask(&doors.agent, "POST", path, headers, body);
    let file =
        |path: &Path| outcome(std::fs::read(path).map(|bytes| format!("{} bytes", bytes.len())));
    let environ = PathBuf::from(format!("/proc/{}/environ", doors.server));
    let child = std::fs::File::open("/bin/true").map(|_| "opened".to_owned());
    vec![
        format!("read people.key -> {}", file(&doors.api.with_file_name("people.key"))),
        format!("read the store -> {}", file(&doors.data.join("state.redb"))),
        format!("read the server's environment -> {}", file(&environ)),
        format!("open a program -> {}", outcome(child)),
        format!(
            "connect by TCP -> {}",
            outcome(TcpStream::connect(&doors.listen).map(|_| "connected".to_owned()))
        ),
        format!(
            "write beside the sockets -> {}",
            outcome(
                std::fs::write(doors.api.with_file_name("x"), "x").map(|()| "written".to_owned())
            )
        ),
        format!(
            "GET a people's route by api.sock -> {}",
            ask(&doors.api, "GET", "/api/conversations", "authorization: Bearer guessed\r\n", "")
        ),
        format!(
            "GET a people's route by agent.sock -> {}",
            ask(&doors.agent, "GET", "/api/conversations", "", "")
        ),
        format!("POST hello of a taken seat -> {}", hello(&doors.agent, "data")),
        format!("POST lease-next -> {}", agents("/agent/v1/lease-next", "", lease)),
        format!("POST messages without a task -> {}", agents("/llm/v1/messages", "", "{}")),
        format!("POST messages for some task -> {}", agents("/llm/v1/messages", task, "{}")),
    ]
}

fn outcome(done: std::io::Result<String>) -> String {
    match done {
        Ok(done) => done,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => "denied".to_owned(),
        Err(error) => format!("{error}"),
    }
}

fn hello(socket: &Path, name: &str) -> String {
    ask(socket, "POST", "/agent/v1/hello", "", &format!(r#"{{"agent":"{name}"}}"#))
}

/// Sends one request and returns its status, with the code of a refusal.
fn ask(socket: &Path, method: &str, path: &str, headers: &str, body: &str) -> String {
    let asked = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).unwrap_or("no status").to_owned();
        let code = answer.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next());
        Ok(code.map_or(status.clone(), |code| format!("{status} {code}")))
    };
    outcome(asked())
}

fn say(out: &mut std::io::PipeWriter, who: &str, what: &str) {
    // Whoever listens is the test itself; when it is gone, nobody needs this.
    let _ = out.write_all(format!("{who}: {what}\n").as_bytes());
}

/// Tries the doors from a child, and from a grandchild whose parent has ended.
fn family(out: &std::io::PipeWriter, doors: &Doors) {
    let told = |who: &'static str| {
        let mut out = out.try_clone().expect("a copy of a pipe");
        move || tried(doors).iter().for_each(|line| say(&mut out, who, line))
    };
    wait_for(split(told("child")));
    let mut grandchild = told("grandchild");
    wait_for(split(|| {
        split(|| {
            // Until its parent has ended and somebody else is its parent.
            std::thread::sleep(Duration::from_millis(200));
            grandchild();
        });
    }));
}

/// A forked process and what it says.
struct Forked {
    pid: u32,
    said: std::io::PipeReader,
}

impl Forked {
    fn line(&self) -> anyhow::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while (&self.said).read(&mut byte)? == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        Ok(String::from_utf8(line)?)
    }

    /// Returns all that it and what it forked say, to the last one's end.
    fn rest(&self) -> anyhow::Result<String> {
        let mut told = String::new();
        (&self.said).read_to_string(&mut told)?;
        Ok(told)
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        processes::kill(self.pid, Signal::KILL);
        wait_for(self.pid);
    }
}

fn fork(life: impl FnOnce(&mut std::io::PipeWriter)) -> anyhow::Result<Forked> {
    let (said, mut out) = std::io::pipe()?;
    let pid = split(|| life(&mut out));
    Ok(Forked { pid, said })
}

/// Forks; the child lives `life` and ends without the test's own endings.
#[expect(
    unsafe_code,
    reason = "there is no safe fork; the child runs plain code and leaves by _exit"
)]
fn split(life: impl FnOnce()) -> u32 {
    // SAFETY: the child is one thread with copies of what it uses; glibc makes its allocator usable
    // after a fork, and no other lock that another thread may have held is taken.
    match unsafe { libc::fork() } {
        0 => {
            life();
            // SAFETY: ends the process at once.
            unsafe { libc::_exit(0) }
        }
        pid => u32::try_from(pid).expect("a fork that worked"),
    }
}

#[expect(unsafe_code, reason = "waits for a process that this test forked")]
fn wait_for(pid: u32) {
    // SAFETY: a null status is allowed; a process that is gone already is an error that is no matter.
    unsafe {
        libc::waitpid(pid.cast_signed(), std::ptr::null_mut(), 0);
    }
}

#[test]
fn the_lock_holds_as_far_as_doctor_says() -> anyhow::Result<()> {
    let foretold = lock::would_hold();
    let told = fork(|out| say(out, "lock", &format!("{:?}", lock::lock())))?.rest()?;
    // A kernel between the two gives more than files, and that is not foretold.
    let fits = told.trim() == format!("lock: Ok({foretold:?})");
    ensure!(fits || foretold == Lock::Files, "foretold {foretold:?}, then {told}");
    Ok(())
}
