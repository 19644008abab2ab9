//! The HTTP face: REST, live feed, gateway, metrics and the portal's bytes, behind one router.
//!
//! Steps 1 and 7 of the walkthrough. Checks who asks, what and how much, turns wire types into the
//! domain's and back, and leaves every decision about work to the ports in [`Parts`]. Stores
//! nothing of its own and starts no agent. TCP and `api.sock` share the people's router, `agent.sock`
//! has the agents' own; who comes is what the accept loop in [`edge`] vouches for.
//!
//! To add an endpoint: one file under `routes/<area>/<verb>.rs`, one line in `router.rs`, its
//! bodies in `web-dto`, its errors in `web_dto::Code`, and a row in `tests/isolation.rs`.

mod audit;
mod auth;
pub mod edge;
mod error;
mod extract;
mod gate;
mod intake;
mod logs;
pub mod metrics;
mod parts;
pub mod portal;
mod prefix;
mod purged;
mod readiness;
mod router;
mod routes;
pub mod setup;
mod socket;
mod view;

pub use edge::{Peer, Proxies};
pub use logs::{LineWriter, LogTail};
pub use metrics::{MemoryCounts, MemoryFigures, Metrics};
pub use parts::{Parts, Settings};
pub use router::{Faces, faces};
