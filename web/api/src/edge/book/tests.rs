//! The book's rules: shares, the reserve, and who comes back. Opens no connection.

use super::*;

const FLOOD: Crowd = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
const HOME: Crowd = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

fn book(max_connections: usize, per_address: usize) -> Book {
    Book::new(&Limits { max_connections, per_address, ..Limits::default() })
}

fn taken(book: &mut Book, crowd: Crowd) -> (Id, Option<Id>) {
    book.take(crowd, false).expect("full")
}

fn serve(book: &mut Book, id: Id) {
    book.serve(id).expect("full");
}

#[test]
fn an_address_over_its_share_loses_its_longest_silent_connection() {
    let mut book = book(100, 3);
    let ids: Vec<Id> = (0..3).map(|_| taken(&mut book, FLOOD).0).collect();
    serve(&mut book, ids[0]);
    let (_, gone) = taken(&mut book, FLOOD);
    assert_eq!(gone, Some(ids[1]), "the one that is being answered stays");
    assert_eq!(taken(&mut book, HOME).1, None, "another address has its own share");
    assert!(book.is_leaving(ids[1]) && book.leaving() == 1);
    book.leave(ids[1]);
    assert_eq!(book.leaving(), 0);
}

#[test]
fn when_all_is_full_the_address_with_most_silent_connections_loses_one() {
    let mut book = book(8, 100);
    let quiet = taken(&mut book, HOME).0;
    let flood: Vec<Id> = (0..5).map(|_| taken(&mut book, FLOOD).0).collect();
    let (_, gone) = taken(&mut book, Some(IpAddr::from([192, 0, 2, 3])));
    assert_eq!(gone, Some(flood[0]));
    assert!(!book.is_leaving(quiet));
}

#[test]
fn the_reserve_is_for_those_who_have_proven_a_login() {
    let mut book = book(8, 100);
    let known = taken(&mut book, HOME).0;
    serve(&mut book, known);
    book.prove(known);
    for _ in 0..6 {
        let id = taken(&mut book, FLOOD).0;
        serve(&mut book, id);
    }
    assert_eq!(book.take(FLOOD, false), Err(Full), "busy strangers fill their part");
    let (second, gone) = taken(&mut book, HOME);
    assert_eq!(gone, None, "the owner's address has the reserve");
    serve(&mut book, second);
    assert_eq!(book.take(HOME, false), Err(Full), "and nobody is cut in mid-answer");
    book.answered(known);
    assert!(book.take(HOME, false).is_ok());
}

#[test]
fn whoever_asks_just_as_it_loses_its_place_takes_that_of_one_who_waits() {
    let mut book = book(4, 1);
    let first = taken(&mut book, FLOOD).0;
    let (second, gone) = taken(&mut book, FLOOD);
    assert_eq!(gone, Some(first));
    assert_eq!(book.serve(first), Ok(Some(second)), "the share holds");
    assert!(!book.is_leaving(first) && book.is_leaving(second));
    assert_eq!(book.serve(second), Err(Full), "and the one in it is being answered");
    book.answered(first);
    assert_eq!(book.serve(second), Ok(Some(first)));
    assert!(book.bar(first) && !book.bar(second));
    book.answered(second);
    assert_eq!(book.serve(first), Err(Full), "too late");
    book.leave(first);
    assert_eq!(book.leaving(), 0);
}

#[test]
fn an_address_that_asks_on_all_it_was_to_lose_never_has_more_than_its_share() {
    let mut book = book(100, 3);
    let ids: Vec<Id> = (0..20).map(|_| taken(&mut book, FLOOD).0).collect();
    for id in ids {
        if book.serve(id).is_ok() {
            book.answered(id); // its body is awaited
        }
        assert_eq!((book.entries.len(), book.strangers_in_all), (3, 3));
    }
}

#[test]
fn a_body_that_nobody_waits_for_any_more_gives_no_place_back() {
    let mut book = book(4, 1);
    let first = taken(&mut book, FLOOD).0;
    serve(&mut book, first);
    book.answered(first);
    let (second, gone) = taken(&mut book, FLOOD);
    assert_eq!(gone, Some(first), "its body was awaited");
    book.resume(first);
    assert!(book.is_leaving(first) && !book.is_leaving(second));
    book.answered(first);
    book.leave(first);
    book.leave(second);
    assert!(book.entries.is_empty() && book.leaving.is_empty() && book.waiting.is_empty());
}

#[test]
fn whoever_comes_back_is_what_it_was() {
    let mut book = book(4, 1);
    let own = taken(&mut book, HOME).0;
    book.prove(own);
    let others: Vec<Id> = (3..6).map(|n| taken(&mut book, Some([192, 0, 2, n].into())).0).collect();
    others.iter().for_each(|id| serve(&mut book, *id));
    let (second, gone) = taken(&mut book, HOME);
    assert_eq!(gone, Some(own), "the proven make room for each other");
    assert_eq!(book.serve(own), Ok(Some(second)));
    assert_eq!(book.strangers_in_all, 3, "it is proven still");
}

#[test]
fn a_freed_place_is_free_and_nothing_is_kept_of_it() {
    let mut book = book(4, 4);
    for _ in 0..100 {
        let id = taken(&mut book, FLOOD).0;
        serve(&mut book, id);
        book.prove(id);
        book.answered(id);
        book.leave(id);
    }
    assert!(book.entries.is_empty() && book.strangers.is_empty() && book.waiting.is_empty());
    assert!(book.ranks.is_empty() && book.idle.is_empty() && book.strangers_in_all == 0);
}
