//! Where the person is: the address bar, Back and Forward, and links inside the portal.
//!
//! A link with a path of ours changes the page without a load; with a modifier key, another button
//! or a target it is the browser's. Which address is which page is [`Page`]'s business.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, MouseEvent};

use crate::{
    base::{self, at},
    model::Page,
};

/// The place, shared by all pages.
#[derive(Clone, Copy)]
pub struct Place {
    page: RwSignal<Page>,
}

impl Place {
    /// Reads the address and begins to follow it.
    pub fn follow() -> Self {
        let place = Self { page: RwSignal::new(read()) };
        // An address in an older form is shown in today's.
        if let Page::Chat(Some(_)) = place.now() {
            place.replace(place.now());
        }
        let back = window_event_listener(ev::popstate, move |_| place.page.set(read()));
        let click = window_event_listener(ev::click, move |event| place.clicked(&event));
        on_cleanup(move || {
            back.remove();
            click.remove();
        });
        place
    }

    /// Returns the page, and follows changes.
    pub fn page(self) -> Page {
        self.page.get()
    }

    /// Returns the page as it is now.
    pub fn now(self) -> Page {
        self.page.get_untracked()
    }

    /// Goes to a page; Back comes back.
    pub fn go(self, page: Page) {
        if self.now() == page {
            return;
        }
        if let Ok(history) = window().history() {
            _ = history.push_state_with_url(&JsValue::NULL, "", Some(&at(&page.path())));
        }
        self.page.set(page);
    }

    /// Goes to a page in place of this one.
    pub fn replace(self, page: Page) {
        let address = at(&page.path());
        self.restore(page, &address);
    }

    /// The whole address, with what a page keeps in its query.
    pub fn address() -> String {
        let location = window().location();
        location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
    }

    /// Goes back to a page whose whole address was noted.
    pub fn restore(self, page: Page, address: &str) {
        if let Ok(history) = window().history() {
            _ = history.replace_state_with_url(&JsValue::NULL, "", Some(address));
        }
        self.page.set(page);
    }

    fn clicked(self, event: &MouseEvent) {
        let plain = event.button() == 0
            && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if event.default_prevented() || !plain {
            return;
        }
        let Some(path) = own_path(event) else { return };
        let page = Page::at(&path, "");
        if page != Page::Unknown {
            event.prevent_default();
            self.go(page);
        }
    }
}

/// The path of the link that was clicked, if it leads to one of our pages in this window.
fn own_path(event: &MouseEvent) -> Option<String> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest("a[href^='/']").ok()??;
    if link.has_attribute("target") {
        return None;
    }
    base::of(&link.get_attribute("href")?)
}

fn read() -> Page {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    // Whoever has come past the proxy has no path before it.
    let path = base::of(&path).unwrap_or(path);
    Page::at(&path, &location.search().unwrap_or_default())
}
