//! What the bench is told: which binary, how many rounds, whether to keep the result.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// How to call it.
pub const USAGE: &str = "\
cargo bench -p benches -- [--binary PATH] [--rounds N] [--minutes N] [--write-baseline]

  --binary PATH      the ai-infra to measure [default: the release build in target/]
  --rounds N         starts to time, and tens of messages to send [default: 10]
  --minutes N        how much of the day to live through, of 20 [default: 20]
  --write-baseline   keep the result in benches/baselines";

/// Where cargo puts a release build: with an explicit target and without.
const PLACES: [&str; 2] =
    ["../target/x86_64-unknown-linux-gnu/release/ai-infra", "../target/release/ai-infra"];

/// What the bench is told.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// The binary to measure.
    pub binary: PathBuf,
    /// How often to start it; ten messages are sent for each.
    pub rounds: usize,
    /// How long the day takes, in minutes.
    pub minutes: u64,
    /// Whether to keep the result.
    pub write_baseline: bool,
}

impl Arguments {
    /// Reads the arguments; `None` when only the usage is wanted.
    ///
    /// # Errors
    /// Names the argument that is wrong, or says how to build the binary that is missing.
    pub fn parse(mut words: impl Iterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let (mut binary, mut rounds, mut minutes, mut write_baseline) = (None, 10, 20, false);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--binary" => {
                    binary = Some(from_root(&words.next().context("--binary needs a path")?));
                }
                "--rounds" => rounds = number(words.next())?,
                "--minutes" => minutes = number(words.next())? as u64,
                "--write-baseline" => write_baseline = true,
                // Cargo adds it to every bench.
                "--bench" => {}
                "--help" | "-h" => return Ok(None),
                _ => bail!("there is no argument `{word}`\n{USAGE}"),
            }
        }
        let binary = binary.or_else(built).context(
            "there is no release build; run `cargo build --release -p appliance` or name --binary",
        )?;
        ensure!(binary.is_file(), "{} is not there", binary.display());
        Ok(Some(Self { binary, rounds, minutes, write_baseline }))
    }
}

/// Cargo runs a bench in its crate's directory; the caller means the workspace's.
fn from_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn number(word: Option<String>) -> anyhow::Result<usize> {
    let rounds =
        word.and_then(|word| word.parse().ok()).filter(|rounds| (1..=1_000).contains(rounds));
    rounds.context("--rounds and --minutes need a number from 1 to 1,000")
}

fn built() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    PLACES.iter().map(|place| here.join(place)).find(|path| path.is_file())
}
