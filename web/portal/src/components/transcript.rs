//! The conversation: its messages, the answer being written, and the states without either.
//!
//! Follows the end while the reader is at the end, and never moves under a reader who is not.

use leptos::{html, prelude::*};
use web_sys::Element;

use super::{Icon, Shape, Shown, answer::Answer, said::Said, welcome::Welcome};
use crate::{base::at, effect::effect, model::Failure, state::Portal};

/// Pixels from the end that still count as the end.
const NEAR_THE_END: i32 = 60;

/// Pixels from the beginning at which older messages are fetched.
const NEAR_THE_BEGINNING: i32 = 1_000;

/// Older messages that the browser draws or passes over as one. What a frame costs grows with the
/// places it must look at, so a long conversation has few; what it costs to come to one grows with
/// the messages in it.
const DRAWN_AS_ONE: usize = 4;

/// The scrolling part of the page.
#[component]
pub fn Transcript() -> impl IntoView {
    let portal = Portal::here();
    let log = NodeRef::<html::Section>::new();
    let column = NodeRef::<html::Div>::new();
    let (at_end, news) = (RwSignal::new(true), RwSignal::new(false));
    let stay = move || {
        at_end.set(true);
        news.set(false);
    };
    let top = StoredValue::new(0);
    // A frame may come when the page is gone.
    let to_end = move || {
        if let Some(log) = log.try_get_untracked().flatten() {
            log.set_scroll_top(log.scroll_height());
        }
    };
    let scrolled = move |_| {
        let Some(log) = log.try_get_untracked().flatten() else { return };
        let below = log.scroll_height() - log.scroll_top() - log.client_height();
        let near = below < NEAR_THE_END;
        // Only a reader goes up: what grows below while the end is followed takes nobody from it.
        let went_up = log.scroll_top() < top.get_value();
        top.set_value(log.scroll_top());
        if at_end.get_untracked() != near && (near || went_up) {
            at_end.set(near);
            news.set(false);
        }
        if log.scroll_top() < NEAR_THE_BEGINNING && portal.has_older.get_untracked() {
            portal.load_older();
        }
    };
    follow_growth(column, move || {
        match (at_end.try_get_untracked(), portal.busy.get_untracked()) {
            (Some(true), _) => to_end(),
            (Some(false), true) => news.set(true),
            _ => {}
        }
    });
    keep_place(log, portal);
    // Another conversation, and what the person sends, begin at the end.
    effect(move |_: Option<()>| {
        portal.open_id.track();
        stay();
        request_animation_frame(to_end);
    });
    effect(move |before: Option<usize>| {
        let (count, sending) = portal.ids.with(|ids| {
            let last = ids.last().and_then(|id| portal.bubble(id));
            let ours = last.is_some_and(|b| b.read_untracked().role == "user");
            (ids.len(), ours)
        });
        if before.is_some_and(|before| count > before) {
            if sending {
                stay();
                request_animation_frame(to_end);
            } else if !at_end.get_untracked() {
                news.set(true);
            }
        }
        count
    });
    let empty = Memo::new(move |_| {
        portal.ids.read().is_empty() && !portal.loading.get() && portal.broken.read().is_none()
    });

    view! {
        <section
            class="log"
            role="log"
            aria-label="Conversation"
            aria-live="off"
            aria-busy=move || portal.busy.get().to_string()
            tabindex="0"
            node_ref=log
            on:scroll=scrolled
        >
            <div class="column" node_ref=column>
                <Shown when=portal.loading><Loading/></Shown>
                {move || portal.broken.get().map(|failure| view! { <Broken failure/> })}
                <Shown when=empty><Welcome/></Shown>
                <Shown when=portal.has_older>
                    <button
                        class="button small older"
                        type="button"
                        disabled=move || portal.getting_older.get()
                        on:click=move |_| portal.load_older()
                    >
                        "Show earlier messages"
                    </button>
                </Shown>
                {older_than(portal, 0)}
                <For each=move || portal.ids.get() key=Clone::clone let:id>
                    <Message id/>
                </For>
            </div>
        </section>
        <div class="pill-place">
            <Shown when=move || !at_end.get()>
                <button
                    class="pill"
                    type="button"
                    aria-label=move || if news.get() { "New messages" } else { "To the end" }
                    title="To the end"
                    on:click=move |_| {
                        stay();
                        to_end();
                    }
                >
                    <Shown when=news>"New messages"</Shown>
                    <Icon shape=Shape::Down/>
                </button>
            </Shown>
        </div>
    }
}

/// The older messages, page by page: each page stands before the one that was read before it, so
/// that reading on leaves what is on the screen untouched. (A keyed list would move all of it.)
fn older_than(portal: Portal, page: usize) -> AnyView {
    let first = Memo::new(move |_| portal.pages.read().get(page).and_then(|p| p.first().cloned()));
    let view = move || {
        first.get().map(|_| {
            let ids = portal.pages.with_untracked(|pages| pages.get(page).cloned());
            let few = ids.unwrap_or_default();
            let few = few.chunks(DRAWN_AS_ONE).map(drawn_as_one).collect_view();
            (older_than(portal, page + 1), few)
        })
    };
    view.into_any()
}

fn drawn_as_one(ids: &[String]) -> impl IntoView + use<> {
    let messages = ids.iter().cloned().map(|id| view! { <Message id/> }).collect_view();
    view! { <div class="few">{messages}</div> }
}

/// One message, by its id.
#[component]
fn Message(id: String) -> impl IntoView {
    Portal::here().bubble(&id).map(|bubble| {
        if bubble.read_untracked().role == "user" {
            view! { <Said bubble/> }.into_any()
        } else {
            view! { <Answer bubble/> }.into_any()
        }
    })
}

/// The shape of a conversation that is on its way.
#[component]
fn Loading() -> impl IntoView {
    view! {
        <p class="unseen" role="status">"Loading the conversation"</p>
        <div class="bones" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
    }
}

/// Why the conversation is not there, and what to do.
#[component]
fn Broken(failure: Failure) -> impl IntoView {
    let portal = Portal::here();
    let (title, retry) = if failure.status == 404 {
        ("This conversation is not here", false)
    } else {
        ("The conversation could not be read", true)
    };
    view! {
        <div class="state" role="alert">
            <h2>{title}</h2>
            <p class="quiet">{failure.line()}</p>
            {if retry {
                view! {
                    <button class="button" type="button" on:click=move |_| portal.reopen()>"Try again"</button>
                }
                .into_any()
            } else {
                view! { <a class="button" href=at("/")>"Begin a new one"</a> }.into_any()
            }}
        </div>
    }
}

/// Calls `grew` whenever the column changes its height, whatever made it.
fn follow_growth(column: NodeRef<html::Div>, grew: impl Fn() + Copy + 'static) {
    use wasm_bindgen::{JsCast, closure::Closure};
    let watched = StoredValue::new_local(None::<(web_sys::ResizeObserver, Closure<dyn Fn()>)>);
    effect(move |_: Option<()>| {
        let Some(column) = column.get() else { return };
        let callback = Closure::<dyn Fn()>::new(grew);
        if let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(&column);
            watched.set_value(Some((observer, callback)));
        }
    });
    on_cleanup(move || {
        watched.update_value(|watched| {
            if let Some((observer, _)) = watched.take() {
                observer.disconnect();
            }
        });
    });
}

/// Older messages go in above what is read, and must not push it away. Browsers see to that
/// themselves, except at the very top.
fn keep_place(log: NodeRef<html::Section>, portal: Portal) {
    effect(move |before: Option<First>| {
        let getting = portal.getting_older.get();
        let log = log.try_get_untracked().flatten()?;
        if getting {
            return log.query_selector("article").ok().flatten().map(|first| {
                let at = place_in(&log, &first);
                (first, at)
            });
        }
        // Where it is now is asked in the next frame, which has to know it anyway.
        let (first, at) = before.flatten()?;
        request_animation_frame(move || {
            let pushed = place_in(&log, &first) - at;
            if log.scroll_top() < 8 && pushed > 0 {
                log.set_scroll_top(log.scroll_top() + pushed);
            }
        });
        None
    });
}

/// The first message and where it stands.
type First = Option<(Element, i32)>;

/// Pixels from the beginning of the log to the element, wherever the log is scrolled to.
fn place_in(log: &Element, element: &Element) -> i32 {
    element.get_bounding_client_rect().top() as i32 + log.scroll_top()
}
