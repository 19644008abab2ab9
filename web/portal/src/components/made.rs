//! Elements made by hand, for parts of many small pieces that change only as a whole: they take a
//! fraction of the program's size that views take. Clicks inside are told by `data-do`.
//!
//! Invariant: words become text nodes, and are made visible on their way; only what is edited stays
//! byte for byte.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, Node};

use crate::{
    effect::effect,
    model::{Face, visible},
};

/// An element in the making; nothing when the browser refuses to make one.
pub struct Made(Option<Element>);

impl Made {
    /// Makes an element with a class.
    pub fn new(tag: &str, class: &str) -> Self {
        let made = Self(document().create_element(tag).ok());
        if class.is_empty() { made } else { made.set("class", class) }
    }

    /// Makes an element with words in it.
    pub fn words(tag: &str, class: &str, words: &str) -> Self {
        Self::raw(tag, class, &visible(words))
    }

    /// Makes an element with a text in it, byte for byte.
    pub fn raw(tag: &str, class: &str, text: &str) -> Self {
        let made = Self::new(tag, class);
        if let Some(element) = &made.0 {
            element.set_text_content(Some(text));
        }
        made
    }

    /// Makes a button that does `deed`.
    pub fn button(words: &str, deed: &str) -> Self {
        Self::words("button", "button small", words).set("type", "button").set("data-do", deed)
    }

    /// Makes an agent's badge; the letter is decoration, the name stands beside it.
    pub fn badge(face: Face) -> Self {
        let badge = Self::words("span", "badge", face.letter).set("data-agent", face.hue);
        badge.set("aria-hidden", "true")
    }

    /// Makes a name and its value, for a list of facts.
    pub fn fact(name: &str, value: &str) -> Self {
        let line = Self::new("div", "").add(Self::words("dt", "", name));
        line.add(Self::words("dd", "", value))
    }

    /// Makes a bar that is full by `share`.
    pub fn meter(share: f64, label: &str) -> Self {
        let share = (share.clamp(0.0, 1.0) * 1_000.0) as u32;
        let value = format!("{}.{:03}", share / 1_000, share % 1_000);
        Self::new("meter", "").set("max", "1").set("value", &value).set("aria-label", label)
    }

    /// Sets an attribute.
    pub fn set(self, name: &str, value: &str) -> Self {
        if let Some(element) = &self.0 {
            _ = element.set_attribute(name, value);
        }
        self
    }

    /// Puts another one in at the end.
    #[expect(clippy::needless_pass_by_value, reason = "a chain of made nodes reads best by value")]
    pub fn add(self, child: Self) -> Self {
        if let (Some(element), Some(child)) = (&self.0, &child.0) {
            _ = element.append_child(child);
        }
        self
    }

    /// Puts it into `parent` before `next`; at the end without one.
    pub fn put(self, parent: &Node, next: Option<&Node>) {
        if let Some(element) = &self.0 {
            _ = parent.insert_before(element, next);
        }
    }
}

/// Puts `parts` in the place of everything in `parent`; a focus that was in it goes to what does the
/// same, or else to where it begins.
pub fn refill(parent: &Element, parts: Vec<Made>) {
    let active = document().active_element().filter(|active| parent.contains(Some(active)));
    parent.set_text_content(None);
    for part in parts {
        part.put(parent, None);
    }
    let Some(active) = active else { return };
    let deed = active.get_attribute("data-do").unwrap_or_default();
    let same = format!("[data-do='{deed}']");
    for place in [same.as_str(), "h2[tabindex]", "section [data-do]"] {
        let place = parent.query_selector(place).ok().flatten();
        if let Some(place) = place.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            _ = place.focus();
        }
        // What is not shown here takes no focus.
        if document().active_element().is_some_and(|now| parent.contains(Some(&now))) {
            return;
        }
    }
}

/// A place in a view that is filled by hand, anew whenever what `parts` reads has changed.
#[component]
pub fn Filled(
    /// Its class.
    #[prop(default = "")]
    class: &'static str,
    /// What stands in it.
    #[prop(into)]
    parts: Callback<(), Vec<Made>>,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    effect(move |_: Option<()>| {
        if let Some(node) = node.get() {
            refill(&node, parts.run(()));
        }
    });
    view! { <div class=class node_ref=node></div> }
}

/// What the thing that was pressed does, if it does something.
pub fn deed_of(event: &Event) -> Option<String> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("[data-do]").ok()??.get_attribute("data-do")
}
