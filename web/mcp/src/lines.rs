//! One JSON message a line, in both directions, with an answer for every line that is none.
//!
//! The SDK's own transport passes over what it cannot read, and whoever sent it waits. JSON-RPC 2.0
//! (section 5.1) has an error for it, without the id that could not be read. Knows no tool.

use std::{io, sync::Arc};

use rmcp::{
    RoleServer,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::Mutex,
};

use crate::{
    line::{Line, MAX_LINE, Reader},
    wrong::Wrong,
};

/// A transport over two streams of bytes.
#[derive(Debug)]
pub(crate) struct Lines<R, W> {
    lines: Reader<R>,
    out: Arc<Mutex<W>>,
    /// An answer of our own; a `receive` that is dropped leaves it to the next.
    unsent: Option<Vec<u8>>,
}

impl<R: AsyncRead, W> Lines<R, W> {
    pub(crate) fn new(read: R, out: W) -> Self {
        Self { lines: Reader::new(read), out: Arc::new(Mutex::new(out)), unsent: None }
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let out = Arc::clone(&self.out);
        async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            let mut out = out.lock().await;
            out.write_all(&line).await?;
            out.flush().await
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            self.settle().await.ok()?;
            let read = match self.lines.next().await.ok()?? {
                Line::Whole(line) if line.trim_ascii().is_empty() => continue,
                Line::Whole(line) => Wrong::or_message(&line),
                Line::TooLong => Err(Wrong::parse(format!(
                    "the line has over {MAX_LINE} bytes, more than one message may have; send less \
                     at a time"
                ))),
            };
            match read {
                Ok(message) => return Some(message),
                Err(wrong) => self.refuse(&wrong),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.out.lock().await.flush().await
    }
}

impl<R, W: AsyncWrite + Unpin> Lines<R, W> {
    fn refuse(&mut self, wrong: &Wrong) {
        let mut line = wrong.document().to_string().into_bytes();
        line.push(b'\n');
        self.unsent = Some(line);
    }

    /// Sends what is unsent. A short line is taken whole or not at all, so that being dropped in the
    /// middle neither sends it twice nor cuts it.
    async fn settle(&mut self) -> io::Result<()> {
        let Some(line) = &self.unsent else { return Ok(()) };
        let mut out = self.out.lock().await;
        let taken = out.write(line).await?;
        let rest = self.unsent.take().map(|line| line[taken..].to_vec());
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            self.unsent = Some(rest);
        }
        out.flush().await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::io::{AsyncBufReadExt as _, BufReader, duplex, split};

    use super::*;

    const PING: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";

    /// Says `said` and then a ping; returns code and id of every answer before the ping is met.
    async fn told(said: Vec<u8>, answers: usize) -> Vec<(Value, Value)> {
        let (ours, theirs) = duplex(64 * 1024);
        let (read, write) = split(ours);
        let mut lines = Lines::new(read, write);
        let (read, mut write) = split(theirs);
        let speaking = async {
            write.write_all(&said).await.unwrap();
            write.write_all(PING).await.unwrap();
        };
        let (met, ()) = tokio::join!(lines.receive(), speaking);
        assert_eq!(serde_json::to_value(met).unwrap()["method"], "ping");
        let mut read = BufReader::new(read).lines();
        let mut told = Vec::new();
        for _ in 0..answers {
            let line = read.next_line().await.unwrap().unwrap();
            let answer: Value = serde_json::from_str(&line).unwrap();
            told.push((answer["error"]["code"].clone(), answer["id"].clone()));
        }
        told
    }

    #[tokio::test]
    async fn what_is_no_message_is_answered_and_the_talk_goes_on() {
        let said = b"hello\n\n{\"jsonrpc\":\"2.0\",\"id\":7}\n[1]\n".to_vec();
        let wanted = [(-32700, Value::Null), (-32600, json!(7)), (-32600, Value::Null)];
        assert_eq!(told(said, 3).await, wanted.map(|(code, id)| (json!(code), id)));
    }

    #[tokio::test]
    async fn a_line_that_is_no_text_or_too_long_does_not_end_the_talk() {
        let mut said =
            b"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"p\xe9ng\"}\n\xff\xfe\n".to_vec();
        said.resize(said.len() + MAX_LINE + 1, b'x');
        said.push(b'\n');
        assert_eq!(told(said, 3).await, vec![(json!(-32700), Value::Null); 3]);
    }
}
