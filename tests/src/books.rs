//! Whether our store, the gateway's ledger and the merchant's webhooks tell the same story: invariants I1, I3, I4 and I6.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Api, sequence};
use crate::receiver::{Receiver, mentions};
use crate::sandbox::Sandbox;
use crate::wait;

/// Compares the books. Payments may still be open only where the ledger says that nothing was taken.
pub async fn assert_agree(api: &Api, sandbox: &Sandbox, receiver: &Receiver) {
    // Money that was taken has to be known sooner or later; everything else is judged after that.
    wait::until("every charge to be a paid payment", async || {
        let payments = by_gateway_id(api).await;
        let charged = charged(sandbox).await;
        charged.keys().all(|id| payments.get(id).is_some_and(is_told)).then_some(())
    })
    .await;
    let orders = sandbox.orders().await;
    let charged = charged(sandbox).await;
    let payments = by_gateway_id(api).await;

    let mut paid_orders = BTreeSet::new();
    for order in &orders {
        let id = order["order_id"].as_str().unwrap_or_default();
        let charges = order["charges"].as_array().map_or(0, Vec::len);
        assert!(charges <= 1, "{charges} charges for one attempt: {order}");
        let payment = payments.get(id).unwrap_or_else(|| {
            panic!("the gateway knows an attempt that our store does not: {order}")
        });
        assert_eq!(
            order["amount"], payment["amount"],
            "the gateway was told another amount: {order}"
        );
        if charges == 1 {
            let merchant_order = payment["order_id"].as_str().unwrap_or_default().to_owned();
            assert!(paid_orders.insert(merchant_order), "an order was charged twice: {payment}");
        }
    }
    for (id, payment) in &payments {
        if payment["status"] == "paid" {
            let amount = charged.get(id).copied();
            assert_eq!(
                amount,
                payment["amount"].as_u64(),
                "paid without the gateway's money: {payment}"
            );
        }
    }
    assert_events(api, receiver, &payments).await;
}

/// Every final payment has one event of its kind; every event is delivered, signed, with one id, in order per payment.
async fn assert_events(api: &Api, receiver: &Receiver, payments: &BTreeMap<String, Value>) {
    let events = api.events().await;
    let sequences = events.iter().map(sequence).collect::<Vec<_>>();
    assert!(
        sequences.is_sorted_by(|left, right| left < right),
        "events out of order: {sequences:?}"
    );
    let ids = events.iter().map(event_id).collect::<BTreeSet<_>>();
    assert_eq!(ids.len(), events.len(), "two events share an id");
    for payment in payments.values() {
        let id = payment["id"].as_str().unwrap_or_default();
        let kinds = events
            .iter()
            .filter(|event| mentions(event, id))
            .map(|event| event["type"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>();
        let expected: &[&str] = match payment["status"].as_str().unwrap_or_default() {
            "paid" => &["payment.paid"],
            "failed" => &["payment.failed"],
            "canceled" => &["payment.canceled"],
            "needs_attention" if kinds.len() == 2 => &["payment.failed", "payment.needs_attention"],
            "needs_attention" => &["payment.needs_attention"],
            _ => &[],
        };
        assert_eq!(kinds, expected, "events of {payment}");
    }
    for delivery in receiver.deliveries() {
        assert_eq!(
            delivery.signature,
            Ok(()),
            "a webhook whose signature does not hold: {delivery:?}"
        );
        assert!(ids.contains(&delivery.id), "a webhook that is no event: {delivery:?}");
    }
}

/// The id of an event, which is also its `webhook-id`.
pub fn event_id(event: &Value) -> String {
    event["id"].as_str().unwrap_or_else(|| panic!("an event without id: {event}")).to_owned()
}

/// Minor units taken, by `gateway_order_id`.
pub async fn charged(sandbox: &Sandbox) -> BTreeMap<String, u64> {
    let mut charged = BTreeMap::new();
    for order in sandbox.orders().await {
        for charge in order["charges"].as_array().into_iter().flatten() {
            let id = order["order_id"].as_str().unwrap_or_default().to_owned();
            *charged.entry(id).or_default() += charge["amount"].as_u64().unwrap_or_default();
        }
    }
    charged
}

async fn by_gateway_id(api: &Api) -> BTreeMap<String, Value> {
    let payments = api.list("/v1/payments").await;
    let count = payments.len();
    let by_id = payments
        .into_iter()
        .map(|payment| {
            (payment["gateway_order_id"].as_str().unwrap_or_default().to_owned(), payment)
        })
        .collect::<BTreeMap<_, _>>();
    assert_eq!(by_id.len(), count, "two attempts share a gateway_order_id");
    by_id
}

/// Whether the merchant is told of the money: as paid, or as something that a person has to look at.
fn is_told(payment: &Value) -> bool {
    matches!(payment["status"].as_str(), Some("paid" | "needs_attention"))
}
