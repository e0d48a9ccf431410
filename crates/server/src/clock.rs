//! The time of day, passed in so that tests can choose it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that many parts share.
pub type SharedClock = Arc<dyn Clock>;
