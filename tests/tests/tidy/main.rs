//! Tidy: what must hold for the tree as a whole, checked in a few seconds with no build.
//!
//! [`graph`] holds the crates to their levels, [`circles`] files to one direction, [`packages`] what may be linked in, [`sources`] how
//! files look, [`documents`] that what they say exists. Judges nothing that clippy or rustfmt can.

#![expect(clippy::expect_used, reason = "a test: a tree that cannot be read is a failure")]

mod circles;
mod documents;
mod graph;
mod licence;
mod packages;
mod sources;
mod tree;

/// Fails with every complaint at once, one a line.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}
