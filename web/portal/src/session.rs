//! Who is logged in, for every page. The session itself is the server's; this is what we know of it.

use leptos::prelude::*;
use web_dto::Me;

use crate::{api, model::Failure};

/// What is known about the person in front of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The server has not been asked yet.
    Unknown,
    /// Nobody is logged in.
    Nobody,
    /// This person is.
    Somebody(Me),
}

/// The session as the pages share it.
#[derive(Clone, Copy)]
pub struct Session {
    who: RwSignal<Who>,
}

impl Session {
    /// Makes the session available to all pages below.
    pub fn provide() -> Self {
        let session = Self { who: RwSignal::new(Who::Unknown) };
        provide_context(session);
        session
    }

    /// Returns the session of the page.
    pub fn here() -> Self {
        // A page outside `App` has nobody; it cannot happen, and this is what it would show.
        use_context().unwrap_or_else(|| Self { who: RwSignal::new(Who::Nobody) })
    }

    /// Returns who it is, and follows changes.
    pub fn who(self) -> Who {
        self.who.get()
    }

    /// Notes that somebody logged in.
    pub fn begin(self, me: Me) {
        self.who.set(Who::Somebody(me));
    }

    /// Notes that the session is over.
    pub fn end(self) {
        self.who.set(Who::Nobody);
    }

    /// Asks the server who is logged in.
    pub async fn refresh(self) {
        match api::me().await {
            Ok(me) => self.begin(me),
            Err(failure) => self.notice(&failure),
        }
    }

    /// Ends the session here when a failure says that the server has ended it.
    pub fn notice(self, failure: &Failure) {
        let unknown = self.who.with_untracked(|who| *who == Who::Unknown);
        if failure.is_logged_out() || unknown {
            self.end();
        }
    }
}
