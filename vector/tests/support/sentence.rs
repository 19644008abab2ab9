//! Sentences by number, alike in form and different in content: what people tell an assistant.
//!
//! The tests embed a few thousand, the bench (which includes this file) as many as it is asked for.

/// A sentence unlike the others: what somebody might tell an assistant.
pub fn nth(n: u32) -> String {
    // splitmix64: each part of the sentence takes other bits.
    let mut bits = u64::from(n).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let mut draw = |from: &[&'static str]| {
        let word = from[(bits % from.len() as u64) as usize];
        bits /= from.len() as u64;
        word
    };
    let (who, does, what) = (draw(&WHO), draw(&DOES), draw(&WHAT));
    let (how, place, when) = (draw(&HOW), draw(&PLACE), draw(&WHEN));
    format!("{who} {does} {how} {what} {place} {when}")
}

const WHO: [&str; 16] = [
    "Alice",
    "the night shift",
    "our landlord",
    "my sister",
    "the backup job",
    "Bob",
    "the client",
    "a contractor",
    "the staging server",
    "the dentist",
    "grandmother",
    "the mail gateway",
    "Priya",
    "the auditor",
    "the band",
    "everyone at school",
];
const DOES: [&str; 16] = [
    "prefers",
    "broke",
    "sold",
    "is painting",
    "restarts",
    "complained about",
    "paid for",
    "lost",
    "measured",
    "forgot",
    "wants to rent",
    "documents",
    "cooked",
    "deleted",
    "encrypts",
    "photographed",
];
const WHAT: [&str; 24] = [
    "bicycle",
    "tea",
    "database",
    "invoice",
    "piano",
    "certificate",
    "kitchen",
    "tomato soup",
    "firewall rule",
    "passport",
    "heron",
    "queue",
    "garden fence",
    "tax return",
    "log file",
    "guitar",
    "vaccine",
    "keyboard",
    "train ticket",
    "dashboard",
    "mortgage",
    "violin lesson",
    "router",
    "birthday cake",
];
const HOW: [&str; 12] = [
    "the old",
    "a green",
    "every second",
    "the most expensive",
    "a broken",
    "their favourite",
    "no",
    "the shared",
    "an encrypted",
    "a tiny",
    "the monthly",
    "somebody's",
];
const PLACE: [&str; 16] = [
    "in Lisbon",
    "on the third rack",
    "at the office",
    "behind the shed",
    "in production",
    "near the river",
    "at her wedding",
    "in the attic",
    "on port 8080",
    "at the airport",
    "in Oslo",
    "under the stairs",
    "in the spreadsheet",
    "at the clinic",
    "on the ferry",
    "in the cloud",
];
const WHEN: [&str; 12] = [
    "since Monday",
    "before breakfast",
    "twice a year",
    "in winter",
    "at 2 am",
    "last spring",
    "until the audit",
    "for ten years",
    "during the storm",
    "on Fridays",
    "after the release",
    "tomorrow",
];
