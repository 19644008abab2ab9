//! The search field and the filters below it; each stands in the address.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event};

use crate::{
    components::{Made, deed_of},
    focus::focus,
    state::Recall,
};

/// A filter with its values: what is sent, and what it is called.
type Choice = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CHOICES: [Choice; 5] = [
    (
        "collection",
        "Collection",
        &[
            ("", "All"),
            ("memories", "Memories"),
            ("conversations", "Conversations"),
            ("learnings", "Learnings"),
            ("knowledge", "Knowledge"),
        ],
    ),
    ("tier", "Tier", &[("", "All"), ("hot", "Hot"), ("warm", "Warm"), ("cold", "Cold")]),
    (
        "agent",
        "Agent",
        &[
            ("", "All"),
            ("supervisor", "Supervisor"),
            ("code", "Code"),
            ("data", "Data"),
            ("infra", "Infra"),
            ("research", "Research"),
            ("qa", "QA"),
        ],
    ),
    (
        "min_utility",
        "Useful",
        &[("", "Any"), ("0.25", "A little"), ("0.5", "Fairly"), ("0.75", "Very")],
    ),
    ("pinned", "Pinned", &[("", "All"), ("1", "Pinned only")]),
];

const DAYS: [(&str, &str); 3] = [("from", "From"), ("until", "Before"), ("as_of", "As it was on")];

/// Draws the form once, and keeps what stands in it in step with what is asked.
pub fn draw(recall: Recall, node: NodeRef<html::Form>) {
    Effect::new(move |drawn: Option<bool>| {
        let Some(form) = node.get() else { return false };
        if drawn != Some(true) {
            fill(recall, &form);
        }
        let asked = recall.asked.read();
        for field in ["q"].into_iter().chain(CHOICES.map(|c| c.0)).chain(DAYS.map(|d| d.0)) {
            if let Ok(Some(field_there)) = form.query_selector(&format!("[name='{field}']")) {
                keep_in_step(&field_there, asked.get(field));
            }
        }
        if let Ok(Some(summary)) = form.query_selector("summary") {
            let set = asked.filters_set();
            let words = if set == 0 { "Filters".to_owned() } else { format!("Filters ({set})") };
            summary.set_text_content(Some(&words));
        }
        true
    });
}

/// Takes what was typed or chosen.
pub fn changed(recall: Recall, event: &Event) {
    let Some(field) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
    let value = js_sys::Reflect::get(&field, &"value".into()).ok().and_then(|v| v.as_string());
    let (Some(name), Some(value)) = (field.get_attribute("name"), value) else { return };
    recall.ask(|asked| asked.set(&name, &value));
}

/// Takes the button.
pub fn pressed(recall: Recall, event: &Event) {
    if deed_of(event).is_some() {
        recall.ask(|asked| *asked = asked.without_filters());
        focus("memory-query");
    }
}

/// Written only where it differs: the place of the cursor is the person's.
fn keep_in_step(field: &Element, value: &str) {
    let (name, value) = (JsValue::from_str("value"), JsValue::from_str(value));
    if js_sys::Reflect::get(field, &name).is_ok_and(|now| now != value) {
        _ = js_sys::Reflect::set(field, &name, &value);
    }
}

fn fill(recall: Recall, form: &Element) {
    let label = "What are you looking for?";
    Made::words("label", "", label).set("for", "memory-query").put(form, None);
    let field = Made::new("input", "search").set("id", "memory-query").set("name", "q");
    field.set("type", "search").set("autocomplete", "off").put(form, None);

    let mut filters = Made::new("div", "filters");
    for (name, label, values) in CHOICES {
        let mut select = Made::new("select", "").set("name", name);
        for (value, words) in values {
            select = select.add(Made::words("option", "", words).set("value", value));
        }
        filters = filters.add(Made::words("label", "", label).add(select));
    }
    for (name, label) in DAYS {
        let day = Made::new("input", "").set("type", "date").set("name", name);
        filters = filters.add(Made::words("label", "", label).add(day));
    }
    filters = filters.add(Made::button("Clear filters", "clear"));
    let mut details = Made::new("details", "");
    if recall.asked.with_untracked(|asked| asked.filters_set() > 0) {
        details = details.set("open", "");
    }
    details.add(Made::new("summary", "quiet small")).add(filters).put(form, None);
}
