//! How well a question finds the statement that answers it, among 200 memories of one person.
//!
//! Besides the statements there are the same questions asked before, unhelpful answers that repeat
//! the question's words, statements that differ in one detail, and everyday talk. Prints the figures
//! that `rank.rs` is calibrated by.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod corpus;
mod support;

use appliance_core::{
    MemoryKind, SearchFilter,
    ports::{Memories, MemorySearch},
};
use corpus::{PAIRS, TALK, UNRELATED};
use support::Desk;

fn furnished() -> Desk {
    let desk = Desk::new();
    for (n, pair) in PAIRS.iter().enumerate() {
        desk.remember(MemoryKind::Said, pair.asked);
        desk.remember(MemoryKind::Answer, &corpus::unhelpful(pair.asked));
        let kind = if n % 4 == 0 { MemoryKind::Note } else { MemoryKind::Said };
        desk.remember(kind, pair.stated);
        desk.remember(MemoryKind::Said, pair.distractor);
        desk.remember(MemoryKind::Said, pair.asked);
    }
    for talk in TALK {
        desk.remember(MemoryKind::Said, talk);
    }
    desk
}

#[tokio::test]
async fn the_statement_is_among_the_first_five_and_nearly_always_first() {
    let desk = furnished();
    let (mut first, mut ranks) = (0, Vec::new());
    for pair in PAIRS {
        let hits =
            desk.search.search(desk.owner, pair.asked, SearchFilter::default(), 10).await.unwrap();
        let rank = hits.iter().position(|hit| hit.memory.text == pair.stated);
        if rank != Some(0) {
            println!("{}: rank {rank:?}", pair.asked);
            for hit in hits.iter().take(5) {
                println!("    {} | {}", hit.why, hit.memory.text);
            }
        }
        first += usize::from(rank == Some(0));
        ranks.push(rank);
    }
    let in_five = ranks.iter().flatten().filter(|rank| **rank < 5).count();
    println!(
        "{} memories: first {first}, first five {in_five} of {}",
        desk.memories.latest(),
        PAIRS.len()
    );
    assert_eq!(in_five, PAIRS.len(), "a statement is missing from the first five");
    assert!(first * 10 >= PAIRS.len() * 9, "only {first} of {} come first", PAIRS.len());
}

#[tokio::test]
async fn a_question_about_nothing_that_was_said_finds_little() {
    let desk = furnished();
    let mut with_hits = 0;
    for asked in UNRELATED {
        let hits = desk.search.search(desk.owner, asked, SearchFilter::default(), 5).await.unwrap();
        if let Some(hit) = hits.first() {
            println!("{asked}: {} | {}", hit.why, hit.memory.text);
            with_hits += 1;
        }
    }
    println!("{with_hits} of {} unrelated questions found something", UNRELATED.len());
    assert!(with_hits <= 6, "the floor lets through {with_hits} of {}", UNRELATED.len());
}
