//! The breaker between charges and a gateway that cannot be reached.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Counts transport errors and stops charges when there are too many.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    open: bool,
    failures: VecDeque<Instant>,
}

impl Breaker {
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn failed(&mut self, now: Instant) {
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.duration_since(*first) > BREAKER_WINDOW)
        {
            self.failures.pop_front();
        }
        if self.failures.len() >= BREAKER_FAILURES {
            self.open = true;
            // What matters from now on is whether a check gets through.
            self.failures.clear();
        }
    }

    pub(super) fn open(&mut self) {
        self.open = true;
    }

    pub(super) fn close(&mut self) {
        self.open = false;
        self.failures.clear();
    }
}

const BREAKER_FAILURES: usize = 10;
const BREAKER_WINDOW: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_further_apart_than_30_seconds_do_not_add_up() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        for step in 0..100 {
            breaker.failed(start + Duration::from_millis(3_400) * step);
        }
        assert!(!breaker.is_open(), "nine in 30 s");
        let mut breaker = Breaker::default();
        for step in 0..10 {
            breaker.failed(start + Duration::from_millis(3_300) * step);
        }
        assert!(breaker.is_open(), "ten in 29.7 s");
    }
}
