//! A conversation in a house whose supervisor answers everything itself, for tests of memory care.

use appliance_core::{
    Actor, AgentName, Citation, Incarnation, Memory, MemoryHit, MemoryId, SignalType,
    desk::{Care, CareCommand, CareDone, Complete, Lease, Recall, Work},
    intake::Accepted,
    ports::{By, Cause, Desk, DeskError, MemoryCare as _},
};

use super::House;

/// A house with a supervisor that answers everything itself.
pub struct Talk {
    pub house: House,
    pub boss: Incarnation,
}

impl Talk {
    pub async fn start() -> Self {
        let house = House::build().await;
        let boss = house.life(AgentName::Supervisor);
        Self { house, boss }
    }

    /// Says something and leases the work.
    pub async fn say(&self, text: &str) -> (Accepted, Work) {
        let ids = self.house.say(text).await;
        (ids, self.house.lease(self.boss).await)
    }

    /// Ends the work as a model's answer that cites what is given.
    pub async fn answer(&self, work: &Work, text: &str, cited: &[MemoryId]) {
        let citations = (1..).zip(cited).map(|(number, id)| Citation {
            number,
            memory_id: *id,
            quote: "heron".to_owned(),
        });
        let citations = citations.collect();
        self.end(work, text, citations, "demo").await;
    }

    pub async fn end(&self, work: &Work, text: &str, citations: Vec<Citation>, model: &str) {
        let (lease, text, model) = (work.lease.clone(), text.to_owned(), model.to_owned());
        let done = Complete { lease, text, citations, model, cut_off: None };
        self.house.desk.complete(self.boss, done).await.unwrap();
    }

    /// Says something that is answered.
    pub async fn tell(&self, text: &str, answer: &str, cited: &[MemoryId]) -> Accepted {
        let (ids, work) = self.say(text).await;
        self.answer(&work, answer, cited).await;
        ids
    }

    /// Says something that the desk is asked to care for, and ends it as a command.
    pub async fn care(&self, text: &str, care: Care) -> CareDone {
        let (_, work) = self.say(text).await;
        let done = self.ask(&work.lease, care).await.unwrap();
        self.end(&work, "done", Vec::new(), "none").await;
        done
    }

    /// Has a note kept that says the same as something else.
    pub async fn note(&self, text: &str) {
        let care = Care::Remember { text: text.to_owned(), untrusted: None };
        self.care("keep it, please", care).await;
    }

    pub async fn ask(&self, lease: &Lease, care: Care) -> Result<CareDone, DeskError> {
        let command = CareCommand { lease: lease.clone(), number: 1, care };
        self.house.desk.care(self.boss, command).await
    }

    /// Has the person forget something by another way than the conversation.
    pub async fn forget_elsewhere(&self, id: MemoryId) {
        let (owner, cause) = (self.house.owner, Cause::default());
        let by = By { owner, actor: Actor::User(owner), ip: None, cause };
        self.house.care.forget(&by, vec![id]).await.unwrap();
    }

    pub async fn recall(&self, work: &Work, query: &str) -> Vec<MemoryHit> {
        let (lease, query) = (work.lease.clone(), query.to_owned());
        self.house.desk.recall(self.boss, Recall { lease, query, limit: 10 }).await.unwrap()
    }

    pub async fn memory(&self, text: &str) -> Memory {
        let all = self.house.memories().await;
        let found = all.into_iter().find(|memory| memory.text == text);
        found.unwrap_or_else(|| panic!("{text} is not remembered"))
    }

    pub async fn kinds(&self) -> Vec<SignalType> {
        self.house.signals().await.into_iter().map(|signal| signal.kind).collect()
    }
}
