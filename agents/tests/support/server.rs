//! A small server for worker tests: the real desk behind a unix socket, and a scripted model.
//!
//! One socket an agent, so that two agents in one process are still told apart; the real server
//! tells them apart by process id.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{
    collections::HashMap,
    convert::Infallible,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    AgentName, Incarnation,
    desk::{Beat, BeatAnswer, LeaseNext, Welcome, WorkerCard, paths},
    ports::{Desk, DeskError},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::UnixListener;

use super::House;

type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// What the scripted model does with the next request that is streamed.
#[derive(Debug, Clone)]
pub enum Script {
    /// Says these pieces, each after a pause; cites document 0 when one was given.
    Say(Vec<&'static str>, Duration),
    /// Answers with this status and the API's error body.
    Refuse(u16),
    /// Says one piece and breaks off.
    BreakOff,
    /// Sends its head and these pieces, and then nothing more.
    Stall(Vec<&'static str>),
    /// Sends nothing at all.
    Silent,
}

/// What the server knows.
pub struct Server {
    pub house: House,
    pub route_to: Mutex<AgentName>,
    pub scripts: Mutex<Vec<Script>>,
    /// Set to make the next choice of a worker send its head and nothing more.
    pub choice_stalls: AtomicBool,
    pub beats: Mutex<Vec<(AgentName, Beat)>>,
    pub requests: Mutex<Vec<Value>>,
    pub go_on: AtomicBool,
    pub hellos: AtomicUsize,
    /// Added to every sign of progress, milliseconds.
    pub progress_takes: AtomicU64,
    pub lives: Mutex<HashMap<AgentName, Incarnation>>,
    /// Set to make the next lease-next of any agent a stranger's.
    pub forget: AtomicBool,
}

impl Server {
    pub fn over(house: House) -> Arc<Self> {
        Arc::new(Self {
            house,
            route_to: Mutex::new(AgentName::Research),
            scripts: Mutex::default(),
            choice_stalls: AtomicBool::new(false),
            beats: Mutex::default(),
            requests: Mutex::default(),
            go_on: AtomicBool::new(true),
            hellos: AtomicUsize::new(0),
            progress_takes: AtomicU64::new(0),
            lives: Mutex::default(),
            forget: AtomicBool::new(false),
        })
    }

    /// Opens a socket on which every caller is `agent`; returns its path.
    pub fn listen(self: &Arc<Self>, agent: AgentName) -> PathBuf {
        let path = self.house.dir.path().join(format!("{agent}.sock"));
        let listener = UnixListener::bind(&path).unwrap();
        let who = self.house.life(agent);
        let server = self.clone();
        self.lives.lock().unwrap().insert(agent, who);
        tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                let service = hyper::service::service_fn(move |request| {
                    let server = server.clone();
                    async move { Ok::<_, Infallible>(server.answer(who, request).await) }
                });
                let http = hyper::server::conn::http1::Builder::new();
                open.spawn(async move {
                    drop(http.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        path
    }

    async fn answer(&self, who: Incarnation, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let desk = &self.house.desk;
        match path.as_str() {
            paths::HELLO => {
                self.hellos.fetch_add(1, Ordering::SeqCst);
                fine(&self.welcome(who))
            }
            paths::BEAT => {
                self.beats.lock().unwrap().push((who.agent, read(&body)));
                fine(&BeatAnswer { go_on: self.go_on.load(Ordering::SeqCst) })
            }
            paths::LEASE_NEXT if self.forget.swap(false, Ordering::SeqCst) => {
                problem(403, "agent.stranger", "process 1 is no agent of this server")
            }
            paths::LEASE_NEXT => {
                let ask = read::<LeaseNext>(&body);
                let wait = Duration::from_millis(ask.wait_ms.min(1_000));
                match desk.lease_next(who, &ask.held, wait).await {
                    Ok(None) => empty(),
                    other => told(other),
                }
            }
            paths::RENEW => done(desk.renew(who, &read(&body)).await),
            paths::DELEGATE => told(desk.delegate(who, read(&body)).await),
            paths::COMPLETE => done(desk.complete(who, read(&body)).await),
            paths::FAIL => done(desk.fail(who, read(&body)).await),
            paths::PROGRESS => {
                let takes = self.progress_takes.load(Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(takes)).await;
                done(desk.progress(who, read(&body)).await)
            }
            paths::THREAD => told(desk.thread(who, &read(&body)).await),
            paths::RECALL => told(desk.recall(who, read(&body)).await),
            paths::CARE => told(desk.care(who, read(&body)).await),
            paths::MESSAGES => {
                let reply = self.model(&read(&body));
                match reply {
                    Some(reply) => reply,
                    None => std::future::pending().await,
                }
            }
            other => panic!("{other} is no path of the desk"),
        }
    }

    fn welcome(&self, who: Incarnation) -> Welcome {
        let card = |name: AgentName| WorkerCard { name, description: format!("does {name}") };
        Welcome {
            incarnation: who.id,
            prompt: format!("You are {}.", who.agent),
            workers: AgentName::WORKERS.map(card).into(),
            model: "scripted".to_owned(),
            max_tokens: 1_000,
            concurrency: 16,
        }
    }

    fn model(&self, request: &Value) -> Option<Reply> {
        self.requests.lock().unwrap().push(request.clone());
        if request["tool_choice"]["name"] == "route" {
            if self.choice_stalls.swap(false, Ordering::SeqCst) {
                return Some(streamed(Vec::new(), Duration::ZERO, true));
            }
            let input = json!({ "agent": *self.route_to.lock().unwrap(), "reason": "fits" });
            let call = json!({ "type": "tool_use", "id": "t", "name": "route", "input": input });
            return Some(fine(&json!({ "content": [call], "stop_reason": "tool_use" })));
        }
        let mut scripts = self.scripts.lock().unwrap();
        let script = if scripts.len() > 1 { scripts.remove(0) } else { scripts[0].clone() };
        let cites = request["messages"].as_array().unwrap().last().unwrap()["content"][0]["type"]
            == "document";
        play(script, cites)
    }
}

fn play(script: Script, cites: bool) -> Option<Reply> {
    Some(match script {
        Script::Refuse(status) => {
            let error = json!({ "type": "error", "error": { "type": "x", "message": "No." } });
            whole(status, "application/json", serde_json::to_vec(&error).unwrap())
        }
        Script::Say(pieces, pause) => {
            let mut events: Vec<Value> = vec![start()];
            events.extend(pieces.iter().map(|piece| text(piece)));
            if cites {
                events.push(citation());
            }
            events.extend(end());
            streamed(events, pause, false)
        }
        Script::BreakOff => streamed(vec![start(), text("half ")], Duration::ZERO, false),
        Script::Stall(pieces) => {
            let events = [start()].into_iter().chain(pieces.into_iter().map(text));
            streamed(events.collect(), Duration::ZERO, true)
        }
        Script::Silent => return None,
    })
}

fn start() -> Value {
    json!({ "type": "content_block_start", "index": 0,
        "content_block": { "type": "text", "text": "" } })
}

fn text(piece: &str) -> Value {
    json!({ "type": "content_block_delta", "index": 0,
        "delta": { "type": "text_delta", "text": piece } })
}

fn citation() -> Value {
    json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "citations_delta",
        "citation": { "type": "char_location", "document_index": 0, "cited_text": "heron" } } })
}

fn end() -> [Value; 3] {
    [
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } }),
        json!({ "type": "message_stop" }),
    ]
}

fn streamed(events: Vec<Value>, pause: Duration, stalls: bool) -> Reply {
    let paced = stream::iter(events).then(move |event| async move {
        tokio::time::sleep(pause).await;
        let data = format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
        Ok::<_, Infallible>(Frame::data(Bytes::from(data)))
    });
    let rest = stream::once(async move {
        if stalls {
            std::future::pending::<()>().await;
        }
        Ok(Frame::data(Bytes::new()))
    });
    let body = UnsyncBoxBody::new(StreamBody::new(paced.chain(rest)));
    let reply = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
    reply.body(body).unwrap()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

fn whole(status: u16, kind: &str, body: Vec<u8>) -> Reply {
    let reply = Response::builder().status(status).header("content-type", kind);
    reply.body(UnsyncBoxBody::new(http_body_util::Full::new(body.into()))).unwrap()
}

fn fine(value: &impl Serialize) -> Reply {
    whole(200, "application/json", serde_json::to_vec(value).unwrap())
}

fn empty() -> Reply {
    whole(StatusCode::NO_CONTENT.as_u16(), "", Vec::new())
}

fn told<T: Serialize>(result: Result<T, DeskError>) -> Reply {
    result.map_or_else(|error| refused(&error), |value| fine(&value))
}

fn done(result: Result<(), DeskError>) -> Reply {
    result.map_or_else(|error| refused(&error), |()| empty())
}

fn refused(error: &DeskError) -> Reply {
    match error {
        DeskError::LeaseLost(_) => problem(409, "lease.lost", &error.to_string()),
        DeskError::Refused(_) | DeskError::Search(_) => problem(422, "x", &error.to_string()),
        DeskError::Store(_) => problem(503, "store.unavailable", &error.to_string()),
    }
}

fn problem(status: u16, code: &str, detail: &str) -> Reply {
    let body = json!({ "status": status, "code": code, "detail": detail });
    whole(status, "application/problem+json", serde_json::to_vec(&body).unwrap())
}
