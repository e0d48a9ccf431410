//! The shop's journal: what it heard and asked, in the order in which it did. The live log shows it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::standing::Standing;

/// How many entries are kept, of all orders together.
const KEPT: usize = 500;

/// Where the shop knows something from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Source {
    /// A webhook whose signature was verified.
    Webhook,
    /// A webhook that was refused.
    Refused,
    /// `GET /v1/events`.
    Event,
    /// The timeline of `GET /v1/payments`.
    Payment,
    /// The order's state, put together from payments and session.
    Order,
    /// The browser: the shop's content security policy stopped something.
    Policy,
}

impl Source {
    /// The word on the page; the same as in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Refused => "refused",
            Self::Event => "event",
            Self::Payment => "payment",
            Self::Order => "order",
            Self::Policy => "policy",
        }
    }
}

/// One line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// Its place among all entries, from 1.
    #[serde(skip)]
    pub(super) seq: u64,
    /// The same key again is the same thing, told anew.
    pub(super) key: String,
    /// When.
    pub(super) at: Timestamp,
    /// Where from.
    pub(super) source: Source,
    /// Of which order; none for what concerns the whole shop.
    pub(super) order: Option<String>,
    /// What, in a word: an event's type, a state.
    pub(super) what: String,
    /// The particulars.
    pub(super) detail: String,
    /// With [`Source::Order`]: what the page shows of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standing: Option<Value>,
}

/// All entries, and a bell that rings when there is a new one.
#[derive(Debug)]
pub(super) struct Journal {
    inner: Mutex<Inner>,
    /// The latest entry's place.
    latest: watch::Sender<u64>,
    /// Tells this journal from that of an earlier run.
    run: String,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    seq: u64,
    deliveries: BTreeMap<String, u32>,
    standings: BTreeMap<String, Value>,
    refused: u64,
    reports: u64,
}

impl Journal {
    /// An empty journal.
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            latest: watch::Sender::new(0),
            run: Timestamp::now().as_millisecond().to_string(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, change: impl FnOnce(&mut Inner) -> Option<Entry>) {
        let mut inner = self.lock();
        let Some(mut entry) = change(&mut inner) else { return };
        inner.seq += 1;
        entry.seq = inner.seq;
        inner.entries.retain(|known| known.key != entry.key);
        inner.entries.push_back(entry);
        let excess = inner.entries.len().saturating_sub(KEPT);
        for dropped in inner.entries.drain(..excess).collect::<Vec<_>>() {
            inner.deliveries.remove(&dropped.key);
        }
        self.latest.send_replace(inner.seq);
    }

    /// A webhook that was verified. The same id again is the same event: it is counted, not repeated.
    /// Gives the order that it is about.
    pub(super) fn webhook(&self, id: &str, body: &[u8], at: Timestamp) -> Option<String> {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let key = format!("webhook {id}");
        let order = member(&value, "/data/order_id");
        self.write(|inner| {
            let count = inner.deliveries.entry(key.clone()).or_default();
            *count = count.saturating_add(1);
            let times =
                if *count == 1 { String::new() } else { format!(", delivered {count} times") };
            Some(Entry {
                seq: 0,
                at,
                source: Source::Webhook,
                order: order.clone(),
                what: member(&value, "/type").unwrap_or_else(|| "unknown".to_owned()),
                detail: format!("signature verified, {id}{times}"),
                standing: None,
                key,
            })
        });
        order
    }

    /// A webhook that was not believed.
    pub(super) fn refused(&self, why: &str, at: Timestamp) {
        self.write(|inner| {
            inner.refused += 1;
            Some(Entry {
                seq: 0,
                key: format!("refused {}", inner.refused),
                at,
                source: Source::Refused,
                order: None,
                what: "webhook refused".to_owned(),
                detail: why.to_owned(),
                standing: None,
            })
        });
    }

    /// A report of the browser: the policy stopped something.
    pub(super) fn report(&self, directive: &str, blocked: &str, at: Timestamp) {
        self.write(|inner| {
            inner.reports += 1;
            Some(Entry {
                seq: 0,
                key: format!("policy {}", inner.reports),
                at,
                source: Source::Policy,
                order: None,
                what: directive.to_owned(),
                detail: format!("stopped by the shop's policy: {blocked}"),
                standing: None,
            })
        });
    }

    /// How many reports there were.
    pub(super) fn count_reports(&self) -> u64 {
        self.lock().reports
    }

    /// One of `GET /v1/events`.
    pub(super) fn event(&self, event: &Value, now: Timestamp) {
        let id = member(event, "/id").unwrap_or_default();
        let seq = event.get("seq").and_then(Value::as_u64).unwrap_or_default();
        let status = member(event, "/data/status").unwrap_or_default();
        self.write(|_| {
            Some(Entry {
                seq: 0,
                key: format!("event {id}"),
                at: time(event, "/timestamp").unwrap_or(now),
                source: Source::Event,
                order: member(event, "/data/order_id"),
                what: member(event, "/type").unwrap_or_else(|| "unknown".to_owned()),
                detail: format!("number {seq}, status {status}, {id}"),
                standing: None,
            })
        });
    }

    /// What the API says of an order: its payments' timelines, and its state if that has changed.
    pub(super) fn standing(&self, order: &str, standing: &Standing, now: Timestamp) {
        // Newest payment first; told oldest first.
        for payment in standing.payments.iter().rev() {
            let id = member(payment, "/id").unwrap_or_default();
            let steps = payment.get("timeline").and_then(Value::as_array);
            for (index, step) in steps.into_iter().flatten().enumerate() {
                let key = format!("payment {id} {index}");
                self.write(|inner| {
                    if inner.entries.iter().any(|entry| entry.key == key) {
                        return None;
                    }
                    let status = member(step, "/status").unwrap_or_default();
                    Some(Entry {
                        seq: 0,
                        key,
                        at: time(step, "/at").unwrap_or(now),
                        source: Source::Payment,
                        order: Some(order.to_owned()),
                        what: member(step, "/event").unwrap_or_else(|| "unknown".to_owned()),
                        detail: format!("{status}, {id}"),
                        standing: None,
                    })
                });
            }
        }
        let shown = standing.to_json();
        self.write(|inner| {
            if inner.standings.get(order) == Some(&shown) {
                return None;
            }
            inner.standings.insert(order.to_owned(), shown.clone());
            Some(Entry {
                seq: 0,
                key: format!("order {order} {}", inner.seq),
                at: now,
                source: Source::Order,
                order: Some(order.to_owned()),
                what: standing.state().to_owned(),
                detail: format!("session {}", standing.session),
                standing: Some(shown),
            })
        });
    }

    /// Entries after a place: of one order with what concerns the whole shop, or all; oldest first.
    pub(super) fn after(&self, seq: u64, order: Option<&str>) -> Vec<Entry> {
        let concerns = |entry: &&Entry| {
            order.is_none() || entry.order.is_none() || entry.order.as_deref() == order
        };
        self.lock()
            .entries
            .iter()
            .filter(|entry| entry.seq > seq)
            .filter(concerns)
            .cloned()
            .collect()
    }

    /// Rings at every new entry.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// A place as a text that another run does not mistake for its own.
    pub(super) fn mark(&self, seq: u64) -> String {
        format!("{}-{seq}", self.run)
    }

    /// The place now.
    pub(super) fn mark_now(&self) -> String {
        self.mark(*self.latest.borrow())
    }

    /// Reads [`Journal::mark`]; the beginning if it is another run's, or nonsense.
    pub(super) fn place(&self, mark: &str) -> u64 {
        mark.split_once('-')
            .filter(|(run, _)| *run == self.run)
            .and_then(|(_, seq)| seq.parse().ok())
            .unwrap_or_default()
    }
}

fn member(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    value.pointer(pointer).and_then(Value::as_str)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn paid(order: &str) -> Vec<u8> {
        json!({"type": "payment.paid", "data": {"order_id": order, "status": "paid"}})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_repeated_webhook_is_one_entry_that_counts() {
        let journal = Journal::new();
        journal.webhook("evt_1", &paid("FB-1"), NOW);
        journal.webhook("evt_1", &paid("FB-1"), NOW);
        let entries = journal.after(0, Some("FB-1"));
        assert_eq!(entries.len(), 1);
        assert!(entries[0].detail.contains("delivered 2 times"), "{}", entries[0].detail);
        assert_eq!(entries[0].seq, 2, "whoever saw the first is told again");
    }

    #[test]
    fn a_log_shows_its_own_order_and_what_concerns_the_whole_shop() {
        let journal = Journal::new();
        journal.webhook("evt_1", &paid("FB-1"), NOW);
        journal.webhook("evt_2", &paid("FB-2"), NOW);
        journal.refused("the signature does not fit", NOW);
        let keys =
            |order| journal.after(0, order).into_iter().map(|entry| entry.key).collect::<Vec<_>>();
        assert_eq!(keys(Some("FB-2")), ["webhook evt_2", "refused 1"]);
        assert_eq!(keys(None).len(), 3);
    }

    #[test]
    fn reading_goes_on_where_it_ended_and_starts_anew_after_a_restart() {
        let journal = Journal::new();
        journal.webhook("evt_1", &paid("FB-1"), NOW);
        let mark = journal.mark_now();
        journal.webhook("evt_2", &paid("FB-1"), NOW);
        let later = journal.after(journal.place(&mark), None);
        assert_eq!(
            later.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(),
            ["webhook evt_2"]
        );
        for other in ["0-1", "", "-", "nonsense", "99-"] {
            assert_eq!(journal.place(other), 0, "{other}");
        }
    }

    #[test]
    fn an_unchanged_order_is_not_told_twice() {
        let journal = Journal::new();
        let open = Standing { payments: Vec::new(), session: "open".to_owned() };
        journal.standing("FB-1", &open, NOW);
        journal.standing("FB-1", &open, NOW);
        assert_eq!(journal.after(0, None).len(), 1);
        let timeline =
            json!([{"at": "2026-11-20T12:00:00Z", "event": "started", "status": "processing"}]);
        let payments = vec![json!({"id": "pay_1", "status": "paid", "timeline": timeline})];
        let done = Standing { payments, session: "complete".to_owned() };
        journal.standing("FB-1", &done, NOW);
        journal.standing("FB-1", &done, NOW);
        let words: Vec<String> =
            journal.after(0, None).into_iter().map(|entry| entry.what).collect();
        assert_eq!(words, ["unpaid", "started", "paid"]);
    }

    #[test]
    fn the_journal_does_not_grow_without_end() {
        let journal = Journal::new();
        for number in 0..KEPT + 10 {
            journal.webhook(&format!("evt_{number}"), &paid("FB-1"), NOW);
        }
        let entries = journal.after(0, None);
        assert_eq!(entries.len(), KEPT);
        assert_eq!(entries[0].key, "webhook evt_10");
        assert_eq!(journal.lock().deliveries.len(), KEPT);
    }
}
