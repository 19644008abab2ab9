//! What the chat page knows and what can be done on it: the bridge from `model` to the signals.
//!
//! Rules about frames and text are in [`crate::model`]; requests are in [`crate::api`]. This file
//! only brings them together.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_dto::{Channel, ClientPayload, ConversationView, ServerFrame, ServerPayload};

use crate::{
    api::{self, Answer},
    feed::Feed,
    model::{Delivery, Failure, Folded, Rail, Thread, face},
    session::Session,
};

/// Characters of a finished answer that are read out to a screen reader.
const SPOKEN_CHARS: usize = 300;

/// The chat page's state; a bundle of signals, copied into every handler.
#[derive(Clone, Copy)]
pub struct Chat {
    /// The conversation that is open.
    pub thread: RwSignal<Thread>,
    /// The list beside it.
    pub conversations: RwSignal<Vec<ConversationView>>,
    /// The agents below the list.
    pub rail: RwSignal<Rail>,
    /// What went wrong last, until something works again.
    pub failure: RwSignal<Option<Failure>>,
    /// What a screen reader is told.
    pub spoken: RwSignal<String>,
    feed: StoredValue<Option<Feed>>,
    session: Session,
    go: StoredValue<Callback<String>>,
}

impl Chat {
    /// Makes the state, connects the live feed and makes both available to the components below.
    pub fn provide() -> Self {
        let navigate = use_navigate();
        let go = Callback::new(move |path: String| {
            navigate(&path, NavigateOptions { replace: true, ..Default::default() });
        });
        let chat = Self {
            thread: RwSignal::new(Thread::default()),
            conversations: RwSignal::new(Vec::new()),
            rail: RwSignal::new(Rail::default()),
            failure: RwSignal::new(None),
            spoken: RwSignal::new(String::new()),
            feed: StoredValue::new(None),
            session: Session::here(),
            go: StoredValue::new(go),
        };
        chat.feed.set_value(Some(Feed::start(Callback::new(move |frame| chat.take(&frame)))));
        provide_context(chat);
        chat.refresh_agents();
        chat.refresh_conversations();
        chat
    }

    /// Returns the state of the page this component is on.
    #[expect(clippy::expect_used, reason = "invariant: only the chat page uses these components")]
    pub fn here() -> Self {
        use_context().expect("a chat page above")
    }

    /// Whether the live feed stands.
    pub fn is_online(self) -> bool {
        self.feed.get_value().is_some_and(|feed| feed.online.get())
    }

    /// Opens the conversation `id`, or an empty page for a new one.
    pub fn open(self, id: Option<String>) {
        let id = id.unwrap_or_default();
        let before = self.thread.with_untracked(|t| t.conversation_id.clone());
        if before == id {
            return;
        }
        self.subscribe_conversation("unsubscribe", &before);
        self.failure.set(None);
        if id.is_empty() {
            self.thread.set(Thread::default());
            return;
        }
        self.thread.set(Thread::opening(&id));
        self.subscribe_conversation("subscribe", &id);
        self.fetch(id);
    }

    /// Sends what the person typed.
    pub fn send(self, text: String) {
        let key = web_key();
        self.deliver(key, text);
    }

    /// Sends once more what could not be sent; the key is the same, so it cannot arrive twice.
    pub fn retry(self, key: &str) {
        let text = self
            .thread
            .with_untracked(|t| t.bubbles.iter().find(|b| b.id == key).map(|b| b.text.clone()));
        if let Some(text) = text {
            self.deliver(key.to_owned(), text);
        }
    }

    /// Gets the page before the oldest message.
    pub fn load_older(self) {
        let (id, before) =
            self.thread.with_untracked(|t| (t.conversation_id.clone(), t.older.clone()));
        let Some(before) = before else { return };
        spawn_local(async move {
            let answer = api::messages_before(&id, &before).await;
            if let Some(page) = self.worked(answer) {
                self.thread.update(|t| {
                    if t.conversation_id == id {
                        t.prepend(page);
                    }
                });
            }
        });
    }

    /// Ends the session and goes to the log-in page.
    pub fn log_out(self) {
        spawn_local(async move {
            if self.worked(api::logout().await).is_some() {
                self.session.end();
            }
        });
    }

    /// Takes a frame of the live feed.
    fn take(self, frame: &ServerFrame) {
        match &frame.payload {
            ServerPayload::Connected(_) => self.subscribe_all(),
            ServerPayload::AgentStatus(status) => self.rail.update(|rail| rail.patch(status)),
            ServerPayload::Error(error) if error.code == "auth.required" => self.session.end(),
            ServerPayload::Resync(resync) if resync.channel == Channel::Agents => {
                self.refresh_agents();
            }
            _ => self.fold(frame),
        }
    }

    fn fold(self, frame: &ServerFrame) {
        let before = self.thread.with_untracked(|t| t.writer().map(str::to_owned));
        let mut folded = Folded::Same;
        // Frames that change nothing must not redraw the page.
        self.thread.maybe_update(|thread| {
            folded = thread.fold(frame);
            matches!(folded, Folded::Changed | Folded::Finished)
        });
        self.after(folded);
        self.announce_writer(before.as_deref());
    }

    fn after(self, folded: Folded) {
        match folded {
            Folded::Refetch => {
                self.fetch(self.thread.with_untracked(|t| t.conversation_id.clone()));
            }
            Folded::Finished => {
                self.announce_answer();
                self.refresh_conversations();
            }
            Folded::Changed | Folded::Same => {}
        }
    }

    fn fetch(self, id: String) {
        spawn_local(async move {
            let answer = api::messages(&id).await;
            let Some(page) = self.worked(answer) else { return };
            let mut folded = Folded::Same;
            self.thread.update(|thread| {
                if thread.conversation_id == id {
                    folded = thread.load(page);
                }
            });
            self.after(folded);
        });
    }

    fn deliver(self, key: String, text: String) {
        self.failure.set(None);
        self.thread.update(|t| t.typed(&key, &text));
        spawn_local(async move {
            match self.post(&key, &text).await {
                Ok(()) => self.refresh_conversations(),
                Err(failure) => {
                    self.thread.update(|t| t.failed(&key));
                    self.failed(failure);
                }
            }
        });
    }

    async fn post(self, key: &str, text: &str) -> Answer<()> {
        let mut id = self.thread.with_untracked(|t| t.conversation_id.clone());
        if id.is_empty() {
            id = api::new_conversation().await?.id;
            self.adopt(&id);
        }
        let accepted = api::send(&id, key, text).await?;
        self.thread.update(|t| {
            if t.conversation_id == id {
                t.accepted(key, &accepted.message_id, &accepted.answer_id);
            }
        });
        Ok(())
    }

    /// Gives the new conversation on the page its id.
    fn adopt(self, id: &str) {
        self.thread.update(|thread| {
            id.clone_into(&mut thread.conversation_id);
            thread.refetch();
        });
        self.subscribe_conversation("subscribe", id);
        self.fetch(id.to_owned());
        self.go.get_value().run(format!("/?c={id}"));
    }

    fn subscribe_all(self) {
        self.say(
            "subscribe",
            ClientPayload { channel: Some(Channel::Agents), ..Default::default() },
        );
        self.refresh_agents();
        let id = self.thread.with_untracked(|t| t.conversation_id.clone());
        self.subscribe_conversation("subscribe", &id);
    }

    fn subscribe_conversation(self, kind: &str, id: &str) {
        if id.is_empty() {
            return;
        }
        let place = self.thread.with_untracked(|t| (t.conversation_id == id).then(|| t.place()));
        let payload = ClientPayload {
            channel: Some(Channel::Conversation),
            conversation_id: Some(id.to_owned()),
            resume_from: place.flatten(),
            ..Default::default()
        };
        self.say(kind, payload);
    }

    fn say(self, kind: &str, payload: ClientPayload) {
        if let Some(feed) = self.feed.get_value() {
            feed.send(kind, payload);
        }
    }

    fn refresh_agents(self) {
        spawn_local(async move {
            if let Some(list) = self.worked(api::agents().await) {
                self.rail.set(Rail { agents: list.agents });
            }
        });
    }

    fn refresh_conversations(self) {
        spawn_local(async move {
            if let Some(list) = self.worked(api::conversations().await) {
                self.conversations.set(list.items);
            }
        });
    }

    /// Unwraps an answer; a failure is shown and ends the session where it says so.
    fn worked<T>(self, answer: Answer<T>) -> Option<T> {
        answer.map_err(|failure| self.failed(failure)).ok()
    }

    fn failed(self, failure: Failure) {
        self.session.notice(&failure);
        self.failure.set(Some(failure));
    }

    /// Tells a screen reader who begins to write, once.
    fn announce_writer(self, before: Option<&str>) {
        let now = self.thread.with_untracked(|t| t.writer().map(str::to_owned));
        if let Some(agent) = now.filter(|now| before != Some(now.as_str())) {
            self.spoken.set(format!("{} is replying.", face(&agent).name));
        }
    }

    /// Tells a screen reader the finished answer, once and from its beginning.
    fn announce_answer(self) {
        let words = self.thread.with_untracked(|t| {
            let last = t
                .bubbles
                .iter()
                .rev()
                .find(|b| b.role != "user" && b.delivery == Delivery::Stored)?;
            let name = face(last.agent.as_deref().unwrap_or_default()).name;
            let text: String = last.text.chars().take(SPOKEN_CHARS).collect();
            Some(format!("{name} replied: {text}"))
        });
        self.spoken.set(words.unwrap_or_default());
    }
}

/// A key that no other message of this person has.
fn web_key() -> String {
    window().crypto().map(|crypto| crypto.random_uuid()).unwrap_or_else(|_| {
        // A page without the Crypto API: still unlike any key before it.
        format!("k-{}-{}", js_sys::Date::now(), js_sys::Math::random())
    })
}
