//! Where everything is kept.

use std::path::PathBuf;

use crate::{
    section::section,
    value::{directory, needed},
};

section! {
    /// Where everything is kept.
    Data("data.") {
        /// The directory of all that is remembered: messages, memories, tasks, the bus, the audit
        /// trail. Left out: /var/lib/ai-infrastructure for root, else $XDG_DATA_HOME/ai-infra.
        dir: PathBuf => needed(directory);
    }
}
