//! The column beside a conversation: the tasks behind its last answer, their phase, what was used.

use leptos::prelude::*;
use web_dto::CitationView;

use super::{Filled, Icon, Made, Shape, Shown, deed_of, phases::Phases};
use crate::{
    clock,
    effect::effect,
    model::{Job, face, when},
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
    let open = move |event: leptos::ev::MouseEvent| {
        let at = deed_of(&event).and_then(|at| at.parse::<usize>().ok());
        if let Some(citation) = at.and_then(|at| used.read_untracked().get(at).cloned()) {
            ui.citation.set(Some(citation));
        }
    };

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
                <Filled parts=move || vec![drawn(portal, tree.read().as_ref())]/>
            </section>
            <Shown when=move || phase.get().is_some()>
                <section>
                    <h2 class="caption">"Phases"</h2>
                    <Phases now=phase/>
                </section>
            </Shown>
            <section>
                <h2 class="caption">"Used from memory"</h2>
                <div on:click=open>
                    <Filled parts=move || quotes(&used.read())/>
                </div>
            </section>
            <Shown when=move || !portal.open_id.read().is_empty()>
                <section>
                    <h2 class="caption">"Conversation"</h2>
                    <button class="button small danger" type="button" on:click=move |_| ui.purging.set(true)>
                        "Delete for good"
                    </button>
                </section>
            </Shown>
        </aside>
    }
}

/// The tasks as a tree of two levels.
fn drawn(portal: Portal, tree: Option<&(Job, Vec<Job>)>) -> Made {
    let Some((root, parts)) = tree else {
        let words = "The tasks behind an answer stand here while it is made.";
        return Made::words("p", "quiet small", words);
    };
    let title = match portal.question_of(&root.answer_id) {
        Some(question) if root.input.is_empty() => question,
        _ => root.input.clone(),
    };
    let mut below = Made::new("ul", "");
    for part in parts {
        below = below.add(Made::new("li", "").add(line(part, face(&part.agent).name)));
    }
    let root = Made::new("li", "").add(line(root, &title)).add(below);
    Made::new("ul", "tree").set("aria-label", "Tasks").add(root)
}

fn line(job: &Job, title: &str) -> Made {
    let face = face(&job.agent);
    let took = match (&job.started, &job.ended) {
        (Some(from), Some(to)) => when::span((clock::millis(to) - clock::millis(from)) / 1_000.0),
        _ => String::new(),
    };
    let state = if took.is_empty() || job.state() != "done" { job.state() } else { &took };
    let line = Made::new("div", "task").set("data-agent", face.hue).set("data-state", &job.status);
    let title = Made::words("span", "task-title", title).set("title", title);
    line.add(Made::badge(face)).add(title).add(Made::words("small", "", state))
}

/// What was used, each to be opened.
fn quotes(used: &[CitationView]) -> Vec<Made> {
    if used.is_empty() {
        return vec![Made::words("p", "quiet small", "No memory was used here yet.")];
    }
    let quote = |(at, citation): (usize, &CitationView)| {
        let words = Made::words("b", "", &citation.quote).set("dir", "auto");
        let button = Made::new("button", "used").set("type", "button");
        button.set("data-do", &at.to_string()).add(words)
    };
    used.iter().enumerate().map(quote).collect()
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
    effect(move |_: Option<()>| {
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
