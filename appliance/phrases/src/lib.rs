//! The phrases: what English wording tells about a text, by light rules that every part shares.
//!
//! [`utterance`] says whether a text asks, states, denies, wishes or corrects; [`words`] which words
//! two texts share; [`form`] in which form two texts are the same one. Knows no domain type, no
//! memory and no model, and understands nothing: a text it misjudges is ranked a little worse.
//!
//! Invariant: what is stored rests on [`form`] alone, and a form never changes; a new one is a new
//! version beside it.

pub mod form;
mod leads;
pub mod utterance;
pub mod words;
