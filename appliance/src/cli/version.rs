//! `version`: what this binary is and what was built into it.

use std::process::ExitCode;

use serde::Serialize;

use super::{Context, print};

/// What the binary knows about its own making.
#[derive(Debug, Serialize)]
pub struct Build {
    /// Always `ai-infra`.
    pub name: &'static str,
    /// The version, such as `0.1.0`.
    pub version: &'static str,
    /// `git describe` of the sources, where they were in a repository.
    pub git: Option<&'static str>,
    /// Architecture and system, such as `x86_64-linux-gnu`.
    pub target: String,
    /// `full` or `placeholder`: what the portal's pages are.
    pub portal: &'static str,
    /// Whether the C library is inside.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// `debug` or `release`.
    pub profile: &'static str,
}

impl Build {
    /// Returns what this binary is.
    pub fn this() -> Self {
        Self {
            name: "ai-infra",
            version: env!("CARGO_PKG_VERSION"),
            git: option_env!("AI_INFRA_GIT_DESCRIBE"),
            target: target(),
            portal: web_api::portal::kind(),
            is_static: cfg!(target_feature = "crt-static"),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

fn target() -> String {
    let system = if cfg!(target_env = "gnu") { "linux-gnu" } else { std::env::consts::OS };
    format!("{}-{system}", std::env::consts::ARCH)
}

/// Prints the version.
///
/// # Errors
/// When nobody reads it.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let build = Build::this();
    if context.json() {
        print::json(&build)?;
        return Ok(ExitCode::SUCCESS);
    }
    let linked = if build.is_static { "static" } else { "dynamic" };
    let git = build.git.map_or_else(String::new, |git| format!(" ({git})"));
    let Build { name, version, target, portal, profile, .. } = build;
    print::out(&format!("{name} {version}{git} {target} {linked} {profile}, portal: {portal}\n"))?;
    Ok(ExitCode::SUCCESS)
}
