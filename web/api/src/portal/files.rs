//! The files of the portal, as `build.rs` has embedded them. Sends none.

/// One embedded file.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) bytes: &'static [u8],
    pub(super) brotli: Option<&'static [u8]>,
    pub(super) etag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/portal.rs"));

/// The page that every address of the portal shows.
pub(super) const INDEX: &str = "/index.html";

/// Returns what is embedded: `full`, or `placeholder` when the portal had not been built.
#[must_use]
pub const fn kind() -> &'static str {
    KIND
}

/// Finds a file by its path.
pub(super) fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}
