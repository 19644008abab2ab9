//! Who is asking for what just now, so that a text that several callers want is asked for once.
//!
//! Asks nothing itself. A caller that is cancelled gives its texts up, and those who waited for it
//! ask themselves; one that fails tells them why.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use appliance_core::{Embedding, ports::EmbedError};
use tokio::sync::watch;

use super::key::Key;

type Outcome = Result<Option<Embedding>, Arc<EmbedError>>;

/// The texts that are being asked for.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Key, watch::Receiver<Option<Outcome>>>>);

impl Flights {
    /// Takes the lead for those of `keys` that nobody asks for, and joins the others.
    pub(super) fn board(&self, keys: impl Iterator<Item = Key>) -> (Lead<'_>, Vec<Flight>) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lead = Lead { flights: self, open: HashMap::new() };
        let mut others = Vec::new();
        for key in keys {
            if let Some(landing) = flights.get(&key) {
                others.push(Flight { key, landing: landing.clone() });
                continue;
            }
            let (sender, receiver) = watch::channel(None);
            flights.insert(key, receiver);
            lead.open.insert(key, sender);
        }
        (lead, others)
    }
}

/// A text that another caller asks for.
pub(super) struct Flight {
    pub key: Key,
    landing: watch::Receiver<Option<Outcome>>,
}

impl Flight {
    /// Waits for its vector; `None` when the other caller gave up.
    pub(super) async fn landed(mut self) -> Option<Result<Option<Embedding>, EmbedError>> {
        let outcome = self.landing.wait_for(Option::is_some).await.ok()?.clone()?;
        Some(outcome.map_err(|error| again(&error)))
    }
}

/// The texts that this caller asks for; dropped, it gives up those that have not landed.
pub(super) struct Lead<'a> {
    flights: &'a Flights,
    open: HashMap<Key, watch::Sender<Option<Outcome>>>,
}

impl Lead<'_> {
    /// Tells whether this caller asks for it.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.open.contains_key(key)
    }

    /// Hands a vector to everybody who waits for it.
    pub(super) fn land(&mut self, key: Key, vector: Option<Embedding>) {
        self.end(key, Ok(vector));
    }

    /// Hands the failure to everybody who still waits, and back.
    pub(super) fn fail(mut self, error: EmbedError) -> EmbedError {
        let error = Arc::new(error);
        let keys: Vec<Key> = self.open.keys().copied().collect();
        for key in keys {
            self.end(key, Err(error.clone()));
        }
        again(&error)
    }

    fn end(&mut self, key: Key, outcome: Outcome) {
        let Some(sender) = self.open.remove(&key) else { return };
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        sender.send_replace(Some(outcome));
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in self.open.keys() {
            flights.remove(key);
        }
    }
}

fn again(error: &EmbedError) -> EmbedError {
    match error {
        EmbedError::Unavailable { model, why } => {
            EmbedError::Unavailable { model: model.clone(), why: why.clone() }
        }
        EmbedError::Refused { model, why } => {
            EmbedError::Refused { model: model.clone(), why: why.clone() }
        }
    }
}
