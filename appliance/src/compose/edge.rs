//! What the HTTP face is told of the operator's choices. Chooses nothing.

use std::{net::SocketAddr, time::Duration};

use appliance_config::{Entry, Provider, Settings};
use appliance_core::ports::Model;
use secrecy::{SecretBox, SecretString};
use web_dto::{SettingList, SettingView};

/// Takes what the face needs; `bound` has the real port.
pub(super) fn settings(
    settings: &Settings,
    bound: SocketAddr,
    (jwt_key, people_key): (SecretBox<[u8; 32]>, SecretString),
    model: &dyn Model,
) -> web_api::Settings {
    let server = &settings.server;
    let url = server.url(bound);
    let mut edge = web_api::Settings::new(bound, jwt_key, people_key);
    edge.public_url = Some(url);
    edge.allowed_hosts = server.hosts(bound);
    edge.proxies = web_api::Proxies::new(server.trusted_proxies.iter().copied());
    edge.session_ttl = Duration::from_secs(u64::from(server.session_hours) * 3_600);
    edge.model_name = model.name().to_owned();
    edge.model_provider = match settings.model.provider {
        Provider::Demo => "demo".to_owned(),
        Provider::Anthropic => "anthropic".to_owned(),
    };
    edge.shown = list(settings, bound);
    edge
}

/// Lists every value as it is in this life.
fn list(settings: &Settings, bound: SocketAddr) -> SettingList {
    let mut values: Vec<SettingView> = settings.entries().iter().map(view).collect();
    // A port that was left to the system is known by now.
    let listen = values
        .iter_mut()
        .find(|it| it.key == "server.listen" && settings.server.listen.port() == 0);
    if let Some(listen) = listen {
        listen.value = Some(bound.to_string());
    }
    SettingList {
        values,
        config_dir: settings.config_dir.display().to_string(),
        files: settings.files.iter().map(|file| file.display().to_string()).collect(),
        notes: settings.notes.clone(),
    }
}

fn view(entry: &Entry) -> SettingView {
    SettingView {
        key: entry.key.to_owned(),
        value: entry.value.clone(),
        origin: entry.origin.to_string(),
        doc: entry.doc.clone(),
    }
}
