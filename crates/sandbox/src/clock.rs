//! The sandbox's own clock: real time, moved and stopped at will.

use jiff::{SignedDuration, Timestamp};

use crate::control::{ClockChange, ClockState};

/// Real time plus an offset, or a moment at which it stands still.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: SignedDuration,
    stopped_at: Option<Timestamp>,
}

impl Clock {
    /// The time, saturating at the ends of what a timestamp can say.
    pub(crate) fn now(&self) -> Timestamp {
        self.stopped_at.unwrap_or_else(|| add(Timestamp::now(), self.offset))
    }

    /// Sets, then moves, then stops or starts.
    pub(crate) fn change(&mut self, change: ClockChange) -> ClockState {
        let base = change.now.unwrap_or_else(|| self.now());
        let now = add(base, SignedDuration::from_secs(change.advance_seconds));
        self.offset = now.duration_since(Timestamp::now());
        let frozen = change.frozen.unwrap_or(self.stopped_at.is_some());
        self.stopped_at = frozen.then_some(now);
        self.state()
    }

    /// What the control interface says.
    pub(crate) fn state(&self) -> ClockState {
        ClockState { now: self.now(), frozen: self.stopped_at.is_some() }
    }
}

/// `to` plus `span`, saturating.
pub(crate) fn add(to: Timestamp, span: SignedDuration) -> Timestamp {
    to.checked_add(span).unwrap_or(if span.is_negative() { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_stands_still_until_it_is_moved() {
        let mut clock = Clock::default();
        let noon: Timestamp = "2023-07-04T12:00:00Z".parse().unwrap();
        clock.change(ClockChange { now: Some(noon), frozen: Some(true), ..ClockChange::default() });
        assert_eq!(clock.now(), noon);
        clock.change(ClockChange { advance_seconds: 61, ..ClockChange::default() });
        assert_eq!(clock.now(), "2023-07-04T12:01:01Z".parse().unwrap());
    }

    #[test]
    fn a_running_clock_keeps_its_offset() {
        let mut clock = Clock::default();
        clock.change(ClockChange { advance_seconds: 3600, ..ClockChange::default() });
        assert!(clock.now() >= add(Timestamp::now(), SignedDuration::from_secs(3599)));
        assert!(!clock.state().frozen);
    }

    #[test]
    fn the_ends_of_time_are_not_passed() {
        let mut clock = Clock::default();
        clock.change(ClockChange { advance_seconds: i64::MAX, ..ClockChange::default() });
        clock.change(ClockChange { advance_seconds: i64::MAX, ..ClockChange::default() });
        clock.change(ClockChange { advance_seconds: i64::MIN, ..ClockChange::default() });
        assert!(clock.now() >= Timestamp::MIN);
    }
}
