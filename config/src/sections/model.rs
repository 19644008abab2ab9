//! Which language model answers.

use secrecy::SecretString;

use crate::{
    section::section,
    value::{BaseUrl, base_url, needed, one_of, optional, secret, text, whole},
};

/// Who provides the language model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The built-in demo: no key, no network, answers from memory and says that it is the demo.
    Demo,
    /// Anthropic's Messages API, or anything that speaks it.
    Anthropic,
}

const PROVIDERS: &[(&str, Provider)] =
    &[("demo", Provider::Demo), ("anthropic", Provider::Anthropic)];

section! {
    /// Which language model answers.
    Model("model.") {
        /// `demo` needs no key and no network; `anthropic` asks the Messages API.
        provider: Provider = "demo" => needed(one_of(PROVIDERS));
        /// The model to ask for; left out: `claude-sonnet-5-5` for anthropic.
        name: String => needed(text);
        /// Most tokens an answer may have.
        max_tokens: u32 = "4096" => needed(whole(1..=1_000_000));
        /// Another place that speaks the same API.
        base_url: BaseUrl = "https://api.anthropic.com" => needed(base_url), env "ANTHROPIC_BASE_URL";
        /// The provider's key. Keep it out of files that others can read: a systemd credential or
        /// ANTHROPIC_API_KEY_FILE is better.
        api_key: Option<SecretString> => optional(secret), env "ANTHROPIC_API_KEY", is secret;
        /// How fast the demo speaks, in words a second; 0 for as fast as it can.
        demo_words_per_second: u32 = "80" => needed(whole(0..=1_000_000));
    }
}
