//! Who is logged in, for every page. The session itself is the server's; this is what we know of it.

use leptos::prelude::*;
use web_dto::Me;

use crate::{api, model::Failure};

/// What is known about the person in front of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The server has not been asked yet.
    Unknown,
    /// The server could not be asked.
    Away(Failure),
    /// Nobody is logged in.
    Nobody,
    /// This person is.
    Somebody(Me),
}

/// The session as the pages share it.
#[derive(Clone, Copy)]
pub struct Session {
    who: RwSignal<Who>,
    /// Whether the last one was ended by the server, and not by the person.
    pub lost: RwSignal<bool>,
}

impl Session {
    /// Makes the session available to all pages below.
    pub fn provide() -> Self {
        let session = Self { who: RwSignal::new(Who::Unknown), lost: RwSignal::new(false) };
        provide_context(session);
        session
    }

    /// Returns the session of the page.
    pub fn here() -> Self {
        // A page outside `App` has nobody; it cannot happen, and this is what it would show.
        use_context()
            .unwrap_or_else(|| Self { who: RwSignal::new(Who::Nobody), lost: RwSignal::new(false) })
    }

    /// Returns who it is, and follows changes.
    pub fn who(self) -> Who {
        self.who.get()
    }

    /// Whether somebody is logged in now.
    pub fn is_open(self) -> bool {
        self.who.with_untracked(|who| matches!(who, Who::Somebody(_)))
    }

    /// Whether the person may steer agents and read the configuration.
    pub fn is_admin(self) -> bool {
        self.who.with(|who| matches!(who, Who::Somebody(me) if me.role == "admin"))
    }

    /// Notes that somebody is logged in.
    pub fn begin(self, me: Me) {
        self.lost.set(false);
        let somebody = Who::Somebody(me);
        if self.who.with_untracked(|who| *who != somebody) {
            self.who.set(somebody);
        }
    }

    /// Notes that nobody is logged in.
    pub fn end(self) {
        self.who.set(Who::Nobody);
    }

    /// Notes that the person has meant to log out.
    pub fn leave(self) {
        self.lost.set(false);
        self.end();
    }

    /// Notes that the server has ended the session, or knows of none.
    pub fn lose(self) {
        if self.is_open() {
            self.lost.set(true);
        }
        self.end();
    }

    /// Asks the server who is logged in; returns whether it answered.
    pub async fn refresh(self) -> bool {
        match api::session().await {
            Ok(Some(me)) => self.begin(me),
            Ok(None) => self.lose(),
            Err(failure) => {
                self.notice(&failure);
                return failure.status != 0;
            }
        }
        true
    }

    /// Ends the session here when a failure says that the server has ended it.
    pub fn notice(self, failure: &Failure) {
        if failure.is_logged_out() {
            return self.lose();
        }
        if self.who.with_untracked(|who| matches!(who, Who::Unknown | Who::Away(_))) {
            self.who.set(Who::Away(failure.clone()));
        }
    }
}
