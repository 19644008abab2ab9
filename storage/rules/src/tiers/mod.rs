//! What the tiers are kept by: which files of the archive count. Moves nothing by itself.

pub mod manifest;
