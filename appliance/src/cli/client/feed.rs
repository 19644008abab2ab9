//! The live feed: the WebSocket `/ws` over the same socket. Reconnecting is the caller's business.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header;
use tokio::{net::UnixStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use web_dto::{Channel, ClientFrame, ClientPayload, Place, ServerFrame, ServerPayload};

use super::Client;

/// How long the server may take to accept and to answer a subscription.
const GREETING: Duration = Duration::from_secs(10);

/// An open feed of one conversation.
#[derive(Debug)]
pub struct Feed {
    socket: WebSocketStream<UnixStream>,
    /// Events after this place follow.
    pub from: Place,
}

impl Feed {
    /// Opens the feed of a conversation.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn open(client: &Client, conversation: &str) -> anyhow::Result<Self> {
        let opened = timeout(GREETING, connect(client, conversation)).await;
        opened.context("while opening the live feed: the server is too slow")?
    }

    /// Waits for the next frame; `None` when the feed has ended.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        next(&mut self.socket).await
    }
}

async fn connect(client: &Client, conversation: &str) -> anyhow::Result<Feed> {
    let stream = client.connect().await?;
    let mut request = "ws://localhost/ws".into_client_request()?;
    request.headers_mut().insert(header::AUTHORIZATION, client.key()?);
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .context("while opening the live feed")?;
    let subscribe = ClientFrame {
        kind: "subscribe".to_owned(),
        payload: ClientPayload {
            channel: Some(Channel::Conversation),
            conversation_id: Some(conversation.to_owned()),
            ..ClientPayload::default()
        },
        id: "s".to_owned(),
    };
    socket.send(Message::text(serde_json::to_string(&subscribe)?)).await?;
    while let Some(frame) = next(&mut socket).await {
        match frame.payload {
            ServerPayload::Subscribed(at) => return Ok(Feed { socket, from: at.from }),
            ServerPayload::Error(error) => bail!("{} ({})", error.message, error.code),
            _ => {}
        }
    }
    bail!("the server closed the live feed")
}

/// Skips what is no frame of ours; a later version may send more than we know.
async fn next(socket: &mut WebSocketStream<UnixStream>) -> Option<ServerFrame> {
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => {
                if let Ok(frame) = serde_json::from_str(&text) {
                    return Some(frame);
                }
            }
            Message::Close(_) => return None,
            _ => {}
        }
    }
}
