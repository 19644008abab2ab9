//! The environment: our own `AI_INFRA__SECTION__KEY`, the plan's names, and `_FILE` for both.
//!
//! Does not read the environment itself; it is handed in. The plan's names that belong to parts
//! which are not built yet are known, so that an operator's file with all of them is no surprise:
//! they are told in a note and have no effect.

use std::path::Path;

use crate::{
    Key, Origin, Problem, Sources, files,
    key::PREFIX,
    layers::Layers,
    reference::{key, keys},
    suggest,
    value::Raw,
};

/// The plan's names without an effect in this version, and what they are for.
const LATER: &[(&[&str], &str)] = &[
    (
        &["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SECRETS_PREFIX"],
        "AWS Secrets Manager",
    ),
    (
        &[
            "CLOUDFLARE_ACCOUNT_ID",
            "CLOUDFLARE_API_KEY",
            "CLOUDFLARE_API_TOKEN",
            "CLOUDFLARE_EMAIL",
            "CLOUDFLARE_ZONE_IDS",
        ],
        "the Cloudflare tools",
    ),
    (&["GITHUB_BRANCH", "GITHUB_OWNER", "GITHUB_PAT", "GITHUB_REPO"], "the GitHub backup"),
    (
        &[
            "DATABASE_URL",
            "POSTGRES_DB",
            "POSTGRES_HOST",
            "POSTGRES_PASSWORD",
            "POSTGRES_PORT",
            "POSTGRES_USER",
        ],
        "mode production (Postgres)",
    ),
    (&["REDIS_HOST", "REDIS_PASSWORD", "REDIS_PORT", "REDIS_URL"], "mode production (Redis)"),
    (&["WEBROOT_BASE"], "the domain tools"),
    (&["SSH_ALLOWED_USERS", "SSH_PORT"], "the host's SSH settings"),
];

/// Puts the environment's values over the layers.
pub(crate) fn put(sources: &Sources, layers: &mut Layers, problems: &mut Vec<Problem>) {
    for key in keys() {
        let names = key.aliases.iter().rev().map(|name| (*name).to_owned());
        for name in names.chain([key.variable()]) {
            match value(sources, &name) {
                Ok(Some((raw, origin))) => layers.put(key.name, raw, origin),
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems.extend(sources.env.iter().filter_map(|(name, _)| unknown(name)));
    layers.notes.extend(later(sources));
}

/// Returns a variable's value, or what stands in the file that `NAME_FILE` names.
fn value(sources: &Sources, name: &str) -> Result<Option<(Raw, Origin)>, Problem> {
    let twin = format!("{name}_FILE");
    match (sources.variable(name), sources.variable(&twin)) {
        (Some(_), Some(_)) => Err(Problem::Twice { name: name.to_owned() }),
        (Some(text), None) => Ok(Some((Raw::Text(text.to_owned()), Origin::Env(name.to_owned())))),
        (None, Some(path)) => {
            let text = needed_file(Path::new(path))?;
            Ok(Some((Raw::Text(text.trim_end().to_owned()), Origin::Env(twin))))
        }
        (None, None) => Ok(None),
    }
}

fn needed_file(path: &Path) -> Result<String, Problem> {
    files::text(path)?.ok_or_else(|| Problem::Unreadable {
        path: path.to_owned(),
        source: std::io::ErrorKind::NotFound.into(),
    })
}

fn unknown(name: &str) -> Option<Problem> {
    let dotted = dotted(name.strip_prefix(PREFIX)?);
    let known = key(&dotted).is_some()
        || dotted.strip_suffix("_file").is_some_and(|base| key(base).is_some());
    if known {
        return None;
    }
    let variables: Vec<String> = keys().map(Key::variable).collect();
    let hint = suggest::hint(name, variables.iter().map(String::as_str));
    Some(Problem::UnknownVariable { name: name.to_owned(), hint })
}

fn dotted(rest: &str) -> String {
    rest.replace("__", ".").to_lowercase()
}

/// Tells each variable that is set, known, and without an effect; `NAME_FILE` counts as `NAME`.
fn later(sources: &Sources) -> Vec<String> {
    let mut told = Vec::new();
    for (name, _) in sources.env.iter().filter(|(_, value)| !value.is_empty()) {
        let base = name.strip_suffix("_FILE").unwrap_or(name);
        let found = LATER.iter().find(|(names, _)| names.contains(&base));
        told.extend(found.map(|(_, what)| {
            format!("environment: {name} has no effect in this version; it belongs to {what}")
        }));
    }
    told
}
