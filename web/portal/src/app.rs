//! The portal's frame: which page stands, for whom, and where the focus goes. Pages are in `pages`.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    base::at,
    focus::focus,
    model::Page,
    pages::{Away, LogIn, NotFound, SetUp, Shell},
    place::Place,
    session::{Session, Who},
    state::Portal,
};

/// Puts the portal into the page, in place of the words that stand there until it has loaded.
pub fn start() {
    if let Some(words) = document().get_element_by_id("loading") {
        words.remove();
    }
    std::panic::set_hook(Box::new(stopped));
    // The token must be out of the address bar before anything else looks at it.
    let token = crate::pages::take_token();
    mount_to_body(move || view! { <App token/> });
    if let Some(root) = document().document_element() {
        _ = root.set_attribute("data-ready", "true");
    }
}

/// Says that the portal itself has failed: nothing on the page would react any more.
fn stopped(info: &std::panic::PanicHookInfo<'_>) {
    leptos::logging::error!("the portal has stopped: {info}");
    let Ok(words) = document().create_element("p") else { return };
    words.set_class_name("stopped");
    _ = words.set_attribute("role", "alert");
    words.set_text_content(Some(
        "The portal has stopped. Reload the page; nothing you sent is lost.",
    ));
    if let Some(body) = document().body() {
        _ = body.append_child(&words);
    }
}

/// What stands on the screen as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    Loading,
    Away,
    LogIn,
    SetUp,
    NotFound,
    Inside,
}

/// All pages.
#[component]
fn App(
    /// The token of a set-up link, if the portal was opened by one.
    token: Option<String>,
) -> impl IntoView {
    let session = Session::provide();
    let portal = Portal::provide(session);
    let place = portal.place;
    spawn_local(async move { _ = session.refresh().await });
    keep_in_step(portal);
    move_focus(place);

    let scene = Memo::new(move |_| scene(&place.page(), &session.who()));
    move || match scene.get() {
        Scene::Loading => view! { <p class="loading" role="status">"Loading"</p> }.into_any(),
        Scene::Away => view! { <Away/> }.into_any(),
        Scene::LogIn => view! { <LogIn/> }.into_any(),
        Scene::SetUp => view! { <SetUp token=token.clone()/> }.into_any(),
        Scene::NotFound => view! { <NotFound/> }.into_any(),
        Scene::Inside => view! { <Shell/> }.into_any(),
    }
}

fn scene(page: &Page, who: &Who) -> Scene {
    match (page, who) {
        (Page::SetUp, _) => Scene::SetUp,
        (Page::Unknown, _) => Scene::NotFound,
        (Page::LogIn, Who::Nobody) => Scene::LogIn,
        (_, Who::Unknown) => Scene::Loading,
        (_, Who::Away(_)) => Scene::Away,
        (_, Who::Nobody) => Scene::Loading,
        (_, Who::Somebody(_)) => Scene::Inside,
    }
}

/// Sends people to the log-in page and back, and opens the conversation of the address.
fn keep_in_step(portal: Portal) {
    let (place, session) = (portal.place, portal.session);
    let wanted = StoredValue::new((Page::Chat(None), at("/")));
    let inside = StoredValue::new(None::<String>);
    Effect::new(move |_| match (place.page(), session.who()) {
        (page, Who::Nobody) => {
            if inside.try_update_value(Option::take).flatten().is_some() {
                portal.depart();
            }
            if page.needs_login() {
                wanted.set_value((page, Place::address()));
                place.replace(Page::LogIn);
            }
        }
        (page, Who::Somebody(me)) => {
            if inside.with_value(|id| id.as_ref() != Some(&me.id)) {
                if inside.try_update_value(|id| id.replace(me.id.clone())).flatten().is_some() {
                    portal.depart();
                }
                portal.arrive(&me);
            }
            match page {
                Page::LogIn => {
                    let (page, address) = wanted.get_value();
                    place.restore(page, &address);
                }
                Page::Chat(id) => portal.open(id),
                _ => {}
            }
        }
        _ => {}
    });
}

/// After a change of page the focus stands where the page begins: on its heading, or in the message
/// field where a keyboard is at hand.
fn move_focus(place: Place) {
    Effect::new(move |before: Option<Page>| {
        let page = place.page();
        if before.as_ref().is_some_and(|before| *before != page) {
            let chat = page.is_chat();
            request_animation_frame(move || {
                let touch = window()
                    .match_media("(pointer: coarse)")
                    .ok()
                    .flatten()
                    .is_some_and(|m| m.matches());
                focus(if chat && !touch { "composer" } else { "title" });
            });
        }
        page
    });
}
