//! The agents page: six live cards, each with its state, its work, its log and its switches.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use web_dto::AgentView;

use crate::{
    api,
    base::at,
    components::{Ago, Alert, Badge, Icon, Shape, Shown, TopBar},
    effect::effect,
    model::face,
    state::Portal,
};

/// How often heartbeats are read anew while the page is open.
const REFRESH: Duration = Duration::from_secs(5);

/// How often an open log is read anew.
const LOG_REFRESH: Duration = Duration::from_secs(3);

/// The page.
#[component]
pub fn Agents() -> impl IntoView {
    let portal = Portal::here();
    portal.refresh_agents();
    if let Ok(timer) = set_interval_with_handle(move || portal.refresh_agents(), REFRESH) {
        on_cleanup(move || timer.clear());
    }
    let names = Memo::new(move |_| {
        portal.rail.read().agents.iter().map(|a| a.name.clone()).collect::<Vec<_>>()
    });
    let ready = move || {
        let rail = portal.rail.read();
        if portal.feed.is_down() {
            return "unknown".to_owned();
        }
        format!("{} of {} ready", rail.ready(), rail.agents.len())
    };
    view! {
        <main class="main" id="main">
            <TopBar title=Signal::stored("Agents".to_owned())>
                <span class="chip" prop:textContent=ready></span>
            </TopBar>
            <div class="page">
                <Alert failure=portal.rail_failure/>
                <Shown when=move || names.read().is_empty() && portal.rail_failure.read().is_none()>
                    <p class="quiet" role="status">"Loading the agents"</p>
                </Shown>
                <div class="cards">
                    <For each=move || names.get() key=Clone::clone let:name>
                        <Card name/>
                    </For>
                </div>
            </div>
        </main>
    }
}

/// One agent.
#[component]
fn Card(name: String) -> impl IntoView {
    let portal = Portal::here();
    let session = portal.session;
    let face = face(&name);
    let wanted = name.clone();
    let agent =
        Memo::new(move |_| portal.rail.read().agents.iter().find(|a| a.name == wanted).cloned());
    let status = Memo::new(move |_| {
        let agent = agent.read();
        agent.as_ref().map(|a| portal.known_status(&a.status).to_owned()).unwrap_or_default()
    });
    let title = format!("agent-{name}");
    let steer = StoredValue::new(name.clone());
    view! {
        <article class="agent-card" data-agent=face.hue aria-labelledby=title.clone()>
            <header>
                <Badge face/>
                <h2 id=title.clone()>{face.name}</h2>
                <span class="status" data-state=status>
                    <i class="dot" data-state=status aria-hidden="true"></i>
                    <span prop:textContent=status></span>
                </span>
            </header>
            <p class="quiet">{move || agent.read().as_ref().map(|a| a.description.clone())}</p>
            {move || agent.read().as_ref().and_then(|a| a.problem.clone()).map(|p| view! { <p class="alert">{p}</p> })}
            {move || agent.get().map(|agent| view! { <Facts agent/> })}
            <Shown when=move || session.is_admin()>
                <div class="row start">
                    {move || buttons(&status.read()).map(|(label, verb)| view! {
                        <button class="button small" type="button" on:click=move |_| portal.steer(steer.get_value(), verb)>
                            {label}
                        </button>
                    }).collect_view()}
                </div>
                <Attach agent/>
                <Log name=steer.get_value()/>
            </Shown>
        </article>
    }
}

/// What can be done with an agent in this state.
fn buttons(status: &str) -> [(&'static str, &'static str); 2] {
    if matches!(status, "stopped" | "stopping") {
        [("Start", "start"), ("Restart", "restart")]
    } else {
        [("Restart", "restart"), ("Stop", "stop")]
    }
}

/// What is known about it.
#[component]
fn Facts(agent: AgentView) -> impl IntoView {
    let beat = agent.heartbeat_age_seconds.map_or_else(
        || "none yet".to_owned(),
        |age| {
            if age < 1.0 { "just now".to_owned() } else { format!("{} s ago", (age + 0.5) as u64) }
        },
    );
    let since = agent.started_at.clone().map(|at| view! { <Ago at/> });
    view! {
        <dl class="facts">
            <div><dt>{if agent.tasks.len() > 1 { "Tasks" } else { "Task" }}</dt><dd><AllWork tasks=agent.tasks/></dd></div>
            <div><dt>"Heartbeat"</dt><dd>{beat}</dd></div>
            <div><dt>"Restarts"</dt><dd>{agent.restarts}</dd></div>
            <div><dt>"Started"</dt><dd>{since}</dd></div>
            {agent.pid.map(|pid| view! { <div><dt>"Process"</dt><dd>{pid}</dd></div> })}
        </dl>
    }
}

/// Most tasks that a card spells out.
const SPELLED_OUT: usize = 4;

/// All that it has in hand, the longest first; the rest by number.
#[component]
fn AllWork(tasks: Vec<String>) -> impl IntoView {
    if tasks.is_empty() {
        return "none".into_any();
    }
    let more = tasks.len().saturating_sub(SPELLED_OUT);
    let more = (more > 0).then(|| view! { <div>{format!("and {more} more")}</div> });
    let shown = tasks.into_iter().take(SPELLED_OUT);
    let shown = shown.map(|id| view! { <div><Work id/></div> }).collect_view();
    (shown, more).into_any()
}

/// One task, in its own words, with the way to it.
#[component]
fn Work(id: String) -> impl IntoView {
    let words = RwSignal::new(None::<(String, String)>);
    spawn_local(async move {
        if let Ok(task) = api::task(&id).await {
            words.set(Some((task.conversation_id, task.input)));
        }
    });
    move || match words.get() {
        None => "at work".into_any(),
        Some((conversation, input)) => {
            let short: String = input.chars().take(80).collect();
            view! { <a class="link" href=at(&format!("/c/{conversation}"))>{crate::model::visible(&short)}</a> }.into_any()
        }
    }
}

/// The command that shows its window in a terminal.
#[component]
fn Attach(agent: Memo<Option<AgentView>>) -> impl IntoView {
    let ui = Portal::here().ui;
    let command = Memo::new(move |_| agent.read().as_ref().and_then(|a| a.attach.clone()));
    move || {
        command.get().map(|command| {
            let copy = command.clone();
            view! {
                <div class="attach">
                    <code tabindex="0">{command}</code>
                    <button class="tool" type="button" aria-label="Copy command" on:click=move |_| ui.copy(&copy)>
                        <Icon shape=Shape::Copy/>
                        "Copy"
                    </button>
                </div>
            }
        })
    }
}

/// What its window shows; read only while it is open.
#[component]
fn Log(name: String) -> impl IntoView {
    let open = RwSignal::new(false);
    let text = RwSignal::new(None::<Result<String, String>>);
    let name = StoredValue::new(name);
    let read = move || {
        // Read first: by the time it is asked the page may be gone.
        let Some(name) = name.try_get_value() else { return };
        spawn_local(async move {
            let answer = api::agent_log(&name).await;
            text.set(Some(answer.map(|log| log.text).map_err(|failure| failure.line())));
        });
    };
    effect(move |_: Option<()>| {
        if !open.get() {
            return;
        }
        read();
        if let Ok(timer) = set_interval_with_handle(read, LOG_REFRESH) {
            on_cleanup(move || timer.clear());
        }
    });
    view! {
        <details class="log-box" on:toggle:target=move |event| open.set(event.target().open())>
            <summary>"Recent log"</summary>
            {move || match text.get() {
                None => view! { <p class="quiet small" role="status">"Reading the log"</p> }.into_any(),
                Some(Err(line)) => view! { <p class="alert">{line}</p> }.into_any(),
                Some(Ok(text)) => {
                    let text = if text.trim().is_empty() { "Nothing yet.".to_owned() } else { text };
                    view! { <pre tabindex="0" data-testid="log">{crate::model::visible(text.trim_end())}</pre> }.into_any()
                }
            }}
        </details>
    }
}
