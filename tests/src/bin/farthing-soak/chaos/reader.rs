//! Reads what the three sides say, and waits until they have nothing more to say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use farthing_stories::World;
use farthing_stories::api::{fresh_key, sequence};
use serde_json::Value;
use tokio::time::sleep;

use super::compare::{Books, compare, statuses, subject, text};

/// After all time-outs of the gateway, the schedule of checks has this long: 45 s and a fifth, two call time-outs, and some air.
const SETTLED: Duration = Duration::from_secs(90);

/// An event that was refused twice comes after five minutes.
const OWED: Duration = Duration::from_secs(330);

/// The merchant asks for checks of what is still open after so long, and again after as long.
const ASKS_AFTER: Duration = Duration::from_secs(3);

/// Looks again so often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The books, which grow with each epoch.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// As they were read last.
    pub(crate) books: Books,
}

impl Reader {
    /// Waits until no payment is open, every charge is known, and every event that is due has reached the merchant. What is not so
    /// after the longest time, the comparison tells.
    pub(crate) async fn settle(&mut self, world: &World, merchant_asks: bool) {
        let start = Instant::now();
        let mut asked = Instant::now();
        while start.elapsed() < SETTLED {
            let open = self.unsettled(world).await;
            if open.is_empty() && self.undelivered(world).await.is_empty() {
                return;
            }
            if merchant_asks && asked.elapsed() > ASKS_AFTER {
                asked = Instant::now();
                for id in open {
                    let path = format!("/v1/payments/{id}/check");
                    world.api.send("POST", &path, Some(&fresh_key()), Some(b"{}")).await;
                }
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits for the events that come late because the merchant refused them twice.
    pub(crate) async fn wait_for_owed(&mut self, world: &World) {
        let start = Instant::now();
        while start.elapsed() < OWED {
            self.undelivered(world).await;
            if self.books.owed.is_empty() {
                return;
            }
            sleep(LOOK_EVERY * 5).await;
        }
    }

    /// Reads everything, and gives what differs. At the end nothing may be owed any more.
    pub(crate) async fn compare(&mut self, world: &World, at_end: bool) -> Vec<String> {
        self.undelivered(world).await;
        if at_end {
            self.books.owed.clear();
        }
        self.books.payments = world.api.uncaptured().list("/v1/payments?limit=100").await;
        let mut ledger = world.sandbox.ledger().await;
        let asked = &ledger["requests"]["initPaymentHost2Host"]["count"];
        self.books.asked = asked.as_u64().unwrap_or_default();
        self.books.ledger = serde_json::from_value(ledger["orders"].take()).expect("a list");
        let wrong = compare(&self.books);
        self.books.before = statuses(&self.books);
        wrong
    }

    /// Ids of the payments that are open, or whose money the merchant does not know of.
    async fn unsettled(&self, world: &World) -> Vec<String> {
        let mut open = Vec::new();
        for status in ["processing", "requires_action"] {
            open.extend(
                world
                    .api
                    .uncaptured()
                    .list(&format!("/v1/payments?limit=100&status={status}"))
                    .await,
            );
        }
        if open.is_empty() {
            let charged: BTreeSet<String> = world
                .sandbox
                .orders()
                .await
                .iter()
                .filter(|order| order["charges"].as_array().is_some_and(|all| !all.is_empty()))
                .map(|order| text(order, "order_id").to_owned())
                .collect();
            open = world.api.uncaptured().list("/v1/payments?limit=100&status=failed").await;
            open.retain(|payment| charged.contains(text(payment, "gateway_order_id")));
        }
        open.iter().map(|payment| text(payment, "id").to_owned()).collect()
    }

    /// Reads new events and deliveries; gives the events that have not reached the merchant though they are due.
    async fn undelivered(&mut self, world: &World) -> Vec<String> {
        loop {
            let after = self.books.events.last().map_or(0, sequence);
            let path = format!("/v1/events?after={after}&limit=100");
            let page = world.api.uncaptured().get(&path).await.expect(200).json;
            let page = page["data"].as_array().expect("data is a list").clone();
            if page.is_empty() {
                break;
            }
            self.books.events.extend(page);
        }
        let seen = self.books.deliveries.len();
        self.books.deliveries.extend(world.webhooks.deliveries_after(seen));
        let (missing, owed) = missing(&self.books);
        self.books.owed = owed;
        missing
    }
}

/// Events that the merchant has not taken: those that are due, and the subjects of those that are not yet.
fn missing(books: &Books) -> (Vec<String>, BTreeSet<String>) {
    let mut taken = BTreeSet::new();
    let mut refused = BTreeMap::<&str, usize>::new();
    for delivery in &books.deliveries {
        if delivery.taken {
            taken.insert(delivery.id.as_str());
        } else {
            *refused.entry(&delivery.id).or_default() += 1;
        }
    }
    let (mut missing, mut owed) = (Vec::new(), BTreeSet::new());
    for event in books.events.iter().filter(|event| !taken.contains(text(event, "id"))) {
        if refused.get(text(event, "id")).is_some_and(|times| *times > 1) {
            owed.insert(subject(event).to_owned());
        }
    }
    for event in books.events.iter().filter(|event| !taken.contains(text(event, "id"))) {
        if !owed.contains(subject(event)) {
            missing.push(text(event, "id").to_owned());
        }
    }
    (missing, owed)
}

/// How many payments there are by how they stand, for the figures.
pub(crate) fn outcomes(payments: &[Value]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for payment in payments {
        let why = [text(payment, "attention"), text(&payment["decline"], "code")];
        let why = why.into_iter().find(|why| !why.is_empty()).unwrap_or_default();
        let name = format!("{} {why}", text(payment, "status")).trim_end().to_owned();
        *outcomes.entry(name).or_default() += 1;
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use farthing_stories::receiver::Delivery;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_refused_once_is_missing_and_what_was_refused_twice_is_owed() {
        let event = |id: &str, subject: &str| json!({"id": id, "data": {"id": subject}});
        let delivery = |id: &str, taken| Delivery {
            id: id.to_owned(),
            timestamp: 0,
            body: Value::Null,
            signature: Ok(()),
            taken,
        };
        let books = Books {
            events: vec![
                event("taken", "pay_1"),
                event("refused", "pay_2"),
                event("refused-twice", "pay_3"),
                event("waits-for-it", "pay_3"),
            ],
            deliveries: vec![
                delivery("taken", false),
                delivery("taken", true),
                delivery("refused", false),
                delivery("refused-twice", false),
                delivery("refused-twice", false),
            ],
            ..Books::default()
        };
        let (due, owed) = missing(&books);
        assert_eq!(due, ["refused"]);
        assert_eq!(owed.into_iter().collect::<Vec<_>>(), ["pay_3"]);
    }
}
