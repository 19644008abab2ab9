//! Bars on the terminal: how full a tier is, and how far a job is. Says nothing when told to be
//! quiet or when a program reads.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Context;

/// Cells of a full bar.
const CELLS: usize = 24;

/// Draws a share of 0..=1; whatever is there shows at least one cell.
pub(super) fn share(share: f64) -> String {
    let exact = (share.clamp(0.0, 1.0) * CELLS as f64).round() as usize;
    let full = if share > 0.0 { exact.max(1) } else { 0 };
    format!("[{}{}]", "#".repeat(full), ".".repeat(CELLS - full))
}

/// Starts a bar for `total` memories on standard error.
pub(super) fn progress(context: &Context, total: u64) -> ProgressBar {
    let silent = context.json() || context.quiet();
    let target = if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = ProgressStyle::with_template("{msg} [{bar:24}] {human_pos} of {human_len}, {eta}");
    match style {
        Ok(style) => bar.with_style(style.progress_chars("##.")),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_bar_is_as_full_as_its_share_and_never_empty_when_there_is_something() {
        let cells = |it: f64| share(it).matches('#').count();
        assert_eq!([0.0, 0.000_1, 0.5, 1.0, 7.0].map(cells), [0, 1, 12, 24, 24]);
        assert!([0.0, 0.3, 1.0].iter().all(|it| share(*it).len() == 26));
    }
}
