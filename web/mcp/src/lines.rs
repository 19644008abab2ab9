//! One JSON message a line, in both directions, with an answer for every line that is none.
//!
//! The SDK's own transport passes over what it cannot read, and whoever sent it waits. JSON-RPC 2.0
//! (section 5.1) has an error for it, without the id that could not be read. Knows no tool.

use std::{io, sync::Arc};

use futures_util::StreamExt as _;
use rmcp::{
    RoleServer,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::Mutex,
};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

use crate::wrong::Wrong;

/// Most bytes of one line.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// A transport over two streams of bytes.
#[derive(Debug)]
pub(crate) struct Lines<R, W> {
    lines: FramedRead<R, LinesCodec>,
    out: Arc<Mutex<W>>,
    /// An answer of our own; a `receive` that is dropped leaves it to the next.
    unsent: Option<Vec<u8>>,
}

impl<R: AsyncRead, W> Lines<R, W> {
    pub(crate) fn new(read: R, out: W) -> Self {
        let lines = FramedRead::new(read, LinesCodec::new_with_max_length(MAX_LINE));
        Self { lines, out: Arc::new(Mutex::new(out)), unsent: None }
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
            let line = match self.lines.next().await? {
                Ok(line) => line,
                Err(LinesCodecError::MaxLineLengthExceeded) => {
                    self.refuse(&Wrong::parse(format!("a line has over {MAX_LINE} bytes")));
                    continue;
                }
                Err(LinesCodecError::Io(_)) => return None,
            };
            if line.trim().is_empty() {
                continue;
            }
            match Wrong::or_message(line.as_bytes()) {
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

    #[tokio::test]
    async fn what_is_no_message_is_answered_and_the_talk_goes_on() {
        let (ours, theirs) = duplex(64 * 1024);
        let (read, write) = split(ours);
        let mut lines = Lines::new(read, write);
        let (read, mut write) = split(theirs);
        let mut answers = BufReader::new(read).lines();
        let said = "hello\n\n{\"jsonrpc\":\"2.0\",\"id\":7}\n[1]\n{\"jsonrpc\":\"2.0\",\"id\":1,\
            \"method\":\"ping\"}\n";
        write.write_all(said.as_bytes()).await.unwrap();
        let met = lines.receive().await.map(|message| serde_json::to_value(message).unwrap());
        assert_eq!(met.unwrap()["method"], "ping");
        for (code, id) in [(-32700, Value::Null), (-32600, json!(7)), (-32600, Value::Null)] {
            let line = answers.next_line().await.unwrap().unwrap();
            let told: Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&told["error"]["code"], &told["id"]), (&json!(code), &id), "{line}");
        }
    }
}
