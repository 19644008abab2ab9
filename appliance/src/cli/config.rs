//! `config show|check|example`: the settings as they are, as they should be, and all of them.

use std::process::ExitCode;

use appliance_config::{Entry, Settings};
use web_dto::{SettingList, SettingView};

use super::{Context, arguments::Config, print};
use crate::exit;

/// Runs one of the config commands.
///
/// # Errors
/// [`exit::CONFIG`] when the settings are wrong.
pub fn run(context: &Context, command: &Config) -> anyhow::Result<ExitCode> {
    match command {
        Config::Show { origin, start } => show(context, *origin, *start)?,
        Config::Check => check(context)?,
        Config::Example => print::out(&appliance_config::example())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what the running server has, and what a start would use when none runs or that is asked for.
fn show(context: &Context, origin: bool, start: bool) -> anyhow::Result<()> {
    if start {
        return table(context, &here(&context.settings(Vec::new())?), origin, false);
    }
    let client = context.client()?;
    let asked = context.block_on(client.get::<SettingList>("/api/settings"));
    match asked {
        Ok(list) => table(context, &list, origin, true),
        Err(error) if exit::is_absent(&error) => {
            let hint = "this is what a start would use: ai-infra serve";
            context.say(&format!("{error:#}; {hint}"));
            table(context, &here(&context.settings(Vec::new())?), origin, false)
        }
        Err(error) => Err(error),
    }
}

/// Lists the settings that were read here.
fn here(settings: &Settings) -> SettingList {
    let view = |entry: &Entry| SettingView {
        key: entry.key.to_owned(),
        value: entry.value.clone(),
        origin: entry.origin.to_string(),
        doc: entry.doc.clone(),
    };
    SettingList {
        values: settings.entries().iter().map(view).collect(),
        config_dir: settings.config_dir.display().to_string(),
        files: settings.files.iter().map(|file| file.display().to_string()).collect(),
        notes: settings.notes.clone(),
    }
}

fn table(context: &Context, list: &SettingList, origin: bool, running: bool) -> anyhow::Result<()> {
    if context.json() {
        return print::json(&serde_json::json!({
            "running": running,
            "config_dir": list.config_dir,
            "files": list.files,
            "settings": list.values,
            "notes": list.notes,
        }));
    }
    let rows = list.values.iter().map(|view| row(view, origin)).collect();
    let head: &[&str] = if origin { &["SETTING", "VALUE", "FROM"] } else { &["SETTING", "VALUE"] };
    print::out(&(print::table(head, rows) + "\n"))?;
    tell_notes(context, &list.notes);
    Ok(())
}

fn row(view: &SettingView, origin: bool) -> Vec<String> {
    let value = view.value.clone().filter(|value| !value.is_empty());
    let mut row = vec![view.key.clone(), value.unwrap_or_else(|| "-".to_owned())];
    if origin {
        row.push(view.origin.clone());
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
    tell_notes(context, &settings.notes);
    context.say(&format!("{} is in order", settings.config_dir.display()));
    Ok(())
}

fn tell_notes(context: &Context, notes: &[String]) {
    for note in notes {
        context.say(&format!("note: {note}"));
    }
}
