//! What the portal knows and what can be done in it: the bridge from `model` to signals.
//!
//! Rules about frames, tasks and text are in [`crate::model`]; requests are in [`crate::api`].
//! [`Portal`] lives as long as the page, so an answer that comes late always finds it.

mod ailing;
mod announce;
mod fleet;
mod purge;
mod recall;
mod send;
mod shelf;
mod stop;
mod talk;
mod typed;
mod way;

pub use recall::Recall;

use std::collections::HashMap;

use leptos::{ev, prelude::*};
use web_dto::{
    Channel, ClientPayload, ConversationView, Me, ServerFrame, ServerInfo, ServerPayload,
};

use crate::{
    api::{self, Answer},
    clock,
    feed::Feed,
    model::{Ailing, Board, Bubble, Failure, Page, Rail, Thread},
    place::Place,
    session::Session,
    ui::Ui,
};

/// Everything the pages share; a bundle of signals, copied into every handler.
#[derive(Clone, Copy)]
pub struct Portal {
    /// What is open and chosen on the screen.
    pub ui: Ui,
    /// Where the person is.
    pub place: Place,
    /// Who the person is.
    pub session: Session,
    /// The live line.
    pub feed: Feed,
    /// What the server says about itself.
    pub info: RwSignal<Option<ServerInfo>>,
    /// What ails it.
    pub ailing: RwSignal<Vec<Ailing>>,

    /// The open conversation's id; empty for a new one.
    pub open_id: RwSignal<String>,
    /// The open conversation, when it is not in the list.
    pub open_view: RwSignal<Option<ConversationView>>,
    /// Its messages' ids, oldest first, without those in [`pages`](Self::pages).
    pub ids: RwSignal<Vec<String>>,
    /// Pages of older messages' ids as they were read, the newest page first.
    pub pages: RwSignal<Vec<Vec<String>>>,
    /// Whether its first page is on its way.
    pub loading: RwSignal<bool>,
    /// Whether an answer is awaited or being written.
    pub busy: RwSignal<bool>,
    /// Whether there are older messages, and whether they are on their way.
    pub has_older: RwSignal<bool>,
    /// See [`has_older`](Self::has_older).
    pub getting_older: RwSignal<bool>,
    /// Why the conversation cannot be shown.
    pub broken: RwSignal<Option<Failure>>,
    /// What went wrong last with a message.
    pub failure: RwSignal<Option<Failure>>,
    /// What stands in the message field.
    pub draft: RwSignal<String>,
    /// The tasks behind the messages.
    pub board: RwSignal<Board>,
    thread: StoredValue<Thread>,
    writer: StoredValue<Option<String>>,
    /// Whose what is typed is.
    whose: StoredValue<String>,
    /// The messages that are being sent, in their order.
    on_the_way: StoredValue<Vec<way::OnTheWay>>,
    /// When a message was typed last, in ms.
    last_moment: StoredValue<u64>,
    /// Counts the pages of new conversations.
    blank: StoredValue<u64>,
    /// The conversations that were made for them.
    made: StoredValue<HashMap<u64, String>>,
    bubbles: StoredValue<HashMap<String, ArcRwSignal<Bubble>>>,

    /// The conversations in the list; `None` until it was read.
    pub shelf: RwSignal<Option<Vec<ConversationView>>>,
    /// Why the list cannot be shown.
    pub shelf_failure: RwSignal<Option<Failure>>,
    /// Whether the list shows archived conversations.
    pub archived: RwSignal<bool>,
    /// Where the list goes on.
    pub shelf_next: RwSignal<Option<String>>,

    /// The agents.
    pub rail: RwSignal<Rail>,
    /// Why they cannot be shown.
    pub rail_failure: RwSignal<Option<Failure>>,
}

impl Portal {
    /// Makes the state, connects the live feed and makes both available to the components below.
    pub fn provide(session: Session) -> Self {
        let (feed, line) = Feed::new();
        let portal = Self {
            ui: Ui::new(),
            place: Place::follow(),
            session,
            feed,
            info: RwSignal::new(None),
            ailing: RwSignal::new(Vec::new()),
            open_id: RwSignal::new(String::new()),
            open_view: RwSignal::new(None),
            ids: RwSignal::new(Vec::new()),
            pages: RwSignal::new(Vec::new()),
            loading: RwSignal::new(false),
            busy: RwSignal::new(false),
            has_older: RwSignal::new(false),
            getting_older: RwSignal::new(false),
            broken: RwSignal::new(None),
            failure: RwSignal::new(None),
            draft: RwSignal::new(String::new()),
            board: RwSignal::new(Board::default()),
            thread: StoredValue::new(Thread::default()),
            writer: StoredValue::new(None),
            whose: StoredValue::new(String::new()),
            on_the_way: StoredValue::new(Vec::new()),
            last_moment: StoredValue::new(0),
            blank: StoredValue::new(0),
            made: StoredValue::new(HashMap::new()),
            bubbles: StoredValue::new(HashMap::new()),
            shelf: RwSignal::new(None),
            shelf_failure: RwSignal::new(None),
            archived: RwSignal::new(false),
            shelf_next: RwSignal::new(None),
            rail: RwSignal::new(Rail::default()),
            rail_failure: RwSignal::new(None),
        };
        portal.watch_health();
        feed.run(line, session, Callback::new(move |frame| portal.take(&frame)));
        // What other tabs and programs did meanwhile is seen when the person comes back.
        _ = window_event_listener(ev::focus, move |_| {
            if session.is_open() {
                portal.feed.wake();
                portal.refresh_shelf();
            }
        });
        provide_context(portal);
        portal
    }

    /// Returns the state of the page this component is on.
    #[expect(clippy::expect_used, reason = "invariant: `App` provides it above every component")]
    pub fn here() -> Self {
        use_context().expect("the app above")
    }

    /// Begins with somebody who has just come in.
    pub fn arrive(self, me: &Me) {
        self.find_typed(me);
        self.feed.wake();
        self.refresh_shelf();
        self.refresh_agents();
        self.refresh_tasks();
        self.ask_info();
    }

    /// Forgets everything about the person who has left.
    pub fn depart(self) {
        self.forget_talk();
        self.open_id.set(String::new());
        self.begin_blank();
        self.shelf.set(None);
        self.rail.set(Rail::default());
        self.board.set(Board::default());
        self.draft.set(String::new());
    }

    /// Ends the session and goes to the log-in page.
    pub fn log_out(self) {
        leptos::task::spawn_local(async move {
            match api::logout().await {
                Ok(()) => {
                    self.forget_typed();
                    self.session.leave();
                }
                Err(failure) => self.ui.say(failure.line()),
            }
        });
    }

    /// Asks what the server is.
    pub fn ask_info(self) {
        leptos::task::spawn_local(async move {
            if let Ok(info) = api::info().await {
                self.info.set(Some(info));
            }
        });
    }

    /// Begins a new conversation.
    pub fn begin_new(self) {
        self.ui.close_sheets();
        self.place.go(Page::Chat(None));
    }

    /// Takes a frame of the live feed.
    fn take(self, frame: &ServerFrame) {
        match &frame.payload {
            ServerPayload::Connected(_) => self.connected(),
            ServerPayload::AgentStatus(status) => self.rail.update(|rail| rail.patch(status)),
            ServerPayload::TaskUpdate(update) => {
                let now = clock::now() as u64;
                self.board.update(|board| board.patch(update, &frame.timestamp, now));
                self.await_answers();
                self.note_talk(update);
            }
            ServerPayload::Error(error) if error.code == "auth.required" => self.session.lose(),
            ServerPayload::Resync(resync) if resync.channel == Channel::Agents => {
                self.refresh_agents();
            }
            ServerPayload::Resync(resync) if resync.channel == Channel::Tasks => {
                self.refresh_tasks();
            }
            _ => self.fold(frame),
        }
    }

    fn connected(self) {
        for channel in [Channel::Agents, Channel::Tasks] {
            let payload = ClientPayload { channel: Some(channel), ..Default::default() };
            self.feed.send("subscribe", payload);
        }
        self.refresh_agents();
        self.refresh_tasks();
        self.refresh_shelf();
        self.look_at_health();
        self.resume_talk();
    }

    /// Unwraps an answer; a failure ends the session where it says so and is handed to `show`.
    fn worked<T>(self, answer: Answer<T>, show: RwSignal<Option<Failure>>) -> Option<T> {
        match answer {
            Ok(value) => {
                show.set(None);
                Some(value)
            }
            Err(failure) => {
                self.session.notice(&failure);
                show.set(Some(failure));
                None
            }
        }
    }
}
