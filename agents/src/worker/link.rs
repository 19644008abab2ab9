//! The link to the server: HTTP over `agent.sock`, a few kept connections, patience when it is away.
//!
//! Knows paths and bytes, not what they mean ([`super::client`] does). Every command of the desk is
//! safe to repeat, so a call whose answer was lost is simply made again.
//!
//! Invariant: nobody waits for an absent server longer than it was told to. One that takes
//! connections and says nothing is there, only stopped or busy: it is waited for much longer.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use appliance_tasks::{TaskKind, Tasks};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, time::Instant};

use super::reply::Advice;

/// How long a command may take, its long poll not counted.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Largest answer that is read: twenty long messages fit many times over.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// How long a server that takes connections may say nothing: it may have been stopped for a while,
/// by a debugger or with the machine under it.
const SILENT_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Drives one connection.
const DRIVE: TaskKind = TaskKind::new("agent.connection").aborted();

/// The wait between tries doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);

type Connection = SendRequest<Full<Bytes>>;

/// Why a call has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LinkError {
    /// Nobody answers on the socket.
    #[error("the server does not answer on {socket}: {why}; is `ai-infra serve` running?")]
    Away {
        /// The socket.
        socket: String,
        /// The last cause.
        why: String,
    },
    /// The server understood and said no.
    #[error("the server refuses {path}: {detail} ({code})")]
    Refused {
        /// What was called.
        path: &'static str,
        /// HTTP status.
        status: u16,
        /// The stable code, empty if it gave none.
        code: String,
        /// Its words.
        detail: String,
    },
    /// The answer is not what was agreed.
    #[error("the server's answer to {path} cannot be read: {why}")]
    Garbled {
        /// What was called.
        path: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// An answer whose body has yet to come.
#[derive(Debug)]
pub(super) struct Streamed {
    /// HTTP status.
    pub status: StatusCode,
    /// Its media type, empty if it gave none.
    pub content_type: String,
    /// What its head says about another try.
    pub advice: Advice,
    /// The body.
    pub body: Incoming,
}

/// Connections to the server.
#[derive(Debug)]
pub(super) struct Link {
    socket: PathBuf,
    patience: Duration,
    tasks: Tasks,
    idle: Mutex<Vec<Connection>>,
}

impl Link {
    /// Describes the link; nothing is connected yet. `patience` is for an absent server.
    pub(super) fn new(socket: PathBuf, patience: Duration, tasks: Tasks) -> Self {
        Self { socket, patience, tasks, idle: Mutex::new(Vec::new()) }
    }

    /// Posts `body` and returns the whole answer, `None` for 204. Tries again while the server is
    /// away or cannot answer just now.
    ///
    /// # Errors
    /// As [`LinkError`] tells.
    pub(super) async fn call(
        &self,
        path: &'static str,
        body: Bytes,
        deadline: Duration,
    ) -> Result<Option<Bytes>, LinkError> {
        let silent_until = Instant::now() + SILENT_PATIENCE;
        let mut absent_until = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let tried = tokio::time::timeout(deadline, self.call_once(path, body.clone())).await;
            let (error, give_up) = match tried {
                Ok(Err(error)) if error.may_pass() => (error, absent_until),
                Ok(done) => return done,
                Err(_) => {
                    absent_until = Instant::now() + self.patience; // it was there until now
                    (self.away("it takes connections and says nothing"), silent_until)
                }
            };
            if Instant::now() + pause >= give_up {
                return Err(error);
            }
            tracing::debug!(%error, "trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Posts `body` and returns the answer's head with its body still to come. Tries once.
    ///
    /// # Errors
    /// [`LinkError::Away`].
    pub(super) async fn stream(
        &self,
        path: &'static str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Streamed, LinkError> {
        let (response, _connection) = self.send(path, headers, body).await?;
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Streamed {
            status: response.status(),
            content_type: content_type.to_owned(),
            advice: advice(response.headers()),
            body: response.into_body(),
        })
    }

    async fn call_once(&self, path: &'static str, body: Bytes) -> Result<Option<Bytes>, LinkError> {
        let (response, connection) = self.send(path, &[], body).await?;
        let status = response.status();
        let body = whole(response.into_body()).await.map_err(|why| self.away(&why))?;
        self.idle().push(connection);
        match status {
            StatusCode::NO_CONTENT => Ok(None),
            ok if ok.is_success() => Ok(Some(body)),
            refused => Err(refusal(path, refused, &body)),
        }
    }

    async fn send(
        &self,
        path: &'static str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<(Response<Incoming>, Connection), LinkError> {
        let mut request = self.request(path, headers, body)?;
        while let Some(mut connection) = self.kept() {
            match connection.try_send_request(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent, // it had been closed meanwhile
                    None => return Err(self.away(&error.into_error())),
                },
            }
        }
        let mut connection = self.connect().await?;
        let response = connection.send_request(request).await.map_err(|why| self.away(&why))?;
        Ok((response, connection))
    }

    fn request(
        &self,
        path: &'static str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, LinkError> {
        let mut request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let built = request.body(Full::new(body));
        built.map_err(|why| LinkError::Garbled { path, why: why.to_string() })
    }

    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some(connection) = idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Connection, LinkError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|why| self.away(&why))?;
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (connection, driver) = shaken.map_err(|why| self.away(&why))?;
        // Ends with the connection; an error of it reaches the request that waits on it.
        self.tasks.spawn(DRIVE, async move { driver.await.unwrap_or_default() });
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self, why: &(impl ToString + ?Sized)) -> LinkError {
        LinkError::Away { socket: self.socket.display().to_string(), why: why.to_string() }
    }
}

impl LinkError {
    /// Tells whether the same call may succeed a moment later.
    fn may_pass(&self) -> bool {
        match self {
            Self::Away { .. } => true,
            Self::Refused { status, .. } => matches!(status, 502 | 503 | 504 | 507),
            Self::Garbled { .. } => false,
        }
    }

    /// Tells whether the server lives but cannot do it just now.
    pub(super) fn is_the_servers_trouble(&self) -> bool {
        matches!(self, Self::Refused { status: 500.., .. })
    }

    /// Tells whether the refusal carries this code.
    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

/// Reads what a refusal's head says about another try.
fn advice(headers: &HeaderMap) -> Advice {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| text(name).and_then(|value| value.trim().parse::<f64>().ok());
    let millis = number("retry-after-ms").map(|millis| millis / 1_000.0);
    let seconds = millis.or_else(|| number("retry-after"));
    let after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Advice { after, never: text("x-should-retry") == Some("false") }
}

/// Reads a body to its end.
///
/// # Errors
/// A sentence, when it breaks off or is too large.
pub(super) async fn whole(body: Incoming) -> Result<Bytes, String> {
    let read = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|why| why.to_string())
}

fn refusal(path: &'static str, status: StatusCode, body: &[u8]) -> LinkError {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| problem[name].as_str().map(str::to_owned);
    LinkError::Refused {
        path,
        status: status.as_u16(),
        code: field("code").unwrap_or_default(),
        detail: field("detail").unwrap_or_else(|| format!("HTTP status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_absent_server_is_waited_for_and_then_named() {
        let dir = tempfile::tempdir().unwrap();
        let link = Link::new(dir.path().join("nobody.sock"), Duration::from_secs(1), Tasks::new());
        let began = Instant::now();
        let error = link.call("/agent/v1/hello", Bytes::new(), DEADLINE).await.unwrap_err();
        let waited = began.elapsed();
        assert!(waited >= Duration::from_millis(300), "gave up after {waited:?}");
        assert!(waited < Duration::from_secs(3), "gave up after {waited:?}");
        let words = error.to_string();
        assert!(words.contains("nobody.sock") && words.contains("ai-infra serve"), "{words}");
    }

    #[tokio::test]
    async fn a_server_that_was_stopped_for_a_while_is_not_an_absent_one() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("api.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let patience = Duration::from_millis(100);
        let link = Link::new(socket, patience, Tasks::new());
        let call = link.call("/agent/v1/beat", Bytes::new(), Duration::from_millis(50));
        let mut held = Vec::new();
        let server = async {
            while held.len() < 5 {
                held.push(listener.accept().await.unwrap()); // takes it and says nothing
            }
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
            held.push((stream, listener.local_addr().unwrap()));
            std::future::pending::<()>().await;
        };
        tokio::select! {
            answered = call => assert_eq!(answered.unwrap(), None),
            () = server => {}
        }
        assert!(held.len() > 5, "it asked again and again, longer than it waits for an absent one");
    }
}
