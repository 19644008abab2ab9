//! Who gets a place at the listener and who loses one, over real sockets.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};
use web_api::{Proxies, edge::Limits};

use crate::{
    edge::{asked, ends_within, listening},
    house::{House, PASSWORD},
};

/// Long enough for a busy machine, far below the header's time of these tests.
const SOON: Duration = Duration::from_secs(20);

fn limits(max_connections: usize, per_address: usize) -> Limits {
    let header_timeout = Duration::from_secs(120);
    Limits { max_connections, per_address, header_timeout, ..Limits::default() }
}

async fn from(address: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((address, 0)))?;
    socket.connect(to).await
}

/// Waits until the other side has closed it.
async fn closed(stream: &mut TcpStream) {
    ends_within(stream, SOON).await;
}

async fn still_open(stream: &mut TcpStream) -> bool {
    let mut one = [0; 1];
    timeout(Duration::from_millis(50), stream.read(&mut one)).await.is_err()
}

const HEAD: &str = "HTTP/1.1\r\nhost: localhost\r\n";

/// Asks on an open connection, which stays open.
async fn answered(stream: &mut TcpStream, request: &str) -> bool {
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut head = [0; 12];
    let read = timeout(SOON, stream.read_exact(&mut head)).await.expect("no answer in time");
    read.is_ok() && head.ends_with(b"200")
}

#[tokio::test]
async fn an_address_over_its_share_loses_those_that_say_nothing_longest_first() {
    let house = House::new();
    let server = listening(&house, limits(100, 3)).await;
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for early in &mut silent[..2] {
        closed(early).await;
    }
    for late in &mut silent[2..] {
        assert!(still_open(late).await);
    }
    let mut elsewhere = from([127, 0, 0, 2], server.address).await.unwrap();
    assert!(answered(&mut elsewhere, &format!("GET /api/health/live {HEAD}\r\n")).await);
    assert!(still_open(&mut silent[2]).await, "another address has its own share");
}

#[tokio::test]
async fn nobody_is_cut_in_mid_answer_and_one_too_many_is_told_so() {
    let house = House::new();
    house.two_people().await;
    let login = house.login("ann@example.com", PASSWORD).await;
    let jwt = login.json::<web_dto::LoggedIn>().token;
    house.log.push("the first line");
    let server = listening(&house, limits(1, 1)).await;
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    let follow = format!("GET /api/logs?follow {HEAD}authorization: Bearer {jwt}\r\n\r\n");
    assert!(answered(&mut busy, &follow).await);

    let text = asked(server.address).await;
    assert!(text.starts_with("HTTP/1.1 503") && text.contains("server.busy"), "{text}");
    assert!(text.contains("retry-after: 1\r\n"), "{text}");
    assert!(followed(&mut busy, "the first line").await);
    house.log.push("the second line");
    assert!(followed(&mut busy, "the second line").await);
}

/// Reads on until `wanted` comes.
async fn followed(stream: &mut TcpStream, wanted: &str) -> bool {
    let (mut text, mut some) = (String::new(), [0; 512]);
    while !text.contains(wanted) {
        let read = timeout(SOON, stream.read(&mut some)).await.expect("nothing more in time");
        match read {
            Ok(0) | Err(_) => return false,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&some[..read])),
        }
    }
    true
}

#[tokio::test]
async fn whoever_has_been_answered_waits_and_makes_room() {
    let house = House::new();
    let server = listening(&house, limits(1, 1)).await;
    let mut kept = TcpStream::connect(server.address).await.unwrap();
    assert!(answered(&mut kept, &format!("GET /api/health/live {HEAD}\r\n")).await);
    let text = asked(server.address).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

/// The whole head of a log-in; the server says when it waits for the body.
fn slow_head() -> String {
    format!(
        "POST /api/auth/login {HEAD}content-type: application/json\r\ncontent-length: 200\r\n\
         expect: 100-continue\r\n\r\n"
    )
}

/// Begins a request whose body is awaited from here on.
async fn slow(address: [u8; 4], to: SocketAddr) -> TcpStream {
    let mut stream = from(address, to).await.unwrap();
    stream.write_all(slow_head().as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    timeout(SOON, stream.read_exact(&mut go_on)).await.unwrap().unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{").await.unwrap();
    stream
}

#[tokio::test]
async fn whoever_owes_a_body_waits_and_makes_room_longest_first() {
    let house = House::new();
    let server = listening(&house, limits(100, 3)).await;
    let mut owing = Vec::new();
    for _ in 0..6 {
        owing.push(slow([127, 0, 0, 1], server.address).await);
    }
    for early in &mut owing[..3] {
        closed(early).await;
    }
    let text = asked(server.address).await;
    assert!(
        text.starts_with("HTTP/1.1 200"),
        "no share is held by bodies that do not come: {text}"
    );
    // The last of them has kept its place, and is answered when the rest comes.
    let mut last = owing.pop().unwrap();
    last.write_all(" ".repeat(199).as_bytes()).await.unwrap();
    let mut head = [0; 12];
    timeout(SOON, last.read_exact(&mut head)).await.unwrap().unwrap();
    assert_eq!(&head, b"HTTP/1.1 400");
}

#[tokio::test]
async fn bodies_that_do_not_come_hold_no_place_against_other_addresses() {
    let house = House::new();
    let server = listening(&house, limits(8, 8)).await;
    let mut owing = Vec::new();
    for n in 0..6 {
        owing.push(slow([127, 0, 0, 2 + n / 4], server.address).await);
    }
    let text = asked(server.address).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    closed(&mut owing[0]).await;
}

#[tokio::test]
async fn a_connection_that_carried_a_login_leaves_the_strangers_share() {
    let house = House::new();
    house.two_people().await;
    let login = house.login("ann@example.com", PASSWORD).await;
    let jwt = login.json::<web_dto::LoggedIn>().token;
    let server = listening(&house, limits(8, 1)).await;
    let mut anns = TcpStream::connect(server.address).await.unwrap();
    let me = format!("GET /api/auth/me {HEAD}authorization: Bearer {jwt}\r\n\r\n");
    assert!(answered(&mut anns, &me).await);
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert!(still_open(&mut silent).await);
    assert!(asked(server.address).await.starts_with("HTTP/1.1 200"));
    closed(&mut silent).await;
    // What is left of the first answer, then the next.
    let mut rest = vec![0; 4_096];
    let _ = timeout(SOON, anns.read(&mut rest)).await.unwrap().unwrap();
    assert!(answered(&mut anns, &me).await, "it has kept its place");
}

#[tokio::test]
async fn a_proxy_carries_more_than_one_addresss_share() {
    let house = House::new();
    let proxies = Proxies::new(["127.0.0.1/32".parse().unwrap()]);
    let server = listening(&house, Limits { proxies, ..limits(100, 2) }).await;
    let mut carried = Vec::new();
    for _ in 0..20 {
        carried.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert!(asked(server.address).await.starts_with("HTTP/1.1 200"));
    for one in &mut carried {
        assert!(still_open(one).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_requests_are_answered_while_silent_connections_come_without_end() {
    honest_are_answered_while_all_send("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_requests_are_answered_while_bodies_that_do_not_come_are_begun_without_end() {
    honest_are_answered_while_all_send(&format!(
        "POST /api/auth/login {HEAD}content-type: application/json\r\ncontent-length: 200\r\n\r\n{{"
    ))
    .await;
}

/// Two hundred connections are opened again and again, say `words` and wait.
async fn honest_are_answered_while_all_send(words: &str) {
    let house = House::new();
    let server = listening(&house, limits(40, 10)).await;
    let address = server.address;
    let mut flood = JoinSet::new();
    for n in 0..200_u8 {
        let words = words.to_owned();
        flood.spawn(async move {
            loop {
                if let Ok(mut one) = from([127, 0, 0, 2 + n % 6], address).await
                    && one.write_all(words.as_bytes()).await.is_ok()
                {
                    let _ = one.read(&mut [0; 1]).await;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
    for n in 0..40 {
        let from_where = if n % 2 == 0 { [127, 0, 0, 1] } else { [127, 0, 0, 2] };
        let request = format!("GET /api/health/live {HEAD}\r\n");
        let mut is_answered = false;
        // Among those who begin without end one may lose its place before it has asked, and asks anew.
        for _ in 0..if n % 2 == 0 { 1 } else { 10 } {
            let mut honest = from(from_where, address).await.unwrap();
            is_answered = answered(&mut honest, &request).await;
            if is_answered {
                break;
            }
        }
        assert!(is_answered, "request {n} from {from_where:?}");
    }
    flood.shutdown().await;
    assert!(asked(address).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_line_of_long_polls_keeps_no_place_of_the_connection_that_opened_it() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let server = listening(&house, limits(4, 4)).await;
    let open = format!(
        "POST /api/live {HEAD}authorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 2\r\nconnection: close\r\n\r\n{{}}",
        ann.jwt
    );
    for _ in 0..4 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        assert!(answered(&mut stream, &open).await);
        closed(&mut stream).await;
    }
    let mut stranger = from([127, 0, 0, 9], server.address).await.unwrap();
    let asks = format!("GET /api/health/live {HEAD}\r\n");
    assert!(answered(&mut stranger, &asks).await, "four lines are open, and no connection");
}
