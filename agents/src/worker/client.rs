//! The desk's commands as an agent gives them: typed, over the [`Link`]. Decides nothing.

use std::time::Duration;

use appliance_core::{
    AgentName, MemoryHit, Message,
    desk::{
        Beat, BeatAnswer, CareCommand, CareDone, Complete, Delegate, Fail, Hello, Lease, LeaseNext,
        Progress, Recall, Welcome, Work, paths,
    },
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::link::{DEADLINE, Link, LinkError, Streamed};

/// How long one wait for work lasts.
const LONG_POLL: Duration = Duration::from_secs(20);

/// Says the commands.
#[derive(Debug)]
pub(super) struct Client {
    link: Link,
}

impl Client {
    /// Speaks over `link`.
    pub(super) fn new(link: Link) -> Self {
        Self { link }
    }

    /// Says hello and learns who it is in this life.
    pub(super) async fn hello(&self, agent: AgentName) -> Result<Welcome, LinkError> {
        self.ask(paths::HELLO, &Hello { agent }).await
    }

    /// Sends a heartbeat; `false` means: finish and exit.
    pub(super) async fn beat(&self, beat: &Beat) -> Result<bool, LinkError> {
        Ok(self.ask::<BeatAnswer>(paths::BEAT, beat).await?.go_on)
    }

    /// Waits for work for a while; `held` is what is in hand already.
    pub(super) async fn lease_next(&self, held: Vec<Lease>) -> Result<Option<Work>, LinkError> {
        let wait_ms = u64::try_from(LONG_POLL.as_millis()).unwrap_or(u64::MAX);
        let body = json(&LeaseNext { wait_ms, held });
        let answer = self.link.call(paths::LEASE_NEXT, body, LONG_POLL + DEADLINE).await?;
        answer.map(|bytes| read(paths::LEASE_NEXT, &bytes)).transpose()
    }

    /// Extends a lease.
    pub(super) async fn renew(&self, lease: &Lease) -> Result<(), LinkError> {
        self.tell(paths::RENEW, lease).await
    }

    /// Gives the task to a worker.
    pub(super) async fn delegate(&self, command: &Delegate) -> Result<(), LinkError> {
        self.tell(paths::DELEGATE, command).await
    }

    /// Ends the task with an answer.
    pub(super) async fn complete(&self, command: &Complete) -> Result<(), LinkError> {
        self.tell(paths::COMPLETE, command).await
    }

    /// Ends the task without one, or gives it back.
    pub(super) async fn fail(&self, command: &Fail) -> Result<(), LinkError> {
        self.tell(paths::FAIL, command).await
    }

    /// Shows progress.
    pub(super) async fn progress(&self, command: &Progress) -> Result<(), LinkError> {
        self.tell(paths::PROGRESS, command).await
    }

    /// Reads the conversation before the task's message, oldest first.
    pub(super) async fn thread(&self, lease: &Lease) -> Result<Vec<Message>, LinkError> {
        self.ask(paths::THREAD, lease).await
    }

    /// Searches memories.
    pub(super) async fn recall(&self, ask: &Recall) -> Result<Vec<MemoryHit>, LinkError> {
        self.ask(paths::RECALL, ask).await
    }

    /// Has something done to memories.
    pub(super) async fn care(&self, command: &CareCommand) -> Result<CareDone, LinkError> {
        self.ask(paths::CARE, command).await
    }

    /// Sends a Messages API request for the lease's task through the gateway.
    pub(super) async fn messages(
        &self,
        lease: &Lease,
        request: &serde_json::Value,
    ) -> Result<Streamed, LinkError> {
        let headers = [
            ("x-ai-infra-task", lease.task_id.to_string()),
            ("anthropic-version", "2023-06-01".to_owned()),
        ];
        self.link.stream(paths::MESSAGES, &headers, json(request)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &'static str,
        body: &impl Serialize,
    ) -> Result<T, LinkError> {
        let answer = self.link.call(path, json(body), DEADLINE).await?;
        read(path, &answer.unwrap_or_default())
    }

    async fn tell(&self, path: &'static str, body: &impl Serialize) -> Result<(), LinkError> {
        self.link.call(path, json(body), DEADLINE).await.map(drop)
    }
}

fn json(body: &impl Serialize) -> Bytes {
    // The words of the desk have string keys only, so they always have a JSON form.
    serde_json::to_vec(body).unwrap_or_default().into()
}

fn read<T: DeserializeOwned>(path: &'static str, bytes: &[u8]) -> Result<T, LinkError> {
    serde_json::from_slice(bytes).map_err(|why| LinkError::Garbled { path, why: why.to_string() })
}
