//! The portal's pages and their addresses. Moves nobody anywhere.

use super::link::conversation_of;

/// Where a person can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// A conversation, or an empty page for a new one.
    Chat(Option<String>),
    /// The six agents.
    Agents,
    /// The memory search.
    Memory,
    /// Configuration, look, and what this is.
    Settings,
    /// The log-in form.
    LogIn,
    /// The form behind the one-time link.
    SetUp,
    /// An address that no page has.
    Unknown,
}

impl Page {
    /// Reads an address; `query` is the older form of a conversation's, `?c=ID`.
    #[must_use]
    pub fn at(path: &str, query: &str) -> Self {
        let path = path.trim_end_matches('/');
        if let Some(id) = path.strip_prefix("/c/") {
            return conversation_of(&format!("c={id}"))
                .map_or(Self::Unknown, |id| Self::Chat(Some(id)));
        }
        match path {
            "" => Self::Chat(conversation_of(query)),
            "/agents" => Self::Agents,
            "/memory" => Self::Memory,
            "/settings" => Self::Settings,
            "/login" => Self::LogIn,
            "/setup" => Self::SetUp,
            _ => Self::Unknown,
        }
    }

    /// The address to show for it.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Chat(Some(id)) => return format!("/c/{id}"),
            Self::Chat(None) | Self::Unknown => "/",
            Self::Agents => "/agents",
            Self::Memory => "/memory",
            Self::Settings => "/settings",
            Self::LogIn => "/login",
            Self::SetUp => "/setup",
        }
        .to_owned()
    }

    /// Whether it is for people who are logged in.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        !matches!(self, Self::LogIn | Self::SetUp | Self::Unknown)
    }

    /// Whether it is a conversation, whichever.
    #[must_use]
    pub fn is_chat(&self) -> bool {
        matches!(self, Self::Chat(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199aa00-0000-7000-8000-000000000001";

    #[test]
    fn every_page_is_found_at_its_own_address() {
        let pages = [
            Page::Chat(None),
            Page::Chat(Some(ID.into())),
            Page::Agents,
            Page::Memory,
            Page::Settings,
            Page::LogIn,
            Page::SetUp,
        ];
        for page in pages {
            assert_eq!(Page::at(&page.path(), ""), page);
            assert_eq!(Page::at(&format!("{}/", page.path()), ""), page, "a slash more");
        }
        assert_eq!(Page::at("/", &format!("?c={ID}")), Page::Chat(Some(ID.into())));
    }

    #[test]
    fn other_addresses_have_no_page() {
        for path in ["/c/", "/c/../x", "/c/zz", "/Agents", "/settings/x", "/c/a/b"] {
            assert_eq!(Page::at(path, ""), Page::Unknown, "{path}");
        }
    }
}
