//! What a soak counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::run::{Done, Plan, Point};
use crate::median_and_max;

/// The figures of a soak.
#[derive(Debug)]
pub(crate) struct Tally {
    start: Instant,
    orders: usize,
    kills: BTreeMap<Point, Kills>,
    /// What differed, with the run in which it did.
    pub(crate) mismatches: Vec<String>,
    /// Whether the time was over first.
    pub(crate) stopped_early: bool,
}

#[derive(Debug, Default)]
struct Kills {
    count: usize,
    attempts: usize,
    charged: usize,
    restarts: Vec<Duration>,
    recoveries: Vec<Duration>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            orders: 0,
            kills: BTreeMap::new(),
            mismatches: Vec::new(),
            stopped_early: false,
        }
    }
}

impl Tally {
    /// Adds a run that came to its end.
    pub(crate) fn add(&mut self, plan: &Plan, done: &Done) {
        self.orders += done.orders.len();
        if let Some(point) = plan.point {
            let kills = self.kills.entry(point).or_default();
            kills.count += 1;
            kills.attempts += plan.shoppers();
            kills.charged += done.charged_at_kill;
            kills.restarts.extend(done.restart);
            kills.recoveries.extend(&done.recoveries);
        }
    }

    /// Notes what differed after a run.
    pub(crate) fn differ(&mut self, plan: &Plan, differences: Vec<String>) {
        for difference in differences {
            println!("MISMATCH {difference}\n  in {plan:?}");
            self.mismatches.push(difference);
        }
    }

    /// Whether everything was done and nothing differed.
    pub(crate) fn is_clean(&self, kills: usize) -> bool {
        let complete = Point::ALL.iter().all(|point| {
            kills == 0 || self.kills.get(point).is_some_and(|seen| seen.count == kills)
        });
        complete && self.mismatches.is_empty() && !self.stopped_early
    }

    /// The figures for people.
    pub(crate) fn report(&self, seed: u64, wanted: usize) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "\npoint  kills  attempts  charged  restart median / max ms  recovery median / max ms"
        );
        for point in Point::ALL {
            let none = Kills::default();
            let kills = self.kills.get(&point).unwrap_or(&none);
            let _ = writeln!(
                out,
                "{:5}  {:5}  {:8}  {:7}  {:>23}  {:>24}",
                point.name(),
                kills.count,
                kills.attempts,
                kills.charged,
                median_and_max(&kills.restarts),
                median_and_max(&kills.recoveries)
            );
        }
        let count: usize = self.kills.values().map(|kills| kills.count).sum();
        let all: Vec<Duration> =
            self.kills.values().flat_map(|kills| kills.recoveries.clone()).collect();
        let _ = writeln!(out, "\norders paid: {}", self.orders);
        let _ = writeln!(out, "kills: {count} of {}", wanted * Point::ALL.len());
        let _ = writeln!(out, "recovery median / max ms: {}", median_and_max(&all));
        let _ = writeln!(out, "took: {} s", self.start.elapsed().as_secs());
        let _ = writeln!(out, "mismatches: {}", self.mismatches.len());
        for mismatch in &self.mismatches {
            let _ = writeln!(out, "  {mismatch}");
        }
        if self.stopped_early {
            let _ = writeln!(out, "stopped: the time was over before all was done");
        }
        let _ = write!(out, "seed: {seed}");
        out
    }
}
