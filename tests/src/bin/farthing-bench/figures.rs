//! Figures with their goals: as a table for people and as JSON for programs. Integers only: microseconds, bytes, counts.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// What the design asks of a figure (design, section 8).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// Nothing: it explains another figure.
    None,
    /// At most this number, in the figure's unit; the text is for the table.
    AtMost(u64, &'static str),
}

#[derive(Debug)]
struct Figure {
    key: String,
    what: String,
    number: u64,
    text: String,
    goal: Goal,
}

/// Everything that was measured, in the order of measuring.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    machine: Vec<(String, String)>,
    figures: Vec<Figure>,
}

impl Figures {
    /// Says something of the machine.
    pub(crate) fn machine(&mut self, what: &str, text: String) {
        eprintln!("    {what}: {text}");
        self.machine.push((what.to_owned(), text));
    }

    /// Adds a figure; `text` is the number as people read it.
    pub(crate) fn add(&mut self, key: &str, what: &str, number: u64, text: String, goal: Goal) {
        eprintln!("    {what}: {text}");
        self.figures.push(Figure {
            key: key.to_owned(),
            what: what.to_owned(),
            number,
            text,
            goal,
        });
    }

    /// Adds a time, kept in microseconds.
    pub(crate) fn add_time(&mut self, key: &str, what: &str, time: Duration, goal: Goal) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.add(&format!("{key}.us"), what, micros, format!("{} ms", millis(time)), goal);
    }

    /// Adds how many times `large` is `small`, kept in hundredths.
    pub(crate) fn add_ratio(
        &mut self,
        key: &str,
        what: &str,
        large: Duration,
        small: Duration,
        goal: Goal,
    ) {
        let hundredths = large.as_nanos() * 100 / small.as_nanos().max(1);
        let hundredths = u64::try_from(hundredths).unwrap_or(u64::MAX);
        let text = format!("{}.{:02} x", hundredths / 100, hundredths % 100);
        self.add(&format!("{key}.hundredths"), what, hundredths, text, goal);
    }

    /// Plain text.
    pub(crate) fn table(&self) -> String {
        let mut out = String::new();
        for (what, text) in &self.machine {
            let _ = writeln!(out, "{what}: {text}");
        }
        let width = self.figures.iter().map(|figure| figure.what.len()).max().unwrap_or(0);
        let _ = writeln!(out, "\n{:width$}  {:>12}  {:>8}", "figure", "measured", "goal");
        for figure in &self.figures {
            let (goal, verdict) = match figure.goal {
                Goal::None => ("", ""),
                Goal::AtMost(limit, text) => {
                    (text, if figure.number <= limit { "met" } else { "MISSED" })
                }
            };
            let line = format!("{:width$}  {:>12}  {goal:>8}  {verdict}", figure.what, figure.text);
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }

    /// The same for programs. Keys end in the unit where it is not a plain count.
    pub(crate) fn json(&self) -> String {
        let machine: serde_json::Map<String, Value> =
            self.machine.iter().map(|(what, text)| (what.clone(), json!(text))).collect();
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|figure| {
                let mut row =
                    json!({"key": figure.key, "what": figure.what, "value": figure.number});
                if let Goal::AtMost(limit, _) = figure.goal {
                    row["goal"] = json!(limit);
                    row["met"] = json!(figure.number <= limit);
                }
                row
            })
            .collect();
        let mut text =
            serde_json::to_string_pretty(&json!({"machine": machine, "figures": figures}))
                .expect("plain values");
        text.push('\n');
        text
    }
}

/// Times of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// Adds one.
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds all of another.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The percentile by nearest rank: the smallest time that `percent` of all are not above.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

/// Milliseconds with three decimals.
pub(crate) fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// Megabytes (of 1 048 576) with one decimal.
pub(crate) fn bytes(count: u64) -> String {
    let tenths = count * 10 / (1024 * 1024);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
