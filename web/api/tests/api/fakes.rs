//! Stand-ins for what lives in other crates: agents, their desk, the model, the memory index.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use appliance_core::{
    AgentName, AgentState, AgentStatus, Control, Incarnation, IncarnationId, MemoryHit, Message,
    PageRequest, SearchFilter, StoreError, Task, TaskId, UserId,
    desk::{
        Beat, CareCommand, CareDone, Complete, Delegate, Fail, Lease, Progress, Recall, Welcome,
        Work,
    },
    memory::MemoryHits,
    ports::{
        Desk, DeskError, Fleet, FleetError, LlmError, LlmErrorKind, Memories, MemorySearch, Model,
        ModelCall, ModelReply, PeerProcess, Proof, SearchError,
    },
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;

/// Six agents that are whatever the test says.
#[derive(Debug, Default)]
pub struct FakeFleet {
    pub known: Mutex<HashMap<u32, Incarnation>>,
    /// The last that said hello.
    pub held: Mutex<Option<PeerProcess>>,
    pub task: Mutex<Option<TaskId>>,
    pub told: Mutex<Vec<(AgentName, Control)>>,
}

fn status(name: AgentName, task: Option<TaskId>) -> AgentStatus {
    AgentStatus {
        name,
        state: AgentState::Idle,
        description: format!("{name} for tests"),
        pid: Some(4242),
        incarnation: None,
        tasks: task.into_iter().collect(),
        heartbeat_age_seconds: Some(1.0),
        restarts: 0,
        started_at: None,
        problem: None,
        attach: Some("tmux -S /run/tmux.sock attach".to_owned()),
    }
}

#[async_trait]
impl Fleet for FakeFleet {
    async fn hello(&self, peer: &PeerProcess, agent: AgentName) -> Result<Welcome, FleetError> {
        let id = IncarnationId::from_bytes([9; 16]);
        *self.held.lock().unwrap() = Some(peer.clone());
        self.known.lock().unwrap().insert(peer.pid, Incarnation { agent, id });
        Ok(Welcome {
            incarnation: id,
            prompt: "be brief".to_owned(),
            workers: Vec::new(),
            model: "demo".to_owned(),
            max_tokens: 1_024,
            concurrency: 16,
        })
    }

    fn who(&self, peer: &PeerProcess) -> Result<Incarnation, FleetError> {
        let known = self.known.lock().unwrap().get(&peer.pid).copied();
        known.ok_or(FleetError::Stranger { pid: peer.pid })
    }

    async fn beat(&self, _: Incarnation, _: Beat) -> Result<bool, FleetError> {
        Ok(true)
    }

    fn list(&self) -> Vec<AgentStatus> {
        let task = *self.task.lock().unwrap();
        AgentName::ALL.into_iter().map(|name| status(name, task)).collect()
    }

    async fn control(&self, agent: AgentName, control: Control) -> Result<AgentStatus, FleetError> {
        self.told.lock().unwrap().push((agent, control));
        Ok(status(agent, None))
    }

    async fn window_text(&self, agent: AgentName, lines: usize) -> Result<String, FleetError> {
        assert_ne!(agent, AgentName::Qa, "the window of qa is broken in these tests");
        if agent == AgentName::Infra {
            let why = "it has no window".to_owned();
            return Err(FleetError::Process { agent, doing: "reading the window of", why });
        }
        Ok(format!("{agent} shows {lines}\n"))
    }

    async fn forget_windows(&self) {}
}

/// The task whose lease every agent holds at the [`FakeDesk`].
pub const HELD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A desk without further work.
#[derive(Debug, Default)]
pub struct FakeDesk;

fn refused<T>() -> Result<T, DeskError> {
    Err(DeskError::LeaseLost(TaskId::from_bytes([3; 16])))
}

#[async_trait]
impl Desk for FakeDesk {
    async fn lease_next(
        &self,
        _: Incarnation,
        _: &[Lease],
        wait: Duration,
    ) -> Result<Option<Work>, DeskError> {
        tokio::time::sleep(wait).await;
        Ok(None)
    }
    fn holds(&self, _: Incarnation, task: TaskId) -> bool {
        task.to_string() == HELD
    }
    async fn renew(&self, _: Incarnation, _: &Lease) -> Result<(), DeskError> {
        refused()
    }
    async fn delegate(&self, _: Incarnation, _: Delegate) -> Result<Task, DeskError> {
        refused()
    }
    async fn complete(&self, _: Incarnation, _: Complete) -> Result<(), DeskError> {
        refused()
    }
    async fn fail(&self, _: Incarnation, _: Fail) -> Result<(), DeskError> {
        refused()
    }
    async fn progress(&self, _: Incarnation, _: Progress) -> Result<(), DeskError> {
        refused()
    }
    async fn thread(&self, _: Incarnation, _: &Lease) -> Result<Vec<Message>, DeskError> {
        refused()
    }
    async fn recall(&self, _: Incarnation, _: Recall) -> Result<Vec<MemoryHit>, DeskError> {
        refused()
    }
    async fn care(&self, _: Incarnation, _: CareCommand) -> Result<CareDone, DeskError> {
        refused()
    }
}

/// Finds every memory of the owner that holds the query, in the real store.
#[derive(Debug)]
pub struct SubstringSearch(pub Arc<dyn Memories>);

#[async_trait]
impl MemorySearch for SubstringSearch {
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: SearchFilter,
        limit: usize,
    ) -> Result<MemoryHits, SearchError> {
        if query.trim().is_empty() {
            return Err(SearchError::Empty);
        }
        let page = self.0.list(owner, &filter, PageRequest::new(limit, None)).await?;
        let hits = page.items.into_iter().filter(|memory| memory.text.contains(query));
        let hit = |memory| MemoryHit {
            memory,
            score: 1.0,
            why: "said so".to_owned(),
            joined: Vec::new(),
        };
        Ok(hits.map(hit).collect::<Vec<_>>().into())
    }
}

/// A model that answers with the pieces given and keeps what it was asked.
#[derive(Debug, Default)]
pub struct FakeModel {
    pub pieces: Mutex<Vec<&'static [u8]>>,
    pub asked: Mutex<Vec<ModelCall>>,
    pub away: Mutex<bool>,
}

#[async_trait]
impl Model for FakeModel {
    fn name(&self) -> &str {
        "fake-1"
    }

    async fn messages(&self, call: ModelCall) -> Result<ModelReply, LlmError> {
        self.asked.lock().unwrap().push(call);
        if *self.away.lock().unwrap() {
            return Err(LlmError {
                kind: LlmErrorKind::Unavailable,
                model: "fake-1".to_owned(),
                message: "it is away".to_owned(),
                retry_after: Some(Duration::from_secs(7)),
            });
        }
        let pieces = self.pieces.lock().unwrap().clone();
        let body =
            futures_util::stream::iter(pieces.into_iter().map(|p| Ok(Bytes::from_static(p))));
        Ok(ModelReply {
            status: 200,
            headers: vec![
                ("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned()),
                ("request-id".to_owned(), "req_1".to_owned()),
                ("content-length".to_owned(), "3".to_owned()),
            ],
            body: body.boxed(),
        })
    }

    async fn check(&self) -> Result<Proof, LlmError> {
        if !*self.away.lock().unwrap() {
            return Ok(Proof::Works);
        }
        Err(LlmError {
            kind: LlmErrorKind::Unauthorised,
            model: "fake-1".to_owned(),
            message: "it refuses the key".to_owned(),
            retry_after: None,
        })
    }
}

/// Records that refuse with the kind given, for the errors a real store shows on bad days only.
#[derive(Debug)]
pub struct BrokenRecords(pub appliance_core::ErrorKind);

#[async_trait]
impl appliance_core::ports::Records for BrokenRecords {
    async fn apply(&self, _: appliance_core::Batch) -> Result<appliance_core::Applied, StoreError> {
        Err(StoreError::new(self.0, "records.apply", "/var/lib/secret/path is broken"))
    }

    async fn first_result(
        &self,
        _: &appliance_core::BatchKey,
    ) -> Result<Option<appliance_core::Applied>, StoreError> {
        Err(StoreError::new(self.0, "records.first_result", "/var/lib/secret/path is broken"))
    }
}

/// Records that change nothing but by a permit of the gate's, which each change uses up.
#[derive(Debug)]
pub struct GatedRecords {
    pub inner: Arc<dyn appliance_core::ports::Records>,
    pub gate: Arc<tokio::sync::Semaphore>,
}

#[async_trait]
impl appliance_core::ports::Records for GatedRecords {
    async fn apply(
        &self,
        batch: appliance_core::Batch,
    ) -> Result<appliance_core::Applied, StoreError> {
        self.gate.acquire().await.unwrap().forget();
        self.inner.apply(batch).await
    }

    async fn first_result(
        &self,
        key: &appliance_core::BatchKey,
    ) -> Result<Option<appliance_core::Applied>, StoreError> {
        self.inner.first_result(key).await
    }
}
