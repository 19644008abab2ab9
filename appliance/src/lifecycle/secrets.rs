//! What must not be said: every secret of the settings, told to the redactor before the log starts.
//! The keys that are made or read at start are told where they are ([`super::run`]).

use appliance_config::Settings;
use appliance_redact::Redactor;
use secrecy::{ExposeSecret as _, SecretString};

/// Returns a redactor that knows the settings' secrets.
pub fn of(settings: &Settings) -> Redactor {
    let redactor = Redactor::default();
    let memory = &settings.memory;
    let secrets = [
        &settings.model.api_key,
        &settings.server.jwt_secret,
        &memory.openai.api_key,
        &memory.qdrant.api_key,
    ];
    for secret in secrets.into_iter().flatten() {
        learn(&redactor, secret);
    }
    redactor
}

/// Tells one more.
pub fn learn(redactor: &Redactor, secret: &SecretString) {
    redactor.learn(secret.expose_secret().as_bytes());
}
