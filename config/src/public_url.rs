//! The address that people reach the portal under: an origin, and a path when a proxy shows the server
//! below one. Asks nobody whether it is reachable.

use crate::value::{BaseUrl, Raw, text};

/// First parts of paths that the server or the portal answers to itself: below one of them nobody
/// could tell whether a proxy has taken the path off a request already.
pub const TAKEN: &[&str] = &[
    "agent",
    "agents",
    "api",
    "boot.js",
    "c",
    "index.html",
    "llm",
    "login",
    "mcp",
    "memory",
    "metrics",
    "settings",
    "setup",
    "v1",
    "ws",
];

/// Reads `https://example.com`, with a port or a path such as `/ai` behind it or not.
pub(crate) fn public_url(raw: &Raw) -> Result<BaseUrl, String> {
    let url = text(raw)?;
    let url = url.trim_end_matches('/');
    match problem(url) {
        None => Ok(BaseUrl::known(url.to_owned())),
        Some(why) => Err(format!(
            "an address such as https://ai.example.com or https://example.com/ai ({why})"
        )),
    }
}

/// Says what is wrong with it and what to do, if anything.
fn problem(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else { return Some("begin with https:// or http://".to_owned()) };
    if let Some(odd) = rest.chars().find(|c| matches!(c, '?' | '#' | '@')) {
        return Some(format!(
            "leave out `{odd}` and what belongs to it: user, query and fragment are no part of it"
        ));
    }
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    if !is_host(host) {
        return Some(format!("`{host}` is no host name with an optional port; write it in ASCII"));
    }
    path.and_then(wrong_path)
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let named = match name.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']').is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok()),
        None => !name.is_empty() && name.chars().all(fits),
    };
    named && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn wrong_path(path: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~');
    for part in path.split('/') {
        if matches!(part, "" | "." | "..") {
            return Some("its path may not have `//`, `.` or `..`: write it out".to_owned());
        }
        if !part.chars().all(fits) {
            return Some(format!(
                "`{part}` in its path has more than a-z, 0-9, `-`, `_`, `.` and `~`"
            ));
        }
    }
    let first = path.split('/').next().unwrap_or_default();
    TAKEN
        .contains(&first)
        .then(|| format!("the server itself answers to /{first}, take another path, such as /ai"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        public_url(&Raw::Text(text.to_owned())).map(|url| url.as_str().to_owned())
    }

    #[test]
    fn an_origin_with_a_path_or_without_is_taken() {
        for (text, wanted) in [
            ("https://ai.example.com", "https://ai.example.com"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("https://[2001:db8::7]:8443/ai/", "https://[2001:db8::7]:8443/ai"),
            ("https://[::1]", "https://[::1]"),
            ("https://example.com/team-1/ai_2.x~", "https://example.com/team-1/ai_2.x~"),
            ("https://example.com/ai/api", "https://example.com/ai/api"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn what_could_not_work_is_refused_with_the_way_out() {
        for (text, why) in [
            ("ai.example.com", "begin with https://"),
            ("ftp://ai.example.com", "begin with https://"),
            ("https://", "begin with https://"),
            ("https:///ai", "no host name"),
            ("https://example.com?x=1", "`?`"),
            ("https://example.com/ai?x=1", "`?`"),
            ("https://example.com/ai#top", "`#`"),
            ("https://ann@example.com/ai", "`@`"),
            ("https://example.com:99999", "no host name"),
            ("https://example.com:0", "no host name"),
            ("https://example.com:", "no host name"),
            ("https://ex ample.com", "no host name"),
            ("https://\u{fc}ber.example", "no host name"),
            ("https://[::1/ai", "no host name"),
            ("https://example.com/../ai", "`..`"),
            ("https://example.com/ai/./x", "`.`"),
            ("https://example.com//ai", "`//`"),
            ("https://example.com/a%20b", "a-z"),
            ("https://example.com/a b", "a-z"),
            ("https://example.com/\"><script>", "a-z"),
            ("https://example.com/api", "/api"),
            ("https://example.com/c/x", "such as /ai"),
        ] {
            let told = read(text).unwrap_err();
            assert!(
                told.contains(why) && told.contains("https://example.com/ai"),
                "{text}: {told}"
            );
        }
    }
}
