//! No circles: of two files, at most one needs the other. Reads imports as text; builds nothing.
//!
//! An arrow goes from a file to the file that defines a name it takes, re-exports followed. A file
//! may know the room it stands in (its own `mod.rs`, and those around it) and a room its files.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    none,
    tree::{self, File},
};

/// A path of names: `crate`, `super` or `self` first, or a name of the file's own room.
type Names = Vec<String>;

/// How often a re-export is followed.
const MOST_HOPS: usize = 8;

#[test]
fn no_file_needs_itself_by_way_of_others() {
    let arrows = arrows();
    let mut complaints = Vec::new();
    for file in arrows.keys() {
        let needed = reach(&arrows, file);
        let around: Vec<&str> = needed.iter().map(String::as_str).collect();
        let around = around.into_iter().filter(|other| reach(&arrows, other).contains(file));
        let circle: Vec<&str> = around.collect();
        // Each circle is told once, by its first file.
        if circle.first() == Some(&file.as_str()) && circle.len() > 1 {
            complaints.push(format!("a circle of {}: {}", circle.len(), circle.join(", ")));
        }
    }
    none(&complaints);
}

/// Every file that `from` needs, in any number of steps.
fn reach(arrows: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![from];
    while let Some(file) = left.pop() {
        for next in arrows.get(file).into_iter().flatten() {
            if found.insert(next.clone()) {
                left.push(next);
            }
        }
    }
    found
}

fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let house = House::read();
    let to = |room: &Room| {
        let found = room.names.iter().filter_map(|names| house.defining(room, names, 0));
        found.filter(|other| !room.is_in(other)).map(|other| other.path.clone()).collect()
    };
    house.rooms.values().map(|room| (room.path.clone(), to(room))).collect()
}

/// One file: its place in its crate and the names it takes.
struct Room {
    path: String,
    source: String,
    place: Names,
    names: Vec<Names>,
}

impl Room {
    fn of(file: &File) -> Self {
        let (source, place) = placed(&file.path);
        let names = taken(&file.text);
        Self { path: file.path.clone(), source, place, names }
    }

    /// Whether this file is `other`, or stands in its room.
    fn is_in(&self, other: &Self) -> bool {
        self.place.starts_with(&other.place)
    }

    /// The names from the crate's root on.
    fn absolute(&self, names: &Names) -> Names {
        let mut from = self.place.clone();
        let mut rest = names.as_slice();
        match rest.first().map(String::as_str) {
            Some("crate") => (from, rest) = (Vec::new(), &rest[1..]),
            Some("self") => rest = &rest[1..],
            _ => {}
        }
        while rest.first().is_some_and(|name| name == "super") {
            from.pop();
            rest = &rest[1..];
        }
        from.extend_from_slice(rest);
        from
    }
}

struct House {
    rooms: BTreeMap<(String, Names), Room>,
}

impl House {
    fn read() -> Self {
        let ours = |file: &File| {
            file.is(".rs")
                && file.path.contains("/src/")
                && !file.is("/tests.rs")
                && !file.path.contains("/tests/")
        };
        let files = tree::files().into_iter().filter(ours);
        let rooms = files.map(|file| Room::of(&file));
        let house = Self {
            rooms: rooms.map(|room| ((room.source.clone(), room.place.clone()), room)).collect(),
        };
        assert!(house.rooms.len() > 300, "the walk found only {} files", house.rooms.len());
        house
    }

    /// The file that defines what `names` end in, as `room` sees it.
    fn defining(&self, room: &Room, names: &Names, hops: usize) -> Option<&Room> {
        let path = room.absolute(names);
        let known = |length: &usize| {
            self.rooms.contains_key(&(room.source.clone(), path[..*length].to_vec()))
        };
        let length = (0..=path.len()).rev().find(known)?;
        let found = self.rooms.get(&(room.source.clone(), path[..length].to_vec()))?;
        let Some(name) = path.get(length).filter(|_| hops < MOST_HOPS) else { return Some(found) };
        let passed_on = found.names.iter().find(|it| it.len() > 1 && it.last() == Some(name));
        let further = passed_on.filter(|it| found.absolute(it) != path);
        let further = further.and_then(|it| self.defining(found, it, hops + 1));
        further.or(Some(found))
    }
}

/// The crate's source folder and the file's place below it.
fn placed(path: &str) -> (String, Names) {
    let (head, rest) = path.split_once("/src/").expect("a path with src");
    let rest = rest.trim_end_matches(".rs");
    let mut place: Names = rest.split('/').map(str::to_owned).collect();
    if matches!(place.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        place.pop();
    }
    (head.to_owned(), place)
}

/// The names that a file takes by `use`, and those it writes out from `crate`, `super` or `self`.
fn taken(text: &str) -> Vec<Names> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = Vec::new();
    for statement in code.split(';') {
        if let Some((_, used)) =
            statement.rsplit_once("use ").filter(|(before, _)| is_start(before))
        {
            unfold(&Vec::new(), used, &mut found);
        }
    }
    for word in code.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))) {
        let names: Names = word.trim_end_matches(':').split("::").map(str::to_owned).collect();
        let is_path = names.len() > 1 && matches!(names[0].as_str(), "crate" | "super" | "self");
        if is_path && !found.contains(&names) {
            found.push(names);
        }
    }
    found
}

/// Whether `use` can stand after this: at a line's start, or behind `pub` and its brackets.
fn is_start(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim();
    line.is_empty() || line.starts_with("pub")
}

/// Takes the braces of a `use` apart.
fn unfold(before: &Names, text: &str, found: &mut Vec<Names>) {
    let text = text.trim();
    let Some((head, rest)) = text.split_once('{') else {
        let path = text.split(" as ").next().unwrap_or_default();
        let names =
            path.split("::").map(str::trim).filter(|name| !name.is_empty() && *name != "self");
        let mut whole = before.clone();
        // `self` leads nowhere further in braces; in front it names the file's own room.
        whole.extend(path.trim().starts_with("self::").then(|| "self".to_owned()));
        whole.extend(names.map(str::to_owned));
        found.extend((!whole.is_empty()).then_some(whole));
        return;
    };
    let mut whole = before.clone();
    whole
        .extend(head.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    for part in parts(inner) {
        unfold(&whole, part, found);
    }
}

/// Splits at the commas that stand in no further braces.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[from..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

#[test]
fn braces_are_taken_apart() {
    let text =
        "use crate::{a, b::{self, C as D}};\npub(crate) use super::e::F;\nlet x = crate::g::h();";
    let names: Vec<String> = taken(text).iter().map(|names| names.join("::")).collect();
    assert_eq!(names, ["crate::a", "crate::b", "crate::b::C", "super::e::F", "crate::g::h"]);
}
