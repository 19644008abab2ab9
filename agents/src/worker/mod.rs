//! The worker: the whole body of the process `ai-infra agent run NAME`.
//!
//! Says hello over `agent.sock`, then leases work, does several turns at a time, and keeps their
//! leases and its heartbeat fresh meanwhile. Holds no key, opens no file and starts no process; all
//! that it changes, it asks the desk to change. Its window shows what it does.
//!
//! Invariant: work whose lease is lost is dropped at once; somebody else has it.

mod answer;
mod care;
mod client;
mod command;
mod hands;
mod heart;
mod lanes;
mod link;
mod patience;
mod pen;
mod reply;
mod request;
mod spoken;
mod supervisor;
mod turn;
mod view;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU32},
    time::Duration,
};

use appliance_core::{
    AgentName, AgentState, Clock,
    bus::RENEW_EVERY,
    desk::{Beat, Fail, Lease, Welcome, Work},
};
use appliance_tasks::{TaskKind, Tasks};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::{
    client::Client,
    hands::{Ended, Hands},
    lanes::{Lanes, Place},
    link::Link,
    reply::Fault,
    turn::{Stop, Turn},
    view::View,
};
pub use self::{link::LinkError, patience::Patience};

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
    /// How long it waits for its model.
    pub patience: Patience,
    /// Where its tasks run.
    pub tasks: Tasks,
}

/// Waits for the signals that end the agent.
const SIGNALS: TaskKind = TaskKind::new("agent.signals").aborted();

/// Sends the heartbeats.
const HEART: TaskKind = TaskKind::new("agent.heart").aborted();

/// Runs an agent until it is told to finish or the server is away for 15 seconds.
///
/// # Errors
/// [`LinkError::Away`] when the server is away; [`LinkError::Refused`] when it takes another
/// process for this agent.
pub async fn run(options: Options) -> Result<(), LinkError> {
    let finish = CancellationToken::new();
    let _signals = options.tasks.spawn(SIGNALS, cancel_on_signal(finish.clone())).abort_on_drop();
    let worker = Worker::arrive(options, finish.clone()).await;
    match &worker {
        Ok(worker) => worker.serve().await,
        Err(error) => Err(error.clone()),
    }
}

#[derive(Debug)]
struct Worker {
    agent: AgentName,
    tasks: Tasks,
    client: Arc<Client>,
    view: View,
    doing: watch::Sender<Beat>,
    finish: CancellationToken,
    welcome: Mutex<Arc<Welcome>>,
    lanes: Lanes,
    patience: Patience,
}

type Asked = Result<Option<Work>, LinkError>;

impl Worker {
    async fn arrive(options: Options, finish: CancellationToken) -> Result<Self, LinkError> {
        let Options { agent, socket, clock, patience, tasks } = options;
        let client = Arc::new(Client::new(Link::new(socket, PATIENCE, tasks.clone())));
        let view = View::new(agent, clock);
        let welcome =
            client.hello(agent).await.inspect_err(|why| view.trouble(&why.to_string()))?;
        view.heading(&role(agent, &welcome), &welcome.model);
        let (doing, _) = watch::channel(Beat { state: AgentState::Running, task_ids: Vec::new() });
        let (welcome, lanes) = (Mutex::new(Arc::new(welcome)), Lanes::default());
        Ok(Self { agent, tasks, client, view, doing, finish, welcome, lanes, patience })
    }

    async fn serve(&self) -> Result<(), LinkError> {
        let beats = heart::beat(self.client.clone(), self.doing.subscribe(), self.finish.clone());
        let heart = self.tasks.spawn(HEART, beats).abort_on_drop();
        let served = self.work_until_told().await;
        drop(heart);
        match &served {
            Ok(()) => self.view.line("finished, as told"),
            Err(why) => self.view.trouble(&why.to_string()),
        }
        served
    }

    async fn work_until_told(&self) -> Result<(), LinkError> {
        self.view.line("waiting for work");
        let mut hands = Hands::default();
        let mut pause = Duration::ZERO;
        // Never dropped half-way: work whose reply was on its way would count as delivered again.
        let mut asking: Fuse<BoxFuture<'_, Asked>> = Fuse::terminated();
        loop {
            self.note(&hands);
            if asking.is_terminated() && self.has_room_in(&hands) {
                asking = self.ask(std::mem::take(&mut pause), hands.held().to_vec()).boxed().fuse();
            }
            let trouble = tokio::select! {
                () = self.finish.cancelled() => return self.finish(hands).await,
                Some(ended) = hands.next() => ended.how.err(),
                asked = &mut asking => self.take_up(asked, &mut hands),
            };
            if let Some(error) = trouble {
                pause = self.mend(error, &mut hands).await?;
            }
        }
    }

    async fn ask(&self, pause: Duration, held: Vec<Lease>) -> Asked {
        tokio::time::sleep(pause).await;
        self.lanes.forget_empty();
        self.client.lease_next(held).await
    }

    fn take_up<'a>(&'a self, asked: Asked, hands: &mut Hands<'a>) -> Option<LinkError> {
        match asked {
            Ok(Some(work)) => {
                let place = self.lanes.place(work.task.conversation_id);
                hands.take(work.lease.clone(), self.work_on(work, place).boxed());
            }
            Ok(None) => {}
            Err(error) => return Some(error),
        }
        None
    }

    fn has_room_in(&self, hands: &Hands<'_>) -> bool {
        hands.have_room(self.welcome().concurrency, self.lanes.waiting())
    }

    /// Ends the turns that have begun and takes no more.
    async fn finish(&self, mut hands: Hands<'_>) -> Result<(), LinkError> {
        while let Some(ended) = hands.next().await {
            ended.how?;
            self.note(&hands);
        }
        Ok(())
    }

    /// Goes on after an error that passes: a server that was started anew and wants to hear hello,
    /// or one that cannot give work just now, for example because its disk is full. Returns how
    /// long to wait before asking it again.
    async fn mend(&self, error: LinkError, hands: &mut Hands<'_>) -> Result<Duration, LinkError> {
        if error.is_the_servers_trouble() {
            self.view.trouble(&error.to_string());
            return Ok(BREATHER);
        }
        if !error.is("agent.stranger") {
            return Err(error);
        }
        hands.clear(); // every lease ended with the life that it was given to
        let welcome = self.client.hello(self.agent).await?;
        self.view.line("the server did not know this process any more; said hello again");
        *self.welcome.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(welcome);
        Ok(Duration::ZERO)
    }

    async fn work_on(&self, work: Work, place: Place) -> Ended {
        let how = tokio::select! {
            how = self.turn(&work, place) => how,
            lost = self.keep(&work.lease) => self.drop_work(&self.view.of(&work.task), lost),
        };
        Ended { lease: work.lease, how }
    }

    /// Does the turn when its conversation's earlier ones are over; one that has not begun when the
    /// agent is told to finish is left for its next life.
    async fn turn(&self, work: &Work, place: Place) -> Result<(), LinkError> {
        let lane = tokio::select! {
            lane = self.lanes.enter(place) => lane,
            () = self.finish.cancelled() => return Ok(()),
        };
        let work = &match self.up_to_date(work, lane.read_anew).await {
            Ok(work) => work,
            Err(error) => return self.drop_work(&self.view.of(&work.task), error),
        };
        let (began, view, welcome) = (Instant::now(), self.view.of(&work.task), self.welcome());
        view.took(&work.task);
        let (agent, client, patience) = (self.agent, &*self.client, self.patience);
        let deeds = AtomicU32::new(0);
        let turn = Turn { agent, welcome: &welcome, client, view: &view, patience, work, deeds };
        match work_through(&turn).await {
            Ok(how) => view.done(began.elapsed(), &how),
            Err(Stop::Failed(fault)) => {
                return self.give_up(&view, work.lease.clone(), fault).await;
            }
            Err(Stop::Link(error)) => return self.drop_work(&view, error),
        }
        Ok(())
    }

    /// The work with what was answered in its conversation while it came or waited for its turn.
    async fn up_to_date(&self, work: &Work, read_anew: bool) -> Result<Work, LinkError> {
        let mut work = work.clone();
        if read_anew {
            work.history = self.client.thread(&work.lease).await?;
        }
        Ok(work)
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

    async fn give_up(&self, view: &View, lease: Lease, fault: Fault) -> Result<(), LinkError> {
        view.trouble(&fault.error);
        let Fault { error, retry, hold, begun } = fault;
        match self.client.fail(&Fail { lease, error, retry, hold, begun }).await {
            Ok(()) => Ok(()),
            Err(error) => self.drop_work(view, error),
        }
    }

    /// Lets go of work that the desk will not hear about any more; hands on what concerns the agent.
    fn drop_work(&self, view: &View, error: LinkError) -> Result<(), LinkError> {
        if matches!(error, LinkError::Away { .. }) {
            return Err(error);
        }
        view.trouble(&format!("dropped the work: {error}"));
        if error.is("agent.stranger") { Err(error) } else { Ok(()) }
    }

    fn welcome(&self) -> Arc<Welcome> {
        self.welcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, hands: &Hands<'_>) {
        let task_ids = hands.tasks();
        self.view.have_several(task_ids.len() > 1);
        let state = if task_ids.is_empty() { AgentState::Idle } else { AgentState::Busy };
        self.doing.send_if_modified(|beat| {
            let now = Beat { state, task_ids };
            let changed = *beat != now;
            *beat = now;
            changed
        });
    }
}

/// Works until the task is ended, passed on, or cannot be.
async fn work_through(turn: &Turn<'_>) -> Result<String, Stop> {
    if turn.agent == AgentName::Supervisor {
        supervisor::route(turn).await
    } else {
        answer::write(turn).await
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
