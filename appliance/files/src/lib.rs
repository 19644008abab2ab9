//! The one door to the file system for what the appliance makes: everything is its owner's alone,
//! whatever the process's umask says, and what replaces a file is there whole or not at all.
//!
//! Blocks, as all files do: async code comes here by `appliance-tasks`. Reads nothing, and knows no
//! file by name.

mod modes;
mod replace;

pub use modes::{appended, close, close_files, file, folder, kept_file, new_file};
pub use replace::replace;
