//! Values: text (or a list of texts) in, a typed value or what was expected out.
//!
//! A parser answers `Err(what was expected)`; the caller adds the place, the key and, unless it is
//! a secret, what was found.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
};

use ipnet::IpNet;
use secrecy::SecretString;

/// A value as a source gave it. No `Debug`: it may be a secret.
#[derive(Clone)]
pub(crate) enum Raw {
    /// One text; also numbers and truth values, as they were written.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

impl Raw {
    /// Returns the value in one line.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(items) => items.join(", "),
        }
    }

    fn as_text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::List(_) => Err("one value, not a list".to_owned()),
        }
    }
}

/// A value that must be there.
pub(crate) fn needed<T>(
    parse: impl Fn(&Raw) -> Result<T, String>,
) -> impl Fn(Option<&Raw>) -> Result<T, String> {
    move |raw| parse(raw.ok_or_else(|| "a value".to_owned())?)
}

/// A value that may be missing.
pub(crate) fn optional<T>(
    parse: impl Fn(&Raw) -> Result<T, String>,
) -> impl Fn(Option<&Raw>) -> Result<Option<T>, String> {
    move |raw| raw.map(&parse).transpose()
}

/// Any text that is not blank.
pub(crate) fn text(raw: &Raw) -> Result<String, String> {
    let text = raw.as_text()?.trim();
    if text.is_empty() { Err("a text that is not empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A secret; kept as it is, but for the line's end.
pub(crate) fn secret(raw: &Raw) -> Result<SecretString, String> {
    let text = raw.as_text()?.trim_end_matches(['\r', '\n']);
    if text.trim().is_empty() {
        return Err("a secret that is not empty".to_owned());
    }
    Ok(SecretString::from(text.to_owned()))
}

/// A list, or texts with commas between them.
pub(crate) fn list(raw: &Raw) -> Result<Vec<String>, String> {
    let items: Vec<&str> = match raw {
        Raw::List(items) => items.iter().map(String::as_str).collect(),
        Raw::Text(text) => text.split(',').collect(),
    };
    Ok(items.into_iter().map(str::trim).filter(|i| !i.is_empty()).map(str::to_owned).collect())
}

/// An IP address with a port.
pub(crate) fn address(raw: &Raw) -> Result<SocketAddr, String> {
    let text = raw.as_text()?.trim();
    text.parse().map_err(|_| "an IP address with a port, such as 127.0.0.1:8000".to_owned())
}

/// A directory, made absolute.
pub(crate) fn directory(raw: &Raw) -> Result<PathBuf, String> {
    let named = text(raw)?;
    if named.contains(char::REPLACEMENT_CHARACTER) {
        return Err("a directory whose name is UTF-8; rename it, or name a link to it".to_owned());
    }
    std::path::absolute(named).map_err(|_| "a directory".to_owned())
}

/// A whole number within bounds.
pub(crate) fn whole<T>(bounds: RangeInclusive<T>) -> impl Fn(&Raw) -> Result<T, String>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    move |raw| {
        let number = raw.as_text()?.trim().parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| format!("a whole number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// A number within bounds; neither infinite nor NaN is.
pub(crate) fn number(bounds: RangeInclusive<f32>) -> impl Fn(&Raw) -> Result<f32, String> {
    move |raw| {
        let number = raw.as_text()?.trim().parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| format!("a number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// One of a few words.
pub(crate) fn one_of<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Raw) -> Result<T, String> {
    move |raw| {
        let text = raw.as_text()?.trim();
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        let listed = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>();
        found.map(|(_, value)| *value).ok_or_else(|| listed().join(" or "))
    }
}

/// A host name such as `portal.example.com`, without scheme or path.
pub(crate) fn host(raw: &Raw) -> Result<String, String> {
    let name = text(raw)?.to_lowercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if name.chars().all(fits) { Ok(name) } else { Err("a host name such as example.com".into()) }
}

/// Host names, each as [`host`].
pub(crate) fn hosts(raw: &Raw) -> Result<Vec<String>, String> {
    list(raw)?.into_iter().map(|name| host(&Raw::Text(name))).collect()
}

/// Addresses and nets of addresses.
pub(crate) fn nets(raw: &Raw) -> Result<Vec<IpNet>, String> {
    let net = |text: &String| {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        one.or_else(|_| text.parse()).map_err(|_| {
            "addresses or nets such as 127.0.0.1, ::1, 10.0.0.0/8 or 2001:db8::/32".to_owned()
        })
    };
    list(raw)?.iter().map(net).collect()
}

/// An `http` or `https` address without a path at the end that would be lost, a user or a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Takes an address that was found to be one.
    pub(crate) const fn known(url: String) -> Self {
        Self(url)
    }

    /// Returns the address without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address to put paths behind.
pub(crate) fn base_url(raw: &Raw) -> Result<BaseUrl, String> {
    let expected =
        || "an address such as https://api.example.com, without user or query".to_owned();
    let url = text(raw)?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or_else(expected)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#');
    if rest.is_empty() || rest.starts_with('/') || rest.contains(odd) {
        return Err(expected());
    }
    Ok(BaseUrl(url.trim_end_matches('/').to_owned()))
}
