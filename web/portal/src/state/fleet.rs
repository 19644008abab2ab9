//! The agents: how they are, and steering them.

use leptos::{prelude::*, task::spawn_local};

use web_dto::HeldUp;

use super::Portal;
use crate::{
    api,
    model::{Rail, face},
};

impl Portal {
    /// Reads how the agents are.
    pub fn refresh_agents(self) {
        spawn_local(async move {
            if let Some(list) = self.worked(api::agents().await, self.rail_failure) {
                self.rail.set(Rail { agents: list.agents });
            }
        });
    }

    /// An agent's status as far as it can be known now: without a line to the server nobody knows it.
    pub fn known_status(self, status: &str) -> &str {
        if self.feed.is_down() { "unknown" } else { status }
    }

    /// What holds up the work of an agent, as far as it can be known now.
    pub fn held_up(self, agent: &str) -> Option<HeldUp> {
        (!self.feed.is_down()).then(|| self.rail.read().held_up(agent)).flatten()
    }

    /// Starts, stops or restarts an agent.
    pub fn steer(self, agent: String, verb: &'static str) {
        spawn_local(async move {
            match api::steer(&agent, verb).await {
                Ok(view) => {
                    let done = match verb {
                        "start" => "starts",
                        "stop" => "stops when its work is done",
                        _ => "restarts",
                    };
                    self.ui.say(format!("{} {done}.", face(&agent).name));
                    self.rail.update(|rail| rail.put(view));
                }
                Err(failure) => self.ui.say(failure.line()),
            }
        });
    }
}
