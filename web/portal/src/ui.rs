//! What is open, chosen or said on the screen, beside the server's facts.

use std::time::Duration;

use leptos::prelude::*;
use web_dto::CitationView;

use crate::{keep, model::Theme};

/// How long a toast stays; long enough to reach its button by keyboard.
const TOAST_TIME: Duration = Duration::from_secs(10);

/// A short notice with a way back.
#[derive(Debug, Clone)]
pub struct Toast {
    /// Tells one toast from the next.
    pub number: u32,
    /// What happened.
    pub text: String,
    /// What its Undo button does, if it has one.
    pub undo: Option<Callback<()>>,
}

/// The screen's own state; a bundle of signals, copied into every handler.
#[derive(Clone, Copy)]
pub struct Ui {
    /// The command palette.
    pub palette: RwSignal<bool>,
    /// The sheet of shortcuts.
    pub shortcuts: RwSignal<bool>,
    /// The rename dialog.
    pub renaming: RwSignal<bool>,
    /// The question before a conversation is deleted for good.
    pub purging: RwSignal<bool>,
    /// The details beside a conversation, where they do not stand there anyway.
    pub details: RwSignal<bool>,
    /// The sidebar, where it does not stand there anyway.
    pub sidebar: RwSignal<bool>,
    /// The memory that is looked at.
    pub citation: RwSignal<Option<CitationView>>,
    /// The last notice.
    pub toast: RwSignal<Option<Toast>>,
    /// What a screen reader is told.
    pub spoken: RwSignal<String>,
    /// Light, dark or the system's.
    pub theme: RwSignal<Theme>,
    /// Whether single keys are shortcuts.
    pub single_keys: RwSignal<bool>,
}

impl Ui {
    /// Makes the state, with what this browser kept.
    pub fn new() -> Self {
        Self {
            palette: RwSignal::new(false),
            shortcuts: RwSignal::new(false),
            renaming: RwSignal::new(false),
            purging: RwSignal::new(false),
            details: RwSignal::new(false),
            sidebar: RwSignal::new(false),
            citation: RwSignal::new(None),
            toast: RwSignal::new(None),
            spoken: RwSignal::new(String::new()),
            theme: RwSignal::new(Theme::named(&keep::get(keep::THEME).unwrap_or_default())),
            single_keys: RwSignal::new(keep::get(keep::KEYS).as_deref() != Some("off")),
        }
    }

    /// Chooses a theme and keeps the choice.
    pub fn choose(self, theme: Theme) {
        self.theme.set(theme);
        let Some(root) = document().document_element() else { return };
        if theme == Theme::System {
            keep::set(keep::THEME, "");
            _ = root.remove_attribute("data-theme");
        } else {
            keep::set(keep::THEME, theme.name());
            _ = root.set_attribute("data-theme", theme.name());
        }
    }

    /// Switches the single-key shortcuts.
    pub fn switch_keys(self, on: bool) {
        self.single_keys.set(on);
        keep::set(keep::KEYS, if on { "" } else { "off" });
    }

    /// Says something in passing.
    pub fn say(self, text: impl Into<String>) {
        self.toast_with(text.into(), None);
    }

    /// Says something that can be undone.
    pub fn say_undo(self, text: impl Into<String>, undo: Callback<()>) {
        self.toast_with(text.into(), Some(undo));
    }

    fn toast_with(self, text: String, undo: Option<Callback<()>>) {
        let number = self.toast.with_untracked(|t| t.as_ref().map_or(0, |t| t.number + 1));
        self.toast.set(Some(Toast { number, text, undo }));
        set_timeout(
            move || {
                let is_last = |t: &Option<Toast>| t.as_ref().is_some_and(|t| t.number == number);
                if self.toast.with_untracked(is_last) {
                    self.toast.set(None);
                }
            },
            TOAST_TIME,
        );
    }

    /// Puts text on the clipboard and says so.
    pub fn copy(self, text: &str) {
        let window = window();
        if !window.is_secure_context() {
            return self.say("This browser copies only over https or on the server's own machine.");
        }
        let copied = window.navigator().clipboard().write_text(text);
        leptos::task::spawn_local(async move {
            match wasm_bindgen_futures::JsFuture::from(copied).await {
                Ok(_) => self.say("Copied."),
                Err(_) => self.say("The browser did not allow copying."),
            }
        });
    }

    /// Closes whatever lies over the page.
    pub fn close_sheets(self) {
        self.details.set(false);
        self.sidebar.set(false);
    }
}
