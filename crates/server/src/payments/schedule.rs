//! When a payment that is not settled is asked for again.

use jiff::{SignedDuration, Timestamp};

/// After this age an open payment needs a person, and a failed one is believed.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// The pauses, by the payment's age: up to the age on the left, wait what stands on the right (seconds).
const STEPS: [(i64, i64); 4] =
    [(10 * 60, 45), (60 * 60, 5 * 60), (24 * 3600, 30 * 60), (72 * 3600, 3 * 3600)];

/// The ages of the first checks, seconds.
const FIRST: [i64; 5] = [2, 4, 8, 15, 30];

/// When to check next, or `None` when the schedule has ended.
///
/// `jitter` is a number from 0 to 255, drawn by the caller; it moves the pause by up to 20 % either way.
pub fn next_check(created_at: Timestamp, now: Timestamp, jitter: u8) -> Option<Timestamp> {
    let age = now.duration_since(created_at).max(SignedDuration::ZERO);
    if age >= GIVE_UP_AFTER {
        return None;
    }
    // A check that came early by its jitter must not be followed by a twin: the next one is a third later at least.
    let is_next = |first: &&i64| i128::from(**first) * 1000 > age.as_millis() * 13 / 10;
    let pause = if let Some(first) = FIRST.iter().find(is_next) {
        SignedDuration::from_secs(*first) - age
    } else {
        let pause = STEPS
            .iter()
            .find(|(until, _)| age.as_secs() < *until)
            .map_or(3 * 3600, |(_, pause)| *pause);
        SignedDuration::from_secs(pause)
    };
    // -20 % … +20 % in 255 steps, in integer milliseconds.
    let shift = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 1000)
        * (i64::from(jitter) * 40 - 255 * 20)
        / 25_500;
    now.checked_add(pause + SignedDuration::from_millis(shift)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn first_checks_come_at_two_four_eight_fifteen_and_thirty_seconds() {
        let mut now = at(0);
        let mut seen = Vec::new();
        for _ in 0..5 {
            now = next_check(at(0), now, 127).unwrap();
            seen.push(now.duration_since(at(0)).as_millis());
        }
        for (seen, wanted) in seen.iter().zip([2_000_i128, 4_000, 8_000, 15_000, 30_000]) {
            assert!((seen - wanted).abs() <= wanted / 100, "{seen} is not about {wanted}");
        }
    }

    #[test]
    fn schedule_ends_after_72_hours() {
        assert_eq!(next_check(at(0), at(72 * 3600), 0), None);
        assert!(next_check(at(0), at(72 * 3600 - 1), 0).is_some());
    }

    #[test]
    fn a_payment_of_the_last_ten_minutes_is_asked_for_within_a_minute() {
        for age in 0..600 {
            let pause = next_check(at(0), at(age), 255).unwrap().duration_since(at(age));
            assert!(pause <= SignedDuration::from_secs(60), "{pause:?} at {age}");
        }
    }

    proptest! {
        #[test]
        fn next_check_is_always_in_the_future_and_at_most_20_percent_late(age in 0_i64..72 * 3600, jitter: u8) {
            let pause = next_check(at(0), at(age), jitter).unwrap().duration_since(at(age));
            prop_assert!(pause > SignedDuration::ZERO);
            prop_assert!(pause <= SignedDuration::from_secs(3 * 3600 * 6 / 5));
        }

        #[test]
        fn a_clock_that_jumps_back_neither_panics_nor_ends_the_schedule(age in -100_000_i64..0, jitter: u8) {
            prop_assert!(next_check(at(0), at(age), jitter).is_some());
        }
    }
}
