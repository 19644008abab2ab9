//! What the HTTP face is told of the operator's choices. Chooses nothing.

use std::{net::SocketAddr, time::Duration};

use appliance_config::{Entry, Provider, Settings};
use appliance_core::ports::Model;
use secrecy::{SecretBox, SecretString};
use web_dto::{SettingList, SettingView};

use crate::typed;

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
    edge.leads = typed::leads(settings);
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

#[cfg(test)]
mod tests {
    /// The portal's pages, by their addresses.
    const PAGES: &str = include_str!("../../../web/portal/src/model/page.rs");

    #[test]
    fn no_path_of_the_servers_own_is_taken_for_the_path_below_which_it_stands() {
        let quoted = PAGES.split('"').filter_map(|text| text.strip_prefix('/'));
        let pages = quoted.filter_map(|text| text.split('/').next()).filter(|first| {
            !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        let own = web_api::portal::NOT_PAGES.iter().filter_map(|path| path.strip_prefix('/'));
        let all: Vec<&str> = pages.chain(own).collect();
        assert!(all.contains(&"settings") && all.contains(&"api"), "{all:?}");
        for first in all {
            assert!(appliance_config::TAKEN.contains(&first), "/{first}");
        }
    }
}
