//! Which bit: a file by its kind, a byte that is not zero, a bit. Every choice follows from a seed.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// Numbers from a seed (splitmix64: Steele, Lea and Flood, OOPSLA 2014).
pub(crate) struct Random(u64);

impl Random {
    /// Begins the numbers of one flip.
    pub(crate) fn of(seed: u64, number: usize) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number as u64) << 32)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or_default()
    }
}

/// The files of each kind, relative to the data directory.
pub(crate) type Kinds = BTreeMap<String, Vec<PathBuf>>;

/// Sorts the files of a data directory by kind; empty ones, locks and spare room are none.
pub(crate) fn kinds(data: &Path) -> anyhow::Result<Kinds> {
    let mut kinds = Kinds::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let place = path.strip_prefix(data)?.to_owned();
            let is_none = path.metadata()?.len() == 0 || place.ends_with("serve.lock");
            if !is_none && !place.ends_with("reserve") {
                kinds.entry(kind_of(&place)).or_default().push(place);
            }
        }
    }
    kinds.values_mut().for_each(|files| files.sort());
    Ok(kinds)
}

/// The folder and the ending; the whole path for what stands alone.
fn kind_of(place: &Path) -> String {
    let shown = place.display().to_string();
    let (Some(folder), Some(end)) = (place.parent(), place.extension()) else { return shown };
    let top: Vec<String> =
        folder.iter().take(3).map(|part| part.to_string_lossy().into_owned()).collect();
    if top.is_empty() || shown.ends_with("meta.json") || shown.ends_with(".managed.json") {
        return shown;
    }
    format!("{}/*.{}", top.join("/"), end.to_string_lossy())
}

/// One bit that is turned over.
pub(crate) struct Flip {
    /// The file, relative to the data directory.
    pub(crate) place: PathBuf,
    chosen: u64,
    bit: u8,
    /// The byte, once applied.
    at: std::cell::Cell<usize>,
}

impl Flip {
    /// Chooses one: every third is of `state.redb`, the others go through the kinds in turn.
    pub(crate) fn choose(
        kinds: &Kinds,
        random: &mut Random,
        number: usize,
    ) -> anyhow::Result<Self> {
        let is_state = number % 3 == 2;
        let turn = (number - number / 3) % kinds.len().max(1);
        let state = kinds.get("state.redb").filter(|_| is_state);
        let files = state.or_else(|| kinds.values().nth(turn)).context("there is no file")?;
        let place = files[random.below(files.len())].clone();
        let bit = u8::try_from(random.below(8))?;
        Ok(Self { place, chosen: random.next(), bit, at: Default::default() })
    }

    /// Turns it over.
    pub(crate) fn apply(&self, data: &Path) -> anyhow::Result<()> {
        let path = data.join(&self.place);
        let mut bytes = fs::read(&path)?;
        let full: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let at = full[usize::try_from(self.chosen % full.len() as u64)?];
        self.at.set(at);
        bytes[at] ^= 1 << self.bit;
        Ok(fs::write(&path, bytes)?)
    }
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte {} bit {}", self.place.display(), self.at.get(), self.bit)
    }
}
