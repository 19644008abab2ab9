//! The settings page: how the portal looks, what this server is, and every value of its
//! configuration with the place it came from. The configuration is shown, not changed, here.

use leptos::{prelude::*, task::spawn_local};
use web_dto::SettingView;

use crate::{
    api,
    components::{Alert, TopBar},
    model::{Failure, Theme, visible},
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
                <Show when=move || portal.session.is_admin()>
                    <Configuration/>
                </Show>
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
        portal.info.get().map(|info| {
            view! {
                <dl class="facts">
                    <div><dt>"Version"</dt><dd>{info.version}</dd></div>
                    <div><dt>"Model"</dt><dd>{info.model}</dd></div>
                    <div><dt>"Portal"</dt><dd>{info.portal}</dd></div>
                </dl>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"About"</h2>
            {facts}
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
    let rows = move || values.get().unwrap_or_default().into_iter().map(row).collect_view();
    view! {
        <section class="panel" aria-labelledby="configuration">
            <h2 id="configuration">"Configuration"</h2>
            <p class="quiet small">
                "Read-only. Change it in the configuration file, the environment or the command line; what stands later wins."
            </p>
            <Alert failure/>
            <Show when=move || values.read().is_none() && failure.read().is_none()>
                <p class="quiet" role="status">"Loading the configuration"</p>
            </Show>
            <Show when=move || values.read().is_some()>
                <table class="values" aria-label="Configuration">
                    <thead>
                        <tr><th scope="col">"Setting"</th><th scope="col">"Value"</th><th scope="col">"Origin"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Show>
        </section>
    }
}

/// Words with the names in them, which stand in backticks, as code.
fn with_code(doc: &str) -> Vec<AnyView> {
    let part = |(at, part): (usize, &str)| {
        let part = part.to_owned();
        if at % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    };
    doc.split('`').enumerate().map(part).collect()
}

fn row(setting: SettingView) -> impl IntoView {
    let chosen = (setting.origin != "default").to_string();
    let value = setting.value.map_or_else(
        || view! { <span class="quiet">"not set"</span> }.into_any(),
        |value| view! { <code>{visible(&value)}</code> }.into_any(),
    );
    view! {
        <tr data-chosen=chosen>
            <th scope="row">
                <b>{setting.key}</b>
                <small>{with_code(&setting.doc)}</small>
            </th>
            <td>{value}</td>
            <td>{setting.origin}</td>
        </tr>
    }
}
