//! The macro that makes a section: a struct and its keys from one list, so that a field without a
//! doc comment, a default or a parser cannot exist. Knows no section.

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
                $( let $field = from.field(Self::KEYS, concat!($prefix, stringify!($field)), $parse); )+
                $($( let $part = $section::read(from); )+)?
                Some(Self { $( $field: $field?, )+ $($( $part: $part?, )+)? })
            }
        }
    };
}

pub(crate) use section;
