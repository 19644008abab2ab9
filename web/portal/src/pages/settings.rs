//! The settings page: how the portal looks, what this server is, and every value of its
//! configuration with the place it came from. The configuration is shown, not changed, here.

use leptos::{prelude::*, task::spawn_local};
use web_dto::SettingView;

use crate::{
    api,
    components::{Filled, Made, Shown, TopBar},
    model::{Failure, Theme},
    state::Portal,
};

/// The page.
#[component]
pub fn Settings() -> impl IntoView {
    let portal = Portal::here();
    view! {
        <main class="main" id="main">
            <TopBar title=Signal::stored("Settings".to_owned())/>
            <div class="page">
                <Look/>
                <About/>
                <Shown when=move || portal.session.is_admin()>
                    <Configuration/>
                </Shown>
            </div>
        </main>
    }
}

/// Theme and keys; kept in this browser.
#[component]
fn Look() -> impl IntoView {
    let ui = Portal::here().ui;
    let choice = move |theme: Theme| {
        view! {
            <label>
                <input
                    type="radio"
                    name="theme"
                    value=theme.name()
                    prop:checked=move || ui.theme.get() == theme
                    on:change=move |_| ui.choose(theme)
                />
                <span>{theme.label()}</span>
            </label>
        }
    };
    view! {
        <section class="panel" aria-labelledby="look">
            <h2 id="look">"Look and keys"</h2>
            <p class="quiet small">"Kept in this browser."</p>
            <div class="choices" role="radiogroup" aria-label="Theme">
                {Theme::ALL.map(choice).collect_view()}
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || ui.single_keys.get()
                    on:change:target=move |event| ui.switch_keys(event.target().checked())
                />
                <span>"Single-key shortcuts"</span>
            </label>
            <p>
                <button class="button small" type="button" on:click=move |_| ui.shortcuts.set(true)>
                    "Show all shortcuts"
                </button>
            </p>
        </section>
    }
}

/// What this server is.
#[component]
fn About() -> impl IntoView {
    let portal = Portal::here();
    portal.ask_info();
    let facts = move || {
        let info = portal.info.read();
        let Some(info) = info.as_ref() else { return Vec::new() };
        let list = Made::new("dl", "facts").add(Made::fact("Version", &info.version));
        let list = list.add(Made::fact("Model", &info.model));
        vec![list.add(Made::fact("Portal", &info.portal))]
    };
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"About"</h2>
            <Filled parts=facts/>
        </section>
    }
}

/// Every value with its origin.
#[component]
fn Configuration() -> impl IntoView {
    let values = RwSignal::new(None::<Vec<SettingView>>);
    let failure = RwSignal::new(None::<Failure>);
    spawn_local(async move {
        match api::settings().await {
            Ok(list) => values.set(Some(list.values)),
            Err(problem) => failure.set(Some(problem)),
        }
    });
    let table = move || match (values.read().as_ref(), failure.read().as_ref()) {
        (Some(values), _) => vec![table(values)],
        (None, Some(problem)) => {
            vec![Made::words("p", "alert", &problem.line()).set("role", "alert")]
        }
        (None, None) => {
            vec![Made::words("p", "quiet", "Loading the configuration").set("role", "status")]
        }
    };
    view! {
        <section class="panel" aria-labelledby="configuration">
            <h2 id="configuration">"Configuration"</h2>
            <p class="quiet small">
                "Read-only. Change it in the configuration file, the environment or the command line; what stands later wins."
            </p>
            <Filled parts=table/>
        </section>
    }
}

fn table(values: &[SettingView]) -> Made {
    let mut head = Made::new("tr", "");
    for name in ["Setting", "Value", "Origin"] {
        head = head.add(Made::words("th", "", name).set("scope", "col"));
    }
    let mut body = Made::new("tbody", "");
    for setting in values {
        body = body.add(row(setting));
    }
    let table = Made::new("table", "values").set("aria-label", "Configuration");
    table.add(Made::new("thead", "").add(head)).add(body)
}

fn row(setting: &SettingView) -> Made {
    let mut doc = Made::new("small", "");
    // The names in it stand in backticks.
    for (at, part) in setting.doc.split('`').enumerate() {
        doc = doc.add(Made::words(if at % 2 == 1 { "code" } else { "span" }, "", part));
    }
    let name = Made::new("th", "").set("scope", "row");
    let name = name.add(Made::words("b", "", &setting.key)).add(doc);
    let value = match &setting.value {
        None => Made::words("span", "quiet", "not set"),
        Some(value) => Made::words("code", "", value),
    };
    let chosen = if setting.origin == "default" { "false" } else { "true" };
    let row = Made::new("tr", "").set("data-chosen", chosen).add(name);
    row.add(Made::new("td", "").add(value)).add(Made::words("td", "", &setting.origin))
}
