//! Fifty pairs of near neighbours that are different facts: all are stored, all are found, and
//! neither ever hides the other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use appliance_core::{MemoryHit, MemoryKind};
use support::{Desk, texts};

/// Two facts, and a question that concerns both.
const PAIRS: [(&str, &str, &str); 50] = [
    (
        "Alice prefers tea over coffee",
        "Alice prefers coffee over tea",
        "what does Alice prefer, tea or coffee?",
    ),
    (
        "Bob likes cats more than dogs",
        "Bob likes dogs more than cats",
        "does Bob like cats or dogs more?",
    ),
    ("Carol reports to Dave", "Dave reports to Carol", "who reports to whom, Carol or Dave?"),
    (
        "copy the files from ada to heron",
        "copy the files from heron to ada",
        "where are the files copied, ada or heron?",
    ),
    (
        "the proxy stands before the firewall",
        "the firewall stands before the proxy",
        "does the proxy stand before the firewall?",
    ),
    (
        "Erin lent Frank her bicycle",
        "Frank lent Erin her bicycle",
        "who lent the bicycle, Erin or Frank?",
    ),
    (
        "Python calls the Rust library",
        "Rust calls the Python library",
        "does Python call the Rust library?",
    ),
    (
        "the blue team beat the red team",
        "the red team beat the blue team",
        "which team won, the blue team or the red team?",
    ),
    ("restart nginx at night", "do not restart nginx at night", "may I restart nginx at night?"),
    ("Grace eats meat", "Grace does not eat meat", "does Grace eat meat?"),
    ("deploy on Fridays", "never deploy on Fridays", "do we deploy on Fridays?"),
    (
        "the invoice from Lyon is paid",
        "the invoice from Lyon is not paid",
        "is the invoice from Lyon paid?",
    ),
    ("Heidi can read Dutch", "Heidi can't read Dutch", "can Heidi read Dutch?"),
    (
        "the cache survives a restart",
        "the cache doesn't survive a restart",
        "does the cache survive a restart?",
    ),
    ("guests may use the printer", "guests may not use the printer", "may guests use the printer?"),
    ("the tests need a network", "the tests need no network", "do the tests need a network?"),
    (
        "Ivan was at the meeting about rents",
        "Ivan wasn't at the meeting about rents",
        "was Ivan at the meeting about rents?",
    ),
    ("the lift works", "the lift no longer works", "does the lift work?"),
    ("we ship with tests", "we ship without tests", "do we ship with tests?"),
    ("passwords are ever logged", "passwords are never logged", "are passwords logged?"),
    ("the backup runs at 2am", "the backup runs at 3am", "when does the backup run?"),
    ("the budget is 5,000 euros", "the budget is 50,000 euros", "how many euros is the budget?"),
    ("port 8080 is for the portal", "port 8081 is for the portal", "which port is for the portal?"),
    (
        "release 1.2 broke the login",
        "release 1.3 broke the login",
        "which release broke the login?",
    ),
    ("Judy has two children", "Judy has three children", "how many children has Judy?"),
    ("the lease ends in 2027", "the lease ends in 2028", "when does the lease end?"),
    ("the meeting is in room 12", "the meeting is in room 21", "in which room is the meeting?"),
    ("ticket 4417 is closed", "ticket 4471 is closed", "is ticket 4417 closed, or 4471?"),
    ("keep logs for 7 days", "keep logs for 70 days", "for how many days do we keep logs?"),
    (
        "the flat is on the first floor",
        "the flat is on the second floor",
        "on which floor is the flat?",
    ),
    ("the train leaves at 7:45", "the train leaves at 7:54", "when does the train leave?"),
    ("call Mallory on 555-0142", "call Mallory on 555-0124", "on which number do I call Mallory?"),
    (
        "turn the heating on in winter",
        "turn the heating off in winter",
        "is the heating on or off in winter?",
    ),
    (
        "the flag is enabled in production",
        "the flag is disabled in production",
        "is the flag enabled in production?",
    ),
    ("Niaj moved to Porto", "Niaj moved to Lisbon", "where did Niaj move to?"),
    ("Olivia owns the search team", "Peggy owns the search team", "who owns the search team?"),
    (
        "the sensor is above the door",
        "the sensor is below the door",
        "where is the sensor, above or below the door?",
    ),
    ("prices went up in May", "prices went down in May", "did prices go up or down in May?"),
    (
        "check the oil before driving",
        "check the oil after driving",
        "is the oil checked before or after driving?",
    ),
    ("Rupert arrives on Monday", "Rupert arrives on Tuesday", "when does Rupert arrive?"),
    (
        "the staging database is heron",
        "the staging database is osprey",
        "what is the staging database?",
    ),
    ("Sybil is allergic to peanuts", "Sybil is allergic to walnuts", "what is Sybil allergic to?"),
    (
        "increase the timeout of the proxy",
        "decrease the timeout of the proxy",
        "what about the timeout of the proxy?",
    ),
    (
        "the door opens inwards",
        "the door opens outwards",
        "does the door open inwards or outwards?",
    ),
    ("Trent is older than Victor", "Victor is older than Trent", "who is older, Trent or Victor?"),
    ("all servers are patched", "almost all servers are patched", "are all servers patched?"),
    ("the key works", "the key works only on weekdays", "does the key work?"),
    (
        "Walter accepted the offer",
        "Walter rejected the offer",
        "did Walter accept or reject the offer?",
    ),
    (
        "the river is deep enough to dive",
        "the river isn't deep enough to dive",
        "is the river deep enough to dive?",
    ),
    (
        "rollbacks need an approval",
        "rollbacks need an approval unless it is night",
        "do rollbacks need an approval?",
    ),
];

fn holds(hits: &[MemoryHit], text: &str) -> bool {
    texts(hits).contains(&text)
}

#[tokio::test]
async fn fifty_opposite_pairs_are_all_found_and_stay_apart() {
    let desk = Desk::new();
    for (one, other, _) in PAIRS {
        desk.remember(MemoryKind::Said, one);
        desk.remember(MemoryKind::Said, other);
    }
    let (mut first_two, mut lost) = (0, Vec::new());
    for (one, other, asked) in PAIRS {
        let hits = desk.found(asked).await;
        for text in [one, other] {
            if !holds(&hits, text) {
                lost.push((asked, text));
            }
        }
        first_two += usize::from(holds(&hits[..2], one) && holds(&hits[..2], other));
        assert!(hits.iter().all(|hit| !hit.why.contains("times")), "{hits:#?}");
        assert!(hits.iter().all(|hit| !hit.why.contains("same words")), "{hits:#?}");
    }
    println!("{first_two} of 50 pairs are the first two hits");
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(first_two >= 45, "only {first_two} pairs come first");
}

#[tokio::test]
async fn the_statement_itself_finds_itself_first() {
    let desk = Desk::new();
    for (one, other, _) in PAIRS {
        desk.remember(MemoryKind::Said, one);
        desk.remember(MemoryKind::Said, other);
    }
    for text in PAIRS.iter().flat_map(|pair| [pair.0, pair.1]) {
        let hits = desk.found(text).await;
        assert!(holds(&hits[..2], text), "{text}: {:?}", texts(&hits));
    }
}

#[tokio::test]
async fn almost_the_same_words_are_one_hit_with_a_count() {
    let desk = Desk::new();
    let long =
        "the quarterly report of the northern branch must reach Martina in the accounting office";
    desk.remember(MemoryKind::Said, long);
    desk.remember(MemoryKind::Said, &long.replace("must", "always must"));
    desk.remember(MemoryKind::Said, &long.replace("must", "must not"));
    let hits = desk.found("when must the quarterly report reach Martina?").await;
    assert_eq!(hits.len(), 2, "{hits:#?}");
    let counted = hits.iter().filter(|hit| hit.why.contains("1 more in almost the same words"));
    assert_eq!(counted.count(), 1, "{hits:#?}");
    assert!(hits.iter().any(|hit| hit.memory.text.contains("must not")));
}

#[tokio::test]
async fn what_the_store_counted_as_repeats_is_counted() {
    let desk = Desk::new();
    let memory = desk.remember(MemoryKind::Said, "the spare key is under the pot");
    desk.memories.change(memory.id, |memory| memory.standing.repeats = 4);
    let hits = desk.found("where is the spare key?").await;
    assert!(hits[0].why.ends_with(", 5 times"), "{}", hits[0].why);
}
