//! The worker: the whole body of the process `ai-infra agent run NAME`.
//!
//! Says hello over `agent.sock`, then leases work, does one turn at a time, and keeps its lease and
//! its heartbeat fresh meanwhile. Holds no key, opens no file and starts no process; all that it
//! changes, it asks the desk to change. Its window shows what it does.
//!
//! Invariant: work whose lease is lost is dropped at once; somebody else has it.

mod answer;
mod care;
mod client;
mod command;
mod heart;
mod link;
mod pen;
mod reply;
mod request;
mod spoken;
mod supervisor;
mod turn;
mod view;

use std::{path::PathBuf, sync::Arc, time::Duration};

use appliance_core::{
    AgentName, AgentState, Clock,
    bus::RENEW_EVERY,
    desk::{Beat, Fail, Lease, Welcome, Work},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

pub use self::link::LinkError;
use self::{
    client::Client,
    link::Link,
    reply::Fault,
    turn::{Stop, Turn},
    view::View,
};

/// How long the server may be away before an agent exits.
const PATIENCE: Duration = Duration::from_secs(15);

/// The pause before asking again a server that could not give work.
const BREATHER: Duration = Duration::from_secs(5);

/// What an agent process needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which of the six it is.
    pub agent: AgentName,
    /// The server's socket for agents.
    pub socket: PathBuf,
    /// Tells the time for the window.
    pub clock: Arc<dyn Clock>,
}

/// Runs an agent until it is told to finish or the server is away for 15 seconds.
///
/// # Errors
/// [`LinkError::Away`] when the server is away; [`LinkError::Refused`] when it takes another
/// process for this agent.
pub async fn run(options: Options) -> Result<(), LinkError> {
    let finish = CancellationToken::new();
    let signals = tokio::spawn(cancel_on_signal(finish.clone()));
    let worker = Worker::arrive(options, finish.clone()).await;
    let ended = match &worker {
        Ok(worker) => worker.serve().await,
        Err(error) => Err(error.clone()),
    };
    signals.abort();
    ended
}

#[derive(Debug)]
struct Worker {
    agent: AgentName,
    client: Arc<Client>,
    view: View,
    doing: watch::Sender<Beat>,
    finish: CancellationToken,
    welcome: std::sync::Mutex<Arc<Welcome>>,
}

impl Worker {
    async fn arrive(options: Options, finish: CancellationToken) -> Result<Self, LinkError> {
        let Options { agent, socket, clock } = options;
        let client = Arc::new(Client::new(Link::new(socket, PATIENCE)));
        let view = View::new(agent, clock);
        let welcome =
            client.hello(agent).await.inspect_err(|why| view.trouble(&why.to_string()))?;
        view.heading(&role(agent, &welcome), &welcome.model);
        let (doing, _) = watch::channel(Beat { state: AgentState::Running, task_id: None });
        let welcome = std::sync::Mutex::new(Arc::new(welcome));
        Ok(Self { agent, client, view, doing, finish, welcome })
    }

    async fn serve(&self) -> Result<(), LinkError> {
        let beats = heart::beat(self.client.clone(), self.doing.subscribe(), self.finish.clone());
        let heart = tokio::spawn(beats);
        let served = self.work_until_told().await;
        heart.abort();
        match &served {
            Ok(()) => self.view.line("finished, as told"),
            Err(why) => self.view.trouble(&why.to_string()),
        }
        served
    }

    async fn work_until_told(&self) -> Result<(), LinkError> {
        self.view.line("waiting for work");
        while !self.finish.is_cancelled() {
            self.note(AgentState::Idle, None);
            let leased = tokio::select! {
                () = self.finish.cancelled() => return Ok(()),
                leased = self.client.lease_next() => leased,
            };
            match leased {
                Ok(Some(work)) => self.work_on(work).await?,
                Ok(None) => {}
                Err(error) => self.mend(error).await?,
            }
        }
        Ok(())
    }

    /// Goes on after an error that passes: a server that was started anew and wants to hear hello,
    /// or one that cannot give work just now, for example because its disk is full.
    async fn mend(&self, error: LinkError) -> Result<(), LinkError> {
        if error.is_the_servers_trouble() {
            self.view.trouble(&error.to_string());
            tokio::select! {
                () = self.finish.cancelled() => {}
                () = tokio::time::sleep(BREATHER) => {}
            }
            return Ok(());
        }
        if !error.is("agent.stranger") {
            return Err(error);
        }
        let welcome = self.client.hello(self.agent).await?;
        self.view.line("the server did not know this process any more; said hello again");
        *self.welcome.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(welcome);
        Ok(())
    }

    async fn work_on(&self, work: Work) -> Result<(), LinkError> {
        let began = Instant::now();
        self.note(AgentState::Busy, Some(work.lease.task_id));
        self.view.took(&work.task);
        let welcome =
            self.welcome.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let turn = Turn {
            agent: self.agent,
            welcome: &welcome,
            client: &self.client,
            view: &self.view,
            work: &work,
        };
        let ended = tokio::select! {
            ended = turn.run() => ended,
            lost = self.keep(&work.lease) => Err(Stop::Link(lost)),
        };
        match ended {
            Ok(how) => self.view.done(began.elapsed(), &how),
            Err(Stop::Failed(fault)) => self.give_up(work.lease, fault).await?,
            Err(Stop::Link(error)) => self.drop_work(error).await?,
        }
        Ok(())
    }

    /// Renews the lease for as long as it can be.
    async fn keep(&self, lease: &Lease) -> LinkError {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            if let Err(error) = self.client.renew(lease).await {
                return error;
            }
        }
    }

    async fn give_up(&self, lease: Lease, fault: Fault) -> Result<(), LinkError> {
        self.view.trouble(&fault.error);
        let Fault { error, retry } = fault;
        match self.client.fail(&Fail { lease, error, retry }).await {
            Ok(()) => Ok(()),
            Err(error) => self.drop_work(error).await,
        }
    }

    /// Lets go of work that the desk will not hear about any more.
    async fn drop_work(&self, error: LinkError) -> Result<(), LinkError> {
        if matches!(error, LinkError::Away { .. }) {
            return Err(error);
        }
        self.view.trouble(&format!("dropped the work: {error}"));
        if error.is("agent.stranger") { self.mend(error).await } else { Ok(()) }
    }

    fn note(&self, state: AgentState, task_id: Option<appliance_core::TaskId>) {
        self.doing.send_replace(Beat { state, task_id });
    }
}

/// What the agent is for, as its window says it.
fn role(agent: AgentName, welcome: &Welcome) -> String {
    let card = welcome.workers.iter().find(|card| card.name == agent);
    card.map_or_else(
        || "Routes every message to one worker and returns its answer.".to_owned(),
        |card| card.description.clone(),
    )
}

async fn cancel_on_signal(finish: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return tracing::error!("cannot listen for signals; end this agent with SIGKILL");
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    finish.cancel();
}
