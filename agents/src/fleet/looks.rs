//! How the tmux session looks and behaves: its options, and nothing else.

/// A window in the list: its number and its name, of which a small screen shows less. All eight fit into
/// 80 columns, and their numbers into 40.
const OTHER: &str = " #[fg=colour245]#I#[fg=colour250]#{?#{e|<:#{client_width},60},\
    #{?pane_dead,#[fg=colour203]!,}, #W#{?pane_dead,\
    #[fg=colour203]#{?#{e|<:#{client_width},120},!, down},}} ";

/// The window that is looked at.
const CURRENT: &str = "#[bg=colour24,fg=colour231,bold] #I #W#{?pane_dead,\
    #[fg=colour216]#{?#{e|<:#{client_width},120},!, down},} ";

/// Global options, set before the first window exists.
///
/// `update-environment` is emptied, or a person who attaches would hand variables of his own (such
/// as the socket of an ssh agent) to every window that starts later.
const OPTIONS: [(&str, &str); 22] = [
    ("remain-on-exit", "on"),
    ("history-limit", "5000"),
    ("mouse", "on"),
    ("update-environment", ""),
    ("default-terminal", "screen-256color"),
    ("automatic-rename", "off"),
    ("allow-rename", "off"),
    ("renumber-windows", "off"),
    ("display-time", "2000"),
    ("status-interval", "5"),
    ("status-style", "bg=colour236,fg=colour250"),
    (
        "status-left",
        "#{?#{e|<:#{client_width},100},,#[bg=colour31#,fg=colour231#,bold] ai-infra #[default] }",
    ),
    ("status-left-length", "20"),
    (
        "status-right",
        "#{?client_prefix,#[fg=colour222]prefix ,}#{?#{e|>=:#{client_width},130},\
         #[fg=colour245]Ctrl-b 0-7#, d leaves ,}#{?#{e|<:#{client_width},100},,#[fg=colour250]%H:%M }",
    ),
    ("status-right-length", "60"),
    ("window-status-format", OTHER),
    ("window-status-current-format", CURRENT),
    ("window-status-separator", ""),
    ("pane-border-style", "fg=colour238"),
    ("message-style", "bg=colour24,fg=colour231"),
    ("mode-style", "bg=colour31,fg=colour231"),
    ("set-titles", "off"),
];

/// Returns the options in the order to set them.
pub(super) fn options() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPTIONS.into_iter()
}
