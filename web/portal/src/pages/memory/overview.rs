//! How full memory is, what runs, and what was done last: beside the list while no memory is open.

use web_dto::{ActionView, DamagedView, JobView, TierView};

use super::one::head;
use crate::{
    base::at,
    clock,
    components::Made,
    model::memory::{Figures, words},
};

/// Damaged places that are named; the rest are counted.
const MOST_DAMAGED: usize = 8;

/// The column; `asking` whether a rebuild waits for a yes.
pub fn overview(figures: &Figures, asking: bool) -> Vec<Made> {
    let mut tiers = Made::new("ul", "tiers");
    for of in &figures.tiers {
        tiers = tiers.add(tier(of));
    }
    let mut collections = Made::new("dl", "facts");
    for of in &figures.collections {
        let model = format!("{}, {}", of.model, of.dim);
        let line = Made::fact(&of.collection, &words::number(of.memories));
        collections = collections.add(line.add(Made::words("dd", "about", &model)));
    }
    let mut parts = vec![head("How full memory is").set("class", "inspector-head not-widest")];
    if !figures.damaged.is_empty() {
        parts.push(section("Cannot be read", damaged(&figures.damaged)));
    }
    parts.extend([
        section("Tiers", tiers),
        section("Collections", collections),
        section("Index", index(figures.job.as_ref(), asking)),
        section("Recent deeds", recent(&figures.deeds)),
    ]);
    parts
}

/// What is left out because it cannot be read, the first of them by place.
fn damaged(all: &[DamagedView]) -> Made {
    let mut list = Made::new("ul", "tree");
    for one in all.iter().take(MOST_DAMAGED) {
        let words = format!("{}: {}", one.place, one.what);
        list = list.add(Made::words("li", "small", &words));
    }
    let rest = all.len().saturating_sub(MOST_DAMAGED);
    if rest > 0 {
        list = list.add(Made::words("li", "small quiet", &format!("and {rest} more")));
    }
    let hint = "It is left out of every list, search and answer. A backup may have it whole; ai-infra doctor names each.";
    Made::new("div", "job").add(list).add(Made::words("p", "quiet small", hint))
}

fn section(caption: &str, inside: Made) -> Made {
    Made::new("section", "").add(Made::words("h2", "caption", caption)).add(inside)
}

fn tier(tier: &TierView) -> Made {
    let name = match tier.tier.as_str() {
        "hot" => "Hot",
        "warm" => "Warm",
        _ => "Cold",
    };
    let full = Made::words("span", "small", &words::fullness(tier));
    let row = Made::new("p", "row").add(Made::words("b", "", name)).add(full);
    let mine = format!("{} yours", words::number(tier.mine));
    let bar = Made::meter(tier.share(), &format!("{name} tier"));
    Made::new("li", "").add(row).add(bar).add(Made::words("p", "quiet small", &mine))
}

/// What runs, or ran last, and how far it is; the question before a rebuild; export.
fn index(job: Option<&JobView>, asking: bool) -> Made {
    let mut part = Made::new("div", "job");
    if let Some(job) = job {
        let mut said = format!("{}: {}", job.name, job.doing);
        if job.total > 0 {
            said += &format!(" ({} of {})", words::number(job.done), words::number(job.total));
        }
        part = part.add(Made::words("p", "small", &said));
        if !job.ended {
            let share = job.done as f64 / job.total.max(1) as f64;
            part = part.add(Made::meter(share, "Progress"));
        }
    }
    let row = Made::new("div", "row start");
    if asking {
        let question = "Every memory gets its vectors anew. Nothing is lost and search goes on, but it takes a while and works the machine.";
        let yes = Made::button("Reindex now", "rebuild").set("class", "button small main");
        let row = row.add(yes).add(Made::button("Cancel", "cancel"));
        return part.add(Made::words("p", "note small", question)).add(row);
    }
    let export = Made::words("a", "button small", "Export").set("href", &at("/api/memory/export"));
    let row = row.add(Made::button("Reindex", "ask-rebuild"));
    part.add(row.add(export.set("download", "memory.jsonl")))
}

/// The newest deeds, each with its way back.
fn recent(deeds: &[ActionView]) -> Made {
    if deeds.is_empty() {
        let words = "What you pin, correct or forget stands here and can be undone.";
        return Made::words("p", "quiet small", words);
    }
    let mut list = Made::new("ul", "tree");
    for deed in deeds {
        let said = words::deed(deed);
        let line = format!("{said}, {}", clock::ago(&deed.at));
        let back = if deed.undone_at.is_some() {
            Made::words("small", "", "undone")
        } else {
            let name = format!("Undo: {said}");
            Made::button("Undo", &format!("undo:{}", deed.id)).set("aria-label", &name)
        };
        let item = Made::new("li", "task").add(Made::words("span", "task-title", &line));
        list = list.add(item.add(Made::new("span", "space")).add(back));
    }
    list
}
