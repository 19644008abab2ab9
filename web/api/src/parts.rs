//! What the HTTP face is made of: the ports it speaks to and the settings it obeys. Builds none.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use appliance_core::{
    IdMint,
    ports::{
        AuditTrail, Conversations, Desk, Fleet, Live, Memories, MemoryCare, MemorySearch, Model,
        Purging, Records, StoreDamage, StoreSigns, Streams, Tasks, Users,
    },
};
use appliance_redact::Redactor;
use appliance_tasks::Tasks as Home;
use secrecy::{SecretBox, SecretString};

use crate::{
    auth::{Cookies, Devices, Endings, LoginLimits, Passwords, PeopleKey, Tokens, Uses},
    edge::Proxies,
    logs::LogTail,
    metrics::Metrics,
    portal::Based,
    readiness::Readiness,
    socket::Lines,
};

/// How long a login lasts.
const SESSION_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Everything [`faces`](crate::faces) needs.
#[derive(Debug)]
pub struct Parts {
    /// Changes records.
    pub records: Arc<dyn Records>,
    /// Says how the store is doing; asked by the readiness check.
    pub signs: Arc<dyn StoreSigns>,
    /// Says what of the records cannot be read; asked by the readiness check and the stats.
    pub damage: Arc<dyn StoreDamage>,
    /// Finds people and logins.
    pub users: Arc<dyn Users>,
    /// Reads threads.
    pub conversations: Arc<dyn Conversations>,
    /// Reads tasks.
    pub tasks: Arc<dyn Tasks>,
    /// Reads the audit trail; asked by the readiness check.
    pub trail: Arc<dyn AuditTrail>,
    /// The durable bus; asked for its depths.
    pub streams: Arc<dyn Streams>,
    /// The live feed.
    pub live: Arc<dyn Live>,
    /// Reads memories as records.
    pub memories: Arc<dyn Memories>,
    /// Searches memories.
    pub search: Arc<dyn MemorySearch>,
    /// Looks after memories: forget, correct, pin, undo, rate, count.
    pub care: Arc<dyn MemoryCare>,
    /// Purges for people what they want gone.
    pub purging: Arc<dyn Purging>,
    /// The server's half of the agents' work.
    pub desk: Arc<dyn Desk>,
    /// The agents.
    pub fleet: Arc<dyn Fleet>,
    /// The model behind the gateway.
    pub model: Arc<dyn Model>,
    /// Knows what must not be said.
    pub redactor: Redactor,
    /// Makes ids and knows the clock.
    pub mint: IdMint,
    /// Counts; shared with [`Metrics::counting`].
    pub metrics: Metrics,
    /// The server's own log for `GET /api/logs`; without it that route answers 404.
    pub log: Option<LogTail>,
    /// What the operator decided.
    pub settings: Settings,
    /// Where everything runs that runs beside its caller.
    pub home: Home,
}

/// What the operator decided about the HTTP face.
#[derive(Debug)]
pub struct Settings {
    /// The address the server listens on, its real port filled in.
    pub listen: SocketAddr,
    /// The address people use when a proxy stands in front, such as `https://ai.example.com`, or
    /// `https://example.com/ai` when it shows the server below a path.
    pub public_url: Option<String>,
    /// Host names the server answers to, besides its address and the loopback names.
    pub allowed_hosts: Vec<String>,
    /// The proxies whose word about clients counts.
    pub proxies: Proxies,
    /// How long a login lasts.
    pub session_ttl: Duration,
    /// The id of the records: cookies and what browsers keep are named by it. Empty for none.
    pub instance: String,
    /// Signs the tokens of API clients.
    pub jwt_key: SecretBox<[u8; 32]>,
    /// What callers on the people's socket show.
    pub people_key: SecretString,
    /// The product's version.
    pub version: String,
    /// The model behind the agents, such as `demo`.
    pub model_name: String,
    /// Who serves that model, such as `demo` or `anthropic`; a metric label.
    pub model_provider: String,
    /// The options that lead a command to this server, each with a space before it; empty where it is found
    /// without.
    pub leads: String,
    /// Every value of the configuration with its origin, for `GET /api/settings`; no secrets.
    pub shown: web_dto::SettingList,
}

impl Settings {
    /// Starts from defaults: no public address, no further hosts, no proxy, a week a login, the demo model.
    #[must_use]
    pub fn new(listen: SocketAddr, jwt_key: SecretBox<[u8; 32]>, people_key: SecretString) -> Self {
        Self {
            listen,
            public_url: None,
            allowed_hosts: Vec::new(),
            proxies: Proxies::default(),
            session_ttl: SESSION_TTL,
            instance: String::new(),
            jwt_key,
            people_key,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model_name: "demo".to_owned(),
            model_provider: "demo".to_owned(),
            leads: String::new(),
            shown: web_dto::SettingList::default(),
        }
    }

    /// Returns the address to print for people, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}")
    }

    /// Returns where people's requests come from, such as `https://example.com`.
    #[must_use]
    pub fn origin(&self) -> String {
        let base = self.base_url();
        base[..base.len() - self.base_path().len()].to_owned()
    }

    /// Returns the path below which people see the server, such as `/ai`; mostly there is none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let url = self.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }
}

/// The parts and what the face keeps beside them while it runs.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) parts: Parts,
    pub(crate) passwords: Passwords,
    pub(crate) logins: LoginLimits,
    pub(crate) cookies: Arc<Cookies>,
    pub(crate) devices: Devices,
    /// Logins that have ended although the store could not write it down.
    pub(crate) endings: Endings,
    pub(crate) tokens: Tokens,
    /// Uses of tokens that are still to be written.
    pub(crate) uses: Arc<Uses>,
    pub(crate) people_key: PeopleKey,
    pub(crate) readiness: Readiness,
    /// Clients that listen by long polls.
    pub(crate) lines: Lines,
    pub(crate) portal: Based,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        let (instance, path) = (&parts.settings.instance, parts.settings.base_path());
        let cookies = Arc::new(Cookies::of(instance, path));
        Self {
            passwords: Passwords::new(parts.home.clone()),
            logins: LoginLimits::new(),
            devices: Devices::new(&parts.settings.jwt_key, Arc::clone(&cookies)),
            cookies,
            endings: Endings::default(),
            tokens: Tokens::new(&parts.settings.jwt_key),
            uses: Arc::default(),
            people_key: PeopleKey::new(&parts.settings.people_key),
            readiness: Readiness::default(),
            lines: Lines::default(),
            portal: Based::on(parts.settings.base_path()),
            parts,
        }
    }
}

/// The state every handler takes.
pub(crate) type Shared = Arc<App>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_address_can_be_opened() {
        let key = SecretBox::new(Box::new([0; 32]));
        let listen = SocketAddr::from(([0, 0, 0, 0], 8000));
        let mut settings = Settings::new(listen, key, "people".into());
        assert_eq!(settings.base_url(), "http://127.0.0.1:8000");
        settings.public_url = Some("https://ai.example.com/".to_owned());
        assert_eq!(settings.base_url(), "https://ai.example.com");
        assert_eq!(
            (settings.origin().as_str(), settings.base_path()),
            ("https://ai.example.com", "")
        );
        settings.public_url = Some("https://example.com:8443/team/ai/".to_owned());
        assert_eq!(settings.base_url(), "https://example.com:8443/team/ai");
        let split = (settings.origin(), settings.base_path());
        assert_eq!(split, ("https://example.com:8443".to_owned(), "/team/ai"));
    }
}
