//! Deeds and kills: an agent that dies before, in or after what a person has it do to a memory does
//! it once, and its next life answers with the first result, whatever is done to memories meanwhile.
//!
//! The moment is held by stopping processes: an agent that is stopped while it waits is given work
//! that it cannot begin, and a server that is stopped answers nothing that was asked of it. The agents
//! are run by hand, because tmux lets a stopped process go on.

mod kind;
mod round;

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use appliance_tests::{ByHand, Plan, Server, processes, processes::Signal, wait};
use tokio::time::timeout;
use web_dto::Accepted;

use self::{
    kind::Kind,
    round::{PATIENCE, Round},
};

/// How long an agent is given to send what its window says that it asks for. Too short is no fault:
/// the deed is then done by the next life alone, and the round is told as one of before.
const SENDING: Duration = Duration::from_millis(300);

/// How long an agent that has the work may take until it asks, and how often that is tried.
const ASKING: Duration = Duration::from_secs(4);
const TRIES: u32 = 8;

/// How long a deed that was asked for may take to be seen done.
const DOING: Duration = Duration::from_secs(10);

/// What its window says when it asks for a deed.
const ASKS: &str = "a command";

/// When the agent dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// It has the work and has begun nothing.
    Before,
    /// It has asked for the deed and has no answer.
    In,
    /// The deed is on disk and its answer is not.
    After,
}

const MOMENTS: [Moment; 3] = [Moment::Before, Moment::In, Moment::After];

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_around_a_deed_does_it_once_and_tells_its_first_result()
-> anyhow::Result<()> {
    kill_around_deeds(9).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; run it with --run-ignored all"]
async fn sixty_kills_around_deeds() -> anyhow::Result<()> {
    kill_around_deeds(60).await
}

async fn kill_around_deeds(kills: usize) -> anyhow::Result<()> {
    let server = Plan::new(env!("CARGO_BIN_EXE_ai-infra")).start().await?;
    let _research = ByHand::start(&server, "research").await?;
    let mut house = House { supervisor: ByHand::start(&server, "supervisor").await?, server };
    let mut at = [0_usize; 3];
    for number in 0..kills {
        let (kind, wanted) = (Kind::ALL[number % Kind::ALL.len()], MOMENTS[number % 3]);
        let told = |house: &House| {
            let (shown, log) = (house.supervisor.shown(), house.server.log_tail());
            format!("round {number}: {kind:?} {wanted:?}\n{shown}\n{log}")
        };
        let fell = house.round(kind, wanted, number).await.with_context(|| told(&house))?;
        at[fell as usize] += 1;
    }
    println!("{kills} kills: {} before, {} in, {} after a deed", at[0], at[1], at[2]);
    ensure!(at.iter().all(|count| *count >= kills / 4), "not every moment was met: {at:?}");
    Ok(())
}

/// The server and the agent that is killed again and again.
struct House {
    supervisor: ByHand,
    server: Server,
}

impl House {
    /// Goes through one kill and checks what came of it; returns at which moment that really was.
    async fn round(&mut self, kind: Kind, wanted: Moment, number: usize) -> anyhow::Result<Moment> {
        let round = Round::prepare(self.server.local()?, kind, number).await?;
        let before = self.supervisor.shown().len();
        self.supervisor.stop();
        let accepted = round.ask().await?;
        self.given(&round, &accepted).await?;
        let fell = match wanted {
            Moment::Before => self.kill_before(&round).await?,
            Moment::In if number.is_multiple_of(2) => self.kill_unread(&round, before).await?,
            Moment::In => self.kill_at_once(&round, before, number).await?,
            Moment::After => self.kill_after(&round, before).await?,
        };
        self.supervisor.again(&self.server).await?;
        let answer = round.answer(&accepted).await?;
        round.tells(&answer)?;
        round.holds().await?;
        Ok(fell)
    }

    async fn kill_before(&mut self, round: &Round) -> anyhow::Result<Moment> {
        round.meanwhile().await?;
        self.supervisor.kill();
        Ok(Moment::Before)
    }

    /// The server finds what was asked by one that is dead.
    async fn kill_unread(&mut self, round: &Round, before: usize) -> anyhow::Result<Moment> {
        round.meanwhile().await?;
        self.ask_a_stopped_server(before).await?;
        self.supervisor.kill();
        processes::kill(self.server.pid()?, Signal::CONT);
        Ok(Moment::In)
    }

    /// The server is at what was asked; each round falls somewhere else.
    async fn kill_at_once(
        &mut self,
        round: &Round,
        before: usize,
        number: usize,
    ) -> anyhow::Result<Moment> {
        round.meanwhile().await?;
        self.supervisor.go_on();
        self.supervisor.shows(ASKS, before).await?;
        tokio::time::sleep(Duration::from_millis(number as u64 % 20)).await;
        self.supervisor.kill();
        let is_over = self.supervisor.has_shown("done", before);
        Ok(if is_over { Moment::After } else { Moment::In })
    }

    async fn kill_after(&mut self, round: &Round, before: usize) -> anyhow::Result<Moment> {
        self.ask_a_stopped_server(before).await?;
        self.supervisor.stop();
        processes::kill(self.server.pid()?, Signal::CONT);
        let is_done = async || Ok(round.is_done().await?.then_some(()));
        let done = wait::until("the deed", DOING, is_done).await;
        round.meanwhile().await?;
        self.supervisor.kill();
        Ok(if done.is_ok() { Moment::After } else { Moment::Before })
    }

    /// Stops the server and has the agent ask it for the deed. The reply that brings the work may
    /// not have left the server yet, though the task says that it is in hand: then it gets a moment.
    async fn ask_a_stopped_server(&self, before: usize) -> anyhow::Result<()> {
        let server = self.server.pid()?;
        for _ in 0..TRIES {
            processes::kill(server, Signal::STOP);
            self.supervisor.go_on();
            if timeout(ASKING, self.supervisor.shows(ASKS, before)).await.is_ok() {
                tokio::time::sleep(SENDING).await;
                return Ok(());
            }
            self.supervisor.stop();
            processes::kill(server, Signal::CONT);
            tokio::time::sleep(SENDING).await;
        }
        bail!("the agent never asked for the deed:\n{}", self.supervisor.shown())
    }

    /// Waits until the stopped agent was handed the work.
    async fn given(&self, round: &Round, accepted: &Accepted) -> anyhow::Result<()> {
        let is_given = async || {
            let task = round.client.task(&accepted.task_id).await?;
            if task.status == "completed" {
                bail!("it was done before the agent was killed");
            }
            Ok((task.status == "in_progress").then_some(()))
        };
        wait::until("the work in the agent's hands", PATIENCE, is_given).await
    }
}
