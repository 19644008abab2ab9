//! What a vector is filed under: everything that decides it, hashed. Keeps nothing of the text.

use ring::digest::{Context, SHA256};

/// SHA-256, whole: a text that shares a shorter name with another would have its meaning.
pub(super) type Key = [u8; 32];

/// Part of every key; another way of making vectors from the same text gets another number.
const VERSION: u8 = 1;

/// Returns the key of a text's vector by this model in this dimension.
pub(super) fn of(model: &str, dim: usize, text: &str) -> Key {
    let mut hash = Context::new(&SHA256);
    hash.update(&[VERSION]);
    // The lengths keep `ab` + `c` and `a` + `bc` apart.
    hash.update(&(model.len() as u64).to_le_bytes());
    hash.update(model.as_bytes());
    hash.update(&(dim as u64).to_le_bytes());
    hash.update(text.as_bytes());
    let mut key = [0; 32];
    key.copy_from_slice(hash.finish().as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn everything_that_decides_a_vector_is_in_its_key() {
        let key = of("m", 3, "tea");
        assert_eq!(key, of("m", 3, "tea"));
        assert_ne!(key, of("n", 3, "tea"));
        assert_ne!(key, of("m", 4, "tea"));
        assert_ne!(key, of("m", 3, "Tea"));
        assert_ne!(of("ab", 3, "c"), of("a", 3, "bc"));
    }
}
