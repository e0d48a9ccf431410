//! What a soak counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use farthing_stories::receiver::Delivery;
use serde_json::Value;

use super::compare::{Books, text};
use super::plan::{Death, Plan};
use super::reader::outcomes;
use super::tab::Story;
use crate::median_and_max;

/// The figures of a soak.
#[derive(Debug)]
pub(crate) struct Tally {
    start: Instant,
    kills: BTreeMap<Death, usize>,
    restarts: Vec<Duration>,
    settling: Vec<Duration>,
    /// By name: in how many epochs it was active, and how often it hit.
    faults: BTreeMap<String, (u64, u64)>,
    acts: BTreeMap<&'static str, u64>,
    shoppers: usize,
    /// Resident memory at the end of each epoch, bytes.
    memory: Vec<u64>,
    late_requests: u64,
    /// What differed.
    pub(crate) mismatches: Vec<String>,
    /// Whether the time was over first.
    pub(crate) stopped_early: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            kills: BTreeMap::new(),
            restarts: Vec::new(),
            settling: Vec::new(),
            faults: BTreeMap::new(),
            acts: BTreeMap::new(),
            shoppers: 0,
            memory: Vec::new(),
            late_requests: 0,
            mismatches: Vec::new(),
            stopped_early: false,
        }
    }
}

impl Tally {
    /// Adds a kill.
    pub(crate) fn add_kill(&mut self, death: Death, restart: Duration) {
        *self.kills.entry(death).or_default() += 1;
        self.restarts.push(restart);
    }

    /// Adds the faults of replies of an epoch, each of which was active.
    pub(crate) fn add_hits(&mut self, hits: Vec<(String, u64)>) {
        for (name, hits) in hits {
            self.add_fault(format!("reply to {name}"), hits);
        }
    }

    fn add_fault(&mut self, name: String, hits: u64) {
        let (epochs, all) = self.faults.entry(name).or_default();
        *epochs += 1;
        *all += hits;
    }

    /// Adds an epoch: its switches with what they could hit, and what its shoppers did.
    pub(crate) fn add_epoch(&mut self, plan: &Plan, seen: &Seen, stories: &[Story]) {
        self.shoppers += stories.len();
        for story in stories {
            for (act, times) in &story.acts {
                *self.acts.entry(act).or_default() += times;
            }
        }
        self.settling.push(seen.settling);
        self.memory.push(seen.memory);
        self.late_requests = seen.late_requests;
        for (name, what) in positions(&plan.switches) {
            self.add_fault(
                name,
                match what {
                    Hits::Payments => seen.payments,
                    Hits::Callbacks => seen.callbacks,
                    Hits::Banks => stories.iter().map(Story::times_at_the_bank).sum(),
                },
            );
        }
        if seen.refused > 0 {
            self.add_fault("webhook not taken".to_owned(), seen.refused);
        }
        if plan.late.is_some() {
            self.add_fault("request arrives late".to_owned(), 0);
        }
    }

    /// Notes something that differed, once.
    pub(crate) fn differ(&mut self, difference: String) {
        if self.mismatches.contains(&difference) {
            return;
        }
        println!("MISMATCH {difference}");
        self.mismatches.push(difference);
    }

    /// Kills so far.
    pub(crate) fn kills(&self) -> usize {
        self.restarts.len()
    }

    /// The figures for people.
    pub(crate) fn report(&self, seed: u64, books: &Books) -> String {
        let mut out = String::new();
        let orders: BTreeSet<&str> =
            books.payments.iter().map(|payment| text(payment, "order_id")).collect();
        let _ = writeln!(out, "\nfault, epochs with it, hits:");
        for (name, (epochs, hits)) in &self.faults {
            let hits = if name == "request arrives late" { self.late_requests } else { *hits };
            let _ = writeln!(out, "  {name}: {epochs}, {hits}");
        }
        let _ = writeln!(out, "what shoppers did:");
        for (act, times) in &self.acts {
            let _ = writeln!(out, "  {act}: {times}");
        }
        let _ = writeln!(out, "payments by outcome:");
        for (name, count) in outcomes(&books.payments) {
            let _ = writeln!(out, "  {name}: {count}");
        }
        let _ = writeln!(out, "kills:");
        for (death, count) in &self.kills {
            let _ = writeln!(out, "  {}: {count}", death.name());
        }
        let _ = writeln!(
            out,
            "shoppers: {}, orders: {}, payments: {}",
            self.shoppers,
            orders.len(),
            books.payments.len()
        );
        let repeats = books.deliveries.len().saturating_sub(books.events.len());
        let _ = writeln!(
            out,
            "events: {}, deliveries: {}, of which repeats: {repeats}",
            books.events.len(),
            books.deliveries.len()
        );
        let _ = writeln!(
            out,
            "kills: {}, restart median / max ms: {}",
            self.kills(),
            median_and_max(&self.restarts)
        );
        let _ = writeln!(out, "settling median / max ms: {}", median_and_max(&self.settling));
        let mebibytes = |bytes: Option<&u64>| bytes.map_or(0, |bytes| bytes / 1024 / 1024);
        let _ = writeln!(
            out,
            "memory of the server, largest / last MiB: {} / {}",
            mebibytes(self.memory.iter().max()),
            mebibytes(self.memory.last())
        );
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

/// What an epoch left behind, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Payments that were begun.
    pub(crate) payments: u64,
    /// Callbacks that the gateway sent, or lost.
    pub(crate) callbacks: u64,
    /// Deliveries that the merchant did not take.
    pub(crate) refused: u64,
    /// How long it took until everything was known.
    pub(crate) settling: Duration,
    /// The server's resident memory, bytes.
    pub(crate) memory: u64,
    /// Requests that arrived late, since the beginning.
    pub(crate) late_requests: u64,
}

impl Seen {
    /// What was added between two readings of the books.
    pub(crate) fn since(before: &(usize, u64, usize), books: &Books) -> Self {
        let (payments, callbacks, deliveries) = before;
        let new = books.deliveries.get(*deliveries..).unwrap_or_default();
        Self {
            payments: count(books.payments.len().saturating_sub(*payments)),
            callbacks: callbacks_of(books).saturating_sub(*callbacks),
            refused: count(new.iter().filter(|delivery: &&Delivery| !delivery.taken).count()),
            ..Self::default()
        }
    }

    /// A mark for [`Seen::since`].
    pub(crate) fn mark(books: &Books) -> (usize, u64, usize) {
        (books.payments.len(), callbacks_of(books), books.deliveries.len())
    }
}

fn callbacks_of(books: &Books) -> u64 {
    let of = |order: &Value| order["callbacks"].as_array().map_or(0, Vec::len);
    count(books.ledger.iter().map(of).sum())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).expect("a count")
}

/// What a switch can hit.
#[derive(Clone, Copy, Debug)]
enum Hits {
    Banks,
    Callbacks,
    Payments,
}

/// The switches that are not as the documents have them.
fn positions(switches: &Value) -> Vec<(String, Hits)> {
    let usual = [
        ("settle", "\"on_visit\""),
        ("order_id_echo", "\"merchant\""),
        ("waiting_status", "0"),
        ("check_step", "true"),
        ("check_by_processing_id", "false"),
        ("check_unknown_http", "200"),
        ("refusal_http", "200"),
        ("term_url_absent", "false"),
        ("final_amount", "\"equal\""),
        ("card_time_limit", "false"),
        ("fail_code", "null"),
        ("form_base", "null"),
        ("acs_base", "null"),
        ("next_step", ""),
    ];
    let mut positions = Vec::new();
    for (name, usual) in usual {
        let value = switches[name].to_string();
        if value != usual {
            positions.push((format!("{name} {}", word(&switches[name])), Hits::Payments));
        }
    }
    let bank = &switches["acs"]["behaviour"];
    if bank != "normal" {
        positions.push((format!("bank's page {}", word(bank)), Hits::Banks));
    }
    let callbacks = &switches["callbacks"];
    for name in ["lose", "before_reply", "wrong_sign", "unsigned", "uppercase_sign"] {
        if callbacks[name] == true {
            positions.push((format!("callbacks {name}"), Hits::Callbacks));
        }
    }
    let further = [
        ("repeated", callbacks["repeat"].as_u64() > Some(1)),
        ("delayed", callbacks["delay_ms"].as_u64() > Some(0)),
        ("with another status before", !list_is_empty(&callbacks["statuses_before"])),
        ("with another status after", !list_is_empty(&callbacks["statuses_after"])),
        ("as JSON", callbacks["encoding"] == "json"),
    ];
    for (name, is) in further {
        if is {
            positions.push((format!("callbacks {name}"), Hits::Callbacks));
        }
    }
    positions
}

fn list_is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

/// A position in one word: its name, without numbers that differ each time.
fn word(position: &Value) -> String {
    match position {
        Value::Object(object) => object.keys().next().cloned().unwrap_or_default(),
        Value::String(text) if text.contains("//") => "elsewhere".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
