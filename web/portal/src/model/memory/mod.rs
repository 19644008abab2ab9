//! The memory page as plain data: what is asked, which rows of a long list are drawn, and words.

mod asked;
mod figures;
mod hit;
mod window;
pub mod words;

pub use asked::Asked;
pub use figures::{Figures, read_deed};
pub use hit::{Found, Hit, Why};
pub use window::rows;
