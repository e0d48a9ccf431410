//! Whether the gateway's ledger, our store and the events tell the same story. Gives what differs instead of ending the program.

use std::collections::{BTreeMap, BTreeSet};

use farthing_stories::World;
use farthing_stories::api::sequence;
use farthing_stories::books::event_id;
use farthing_stories::wait;
use serde_json::Value;

/// What all runs so far have left behind.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Payments of the runs, by the id that the gateway knows.
    payments: BTreeMap<String, Value>,
    /// What the gateway knows and no run accounts for; each is told of once.
    strangers: BTreeSet<String>,
    /// Events in order.
    events: Vec<Value>,
    event_ids: BTreeSet<String>,
    /// How many events each payment has had, which is also the sequence number of the last one.
    last_sequence: BTreeMap<String, u64>,
    deliveries_seen: usize,
    /// The first delivery of each event, body included: every other one has to be like it.
    delivered: BTreeMap<String, Value>,
    /// The sequence number of the last event delivered, by payment.
    last_delivered: BTreeMap<String, u64>,
}

impl Books {
    /// Compares what is known of these orders, each of which was paid by an insisting shopper.
    pub(crate) async fn compare(&mut self, world: &World, orders: &[String]) -> Vec<String> {
        let mut wrong = Vec::new();
        self.read_events(world, &mut wrong).await;
        let ledger = ledger(world).await;
        for order in orders {
            let payments = world.api.payments_of(order).await;
            let paid = payments.iter().filter(|payment| payment["status"] == "paid").count();
            if paid != 1 {
                wrong.push(format!("{order} has {paid} paid payments of {}", payments.len()));
            }
            let mut charges = 0;
            for payment in &payments {
                charges += self.compare_payment(payment, &ledger, &mut wrong);
                let id = text(payment, "gateway_order_id").to_owned();
                if self.payments.insert(id, payment.clone()).is_some() {
                    wrong.push(format!("two attempts share a gateway_order_id: {payment}"));
                }
            }
            if charges != 1 {
                wrong.push(format!("{order} was charged {charges} times"));
            }
        }
        for id in ledger.keys() {
            if !self.payments.contains_key(id) && self.strangers.insert(id.clone()) {
                wrong
                    .push(format!("the gateway knows {id}, which belongs to no order of this run"));
            }
        }
        self.read_deliveries(world, &mut wrong).await;
        wrong
    }

    /// The same for all runs, and with them whatever has changed since.
    pub(crate) async fn compare_all(&self, world: &World) -> Vec<String> {
        let mut wrong = Vec::new();
        let stored = world.api.list("/v1/payments").await;
        if stored.len() != self.payments.len() {
            wrong.push(format!(
                "{} payments are stored, {} were made",
                stored.len(),
                self.payments.len()
            ));
        }
        for payment in &stored {
            let before = self.payments.get(text(payment, "gateway_order_id"));
            if before.is_none_or(|before| before["status"] != payment["status"]) {
                wrong.push(format!("changed after the end: {payment}"));
            }
        }
        let events = world.api.events().await;
        if events != self.events {
            wrong.push(format!(
                "{} events are stored, {} were read",
                events.len(),
                self.events.len()
            ));
        }
        wrong
    }

    /// One attempt against the ledger and its events; gives how often it was charged.
    fn compare_payment(
        &self,
        payment: &Value,
        ledger: &BTreeMap<String, Value>,
        wrong: &mut Vec<String>,
    ) -> usize {
        let entry = ledger.get(text(payment, "gateway_order_id"));
        let charges: &[Value] =
            entry.and_then(|order| order["charges"].as_array()).map_or(&[], Vec::as_slice);
        if charges.len() > 1 {
            wrong.push(format!("charged {} times: {payment}", charges.len()));
        }
        let status = text(payment, "status");
        let amounts_agree = charges.iter().all(|charge| charge["amount"] == payment["amount"]);
        if (status == "paid") != (charges.len() == 1) || !amounts_agree {
            wrong.push(format!("the gateway says {charges:?}, our store {payment}"));
        }
        let expected: &[&str] = match status {
            "paid" => &["payment.paid"],
            "failed" => &["payment.failed"],
            _ => {
                wrong.push(format!("neither paid nor failed: {payment}"));
                return charges.len();
            }
        };
        let told: Vec<&str> = self
            .events
            .iter()
            .filter(|event| event["data"]["id"] == payment["id"])
            .map(|event| text(event, "type"))
            .collect();
        if told != expected {
            wrong.push(format!("events {told:?} of {payment}"));
        }
        charges.len()
    }

    /// Reads the events that came since; their order and ids are checked on the way.
    async fn read_events(&mut self, world: &World, wrong: &mut Vec<String>) {
        loop {
            let after = self.events.last().map_or(0, sequence);
            let page = world.api.get(&format!("/v1/events?after={after}")).await.expect(200).json;
            let page = page["data"].as_array().expect("data is a list").clone();
            if page.is_empty() {
                return;
            }
            for event in page {
                if self.events.last().is_some_and(|last| sequence(last) >= sequence(&event)) {
                    wrong.push(format!("out of order: {event}"));
                }
                if !self.event_ids.insert(event_id(&event)) {
                    wrong.push(format!("two events have one id: {event}"));
                }
                let last =
                    self.last_sequence.entry(text(&event["data"], "id").to_owned()).or_default();
                *last += 1;
                if event["sequence"].as_u64() != Some(*last) {
                    wrong.push(format!("sequence is not {last}: {event}"));
                }
                self.events.push(event);
            }
        }
    }

    /// Waits until the merchant has every event, and checks what arrived since.
    async fn read_deliveries(&mut self, world: &World, wrong: &mut Vec<String>) {
        wait::until("every event to be delivered", async || {
            let arrived: BTreeSet<String> = world
                .webhooks
                .deliveries()
                .into_iter()
                .skip(self.deliveries_seen)
                .filter(|delivery| delivery.taken)
                .map(|delivery| delivery.id)
                .collect();
            let missing =
                |id: &&String| !self.delivered.contains_key(*id) && !arrived.contains(*id);
            self.event_ids.iter().find(missing).is_none().then_some(())
        })
        .await;
        let deliveries = world.webhooks.deliveries();
        for delivery in deliveries.iter().skip(self.deliveries_seen) {
            if delivery.signature.is_err() || !self.event_ids.contains(&delivery.id) {
                wrong.push(format!("a webhook that is no event of ours: {delivery:?}"));
            }
            if let Some(first) = self.delivered.get(&delivery.id) {
                if *first != delivery.body {
                    wrong.push(format!("{} was delivered with two bodies", delivery.id));
                }
                continue;
            }
            self.delivered.insert(delivery.id.clone(), delivery.body.clone());
            let last = self
                .last_delivered
                .entry(text(&delivery.body["data"], "id").to_owned())
                .or_default();
            let number = delivery.body["sequence"].as_u64().unwrap_or_default();
            if number <= *last {
                wrong.push(format!("delivered after its successor: {}", delivery.body));
            }
            *last = number;
        }
        self.deliveries_seen = deliveries.len();
    }
}

/// The gateway's orders by the id that we gave them.
async fn ledger(world: &World) -> BTreeMap<String, Value> {
    let orders = world.sandbox.orders().await;
    orders.into_iter().map(|order| (text(&order, "order_id").to_owned(), order)).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
