//! The model: whether the provider takes the key and knows the name. The running server is asked about its
//! own; without one, the model that a start here would use is asked. Asks nothing that costs.

use appliance_config::{Provider, Settings};
use appliance_core::ports::{Model as _, Proof};
use web_dto::ModelHealth;

use super::{Check, Reach};
use crate::{compose::model, exit};

/// What is said of the demo.
const DEMO: &str = "demo: offline, free, answers from memory";

/// Checks the model.
pub async fn check(settings: &Settings, client: Reach<'_>) -> Check {
    // Why there is no way to a server is said of the server.
    let Ok(client) = client else { return of_a_start(settings).await };
    match client.get::<ModelHealth>("/api/health/model").await {
        Ok(health) => of_the_server(&health),
        Err(error) if exit::is_absent(&error) => of_a_start(settings).await,
        Err(error) => Check::fail("model", format!("{error:#}"), "see `ai-infra logs`"),
    }
}

fn of_the_server(health: &ModelHealth) -> Check {
    if health.provider == "demo" {
        return Check::ok("model", DEMO);
    }
    told(&format!("{} at {}", health.model, health.provider), &health.status, &health.said)
}

async fn of_a_start(settings: &Settings) -> Check {
    if settings.model.provider == Provider::Demo {
        return Check::ok("model", format!("a start would use {DEMO}"));
    }
    let who = format!("a start would use {} at anthropic", settings.model.name);
    let model = match model::anthropic(settings) {
        Ok(model) => model,
        Err(error) => {
            let remedy = "set ANTHROPIC_API_KEY or ANTHROPIC_API_KEY_FILE, or use --model demo";
            return Check::fail("model", format!("{who}: {error:#}"), remedy);
        }
    };
    match model.check().await {
        Ok(Proof::Works) => told(&who, "ok", ""),
        Ok(Proof::Reachable) => told(&who, "reachable", ""),
        Err(error) => told(&who, "failed", &error.message),
    }
}

fn told(who: &str, status: &str, said: &str) -> Check {
    match status {
        "ok" => Check::ok("model", format!("{who}: the key is taken, the model is known")),
        "reachable" => Check::ok(
            "model",
            format!("{who}: reachable; it cannot be asked about the key and the model"),
        ),
        "limited" => Check::warn("model", format!("{who}: {said}"), ""),
        _ => Check::fail(
            "model",
            format!("{who}: {said}"),
            "--model demo needs no key and no network",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::report::Level, *};

    fn health(provider: &str, status: &str) -> ModelHealth {
        let (provider, status) = (provider.to_owned(), status.to_owned());
        ModelHealth { provider, model: "m".to_owned(), status, said: "why".to_owned() }
    }

    #[test]
    fn what_the_provider_said_decides_how_the_check_went() {
        for (status, level) in [
            ("ok", Level::Ok),
            ("reachable", Level::Ok),
            ("limited", Level::Warn),
            ("unauthorised", Level::Fail),
            ("unavailable", Level::Fail),
        ] {
            let check = of_the_server(&health("anthropic", status));
            assert_eq!(check.level, level, "{check:?}");
            assert_eq!(check.said.contains("why"), level != Level::Ok, "{check:?}");
        }
        assert_eq!(of_the_server(&health("demo", "ok")).said, DEMO);
    }
}
