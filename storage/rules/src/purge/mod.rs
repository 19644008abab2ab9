//! Purging: takes what a person wants gone out of every row, at once and for good.
//!
//! A memory goes with every message that says it word for word, the answers to those, every answer that
//! cites it or says its words without citing it, the command that was answered so, people's words about
//! these, and what was remembered or learned of them, and so on from there. What it was corrected to stays.
//! A conversation goes whole, and elsewhere what leans on a memory of it. What is being answered meanwhile
//! is begun anew, because whoever writes it may have read what is purged. What is left is an empty message
//! where one stood, a place in the change log, and ids. Frees no page and writes no file: the archive's
//! segments are noted as due, and the adapter makes its own file anew.
//!
//! What cannot be read of what is named goes unread; what else cannot be may hold words of it, and is named
//! as damaged, so that whoever purges can say so.
//!
//! Invariant: after the commit no row that can be read holds the text; a repeat finds nothing and changes nothing.

mod conversation;
mod copies;
mod memories;
mod quotes;
mod reach;
mod said;
mod traces;
mod unread;

pub use conversation::conversation;
pub use memories::{Gone, memories};
