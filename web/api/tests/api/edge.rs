//! The accept loop over real sockets: slow heads, too many connections, peers, and the drain.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::time::Duration;

use appliance_core::ports::{Fleet, PeerProcess};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use web_api::edge::{Door, Limits, serve_tcp, serve_unix};

use crate::house::{House, PEOPLE_KEY};

/// A listening server that stops when asked.
pub struct Running {
    pub address: std::net::SocketAddr,
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
}

/// Serves the house over TCP on a free port.
pub async fn listening(house: &House, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let task = tokio::spawn(serve_tcp(
        listener,
        house.router.clone(),
        stop.clone(),
        limits,
        appliance_tasks::Tasks::new(),
    ));
    Running { address, stop, task }
}

fn quick() -> Limits {
    Limits { header_timeout: Duration::from_millis(300), ..Limits::default() }
}

const GET: &str = "GET /api/health/live HTTP/1.1\r\nhost: localhost\r\n";

/// Asks once on a connection of its own and returns the whole answer.
pub async fn asked(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{GET}connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let read = ends_within(&mut stream, Duration::from_secs(10)).await;
    String::from_utf8_lossy(&read).into_owned()
}

pub async fn ends_within(stream: &mut TcpStream, limit: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    // A reset is an end, too.
    let _ = timeout(limit, stream.read_to_end(&mut read)).await.expect("still open");
    read
}

#[tokio::test]
async fn a_half_sent_head_is_cut_after_the_time_limit() {
    let house = House::new();
    let server = listening(&house, quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /api/info HTTP/1.1\r\nhost: loc").await.unwrap();
    let began = Instant::now();
    let read = ends_within(&mut stream, Duration::from_secs(3)).await;
    assert!(began.elapsed() >= Duration::from_millis(250), "not before its time");
    assert!(!read.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&read));
}

#[tokio::test]
async fn a_head_that_drips_is_cut_too() {
    let house = House::new();
    let server = listening(&house, quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let began = Instant::now();
    for byte in GET.as_bytes().iter().cycle() {
        tokio::time::sleep(Duration::from_millis(40)).await;
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "dripped on and on");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_its_place() {
    let house = House::new();
    house.two_people().await;
    let ann = house.login("ann@example.com", crate::house::PASSWORD).await;
    let jwt = ann.json::<web_dto::LoggedIn>().token;
    for _ in 0..100 {
        house.log.push(&"x".repeat(16_000));
    }
    let limits = Limits {
        max_connections: 1,
        write_timeout: Duration::from_millis(400),
        header_timeout: Duration::from_secs(30),
        ..Limits::default()
    };
    let server = listening(&house, limits).await;
    let mut deaf = TcpStream::connect(server.address).await.unwrap();
    let ask =
        format!("GET /api/logs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {jwt}\r\n\r\n");
    // 32 MB of answers: more than the socket's buffers hold.
    deaf.write_all(ask.repeat(20).as_bytes()).await.unwrap();
    let mut head = [0; 12];
    timeout(Duration::from_secs(10), deaf.read_exact(&mut head)).await.unwrap().unwrap();

    assert!(asked(server.address).await.starts_with("HTTP/1.1 503"), "the place is taken");
    let freed = async {
        while !asked(server.address).await.starts_with("HTTP/1.1 200") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(5), freed).await.expect("never freed");
    drop(deaf);
}

#[tokio::test]
async fn an_oversized_body_is_answered_not_reset() {
    let house = House::new();
    house.two_people().await;
    let server = listening(&house, quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let size = 3 * 1024 * 1024;
    let head = format!(
        "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {size}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; size]).await.unwrap();
    let read = ends_within(&mut stream, Duration::from_secs(5)).await;
    let text = String::from_utf8_lossy(&read);
    assert!(text.starts_with("HTTP/1.1 413") && text.contains("body.too_large"), "{text}");
}

#[tokio::test]
async fn draining_finishes_what_is_under_way_and_takes_nothing_new() {
    let house = House::new();
    let server = listening(&house, Limits { drain: Duration::from_secs(5), ..quick() }).await;
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 2\r\n\r\n{";
    busy.write_all(head.as_bytes()).await.unwrap();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(format!("{GET}\r\n").as_bytes()).await.unwrap();
    let mut some = [0; 12];
    idle.read_exact(&mut some).await.unwrap();

    server.stop.cancel();
    ends_within(&mut idle, Duration::from_secs(2)).await;
    assert!(!server.task.is_finished(), "the request under way is waited for");
    busy.write_all(b"}").await.unwrap();
    let read = ends_within(&mut busy, Duration::from_secs(2)).await;
    assert!(read.starts_with(b"HTTP/1.1 422"), "{}", String::from_utf8_lossy(&read));
    timeout(Duration::from_secs(2), server.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is free");
}

#[tokio::test]
async fn a_drain_ends_in_time_whoever_hangs_on() {
    let house = House::new();
    let limits = Limits { drain: Duration::from_millis(300), ..Limits::default() };
    let server = listening(&house, limits).await;
    let mut stuck = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 20\r\n\r\n{";
    stuck.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.cancel();
    timeout(Duration::from_secs(2), server.task).await.expect("the drain's time").unwrap();
}

#[tokio::test]
async fn the_local_socket_knows_its_caller_by_the_kernel() {
    let house = House::new();
    let id = house.account(appliance_core::UserRole::Admin).await;
    let (people, agents) = (Local::open(Door::People, &house), Local::open(Door::Agents, &house));
    let me = "GET /api/auth/me HTTP/1.1\r\nconnection: close\r\n";
    let text = people.answer(&format!("{me}authorization: Bearer {PEOPLE_KEY}\r\n\r\n")).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains(&id.to_string()), "{text}");
    for wrong in ["", "authorization: Bearer wrong\r\n", "authorization: Basic eDp5\r\n"] {
        let text = people.answer(&format!("{me}{wrong}\r\n")).await;
        assert!(text.starts_with("HTTP/1.1 401") && text.contains("people.key"), "{text}");
    }
    let text = agents.answer(&format!("{me}authorization: Bearer {PEOPLE_KEY}\r\n\r\n")).await;
    assert!(text.starts_with("HTTP/1.1 403") && text.contains("agent.stranger"), "{text}");

    let body = r#"{"agent":"qa"}"#;
    let hello = format!(
        "POST /agent/v1/hello HTTP/1.1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let text = agents.answer(&hello).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(house.fleet.known.lock().unwrap().contains_key(&std::process::id()));
    let held = house.fleet.held.lock().unwrap().clone();
    assert!(held.is_some_and(|peer| peer.handle.is_some()), "the kernel's own hold");
    people.close().await;
    agents.close().await;
}

/// A unix socket that is being served.
struct Local {
    path: std::path::PathBuf,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Local {
    fn open(door: Door, house: &House) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let stop = CancellationToken::new();
        let router = match door {
            Door::People => house.router.clone(),
            Door::Agents => house.agents.clone(),
        };
        let serve = serve_unix(
            door,
            listener,
            router,
            stop.clone(),
            Limits::default(),
            appliance_tasks::Tasks::new(),
        );
        Self { path, stop, task: tokio::spawn(serve), _folder: folder }
    }

    async fn answer(&self, asked: &str) -> String {
        let mut stream = UnixStream::connect(&self.path).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    async fn close(self) {
        self.stop.cancel();
        timeout(Duration::from_secs(2), self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_long_poll_ends_with_the_drain() {
    let house = House::new();
    let agents = Local::open(Door::Agents, &house);
    let we = PeerProcess { pid: std::process::id(), handle: None };
    Fleet::hello(&*house.fleet, &we, appliance_core::AgentName::Code).await.unwrap();
    let mut agent = UnixStream::connect(&agents.path).await.unwrap();
    let ask = "POST /agent/v1/lease-next HTTP/1.1\r\ncontent-type: application/json\r\n\
               content-length: 27\r\n\r\n{\"wait_ms\":20000,\"held\":[]}";
    agent.write_all(ask.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    agents.stop.cancel();
    let mut text = String::new();
    agent.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 204"), "{text}");
    agents.close().await;
    assert!(began.elapsed() < Duration::from_secs(10), "it was told to wait 20 s");
}
