//! One hop of a request's way: an address as `X-Forwarded-For` and `Forwarded` write it, with a port
//! or without. Believes nobody.
//!
//! Source: RFC 7239, section 6. What is no address (`unknown`, an obfuscated `_name`) is `None`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Digits of the highest port.
const PORT_DIGITS: usize = 5;

/// What one proxy says of whoever came to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// Where it came from; `None` when that is hidden or cannot be read.
    pub(super) ip: Option<IpAddr>,
    /// Whether it came by TLS, if that is said.
    pub(super) https: Option<bool>,
}

/// Reads an address: `192.0.2.4`, `192.0.2.4:80`, `2001:db8::7`, `[2001:db8::7]` or `[2001:db8::7]:80`.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (ip, port) = rest.split_once(']')?;
        let ip: Ipv6Addr = ip.parse().ok()?;
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return fits.then(|| IpAddr::from(ip).to_canonical());
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_canonical());
    }
    let (ip, port) = text.split_once(':')?;
    let ip: Ipv4Addr = ip.parse().ok()?;
    is_port(port).then(|| ip.into())
}

/// A number, or an obfuscated one such as `_a1`.
fn is_port(text: &str) -> bool {
    if let Some(hidden) = text.strip_prefix('_') {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        return !hidden.is_empty() && hidden.bytes().all(fits);
    }
    let digits =
        (1..=PORT_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_carry_its_port() {
        for text in ["192.0.2.4", "192.0.2.4:61234", "192.0.2.4:_a1", "::ffff:192.0.2.4"] {
            assert_eq!(address(text), Some(IpAddr::from([192, 0, 2, 4])), "{text}");
        }
        let v6: IpAddr = "2001:db8::7".parse().unwrap();
        for text in ["2001:db8::7", "[2001:db8::7]", "[2001:DB8:0::7]:443", "[2001:db8::7]:_x.y"] {
            assert_eq!(address(text), Some(v6), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "unknown",
            "_hidden",
            "_",
            "[",
            "[]",
            "]",
            "[::1",
            "::1]",
            "[[::1]]",
            "[::1]x",
            "[::1]:",
            "[::1]:99999",
            "[192.0.2.4]",
            "192.0.2.4:",
            "192.0.2.4:+1",
            "192.0.2.4:80:80",
            "192.0.2.256",
            "192.0.2",
            "fe80::1%eth0",
            "ai.example.com",
            "192.0.2.4 ",
            "unix:",
            ":80",
            "192.0.2.4:_",
            "\u{662f}",
            "192.0.2.4:000080",
        ] {
            assert_eq!(address(text), None, "{text:?}");
        }
    }
}
