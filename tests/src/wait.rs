//! Waiting for a thing instead of sleeping.

use std::time::{Duration, Instant};

/// How long a story waits for anything before it fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// How often the awaited thing is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks again and again until `look` gives something; panics with `what` after `deadline`.
pub async fn until_within<T, F>(deadline: Duration, what: &str, mut look: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < deadline, "waited {:?} in vain for: {what}", start.elapsed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// [`until_within`] with the usual [`DEADLINE`].
pub async fn until<T, F>(what: &str, look: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    until_within(DEADLINE, what, look).await
}

/// The same without an executor, for what has to be waited for in a destructor. Gives `false` when the time is over.
pub fn blocking(deadline: Duration, mut look: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !look() {
        if start.elapsed() > deadline {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    true
}

/// Like [`until`], but gives what was seen last instead of failing, so that the caller can say more.
pub async fn until_or_last<T, E, F>(mut look: F) -> Result<T, E>
where
    F: AsyncFnMut() -> Result<T, E>,
{
    let start = Instant::now();
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(last) if start.elapsed() > DEADLINE => return Err(last),
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}
