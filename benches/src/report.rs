//! What was measured, beside what was aimed at: a table for people, a file for later.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// One measured number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// In which unit, such as `ms`.
    pub unit: String,
    /// The aim: at most this much for times and memory; none where there is none.
    pub at_most: Option<f64>,
    /// The aim where more is better: at least this much.
    #[serde(default)]
    pub at_least: Option<f64>,
}

/// All figures of one run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    figures: Vec<Figure>,
}

/// A run as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Baseline {
    machine: Machine,
    /// The directory the binary was in, which cargo names after the profile.
    build: String,
    figures: Vec<Figure>,
}

impl Report {
    /// Adds a figure without an aim.
    pub fn push(&mut self, name: &str, value: f64, unit: &str) {
        self.add(name, value, unit, (None, None));
    }

    /// Adds a figure that should be at most `aim`.
    pub fn push_with_aim(&mut self, name: &str, value: f64, unit: &str, aim: f64) {
        self.add(name, value, unit, (Some(aim), None));
    }

    /// Adds a figure that should be at least `aim`.
    pub fn push_with_least(&mut self, name: &str, value: f64, unit: &str, aim: f64) {
        self.add(name, value, unit, (None, Some(aim)));
    }

    /// Returns the table.
    #[must_use]
    pub fn table(&self, machine: &Machine) -> String {
        let Machine { cpu, cores, memory_gib, kernel } = machine;
        let mut table = format!("{cpu}, {cores} cores, {memory_gib} GiB, Linux {kernel}\n\n");
        for figure in &self.figures {
            let Figure { name, value, unit, .. } = figure;
            let digits = digits(unit);
            let aim = figure.aim().map_or_else(String::new, |(aim, is_met)| {
                let verdict = if is_met { "met" } else { "MISSED" };
                format!("aim {aim:>6.digits$} {verdict}")
            });
            // Writing into a String cannot fail.
            let _ok = writeln!(table, "{name:<44} {value:>12.digits$} {unit:<6} {aim}");
        }
        table
    }

    /// Writes the figures and the machine into `benches/baselines`, under `name`, and returns the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_baseline(
        &self,
        name: &str,
        machine: &Machine,
        binary: &Path,
    ) -> anyhow::Result<PathBuf> {
        let build = binary.parent().and_then(Path::file_name).unwrap_or_default();
        let baseline = Baseline {
            machine: machine.clone(),
            build: build.to_string_lossy().into_owned(),
            figures: self.figures.clone(),
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("baselines");
        let path = folder.join(format!("{name}.json"));
        fs::create_dir_all(&folder)
            .with_context(|| format!("while making {}", folder.display()))?;
        let text = serde_json::to_string_pretty(&baseline)? + "\n";
        fs::write(&path, text).with_context(|| format!("while writing {}", path.display()))?;
        Ok(path)
    }

    fn add(&mut self, name: &str, value: f64, unit: &str, aim: (Option<f64>, Option<f64>)) {
        let (at_most, at_least) = aim;
        let part = if digits(unit) == 2 { 100.0 } else { 10.0 };
        let value = (value * part).round() / part;
        let (name, unit) = (name.to_owned(), unit.to_owned());
        self.figures.push(Figure { name, value, unit, at_most, at_least });
    }
}

impl Figure {
    /// Returns the aim, and whether it is met.
    fn aim(&self) -> Option<(f64, bool)> {
        let most = self.at_most.map(|aim| (aim, self.value <= aim));
        most.or_else(|| self.at_least.map(|aim| (aim, self.value >= aim)))
    }
}

/// Digits behind the point: ratios need two.
fn digits(unit: &str) -> usize {
    if unit == "x" { 2 } else { 1 }
}
