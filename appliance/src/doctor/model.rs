//! The model: is there a key, and does anything listen where it should. Asks nothing that costs.

use std::time::Duration;

use appliance_config::{Provider, Settings};
use tokio::{net::TcpStream, time::timeout};

use super::Check;

/// How long a connection may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Checks the model.
pub async fn check(settings: &Settings) -> Check {
    let model = &settings.model;
    if model.provider == Provider::Demo {
        return Check::ok("model", "demo: offline, free, answers from memory");
    }
    if model.api_key.is_none() {
        return Check::fail(
            "model",
            format!("{}: there is no key", model.name),
            "set ANTHROPIC_API_KEY or ANTHROPIC_API_KEY_FILE, or use --model demo",
        );
    }
    let url = model.base_url.as_str();
    let Some((host, port)) = endpoint(url) else {
        return Check::fail("model", format!("{url} names no host"), "mend model.base_url");
    };
    match timeout(DEADLINE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Check::ok("model", format!("{}: key set, {url} is reachable", model.name)),
        Ok(Err(error)) => unreachable(url, &error.to_string()),
        Err(_) => unreachable(url, "no answer within 5 s"),
    }
}

fn unreachable(url: &str, why: &str) -> Check {
    let remedy = "look at the network, or at model.base_url; --model demo needs neither";
    Check::fail("model", format!("{url} cannot be reached: {why}"), remedy)
}

/// Takes host and port out of an address.
fn endpoint(url: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let default = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn host_and_port_are_found_in_every_kind_of_address() {
        assert_eq!(endpoint("https://api.anthropic.com"), Some(("api.anthropic.com", 443)));
        assert_eq!(endpoint("http://127.0.0.1:9000/x"), Some(("127.0.0.1", 9000)));
        assert_eq!(endpoint("http://[::1]:9000"), Some(("::1", 9000)));
        assert_eq!(endpoint("http://[::1]"), Some(("::1", 80)));
        assert_eq!(endpoint("nowhere"), None);
    }
}
