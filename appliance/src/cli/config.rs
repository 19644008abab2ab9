//! `config show|check|example`: the settings as they are, as they should be, and all of them.

use std::process::ExitCode;

use appliance_config::{Entry, Settings};

use super::{Context, arguments::Config, print};

/// Runs one of the config commands.
///
/// # Errors
/// [`exit::CONFIG`](crate::exit::CONFIG) when the settings are wrong.
pub fn run(context: &Context, command: &Config) -> anyhow::Result<ExitCode> {
    match command {
        Config::Show { origin } => show(context, &context.settings(Vec::new())?, *origin)?,
        Config::Check => check(context)?,
        Config::Example => print::out(&appliance_config::example())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(context: &Context, settings: &Settings, origin: bool) -> anyhow::Result<()> {
    if context.json() {
        return print::json(&serde_json::json!({
            "config_dir": settings.config_dir,
            "files": settings.files,
            "settings": settings.entries(),
            "notes": settings.notes,
        }));
    }
    let rows = settings.entries().iter().map(|entry| row(entry, origin)).collect();
    let head: &[&str] = if origin { &["SETTING", "VALUE", "FROM"] } else { &["SETTING", "VALUE"] };
    print::out(&(print::table(head, rows) + "\n"))?;
    tell_notes(context, settings);
    Ok(())
}

fn row(entry: &Entry, origin: bool) -> Vec<String> {
    let value = entry.value.clone().filter(|value| !value.is_empty());
    let mut row = vec![entry.key.to_owned(), value.unwrap_or_else(|| "-".to_owned())];
    if origin {
        row.push(entry.origin.to_string());
    }
    row
}

fn check(context: &Context) -> anyhow::Result<()> {
    let settings = match context.load(Vec::new()) {
        Ok(settings) => settings,
        Err(error) if context.json() => {
            let problems: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
            print::json(&serde_json::json!({"ok": false, "problems": problems}))?;
            return context.settings(Vec::new()).map(drop);
        }
        Err(_) => return context.settings(Vec::new()).map(drop),
    };
    if context.json() {
        return print::json(&serde_json::json!({"ok": true, "notes": settings.notes}));
    }
    tell_notes(context, &settings);
    context.say(&format!("{} is in order", settings.config_dir.display()));
    Ok(())
}

fn tell_notes(context: &Context, settings: &Settings) {
    for note in &settings.notes {
        context.say(&format!("note: {note}"));
    }
}
