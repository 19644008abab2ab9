//! The page behind the one-time link: the first account gets its name, e-mail and password.
//!
//! The token comes in the fragment, which no server sees, and leaves the address bar at once, so it
//! is in no history and no screenshot.

use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;
use web_dto::MIN_PASSWORD_CHARS;

use crate::{
    api,
    base::at,
    components::{Alert, Card, Field, Wait, typed_in},
    model::{Failure, Page, token_of},
    session::Session,
    state::Portal,
};

/// The form's inputs, by their names in the request.
const FIELDS: [&str; 3] = ["display_name", "email", "password"];

/// Takes the token out of the address, if there is one, and removes it from the address bar.
pub fn take_token() -> Option<String> {
    let location = window().location();
    let token = token_of(&location.hash().ok()?)?;
    let path = location.pathname().ok()?;
    let history = window().history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&path)).ok()?;
    Some(token)
}

/// Sets the account up and goes to the chat page.
#[component]
pub fn SetUp(
    /// The token of the link; without one the page says how to get it.
    token: Option<String>,
) -> impl IntoView {
    let used = RwSignal::new(false);
    if let Some(token) = token.clone() {
        // A server that cannot be asked is no reason to hide the form: it says so when it is sent.
        spawn_local(async move {
            if let Err(failure) = api::check_set_up(&token).await {
                used.try_set(failure.code == "setup.link_invalid");
            }
        });
    }
    view! {
        <Card title="Welcome">
            {move || match token.clone().filter(|_| !used.get()) {
                Some(token) => view! { <Form token/> }.into_any(),
                None => view! { <NoToken used=used.get_untracked()/> }.into_any(),
            }}
        </Card>
    }
}

/// What somebody sees who came without a link, or with one that cannot be used any more.
#[component]
fn NoToken(used: bool) -> impl IntoView {
    let words = if used {
        "This link cannot be used any more: it works once, for an hour, and a newer one takes its place."
    } else {
        "This page needs the one-time link that the server printed when it started."
    };
    view! {
        <p role=used.then_some("alert")>{words}</p>
        <p>"Run " <code>"ai-infra setup-link"</code> " on the server for a new one."</p>
        <p><a class="link" href=at("/login")>"I have an account: log in"</a></p>
    }
}

/// The three things a person chooses.
#[component]
fn Form(token: String) -> impl IntoView {
    let session = Session::here();
    let place = Portal::here().place;
    let [name, email, password] = [(); 3].map(|()| NodeRef::<html::Input>::new());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let wait = Wait::new(failure);
    let words = move || wait.or(if busy.get() { "Setting up" } else { "Set up and begin" });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if wait.is_on() {
            return;
        }
        let body = web_dto::SetUp {
            token: token.clone(),
            display_name: typed_in(name),
            email: typed_in(email),
            password: typed_in(password),
        };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::set_up(&body).await {
                Ok(logged_in) => {
                    session.begin(logged_in.user);
                    place.replace(Page::Chat(None));
                }
                Err(problem) => wait.failed(problem),
            }
            busy.set(false);
        });
    };
    let wrong = move |name: &'static str| {
        Signal::derive(move || failure.read().as_ref().and_then(|f| wrong_field(f, name)))
    };
    // What no field says stands above the form.
    let general = Signal::derive(move || {
        failure.get().filter(|f| FIELDS.iter().all(|name| wrong_field(f, name).is_none()))
    });

    view! {
        <p class="quiet">"Choose what you log in with. The link works once, for an hour."</p>
        <form class="form" on:submit=submit aria-busy=move || busy.get().to_string()>
            <Alert failure=general/>
            <Field
                label="Your name"
                name="display_name"
                autocomplete="name"
                node=name
                wrong=wrong("display_name")
            />
            <Field
                label="E-mail"
                kind="email"
                name="email"
                autocomplete="username"
                node=email
                wrong=wrong("email")
            />
            <Field
                label="Password"
                kind="password"
                name="password"
                autocomplete="new-password"
                min_chars=MIN_PASSWORD_CHARS
                hint=format!("At least {MIN_PASSWORD_CHARS} characters; a few words are best.")
                node=password
                wrong=wrong("password")
            />
            <button class="button main" type="submit" disabled=move || busy.get() || wait.is_on() prop:textContent=words></button>
        </form>
    }
}

/// What a failure says about one field: by the field's name, or by a code that can only mean it.
fn wrong_field(failure: &Failure, name: &str) -> Option<String> {
    let meant = match failure.code.as_str() {
        "email.invalid" | "email.taken" => "email",
        "password.weak" => "password",
        _ => "",
    };
    failure.field(name).or_else(|| (meant == name).then(|| failure.line()))
}
