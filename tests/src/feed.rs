//! The live feed as a client sees it: frames in, frames out, each with a time limit.
//!
//! Keeps no state of its own and fetches nothing; a test decides what a frame means.

use std::{path::Path, time::Duration};

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, Request},
    },
};
use web_dto::{Channel, ClientFrame, ClientPayload, Place, ServerFrame, ServerPayload};

/// How long any one wait for a frame may take, unless the test says otherwise.
const PATIENCE: Duration = Duration::from_secs(20);

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An open feed.
pub struct Feed {
    socket: WebSocketStream<Box<dyn Wire>>,
    sent: u64,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Feed {
    /// Opens the feed over TCP with a bearer token and further headers.
    ///
    /// # Errors
    /// When the server refuses; the error holds its status.
    pub async fn tcp(
        address: &str,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("while connecting to the feed")?;
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"))?;
            request.headers_mut().insert("authorization", value);
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value)?);
        }
        Self::open(request, Box::new(stream)).await
    }

    /// Opens the feed over the people's socket, showing its key.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn local(socket: &Path, key: &str) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(socket).await.context("while connecting to the feed")?;
        let mut request = "ws://localhost/ws".into_client_request()?;
        let value = HeaderValue::from_str(&format!("Bearer {key}"))?;
        request.headers_mut().insert("authorization", value);
        Self::open(request, Box::new(stream)).await
    }

    async fn open(request: Request<()>, stream: Box<dyn Wire>) -> anyhow::Result<Self> {
        let (socket, _) =
            client_async(request, stream).await.context("while opening the live feed")?;
        let mut feed = Self { socket, sent: 0 };
        let first = feed.next().await?;
        if !matches!(first.payload, ServerPayload::Connected(_)) {
            bail!("the first frame is {first:?}, not `connected`");
        }
        Ok(feed)
    }

    /// Sends a frame of this kind and returns its id.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, kind: &str, payload: ClientPayload) -> anyhow::Result<String> {
        self.sent += 1;
        let id = format!("frame-{}", self.sent);
        let frame = ClientFrame { kind: kind.to_owned(), payload, id: id.clone() };
        self.send_text(serde_json::to_string(&frame)?).await?;
        Ok(id)
    }

    /// Sends any text, however wrong.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_text(&mut self, text: String) -> anyhow::Result<()> {
        self.socket.send(Message::text(text)).await.context("while sending a frame")
    }

    /// Follows a channel and returns the answer to the wish, `subscribed` or `error`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn follow(
        &mut self,
        channel: Channel,
        conversation: Option<&str>,
        resume_from: Option<Place>,
    ) -> anyhow::Result<ServerFrame> {
        let payload = ClientPayload {
            channel: Some(channel),
            conversation_id: conversation.map(str::to_owned),
            resume_from,
            ..ClientPayload::default()
        };
        let id = self.send("subscribe", payload).await?;
        self.until("the answer to subscribe", |frame| frame.id.as_deref() == Some(&id)).await
    }

    /// Returns the next frame.
    ///
    /// # Errors
    /// When none comes within 20 s, or the server closes.
    pub async fn next(&mut self) -> anyhow::Result<ServerFrame> {
        match self.next_within(PATIENCE).await? {
            Some(frame) => Ok(frame),
            None => bail!("no frame within {PATIENCE:?}"),
        }
    }

    /// Returns the next frame, or `None` when none comes `within` the time.
    ///
    /// # Errors
    /// When the server closes or sends what is no frame.
    pub async fn next_within(&mut self, within: Duration) -> anyhow::Result<Option<ServerFrame>> {
        let end = Instant::now() + within;
        loop {
            let Ok(next) = timeout_at(end, self.socket.next()).await else { return Ok(None) };
            match next.context("the feed has ended")?.context("while reading the feed")? {
                Message::Text(text) => {
                    let frame = serde_json::from_str(text.as_str());
                    return frame.map(Some).with_context(|| format!("no frame: {text}"));
                }
                Message::Close(frame) => bail!("the server closed the feed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Reads frames until one fits and returns it.
    ///
    /// # Errors
    /// When none does within 20 s; names `what`.
    pub async fn until(
        &mut self,
        what: &str,
        fits: impl Fn(&ServerFrame) -> bool,
    ) -> anyhow::Result<ServerFrame> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self
                .next_within(left)
                .await
                .with_context(|| format!("while waiting for {what}"))?
            {
                Some(frame) if fits(&frame) => return Ok(frame),
                Some(_) => {}
                None => bail!("waited {PATIENCE:?} for {what}"),
            }
        }
    }
}
