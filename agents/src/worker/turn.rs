//! One turn: from work in hand to a command that ends it, through the Algorithm's seven phases.
//!
//! OBSERVE gathers, THINK and PLAN choose, BUILD makes the request, EXECUTE does it, VERIFY checks
//! the outcome, LEARN hands it in (the desk remembers it). A phase is shown when it is entered.
//! Does not lease or renew; the loop around it does.

use std::sync::atomic::{AtomicU32, Ordering};

use appliance_core::{
    AgentName, Citation, CutOff, Phase,
    desk::{Complete, Welcome, Work},
};

use super::{
    client::Client,
    link::LinkError,
    patience::Patience,
    pen::Pen,
    reply::Fault,
    view::{View, counted},
};

/// Why a turn did not end its task.
#[derive(Debug)]
pub(super) enum Stop {
    /// The work failed; the desk is to be told.
    Failed(Fault),
    /// The desk cannot be told anything.
    Link(LinkError),
}

impl From<LinkError> for Stop {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// What a turn works with.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// Who works.
    pub agent: AgentName,
    /// What it was told on arrival.
    pub welcome: &'a Welcome,
    /// How it speaks to the desk.
    pub client: &'a Client,
    /// What its window shows.
    pub view: &'a View,
    /// How long its model may be silent.
    pub patience: Patience,
    /// What it works on.
    pub work: &'a Work,
    /// How many deeds it has asked for. The same work asks for the same deeds in the same order,
    /// however often it is handed out: the desk knows a repeat by its number.
    pub deeds: AtomicU32,
}

impl Turn<'_> {
    /// Counts another deed; returns its number.
    pub(super) fn next_deed(&self) -> u32 {
        self.deeds.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Enters a phase: shows it in the window and to whoever watches.
    pub(super) fn enter(&self, pen: &Pen, phase: Phase, text: &str) {
        self.view.phase(phase, text);
        pen.phase(phase);
    }

    /// Ends the task with an answer; it is in the conversation when this returns.
    ///
    /// # Errors
    /// The link's.
    pub(super) async fn complete(&self, answer: Answer) -> Result<String, Stop> {
        let Answer { text, citations, model, cut_off } = answer;
        let words = counted(text.split_whitespace().count(), "word", "words");
        let lease = self.work.lease.clone();
        self.client.complete(&Complete { lease, text, citations, model, cut_off }).await?;
        Ok(words)
    }
}

/// What a turn came to.
#[derive(Debug)]
pub(super) struct Answer {
    /// The text, byte for byte.
    pub text: String,
    /// The memories it used.
    pub citations: Vec<Citation>,
    /// The model that wrote it, or [`NO_MODEL`](crate::NO_MODEL).
    pub model: String,
    /// Why it is not whole.
    pub cut_off: Option<CutOff>,
}
