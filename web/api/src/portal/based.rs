//! The portal's page for a server below a path: the path is an attribute that the portal reads, and
//! stands before every address of the page. Written once, at the start; the policy stays as it is.

use std::hash::{DefaultHasher, Hasher as _};

use bytes::Bytes;
use http::HeaderValue;

use super::files::{INDEX, find};

/// The page, where it is not the embedded one.
#[derive(Debug)]
pub(crate) struct Based {
    index: Option<(Bytes, HeaderValue)>,
}

impl Based {
    /// Writes `base`, such as `/ai`, into the page; mostly there is none.
    pub(crate) fn on(base: &str) -> Self {
        let index = find(INDEX).filter(|_| !base.is_empty());
        Self { index: index.and_then(|file| page(file.bytes, base)) }
    }

    /// Returns the page and its tag.
    pub(super) const fn index(&self) -> Option<&(Bytes, HeaderValue)> {
        self.index.as_ref()
    }
}

/// Returns the page with `base` in it, and its tag; `base` has no character that HTML would read.
fn page(html: &[u8], base: &str) -> Option<(Bytes, HeaderValue)> {
    let html = str::from_utf8(html).ok()?;
    let text = html
        .replace("href=\"/", &format!("href=\"{base}/"))
        .replace("src=\"/", &format!("src=\"{base}/"))
        .replacen("<html ", &format!("<html data-base=\"{base}\" "), 1);
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    let etag = format!("\"{:016x}{:x}\"", hasher.finish(), text.len());
    Some((Bytes::from(text), HeaderValue::from_str(&etag).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_page_is_below_the_path() {
        let html = "<html lang=\"en\"><link href=\"/a.css\"><script src=\"/boot.js\"></script>";
        let (text, etag) = page(html.as_bytes(), "/ai").unwrap();
        let wanted = "<html data-base=\"/ai\" lang=\"en\"><link href=\"/ai/a.css\">\
                      <script src=\"/ai/boot.js\"></script>";
        assert_eq!(text, wanted);
        assert_ne!(etag, page(html.as_bytes(), "/ki").unwrap().1);
    }
}
