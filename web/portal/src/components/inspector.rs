//! The column beside a conversation: the tasks behind its last answer, their phase, what was used.

use leptos::prelude::*;
use web_dto::CitationView;

use super::{Badge, Icon, Shape, phases::Phases};
use crate::{
    clock,
    model::{Job, face, visible, when},
    state::Portal,
};

/// Task tree, phases, memories. Where there is no room beside the page it is a sheet over it.
#[component]
pub fn Inspector() -> impl IntoView {
    let portal = Portal::here();
    let ui = portal.ui;
    let answer = Memo::new(move |_| last_answer(portal));
    let tree = Memo::new(move |_| answer.get().and_then(|id| portal.board.read().tree(&id)));
    let phase = Memo::new(move |_| answer.get().and_then(|id| portal.board.read().phase(&id)));
    look_up(portal, answer);
    let used = Memo::new(move |_| used(portal));

    view! {
        <aside class="inspector" aria-label="Details" data-open=move || ui.details.get().to_string()>
            <header class="inspector-head not-widest">
                <h2>"Details"</h2>
                <button class="icon-button" type="button" aria-label="Close details" on:click=move |_| ui.details.set(false)>
                    <Icon shape=Shape::Close/>
                </button>
            </header>
            <section>
                <h2 class="caption">"Task"</h2>
                {move || match tree.get() {
                    Some((root, parts)) => view! { <Tree root parts/> }.into_any(),
                    None => view! { <p class="quiet small">"The tasks behind an answer stand here while it is made."</p> }.into_any(),
                }}
            </section>
            <Show when=move || phase.get().is_some()>
                <section>
                    <h2 class="caption">"Phases"</h2>
                    <Phases now=phase/>
                </section>
            </Show>
            <section>
                <h2 class="caption">"Used from memory"</h2>
                {move || {
                    let used = used.get();
                    if used.is_empty() {
                        view! { <p class="quiet small">"No memory was used here yet."</p> }.into_any()
                    } else {
                        used.into_iter().map(|c| view! { <Used citation=c/> }).collect_view().into_any()
                    }
                }}
            </section>
        </aside>
    }
}

/// The tasks as a tree of two levels.
#[component]
fn Tree(root: Job, parts: Vec<Job>) -> impl IntoView {
    let title = match Portal::here().question_of(&root.answer_id) {
        Some(question) if root.input.is_empty() => question,
        _ => root.input.clone(),
    };
    let parts = parts.into_iter().map(|part| {
        let name = face(&part.agent).name.to_owned();
        view! { <li><Line job=part title=name/></li> }
    });
    view! {
        <ul class="tree" aria-label="Tasks">
            <li>
                <Line job=root title/>
                <ul>{parts.collect_view()}</ul>
            </li>
        </ul>
    }
}

#[component]
fn Line(job: Job, title: String) -> impl IntoView {
    let face = face(&job.agent);
    let took = match (&job.started, &job.ended) {
        (Some(from), Some(to)) => when::span((clock::millis(to) - clock::millis(from)) / 1_000.0),
        _ => String::new(),
    };
    let state =
        if took.is_empty() || job.state() != "done" { job.state().to_owned() } else { took };
    view! {
        <div class="task" data-agent=face.hue data-state=job.status.clone()>
            <Badge face/>
            <span class="task-title" title=title.clone()>{visible(&title)}</span>
            <small>{state}</small>
        </div>
    }
}

#[component]
fn Used(citation: CitationView) -> impl IntoView {
    let ui = Portal::here().ui;
    let quote = visible(&citation.quote);
    view! {
        <button class="used" type="button" on:click=move |_| ui.citation.set(Some(citation.clone()))>
            <b dir="auto">{quote}</b>
        </button>
    }
}

/// The id of the newest answer, begun or not.
fn last_answer(portal: Portal) -> Option<String> {
    portal.ids.with(|ids| {
        ids.iter()
            .rev()
            .find(|id| portal.bubble(id).is_some_and(|b| b.read_untracked().role != "user"))
            .cloned()
    })
}

/// Asks for the tasks of an answer that is older than what was read.
fn look_up(portal: Portal, answer: Memo<Option<String>>) {
    Effect::new(move |_| {
        let Some(id) = answer.get() else { return };
        if portal.board.with_untracked(|board| board.tree(&id).is_some()) {
            return;
        }
        let task = portal.bubble(&id).and_then(|b| b.read_untracked().task_id.clone());
        if let Some(task) = task {
            portal.look_up_task(task);
        }
    });
}

/// Every memory the conversation used, each once, the newest first.
fn used(portal: Portal) -> Vec<CitationView> {
    // A message more, or an answer that is finished, may bring citations.
    portal.busy.track();
    portal.ids.track();
    portal.pages.track();
    portal.used_memories()
}
