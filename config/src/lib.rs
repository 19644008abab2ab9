//! Settings: every value the operator can choose, where it came from, and the files behind it.
//!
//! [`load`] lays the sources over each other, the strongest last: defaults, `config.yaml`,
//! `conf.d/*.yaml` in order of name, systemd credentials, the environment, the command line. The
//! caller hands the environment in ([`Sources::env`]): nothing in here reads it, starts anything
//! or writes outside the runtime directory.
//!
//! The layering is our own, on `serde-saphyr`'s spanned values: a value must keep the file and
//! line it came from, an unknown key must be named with its place and a suggestion, and *all* that
//! is wrong must be told at once. The `config` crate merges before it checks, and by then the
//! places are gone.
//!
//! To add a setting: one field in one file under `sections/` with its doc comment, which is the
//! reference. To add a section: one more file there, one more line in [`Settings`] and in
//! `reference.rs`.

mod credentials;
mod environment;
mod error;
mod files;
mod key;
mod layers;
mod load;
mod origin;
pub mod paths;
mod public_url;
mod read;
mod reference;
mod roles;
mod section;
mod sections;
mod settings;
mod sources;
mod suggest;
mod tmux;
mod value;
mod yaml;

pub use error::{ConfigError, Problem};
pub use key::Key;
pub use load::load;
pub use origin::{Entry, Origin};
pub use public_url::TAKEN;
pub use reference::{example, keys};
pub use roles::Role;
pub use sections::{
    AgentRun, Agents, Clock, Data, JwtAlgorithm, LogFormat, Logging, Memory, MemoryEmbedder,
    MemoryOpenAi, MemoryQdrant, MemoryRanking, MemoryVectors, Mode, Model, Provider, Server, Top,
};
pub use settings::Settings;
pub use sources::{Override, Sources};
pub use tmux::{Session, Window};
pub use value::BaseUrl;
