//! Line icons, drawn in the text's colour. Decoration: the words beside them or the button's name
//! say what they mean.

use leptos::prelude::*;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A speech bubble.
    Chat,
    /// A person.
    Agents,
    /// A store.
    Memory,
    /// A wheel.
    Settings,
    /// Arrow up.
    Send,
    /// A square.
    Stop,
    /// A pen.
    Rename,
    /// A box.
    Archive,
    /// A list of lines.
    List,
    /// A column at the side.
    Details,
    /// Two sheets.
    Copy,
    /// An arrow back.
    Retry,
    /// A cross.
    Close,
    /// Arrow down.
    Down,
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::Chat => {
                "M3 5.5A2.5 2.5 0 0 1 5.5 3h9A2.5 2.5 0 0 1 17 5.5v6a2.5 2.5 0 0 1-2.5 2.5H8l-4 3v-3.3A2.5 2.5 0 0 1 3 11.5z"
            }
            Self::Agents => {
                "M10 3a3 3 0 1 1 0 6 3 3 0 0 1 0-6M4 17c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5"
            }
            Self::Memory => {
                "M4 5c0-1.1 2.7-2 6-2s6 .9 6 2-2.700 2-6 2-6-.9-6-2v10c0 1.100 2.700 2 6 2s6-.9 6-2V5M4 10c0 1.100 2.700 2 6 2s6-.9 6-2"
            }
            Self::Settings => {
                "M10 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5M10 2.500v2M10 15.500v2M2.500 10h2M15.500 10h2M4.700 4.700l1.400 1.400M13.900 13.900l1.400 1.400M4.700 15.300l1.400-1.400M13.900 6.100l1.400-1.400"
            }
            Self::Send => "M10 16V4m-5 5 5-5 5 5",
            Self::Stop => "M6 6h8v8H6z",
            Self::Rename => "M4 16l1-4 8.500-8.500 3 3L8 15zM12 5l3 3",
            Self::Archive => "M3 4h14v4H3zM4.500 8v8.500h11V8M8 11.500h4",
            Self::List => "M3 5h14M3 10h14M3 15h9",
            Self::Details => "M3 4h14v12H3zM12.500 4v12",
            Self::Copy => "M7 7h9v9H7zM4 13V4h9",
            Self::Retry => "M4 10a6 6 0 1 0 2-4.500M6 2v4h4",
            Self::Down => "M10 4v12m-5-5 5 5 5-5",
            Self::Close => "M5 5l10 10M15 5 5 15",
        }
    }
}

/// One icon.
#[component]
pub fn Icon(
    /// Which.
    shape: Shape,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=shape.path()/>
        </svg>
    }
}
