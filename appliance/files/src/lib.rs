//! The one door to the file system for what the appliance makes: everything is its owner's alone,
//! whatever the process's umask says, what replaces a file is there whole or not at all, what is no
//! plain file is opened as none, and nothing is made where a claimed directory was taken away.
//!
//! Blocks, as all files do: async code comes here by `appliance-tasks`. Knows no file by name.

mod aside;
mod claimed;
mod modes;
mod read;
mod replace;

pub use aside::{make_way, own_folder, set_aside};
pub use claimed::Claimed;
pub use modes::{appended, close, file, folder, kept_file, new_file};
pub use read::{is_odd, kind_at, opened, read, read_text};
pub use replace::{replace, swap_in};
