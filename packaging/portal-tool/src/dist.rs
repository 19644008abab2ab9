//! The output folder: hashed names, brotli siblings, and a summary of their sizes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use xxhash_rust::xxh3::xxh3_64;

/// Brotli's best, with its largest ordinary window: the files are small and built once.
const QUALITY: i32 = 11;
const WINDOW_BITS: i32 = 22;

/// A folder being filled.
pub struct Dist {
    folder: PathBuf,
    /// Name, bytes as they are, bytes as brotli.
    files: Vec<(String, usize, usize)>,
}

impl Dist {
    /// Empties and opens `folder`.
    ///
    /// # Errors
    /// Whatever the file system says, with the path.
    pub fn new(folder: &Path) -> anyhow::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("while emptying {}", folder.display()))?;
        }
        fs::create_dir_all(folder)
            .with_context(|| format!("while creating {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), files: Vec::new() })
    }

    /// Writes `bytes` under `stem-<16 hex of their hash>.ext` and returns that name.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_hashed(&mut self, stem: &str, ext: &str, bytes: &[u8]) -> anyhow::Result<String> {
        let name = format!("{stem}-{:016x}.{ext}", xxh3_64(bytes));
        self.put(&name, bytes)?;
        Ok(name)
    }

    /// Writes `bytes` under `name`, and `name.br` beside it when that is smaller.
    ///
    /// # Errors
    /// Whatever the file system says, with the path.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let small = brotli(bytes)?;
        self.write(name, bytes)?;
        if small.len() < bytes.len() {
            self.write(&format!("{name}.br"), &small)?;
        }
        self.files.push((name.to_owned(), bytes.len(), small.len().min(bytes.len())));
        Ok(())
    }

    /// Says each file's size, raw and as sent.
    pub fn summary(&self) -> String {
        let lines = self.files.iter().map(|(name, raw, sent)| {
            format!("    {name}: {:.1} KB, {:.1} KB brotli", kb(*raw), kb(*sent))
        });
        let sent: usize = self.files.iter().map(|(_, _, sent)| sent).sum();
        let total = format!("    portal: {:.1} KB over the wire", kb(sent));
        lines.chain([total]).collect::<Vec<_>>().join("\n")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("while writing {}", path.display()))
    }
}

fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

fn brotli(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params).context("while compressing")?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gets_its_hash_and_a_smaller_sibling() -> anyhow::Result<()> {
        let folder = std::env::temp_dir().join(format!("portal-tool-{}", std::process::id()));
        let mut dist = Dist::new(&folder)?;
        let text = "body { color: red }\n".repeat(50);
        let name = dist.put_hashed("portal", "css", text.as_bytes())?;

        let hash = name.strip_prefix("portal-").and_then(|n| n.strip_suffix(".css"));
        assert!(hash.is_some_and(|h| h.len() == 16 && h.bytes().all(|b| b.is_ascii_hexdigit())));
        let small = fs::read(folder.join(format!("{name}.br")))?;
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &small[..], &mut back)?;
        assert_eq!(back, text.as_bytes(), "the sibling is the same text");
        assert!(small.len() < text.len() / 5);
        fs::remove_dir_all(&folder)?;
        Ok(())
    }
}
