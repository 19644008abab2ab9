//! `serve`: turns options into settings and hands over to the lifecycle. Starts nothing itself.

use std::process::ExitCode;

use appliance_config::Override;

use super::{
    Context,
    arguments::{AgentsChoice, ModelChoice, Serve},
};

/// Runs the server until it is told to stop.
///
/// # Errors
/// As [`crate::lifecycle::serve`].
pub fn run(context: &Context, options: &Serve) -> anyhow::Result<ExitCode> {
    let settings = context.settings(overrides(options))?;
    for note in &settings.notes {
        context.say(&format!("note: {note}"));
    }
    crate::lifecycle::serve(settings)
}

fn overrides(options: &Serve) -> Vec<Override> {
    let mut set = Vec::new();
    let mut put = |key, flag, value: Option<&str>| {
        set.extend(value.map(|value| Override { key, value: value.to_owned(), flag }));
    };
    put("server.listen", "--listen", options.listen.as_deref());
    put("model.provider", "--model", options.model.map(model));
    put("agents.run", "--agents", options.agents.map(agents));
    set
}

fn model(choice: ModelChoice) -> &'static str {
    match choice {
        ModelChoice::Demo => "demo",
        ModelChoice::Anthropic => "anthropic",
    }
}

fn agents(choice: AgentsChoice) -> &'static str {
    match choice {
        AgentsChoice::All => "all",
        AgentsChoice::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_settings_that_exist() {
        let options = Serve {
            listen: Some("127.0.0.1:9".to_owned()),
            model: Some(ModelChoice::Anthropic),
            agents: Some(AgentsChoice::None),
        };
        for set in overrides(&options) {
            assert!(appliance_config::keys().any(|key| key.name == set.key), "{}", set.key);
        }
        assert_eq!(overrides(&options).len(), 3);
    }
}
