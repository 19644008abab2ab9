//! A key: the name of one setting, with all that can be told about it before it is read.
//!
//! The macro [`section`] makes a struct and its keys from one list, so that a field without a doc
//! comment, a default or a parser cannot exist. Holds no values.

/// One setting's name and reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name, such as `server.listen`.
    pub name: &'static str,
    /// Its doc comment, a line each.
    pub doc: &'static [&'static str],
    /// What it is when nobody sets it; `None` when it is then unset, or depends on the host.
    pub default: Option<&'static str>,
    /// Other names in the environment, such as `ANTHROPIC_API_KEY`.
    pub aliases: &'static [&'static str],
    /// True for values that are never shown.
    pub secret: bool,
}

/// The prefix of our own variables.
pub(crate) const PREFIX: &str = "AI_INFRA__";

impl Key {
    /// Returns its name in the environment, such as `AI_INFRA__SERVER__LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_uppercase())
    }

    /// Returns its doc comment as one line.
    #[must_use]
    pub fn about(&self) -> String {
        self.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }
}

/// Makes a section: a struct with public fields, its keys, and how it is read. Sections inside it
/// stand after `with`, and in `reference.rs` after it.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident($prefix:literal) {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $ty:ty $(= $default:literal)? => $parse:expr
                    $(, env $alias:literal)* $(, is $secret:ident)?;
            )+
        }
        $(with {
            $(
                $(#[doc = $part_about:literal])+
                $part:ident: $section:ident;
            )+
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $ty, )+
            $($( $(#[doc = $part_about])+ pub $part: $section, )+)?
        }

        impl $name {
            /// What the section is about.
            pub(crate) const ABOUT: &'static [&'static str] = &[$($about),+];

            /// Its keys, in the order of its fields.
            pub(crate) const KEYS: &'static [$crate::key::Key] = &[$(
                $crate::key::Key {
                    name: concat!($prefix, stringify!($field)),
                    doc: &[$($doc),+],
                    default: $crate::key::first(&[$($default)?]),
                    aliases: &[$($alias),*],
                    secret: !<[&str]>::is_empty(&[$(stringify!($secret))?]),
                }
            ),+];

            /// Reads all fields; tells every wrong one before it gives up.
            pub(crate) fn read(from: &mut $crate::read::Reader<'_>) -> Option<Self> {
                $( let $field = from.field(concat!($prefix, stringify!($field)), $parse); )+
                $($( let $part = $section::read(from); )+)?
                Some(Self { $( $field: $field?, )+ $($( $part: $part?, )+)? })
            }
        }
    };
}

pub(crate) use section;

/// Returns the one text in the list, if there is one.
pub(crate) const fn first(texts: &[&'static str]) -> Option<&'static str> {
    match texts {
        [text, ..] => Some(text),
        [] => None,
    }
}
