//! Large and small letters, by the browser's own tables: Rust's would make the page 8 KB heavier.
//! Where there is no browser, by Rust's. Knows no language's own rules.

/// Returns the text in small letters.
#[cfg(target_arch = "wasm32")]
pub(super) fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// Returns the text in small letters.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// Returns the text in capital letters.
#[cfg(target_arch = "wasm32")]
pub(super) fn upper(text: &str) -> String {
    js_sys::JsString::from(text).to_upper_case().into()
}

/// Returns the text in capital letters.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn upper(text: &str) -> String {
    text.to_uppercase()
}
