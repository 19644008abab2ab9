//! The model that was chosen, made from the settings. Asks it nothing.

use std::sync::Arc;

use agents_llm::{
    anthropic::{AnthropicModel, AnthropicOptions},
    demo::{DemoModel, DemoOptions},
};
use appliance_config::{Provider, Settings};
use appliance_core::ports::{Embedder, Model};

use crate::exit::{self, Failure};

/// Makes the model that answers; the demo finds words by `embedder`.
///
/// # Errors
/// As [`anthropic`].
pub(super) fn of(
    settings: &Settings,
    embedder: Arc<dyn Embedder>,
) -> anyhow::Result<Arc<dyn Model>> {
    match settings.model.provider {
        Provider::Demo => {
            let pace = settings.model.demo_words_per_second;
            let words_per_second = (pace > 0).then_some(pace);
            Ok(Arc::new(DemoModel::new(DemoOptions { words_per_second, embedder })))
        }
        Provider::Anthropic => Ok(Arc::new(anthropic(settings)?)),
    }
}

/// Makes the client of Anthropic's Messages API.
///
/// # Errors
/// [`exit::CONFIG`] without a key; when the address or the key can be none.
pub fn anthropic(settings: &Settings) -> anyhow::Result<AnthropicModel> {
    let chosen = &settings.model;
    let api_key = chosen.api_key.clone().ok_or_else(no_key)?;
    let base_url = chosen.base_url.as_str().to_owned();
    let options = AnthropicOptions::new(base_url, api_key, chosen.name.clone());
    Ok(AnthropicModel::connect(options)?)
}

fn no_key() -> Failure {
    Failure::new(
        exit::CONFIG,
        "model.provider is anthropic and there is no key for it",
        "set ANTHROPIC_API_KEY, or model.api_key in config.yaml, or use --model demo",
    )
}
