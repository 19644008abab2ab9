//! One memory with all that is known about it, and what can be done to it.

use web_dto::MemoryView;

use crate::{
    base::at,
    clock,
    components::Made,
    model::{
        Page,
        memory::{Hit, Why, words},
    },
};

/// The memory that is open; its text in a field while it is corrected, a question under it before
/// it is deleted for good.
pub fn one(hit: &Hit, correcting: bool, purging: bool) -> Vec<Made> {
    let memory = &hit.memory;
    let mut parts = vec![head("Memory")];
    if let Some(source) = &memory.untrusted {
        let words = format!("Untrusted: this was read at {source}. It is nobody's word.");
        parts.push(Made::words("p", "note small", &words));
    }
    if correcting {
        parts.extend(writing("What is so", "save", &memory.text));
    } else {
        parts.push(Made::words("p", "whole", &memory.text).set("dir", "auto"));
        parts.extend(if purging { question() } else { vec![buttons(memory.pinned)] });
    }
    parts.extend(hit.why.as_ref().map(reason));
    parts.push(facts(memory));
    if let Some(id) = &memory.conversation_id {
        let path = at(&Page::Chat(Some(id.clone())).path());
        parts.push(Made::words("a", "link", "Open its conversation").set("href", &path));
    }
    if let Some(id) = &memory.superseded_by {
        let look = Made::button("What took its place", &format!("look:{id}"));
        parts.push(Made::new("div", "").add(look));
    }
    parts
}

fn buttons(pinned: bool) -> Made {
    let pin = if pinned { "Unpin" } else { "Pin" };
    let row = Made::new("div", "row start").add(Made::button(pin, "pin"));
    let row = row.add(Made::button("Correct", "correct")).add(Made::button("Forget", "forget"));
    row.add(Made::button("Delete for good", "ask-purge").set("class", "button small danger"))
}

fn question() -> Vec<Made> {
    let words = "This takes out the memory and its copies, the message it was said in with its answer, answers that quote it, and what was learned of those. It cannot be undone; Forget can.";
    let yes = Made::button("Delete it for good", "purge").set("class", "button small danger");
    let row = Made::new("div", "row start").add(Made::button("Cancel", "cancel")).add(yes);
    vec![Made::words("p", "note small", words).set("role", "alert"), row]
}

/// A heading that can have the focus, and the way out.
pub fn head(words: &str) -> Made {
    let heading = Made::words("h2", "", words).set("id", "memory-open").set("tabindex", "-1");
    Made::new("header", "inspector-head").add(heading).add(Made::button("Close", "close"))
}

/// A field with words in it, Save and Cancel.
pub fn writing(label: &str, deed: &str, text: &str) -> [Made; 2] {
    // A text area's words are its child: not made visible, because they are edited byte for byte.
    let area = Made::raw("textarea", "search", text).set("id", "writing").set("rows", "6");
    let label = Made::words("label", "", label).set("for", "writing");
    let field = Made::new("div", "field").add(label).add(area.set("dir", "auto"));
    let save = Made::button("Save", deed).set("class", "button small main");
    [field, Made::new("div", "row start").add(save).add(Made::button("Cancel", "cancel"))]
}

/// How near it is, and why it was found.
pub fn reason(why: &Why) -> Made {
    let score = f64::from(why.score);
    let row = Made::new("p", "hit-score").add(Made::meter(score, "Nearness"));
    let row = row.add(Made::words("b", "", &words::hundredths(score)));
    row.add(Made::words("span", "", &why.why))
}

/// Provenance and standing, a line each.
fn facts(memory: &MemoryView) -> Made {
    let labels = &memory.labels;
    let whole = |time: &str| Some(clock::whole(time));
    let used = (memory.accesses > 0).then(|| {
        let last = memory.last_access.as_deref().map(clock::ago).unwrap_or_default();
        format!("{}, {last}", words::times(memory.accesses))
    });
    let usefulness = (memory.utility.clamp(0.0, 1.0) * 100.0) as u32;
    let all = [
        ("From", Some(words::origin(memory))),
        ("Said", whole(&memory.created_at)),
        ("Kept in", Some(format!("{}, {}", memory.collection, memory.tier))),
        ("Phase", labels.phase.clone()),
        ("Outcome", labels.outcome.clone()),
        ("Source", labels.source.clone()),
        ("About", labels.domain.clone()),
        ("Usefulness", Some(format!("{usefulness}%"))),
        ("Used", used),
        ("Said again", (memory.repeats > 0).then(|| words::times(memory.repeats))),
        ("Pinned", memory.pinned.then(|| "yes, never archived".to_owned())),
        ("Holds since", whole(&memory.valid_from)),
        ("Held until", memory.valid_until.as_deref().and_then(whole)),
    ];
    let mut list = Made::new("dl", "facts");
    for (name, value) in all {
        if let Some(value) = value {
            list = list.add(Made::fact(name, &value));
        }
    }
    list
}
