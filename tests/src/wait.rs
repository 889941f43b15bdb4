//! Waiting for conditions instead of for time.

use std::time::{Duration, Instant};

/// Long enough for a machine under load, short enough to end a suite that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer is `Some`; panics with `what` if that takes too long.
pub async fn within<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within_for(PATIENCE, what, ask).await
}

pub async fn within_for<T>(
    patience: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < patience, "waited {patience:?} for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
