//! The executable half of the storage ports: named rules that every implementation must pass.
//!
//! One file a port, one function a rule, and a macro that makes a named test of each, so that a
//! report reads `records::a_repeated_key_returns_the_first_result`. Knows no implementation and
//! moves time only through the fixture.
//!
//! To check an implementation: implement [`StoreFixture`] (and [`LiveFixture`]) in its
//! `tests/contract.rs` and write one line a port, such as `records_contract!(Fixture::start());`.
//! To add a rule: a function in the port's file and its name in the macro below it.

pub mod api_tokens;
pub mod conversations;
pub mod deeds;
pub mod fixture;
pub mod given;
pub mod hot;
pub mod live;
pub mod memories;
pub mod memory_actions;
pub mod memory_repeats;
pub mod memory_signals;
pub mod once;
pub mod purge;
pub mod records;
pub mod streams;
pub mod task_ends;
pub mod tasks;
pub mod tiers;
pub mod trail;
pub mod users;
pub mod vectors;

pub use fixture::{LiveFixture, StoreFixture};

/// What a rule gives back: the port's error where none was expected, or success.
pub type Checked = Result<(), appliance_core::StoreError>;

/// Expands to one named test a rule, in a module named after the suite.
#[macro_export]
macro_rules! contract_tests {
    ($suite:ident, $fixture:expr, $($rule:ident),+ $(,)?) => {
        mod $suite {
            #[allow(unused_imports, reason = "the fixture's expression may need them")]
            use super::*;

            $(
                #[tokio::test]
                async fn $rule() -> Result<(), Box<dyn std::error::Error>> {
                    let mut it = $fixture;
                    Ok($crate::$suite::$rule(&mut it).await?)
                }
            )+
        }
    };
}
