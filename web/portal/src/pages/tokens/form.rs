//! The form that makes a token: its name, what it opens, until when. Sends nothing.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_dto::{NewToken, TOKEN_SCOPES};
use web_sys::{Element, HtmlInputElement};

use crate::components::Made;

/// How long a token may work: days, and words; no days are for good. The first is what is chosen.
const SPANS: [(&str, &str); 4] =
    [("90", "90 days"), ("30", "30 days"), ("365", "a year"), ("", "for good")];

/// Name, scopes, expiry, Make and Cancel.
pub fn parts() -> Vec<Made> {
    let name = Made::new("input", "").set("id", "token-name").set("autocomplete", "off");
    let name = name.set("required", "").set("aria-describedby", "token-name-about");
    let about =
        Made::words("p", "hint", "The program it is for, say.").set("id", "token-name-about");
    let mut span = Made::new("select", "").set("id", "token-span");
    for (days, words) in SPANS {
        span = span.add(Made::words("option", "", words).set("value", days));
    }
    let make = Made::words("button", "button main", "Make token").set("type", "submit");
    let cancel = Made::words("button", "button", "Cancel").set("type", "button");
    let buttons = Made::new("div", "row end").add(cancel.set("data-do", "cancel")).add(make);
    let form = Made::new("form", "form").set("id", "new-token");
    let form = form.add(field("token-name", "Name").add(name).add(about)).add(scopes());
    vec![form.add(field("token-span", "Works for").add(span)).add(buttons)]
}

/// A labelled place for an input with the id `of`.
pub fn field(of: &str, label: &str) -> Made {
    Made::new("div", "field").add(Made::words("label", "", label).set("for", of))
}

fn scopes() -> Made {
    let presets = Made::new("div", "row start").add(Made::button("MCP client", "preset:memory"));
    let presets = presets.add(Made::button("Read-only", "preset:read-only"));
    let all = Made::new("fieldset", "scopes").add(Made::words("legend", "", "What it opens"));
    let mut all = all.add(presets);
    for (scope, words) in TOKEN_SCOPES {
        let tick = Made::new("input", "").set("type", "checkbox").set("name", "scope");
        let tick = tick.set("value", scope);
        let tick = if scope == "memory" { tick.set("checked", "") } else { tick };
        let text = Made::new("span", "").add(Made::words("b", "", &format!("{scope} ")));
        let text = text.add(Made::words("small", "quiet", words));
        all = all.add(Made::new("label", "check").add(tick).add(text));
    }
    all
}

/// Returns what stands in the form.
pub fn typed() -> NewToken {
    let value = |id: &str| document().get_element_by_id(id).map(value_of).unwrap_or_default();
    let ticked = boxes().into_iter().filter(HtmlInputElement::checked);
    NewToken {
        name: value("token-name"),
        scopes: ticked.map(|one| one.value()).collect(),
        expires_in_days: value("token-span").parse().ok(),
    }
}

/// Returns what stands in an input or a list of choices.
fn value_of(element: Element) -> String {
    let value = js_sys::Reflect::get(&element, &"value".into()).ok();
    value.and_then(|value| value.as_string()).unwrap_or_default()
}

/// Ticks one scope alone.
pub fn preset(scope: &str) {
    for one in boxes() {
        one.set_checked(one.value() == scope);
    }
}

fn boxes() -> Vec<HtmlInputElement> {
    let find = |(scope, _)| {
        let place = format!("#new-token [value={scope}]");
        document().query_selector(&place).ok()??.dyn_into().ok()
    };
    TOKEN_SCOPES.into_iter().filter_map(find).collect()
}
