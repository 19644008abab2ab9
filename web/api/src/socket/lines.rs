//! The lines of clients that listen by long polls: what a session has for its client waits here for
//! the next request. Knows no HTTP and runs no session.
//!
//! A line ends when its session does, when nobody has asked for a minute, and when its owner opens
//! more lines than browsers have tabs: then the one that was silent longest goes. What waits for a
//! client is bounded by the session's queue.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use appliance_core::UserId;
use axum::extract::ws::Message;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use web_dto::{ClientFrame, Code};

use crate::{auth::Login, error::ApiError};

/// Longest silence of a client, of its pongs too where it has a socket.
pub(super) const SILENCE: Duration = Duration::from_secs(60);

/// Lines one person may have at once.
const MOST_LINES: usize = 32;

/// Frames that one answer brings at most.
const MOST_FRAMES: usize = 512;

/// How often it is looked whether a client still asks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Longest time that a frame waits to be heard by a session whose client does not listen.
const SAY_FOR: Duration = Duration::from_secs(5);

/// The open lines, by name.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    open: Mutex<HashMap<String, Arc<Line>>>,
    made: AtomicU64,
}

/// One open line.
#[derive(Debug)]
pub(super) struct Line {
    owner: UserId,
    login: Login,
    says: mpsc::Sender<Message>,
    queue: tokio::sync::Mutex<mpsc::Receiver<Message>>,
    asked: Mutex<Instant>,
}

impl Lines {
    /// Returns a name that no other line of this life of the server, which is `epoch`, has had; nor
    /// does one of an earlier life find a line of this one by it.
    pub(super) fn name(&self, epoch: u64) -> String {
        format!("{epoch:x}-{:x}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Finds a line that this login of `owner` has opened; another's is not there, the same person's
    /// neither: what it may hear and how long it lives are that login's.
    pub(super) fn find(
        &self,
        name: &str,
        owner: UserId,
        login: Login,
    ) -> Result<Arc<Line>, ApiError> {
        let theirs = |line: &&Arc<Line>| line.owner == owner && line.login == login;
        let found = self.open().get(name).filter(theirs).cloned();
        let line = found.ok_or_else(ended)?;
        line.touch();
        Ok(line)
    }

    /// Puts a line among the others of its owner; who has too many loses the most silent one.
    pub(super) fn add(&self, name: String, line: &Arc<Line>) {
        let mut open = self.open();
        let theirs = open.iter().filter(|(_, other)| other.owner == line.owner);
        if theirs.clone().count() >= MOST_LINES {
            let oldest =
                theirs.min_by_key(|(_, other)| *other.asked()).map(|(name, _)| name.clone());
            if let Some(gone) = oldest.and_then(|name| open.remove(&name)) {
                gone.leave();
            }
        }
        open.insert(name, Arc::clone(line));
    }

    /// Forgets a line.
    pub(super) fn remove(&self, name: &str) {
        self.open().remove(name);
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<Line>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Begins with the client's end of a session.
    pub(super) fn new(
        owner: UserId,
        login: Login,
        says: mpsc::Sender<Message>,
        queue: mpsc::Receiver<Message>,
    ) -> Self {
        let queue = tokio::sync::Mutex::new(queue);
        Self { owner, login, says, queue, asked: Mutex::new(Instant::now()) }
    }

    /// Has the session hear a frame.
    pub(super) async fn say(&self, frame: &ClientFrame) -> Result<(), ApiError> {
        let text = serde_json::to_string(frame)
            .map_err(|error| ApiError::new(Code::BodyInvalid, error.to_string()))?;
        let said = self.says.send(Message::Text(text.into()));
        match timeout(SAY_FOR, said).await {
            Ok(said) => said.map_err(|_| ended()),
            Err(_) => Err(ApiError::new(Code::RateLimited, "nobody listens to what is said here")),
        }
    }

    /// Waits up to `limit` for frames and takes all there are.
    pub(super) async fn listen(&self, limit: Duration) -> Result<Vec<Message>, ApiError> {
        // A word of life, as a socket's pong is one; a session that is too busy to hear it lives.
        let _ = self.says.try_send(Message::Pong(bytes::Bytes::new()));
        match timeout(limit, self.take()).await {
            Ok(Some(frames)) => Ok(frames),
            Ok(None) => Err(ended()),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Takes what waits, at least one frame that a client reads; `None` when there will be no more.
    async fn take(&self) -> Option<Vec<Message>> {
        let mut queue = self.queue.lock().await;
        loop {
            let mut frames = vec![queue.recv().await?];
            while frames.len() < MOST_FRAMES
                && let Ok(more) = queue.try_recv()
            {
                frames.push(more);
            }
            frames.retain(|frame| matches!(frame, Message::Text(_)));
            if !frames.is_empty() {
                return Some(frames);
            }
        }
    }

    /// Waits until nobody has asked for longer than a client may be silent.
    pub(super) async fn is_left(&self) {
        while self.asked().elapsed() < SILENCE {
            sleep(LOOK_EVERY).await;
        }
    }

    fn touch(&self) {
        *self.asked() = Instant::now();
    }

    fn leave(&self) {
        if let Some(long_ago) = Instant::now().checked_sub(SILENCE) {
            *self.asked() = long_ago;
        }
    }

    fn asked(&self) -> MutexGuard<'_, Instant> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ended() -> ApiError {
    ApiError::new(Code::NotFound, "this line has ended; leave `line` out to open another")
}
