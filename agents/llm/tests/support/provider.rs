//! A provider that does what a script says, over plain TCP, and writes down what it was asked.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the provider does with one connection, step by step.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Waits.
    Wait(Duration),
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Request line and headers, as sent.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The running provider; the n-th connection gets the n-th script, later ones the last.
pub struct Provider {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Provider {
    pub async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((socket, _)) = listener.accept().await {
                let script = scripts[turn.min(scripts.len() - 1)].clone();
                turn += 1;
                tokio::spawn(serve(socket, script, log.clone()));
            }
        });
        Self { url, asked }
    }

    /// Returns the requests that came in so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, script: Vec<Step>, log: Arc<Mutex<Vec<Asked>>>) {
    let asked = read(&mut socket).await;
    log.lock().unwrap().push(asked);
    for step in script {
        match step {
            Step::Send(bytes) => {
                let _ = socket.write_all(&bytes).await;
                let _ = socket.flush().await;
            }
            Step::Wait(span) => tokio::time::sleep(span).await,
        }
    }
}

async fn read(socket: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "the client went away");
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
    while bytes.len() < head_end + length {
        assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "the client went away");
    }
    Asked { head, body: bytes[head_end..].to_vec() }
}

/// Returns the value of a header, without regard to case.
pub fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

/// A reply with a length.
pub fn whole(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![Step::Send(
        format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        )
        .into_bytes(),
    )]
}

/// The head of a streamed reply.
pub fn stream_head() -> Step {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\
        request-id: req_1\r\nanthropic-ratelimit-requests-remaining: 9\r\nset-cookie: a=b\r\n\
        transfer-encoding: chunked\r\n\r\n";
    Step::Send(head.as_bytes().to_vec())
}

/// One piece of a streamed reply.
pub fn chunk(bytes: &[u8]) -> Step {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    Step::Send(framed)
}
