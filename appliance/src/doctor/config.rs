//! The configuration: what the running server read and where it listens; without one, what a start would
//! read. Checks no value: whoever reads it did.

use std::path::PathBuf;

use appliance_config::Settings;
use web_dto::SettingList;

use super::{Check, Reach};

/// Asks the running server for its settings.
pub async fn running(client: Reach<'_>) -> Option<SettingList> {
    client.ok()?.get::<SettingList>("/api/settings").await.ok()
}

/// Returns where the data is: the running server's, else where a start would keep it.
pub fn data_dir(settings: &Settings, running: Option<&SettingList>) -> PathBuf {
    let named = running.and_then(|list| list.values.iter().find(|value| value.key == "data.dir"));
    let named = named.and_then(|value| value.value.as_ref());
    named.map_or_else(|| settings.data.dir.clone(), PathBuf::from)
}

/// Says where the settings come from.
pub fn check(settings: &Settings, running: Option<&SettingList>) -> Check {
    match running {
        Some(list) => Check::ok("config", of_the_server(list)),
        None => {
            let dir = settings.config_dir.display().to_string();
            let read = read(&dir, settings.files.len(), &settings.notes);
            Check::ok("config", format!("a start would use {read}"))
        }
    }
}

fn of_the_server(list: &SettingList) -> String {
    let listen = list.values.iter().find(|value| value.key == "server.listen");
    let listen = listen.and_then(|value| Some((value.value.as_deref()?, value.origin.as_str())));
    let read = read(&list.config_dir, list.files.len(), &list.notes);
    match listen {
        Some((address, origin)) => format!("{read}; listens on {address} ({origin})"),
        None => read,
    }
}

fn read(dir: &str, files: usize, notes: &[String]) -> String {
    let read = match files {
        0 => format!("defaults, no files in {dir}"),
        1 => format!("1 file in {dir}"),
        count => format!("{count} files in {dir}"),
    };
    match notes.first() {
        None => read,
        Some(note) => format!("{read}; note 1 of {}: {note}", notes.len()),
    }
}

#[cfg(test)]
mod tests {
    use web_dto::SettingView;

    use super::*;

    #[test]
    fn what_the_running_server_read_is_said_with_where_it_listens() {
        let listen = SettingView {
            key: "server.listen".to_owned(),
            value: Some("127.0.0.1:9000".to_owned()),
            origin: "--listen".to_owned(),
            doc: String::new(),
        };
        let config_dir = "/etc/x".to_owned();
        let mut list = SettingList { values: vec![listen], config_dir, ..SettingList::default() };
        let said = of_the_server(&list);
        assert_eq!(said, "defaults, no files in /etc/x; listens on 127.0.0.1:9000 (--listen)");
        list.notes = vec!["one".to_owned(), "two".to_owned()];
        assert!(of_the_server(&list).contains("note 1 of 2: one"), "{list:?}");
    }
}
