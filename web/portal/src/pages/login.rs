//! The log-in page. Says what a server without its first account needs instead.

use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};

use crate::{
    api,
    components::{Alert, Card, Field, Shown, Wait, typed_in},
    model::Failure,
    session::Session,
};

/// Takes e-mail and password; the frame goes on to the page that was wanted.
#[component]
pub fn LogIn() -> impl IntoView {
    let session = Session::here();
    let (email, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let wait = Wait::new(failure);
    let words = move || wait.or(if busy.get() { "Logging in" } else { "Log in" });
    let needs_setup = RwSignal::new(false);
    spawn_local(async move {
        if let Ok(info) = api::info().await {
            needs_setup.try_set(info.needs_setup);
        }
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if wait.is_on() {
            return;
        }
        let body = web_dto::Login { email: typed_in(email), password: typed_in(password) };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::login(&body).await {
                Ok(logged_in) => session.begin(logged_in.user),
                Err(problem) => wait.failed(problem),
            }
            busy.set(false);
        });
    };

    view! {
        <Card title="Log in">
            <Shown when=needs_setup>
                <p class="note">
                    "This server has no account yet. Run " <code>"ai-infra setup-link"</code>
                    " on it and open the link that it prints."
                </p>
            </Shown>
            <Shown when=session.lost>
                <p class="note" role="status">
                    "Your log-in has ended. Log in again; what you typed is kept."
                </p>
            </Shown>
            <form class="form" on:submit=submit aria-busy=move || busy.get().to_string()>
                <Alert failure/>
                <Field label="E-mail" kind="email" name="email" autocomplete="username" node=email/>
                <Field
                    label="Password"
                    kind="password"
                    name="password"
                    autocomplete="current-password"
                    node=password
                />
                <button class="button main" type="submit" disabled=move || busy.get() || wait.is_on() prop:textContent=words></button>
            </form>
        </Card>
    }
}
