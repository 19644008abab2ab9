//! Tokens for programs on the settings page: which there are, one more, and away with one.
//!
//! A secret is shown once, where it was made, and with it what to paste into MCP clients; it stays in
//! the page's memory alone and is gone with it. Decides nothing about what a token opens.

mod clients;
mod form;
mod list;

use leptos::{ev, prelude::*, task::spawn_local};
use web_dto::{McpClient, MintedToken, Paste, TokenList};

use crate::{
    api,
    components::{Alert, Dialog, Filled, Made, deed_of},
    focus::focus,
    model::{Failure, visible},
    state::Portal,
};

/// What the panel knows; a bundle of signals.
#[derive(Clone, Copy)]
pub struct Panel {
    portal: Portal,
    /// The tokens, once they are known.
    list: RwSignal<Option<TokenList>>,
    /// Why they are not, or why one was not revoked.
    failure: RwSignal<Option<Failure>>,
    /// The token that was made last, with its secret.
    made: RwSignal<Option<MintedToken>>,
    /// The dialog that makes one.
    adding: RwSignal<bool>,
    /// Why none was made.
    refused: RwSignal<Option<Failure>>,
    /// The question before one is revoked, and whom it is about: id and name.
    revoking: RwSignal<bool>,
    chosen: RwSignal<(String, String)>,
    /// The client whose configuration is shown.
    client: RwSignal<McpClient>,
}

impl Panel {
    fn new() -> Self {
        Self {
            portal: Portal::here(),
            list: RwSignal::new(None),
            failure: RwSignal::new(None),
            made: RwSignal::new(None),
            adding: RwSignal::new(false),
            refused: RwSignal::new(None),
            revoking: RwSignal::new(false),
            chosen: RwSignal::new((String::new(), String::new())),
            client: RwSignal::new(McpClient::ClaudeCode),
        }
    }

    /// Reads the tokens anew.
    fn ask(self) {
        spawn_local(async move {
            match api::tokens().await {
                Ok(list) => {
                    self.failure.set(None);
                    self.list.set(Some(list));
                }
                Err(problem) => self.failure.set(Some(problem)),
            }
        });
    }

    /// Makes a token; the dialog stays open while something is wrong.
    fn make(self) {
        let new = form::typed();
        self.refused.set(None);
        spawn_local(async move {
            match api::make_token(&new).await {
                Ok(made) => {
                    self.made.set(Some(made));
                    self.adding.set(false);
                    self.portal.ui.say("The token is made. It is shown this once.");
                    self.ask();
                }
                // Which field it is, the words say: nobody here sees the names of the API.
                Err(mut problem) => {
                    if !problem.fields.is_empty() {
                        problem.hint.clear();
                    }
                    self.refused.set(Some(problem));
                }
            }
        });
    }

    /// Revokes the token that was chosen.
    fn revoke(self) {
        let (id, name) = self.chosen.get_untracked();
        self.revoking.set(false);
        spawn_local(async move {
            match api::revoke_token(&id).await {
                Ok(()) => {
                    let is_it = |made: &Option<MintedToken>| {
                        made.as_ref().is_some_and(|made| made.token.id == id)
                    };
                    if self.made.with_untracked(is_it) {
                        self.made.set(None);
                    }
                    self.portal.ui.say(format!("\u{201c}{name}\u{201d} is revoked."));
                    self.ask();
                }
                Err(problem) => self.failure.set(Some(problem)),
            }
        });
    }

    /// Returns what the client that is chosen is to be told; nothing while the server's address is unknown.
    fn pastes(self) -> Vec<Paste> {
        let list = self.list.read();
        let Some(list) = list.as_ref() else { return Vec::new() };
        clients::pastes(self.client.get(), &list.url, self.made.read().as_ref())
    }

    /// Does what was pressed.
    fn pressed(self, event: &ev::MouseEvent) {
        let Some(deed) = deed_of(event) else { return };
        match (deed.as_str(), deed.split_once(':')) {
            ("new", _) => self.adding.set(true),
            ("cancel", _) => self.adding.set(false),
            ("have", _) => self.made.set(None),
            ("copy-secret", _) => {
                if let Some(made) = self.made.get_untracked() {
                    self.portal.ui.copy(&made.secret);
                }
            }
            (_, Some(("copy", at))) => {
                let pastes = untrack(|| self.pastes());
                if let Some(paste) = at.parse::<usize>().ok().and_then(|at| pastes.get(at)) {
                    self.portal.ui.copy(&paste.text);
                }
            }
            (_, Some(("preset", scope))) => form::preset(scope),
            (_, Some(("revoke", id))) => self.ask_to_revoke(id),
            _ => {}
        }
    }

    fn ask_to_revoke(self, id: &str) {
        let name = self.list.with_untracked(|list| {
            let list = list.as_ref()?;
            list.items.iter().find(|token| token.id == id).map(|token| token.name.clone())
        });
        self.chosen.set((id.to_owned(), name.unwrap_or_default()));
        self.revoking.set(true);
    }

    /// The secret that was just made, and the tokens.
    fn rows(self) -> Vec<Made> {
        let mut rows: Vec<Made> = self.made.read().iter().map(clients::secret).collect();
        match self.list.read().as_ref() {
            Some(list) => rows.extend(list::rows(list)),
            None if self.failure.read().is_some() => {}
            None => {
                rows.push(Made::words("p", "quiet", "Loading the tokens").set("role", "status"));
            }
        }
        rows
    }
}

/// What stands above the list.
fn head() -> Vec<Made> {
    let title = Made::words("h2", "", "Tokens for programs").set("id", "tokens");
    let row = Made::new("div", "row").add(title).add(Made::button("New token", "new"));
    let about = "A program shows its token and reaches no more of yours than the token opens. \
                 Revoke one, and its program is refused at once; your log-ins and the other tokens \
                 stay.";
    vec![row, Made::words("p", "quiet small", about)]
}

/// The panel.
#[component]
pub fn Tokens() -> impl IntoView {
    let panel = Panel::new();
    panel.ask();
    let pressed = move |event: ev::MouseEvent| panel.pressed(&event);
    let chosen = move |event: ev::Event| {
        let named = McpClient::named(&event_target_value(&event));
        panel.client.update(|client| *client = named.unwrap_or(*client));
    };
    view! {
        <section class="panel" aria-labelledby="tokens" on:click=pressed on:change=chosen>
            <Filled class="lead" parts=head/>
            <Alert failure=panel.failure/>
            <Filled class="lead" parts=move || panel.rows()/>
            <Filled class="lead" parts=clients::choices/>
            <Filled class="lead" parts=move || clients::blocks(&panel.pastes())/>
        </section>
        <Dialog open=panel.adding label="New token">
            <NewSheet panel/>
        </Dialog>
        <Dialog open=panel.revoking label="Revoke this token?">
            <Question panel/>
        </Dialog>
    }
}

#[component]
fn NewSheet(panel: Panel) -> impl IntoView {
    panel.refused.set(None);
    request_animation_frame(|| focus("token-name"));
    let pressed = move |event: ev::MouseEvent| panel.pressed(&event);
    let made = move |event: ev::SubmitEvent| {
        event.prevent_default();
        panel.make();
    };
    view! {
        <Alert failure=panel.refused/>
        <div on:click=pressed on:submit=made><Filled parts=form::parts/></div>
    }
}

#[component]
fn Question(panel: Panel) -> impl IntoView {
    let name = move || {
        let (_, name) = panel.chosen.get();
        format!(
            "The program that has \u{201c}{}\u{201d} is refused from now on. This cannot be undone; \
             it would need a new token.",
            visible(&name)
        )
    };
    view! {
        <p prop:textContent=name></p>
        <div class="row end">
            <button class="button" type="button" autofocus on:click=move |_| panel.revoking.set(false)>"Cancel"</button>
            <button class="button danger" type="button" on:click=move |_| panel.revoke()>"Revoke"</button>
        </div>
    }
}
