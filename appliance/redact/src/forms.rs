//! The spellings of a secret that are looked for as they are. Escapes of single characters are not
//! here: the [`search`](super::search) reads those as it goes.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Returns the secret, its hex, and its base64 in both alphabets behind 0, 1 or 2 other bytes.
pub(super) fn of(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), hex(secret), hex(secret).to_ascii_uppercase()];
    for before in 0..3 {
        forms.push(base64(&STANDARD_NO_PAD, secret, before));
        forms.push(base64(&URL_SAFE_NO_PAD, secret, before));
    }
    forms.sort();
    forms.dedup();
    forms
}

fn hex(secret: &[u8]) -> Vec<u8> {
    secret.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// The letters that depend on the secret alone, whatever `before` bytes stand before it and whatever
/// follows it.
fn base64(alphabet: &impl base64::Engine, secret: &[u8], before: usize) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret);
    let letters = alphabet.encode(&bytes).into_bytes();
    let from = [0, 2, 3][before];
    let whole = bytes.len() * 8 / 6;
    letters[from..whole].to_vec()
}
