//! systemd credentials (`LoadCredential=`): secrets from files that only the service can read.
//!
//! Their directory is named by `$CREDENTIALS_DIRECTORY`. A credential is called as the key
//! (`model.api_key`) or as the plan's variable (`ANTHROPIC_API_KEY`). Only secrets are looked for.

use std::path::Path;

use crate::{Origin, Problem, Sources, files, layers::Layers, reference::keys, value::Raw};

/// Puts the credentials' values over the layers.
pub(crate) fn put(sources: &Sources, layers: &mut Layers, problems: &mut Vec<Problem>) {
    let Some(dir) = sources.variable("CREDENTIALS_DIRECTORY") else { return };
    for key in keys().filter(|key| key.secret) {
        for name in key.aliases.iter().copied().chain([key.name]) {
            match files::text(&Path::new(dir).join(name)) {
                Ok(None) => {}
                Ok(Some(text)) => {
                    let raw = Raw::Text(text.trim_end().to_owned());
                    layers.put(key.name, raw, Origin::Credential(name.to_owned()));
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
}
