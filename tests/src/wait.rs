//! Waiting for something to become true, with a limit and a name, instead of sleeping and hoping.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

/// How long to wait between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Looks until `look` finds something, at most `within`.
///
/// # Errors
/// When the time is over (names `what` and the last thing that stood in the way) or `look` fails.
pub async fn until<T, F>(what: &str, within: Duration, mut look: F) -> anyhow::Result<T>
where
    F: AsyncFnMut() -> anyhow::Result<Option<T>>,
{
    let end = Instant::now() + within;
    loop {
        let found = look().await;
        if let Ok(Some(found)) = found {
            return Ok(found);
        }
        if Instant::now() >= end {
            let last = found.err().map(|error| format!("; last error: {error:#}"));
            bail!("waited {within:?} for {what}{}", last.unwrap_or_default());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
