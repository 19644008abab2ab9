//! Messages on their way: those of one conversation go one after another, in the order they were typed
//! in, each to the conversation that it was typed in, wherever the person is meanwhile. Sends nothing.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use super::Portal;

/// How often a message looks whether it is its turn.
const LOOK_EVERY_MS: u32 = 20;

/// Where a message was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Home {
    /// In this conversation.
    Talk(String),
    /// On the n-th empty page, whose conversation was not made yet.
    Blank(u64),
}

/// A message that is being sent.
#[derive(Debug, Clone)]
pub(super) struct OnTheWay {
    key: String,
    home: Home,
}

impl Portal {
    /// Where what is typed now belongs.
    pub(super) fn home(self) -> Home {
        let open = self.open_id.get_untracked();
        if open.is_empty() { Home::Blank(self.blank.get_value()) } else { Home::Talk(open) }
    }

    /// Begins another empty page.
    pub(super) fn begin_blank(self) {
        self.blank.update_value(|blank| *blank += 1);
    }

    /// The conversation of a home, once it is made.
    pub(super) fn talk_of(self, home: &Home) -> Option<String> {
        match home {
            Home::Talk(id) => Some(id.clone()),
            Home::Blank(page) => self.made.with_value(|made| made.get(page).cloned()),
        }
    }

    /// Notes which conversation was made for a home.
    pub(super) fn note_made(self, home: &Home, id: &str) {
        if let Home::Blank(page) = home {
            self.made.update_value(|made| _ = made.insert(*page, id.to_owned()));
        }
    }

    /// Puts a message behind those that are on their way.
    pub(super) fn set_out(self, key: &str, home: &Home) {
        let message = OnTheWay { key: key.to_owned(), home: home.clone() };
        self.on_the_way.update_value(|all| all.push(message));
    }

    /// Waits until no message of the same conversation is before this one.
    pub(super) async fn turn_of(self, key: &str, home: &Home) {
        while !self.is_first(key, home) {
            TimeoutFuture::new(LOOK_EVERY_MS).await;
        }
    }

    /// Notes that a message is not on its way any more.
    pub(super) fn is_back(self, key: &str) {
        self.on_the_way.update_value(|all| all.retain(|its| its.key != key));
    }

    /// Takes back the messages of a home that wait; returns their keys.
    pub(super) fn call_back(self, home: &Home) -> Vec<String> {
        let all = self.on_the_way.get_value();
        let theirs = all.into_iter().filter(|its| self.is_same(&its.home, home));
        let keys: Vec<String> = theirs.map(|its| its.key).collect();
        keys.iter().for_each(|key| self.is_back(key));
        keys
    }

    /// Whether a message is being sent.
    pub(super) fn is_on_the_way(self, key: &str) -> bool {
        self.on_the_way.with_value(|all| all.iter().any(|its| its.key == key))
    }

    /// Whether a message that is on its way was typed where the page is.
    pub(super) fn goes_here(self, key: &str) -> bool {
        let here = self.home();
        let homes = self.on_the_way.get_value();
        homes.iter().any(|its| its.key == key && self.is_same(&its.home, &here))
    }

    fn is_first(self, key: &str, home: &Home) -> bool {
        let all = self.on_the_way.get_value();
        all.iter().find(|its| self.is_same(&its.home, home)).is_none_or(|first| first.key == key)
    }

    fn is_same(self, one: &Home, other: &Home) -> bool {
        let talks = self.talk_of(one).zip(self.talk_of(other));
        one == other || talks.is_some_and(|(one, other)| one == other)
    }
}
