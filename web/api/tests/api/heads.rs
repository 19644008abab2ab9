//! Heads that two readers could take for two things: refused, or read in the one way that holds.

use std::time::Duration;

use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use web_api::edge::Limits;

use crate::{
    edge::{Running, ends_within, listening},
    house::House,
};

async fn answers(server: &Running, sent: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let read = ends_within(&mut stream, Duration::from_secs(10)).await;
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn two_hosts_none_and_one_that_the_target_contradicts_are_refused() {
    let house = House::new();
    let server = listening(&house, Limits::default()).await;
    let (path, own) = ("/api/info", "Host: localhost\r\n");
    for (target, hosts) in [
        (path, format!("{own}{own}")),
        (path, format!("{own}Host: evil.example\r\n")),
        (path, "Host:\r\n".to_owned()),
        (path, "Host: a@localhost\r\n".to_owned()),
        (path, String::new()),
        ("http://localhost/api/info", "Host: evil.example\r\n".to_owned()),
    ] {
        let sent = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let text = answers(&server, &sent).await;
        assert!(text.starts_with("HTTP/1.1 400"), "{sent}{text}");
        assert!(text.contains("request.malformed"), "{text}");
    }
    let sent = format!("GET http://localhost{path} HTTP/1.1\r\n{own}Connection: close\r\n\r\n");
    let text = answers(&server, &sent).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test]
async fn a_body_has_one_length() {
    let house = House::new();
    let server = listening(&house, Limits::default()).await;
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nConnection: close\r\n";
    for lengths in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: +2\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
    ] {
        let text = answers(&server, &format!("{head}{lengths}\r\n{{}} ")).await;
        assert!(text.starts_with("HTTP/1.1 400"), "{lengths}{text}");
    }
    // Chunks go before a length, and nothing behind them is taken for a request.
    let both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let text = answers(&server, &format!("{head}{both}GET /api/info HTTP/1.1\r\n\r\n")).await;
    assert!(text.starts_with("HTTP/1.1 422"), "{text}");
    assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
}
