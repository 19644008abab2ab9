//! What the tests of this crate share: sources made from text, in a directory of their own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it goes wrong")]

use std::{fs, path::Path};

use appliance_config::{Override, Settings, Sources};
use tempfile::TempDir;

/// A configuration directory and an environment.
pub struct Given {
    pub dir: TempDir,
    pub sources: Sources,
}

/// Starts with an empty configuration directory and a home.
pub fn given() -> Given {
    let dir = TempDir::new().unwrap();
    let env = vec![("HOME".to_owned(), "/home/ada".to_owned())];
    let sources = Sources { config_dir: Some(dir.path().to_owned()), env, cli: Vec::new() };
    Given { dir, sources }
}

#[allow(dead_code, reason = "each test file uses its own part")]
impl Given {
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cli(mut self, key: &'static str, flag: &'static str, value: &str) -> Self {
        self.sources.cli.push(Override { key, value: value.to_owned(), flag });
        self
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn load(&self) -> Settings {
        appliance_config::load(&self.sources).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns what is wrong, a line each, without the directory's name.
    pub fn wrong(&self) -> Vec<String> {
        let Err(error) = appliance_config::load(&self.sources) else { panic!("nothing is wrong") };
        let dir = format!("{}/", self.dir.path().display());
        error.problems.iter().map(|problem| problem.to_string().replace(&dir, "")).collect()
    }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub fn origin(settings: &Settings, key: &str) -> String {
    settings.entries().iter().find(|entry| entry.key == key).unwrap().origin.to_string()
}
