//! Waiting for conditions instead of for time.

use std::time::{Duration, Instant};

/// Long enough for a machine under load, short enough to end a suite that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is `Some`; panics with `what` if that takes too long.
pub async fn within<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    within_for(PATIENCE, what, ask).await
}

pub async fn within_for<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> F,
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
