//! Whether the gateway's ledger, our store and what the merchant received tell one story. Gives what differs; asks nobody.

use std::collections::{BTreeMap, BTreeSet};

use farthing_stories::receiver::Delivery;
use serde_json::Value;

/// Everything that the three sides say, read when all is quiet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    /// The gateway's orders.
    pub(crate) ledger: Vec<Value>,
    /// How often the gateway was asked to take money.
    pub(crate) asked: u64,
    /// Our payments.
    pub(crate) payments: Vec<Value>,
    /// Our events, in order.
    pub(crate) events: Vec<Value>,
    /// What reached the merchant, in order of arrival.
    pub(crate) deliveries: Vec<Delivery>,
    /// Subjects whose events are not due yet: the merchant has refused one of them twice.
    pub(crate) owed: BTreeSet<String>,
    /// How each payment stood when the books were compared before.
    pub(crate) before: BTreeMap<String, String>,
}

/// What differs.
pub(crate) fn compare(books: &Books) -> Vec<String> {
    let mut wrong = Wrong::default();
    let payments = by_gateway_id(books, &mut wrong);
    // An attempt is sent once or not at all: more requests than attempts mean that one was sent again.
    if u64::try_from(payments.len()).is_ok_and(|attempts| books.asked > attempts) {
        wrong.say(format!("{} attempts, but {} requests", payments.len(), books.asked));
    }
    let charged = money(books, &payments, &mut wrong);
    for (order_id, attempts) in by_order(books) {
        order(order_id, &attempts, &charged, &mut wrong);
    }
    let events = events(books, &mut wrong);
    for payment in &books.payments {
        told(payment, events.get(text(payment, "id")).map_or(&[], Vec::as_slice), &mut wrong);
        unchanged(payment, books, &mut wrong);
    }
    let stored: BTreeSet<&str> = books.payments.iter().map(|payment| text(payment, "id")).collect();
    for lost in books.before.keys().filter(|id| !stored.contains(id.as_str())) {
        wrong.say(format!("our store has lost {lost}"));
    }
    deliveries(books, &mut wrong);
    wrong.0
}

/// How payments stand, for the next comparison.
pub(crate) fn statuses(books: &Books) -> BTreeMap<String, String> {
    let status = |payment: &Value| text(payment, "status").to_owned();
    books.payments.iter().map(|payment| (text(payment, "id").to_owned(), status(payment))).collect()
}

#[derive(Debug, Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn say(&mut self, what: String) {
        self.0.push(what);
    }
}

fn by_gateway_id<'a>(books: &'a Books, wrong: &mut Wrong) -> BTreeMap<&'a str, &'a Value> {
    let mut payments = BTreeMap::new();
    for payment in &books.payments {
        if payments.insert(text(payment, "gateway_order_id"), payment).is_some() {
            wrong.say(format!("two payments share an id at the gateway: {payment}"));
        }
    }
    payments
}

fn by_order(books: &Books) -> BTreeMap<&str, Vec<&Value>> {
    let mut orders = BTreeMap::<_, Vec<_>>::new();
    for payment in &books.payments {
        orders.entry(text(payment, "order_id")).or_default().push(payment);
    }
    orders
}

/// Every charge of the ledger is a payment that the merchant is told of, with its amount; nothing is paid without one. Gives what was
/// taken, by the id that the gateway knows.
fn money<'a>(
    books: &'a Books,
    payments: &BTreeMap<&str, &Value>,
    wrong: &mut Wrong,
) -> BTreeMap<&'a str, &'a Value> {
    let mut taken = BTreeMap::new();
    for entry in &books.ledger {
        let id = text(entry, "order_id");
        let Some(payment) = payments.get(id) else {
            wrong.say(format!("the gateway knows an attempt that our store does not: {entry}"));
            continue;
        };
        if entry["amount"] != payment["amount"] {
            wrong.say(format!("the gateway was told another amount: {entry}, {payment}"));
        }
        let charges = entry["charges"].as_array().map_or(&[][..], Vec::as_slice);
        if charges.len() > 1 {
            wrong.say(format!("charged {} times for one attempt: {entry}", charges.len()));
        }
        if let Some(charge) = charges.first() {
            taken.insert(id, &charge["amount"]);
            if !matches!(text(payment, "status"), "paid" | "needs_attention") {
                wrong.say(format!("charged, and the merchant does not know: {entry}, {payment}"));
            }
        }
    }
    for (id, payment) in payments {
        let amount = taken.get(id).copied();
        let whole = amount == Some(&payment["amount"]);
        let fits = match (text(payment, "status"), text(payment, "attention")) {
            ("paid", "") => whole,
            ("failed", "") => amount.is_none(),
            ("needs_attention", "amount_differs") => amount.is_some() && !whole,
            ("needs_attention", "late_money") => amount.is_some() && was_given_up(payment),
            // After all time-outs nothing may be open.
            _ => false,
        };
        if !fits {
            wrong.say(format!("the gateway took {amount:?}, our store says {payment}"));
        }
    }
    taken
}

/// Whether we said of ourselves that the gateway never had this payment: the only way for money to be late.
fn was_given_up(payment: &Value) -> bool {
    let timeline = payment["timeline"].as_array().map_or(&[][..], Vec::as_slice);
    timeline.iter().any(|entry| text(entry, "event") == "not_accepted")
}

/// An order is paid once, and has no second charge but one that a person was told of as late.
fn order(order_id: &str, attempts: &[&Value], charged: &BTreeMap<&str, &Value>, wrong: &mut Wrong) {
    let paid = attempts.iter().filter(|payment| text(payment, "status") == "paid").count();
    if paid > 1 {
        wrong.say(format!("{order_id} is paid {paid} times"));
    }
    let kept = attempts.iter().filter(|payment| {
        charged.contains_key(text(payment, "gateway_order_id"))
            && text(payment, "attention") != "late_money"
    });
    let kept = kept.count();
    if kept > 1 {
        wrong.say(format!("{order_id} was charged {kept} times"));
    }
}

/// The events by payment or session, in order. Their positions grow, no id occurs twice, sequences have no gap.
fn events<'a>(books: &'a Books, wrong: &mut Wrong) -> BTreeMap<&'a str, Vec<&'a Value>> {
    let mut by_subject = BTreeMap::<_, Vec<_>>::new();
    let mut ids = BTreeSet::new();
    let mut position = None;
    for event in &books.events {
        if !ids.insert(text(event, "id")) {
            wrong.say(format!("two events have one id: {event}"));
        }
        let next = event["seq"].as_u64();
        if next <= position {
            wrong.say(format!("out of order: {event}"));
        }
        position = next;
        let of_subject = by_subject.entry(subject(event)).or_default();
        of_subject.push(event);
        if event["sequence"].as_u64() != u64::try_from(of_subject.len()).ok() {
            wrong.say(format!("sequence is not {}: {event}", of_subject.len()));
        }
    }
    by_subject
}

/// A payment has the events of what became of it, and no others; the last one shows it as it is.
fn told(payment: &Value, events: &[&Value], wrong: &mut Wrong) {
    let expected: &[&str] = match (text(payment, "status"), text(payment, "attention")) {
        ("paid", _) => &["payment.paid"],
        ("failed", _) => &["payment.failed"],
        ("needs_attention", "late_money") => &["payment.failed", "payment.needs_attention"],
        ("needs_attention", _) => &["payment.needs_attention"],
        _ => &[],
    };
    let kinds: Vec<&str> = events.iter().map(|event| text(event, "type")).collect();
    if kinds != expected {
        wrong.say(format!("events {kinds:?} of {payment}"));
    }
    let Some(last) = events.last() else { return };
    for name in ["status", "amount", "order_id", "attention"] {
        if last["data"][name] != payment[name] {
            wrong.say(format!(
                "{name} of the last event is not that of its payment: {last}, {payment}"
            ));
        }
    }
}

/// What was final stays as it was, but for money that comes late.
fn unchanged(payment: &Value, books: &Books, wrong: &mut Wrong) {
    let now = text(payment, "status");
    let Some(before) = books.before.get(text(payment, "id")) else { return };
    let late = before == "failed" && text(payment, "attention") == "late_money";
    if before != now && !late {
        wrong.say(format!("was {before} before: {payment}"));
    }
}

/// Every event arrived: signed, with one body, and none before its predecessor was taken.
fn deliveries(books: &Books, wrong: &mut Wrong) {
    let events: BTreeMap<&str, &Value> =
        books.events.iter().map(|event| (text(event, "id"), event)).collect();
    let mut taken = BTreeSet::new();
    let mut last_taken = BTreeMap::<&str, u64>::new();
    for delivery in &books.deliveries {
        if delivery.signature.is_err() {
            wrong.say(format!("a webhook whose signature does not hold: {delivery:?}"));
        }
        let Some(event) = events.get(delivery.id.as_str()) else {
            wrong.say(format!("a webhook that is no event of ours: {delivery:?}"));
            continue;
        };
        if !is_same(event, &delivery.body) {
            wrong.say(format!("delivered with another body: {delivery:?}, {event}"));
        }
        let last = last_taken.entry(subject(event)).or_default();
        let number = event["sequence"].as_u64().unwrap_or_default();
        if number > *last + 1 {
            wrong.say(format!("delivered before its predecessor was taken: {delivery:?}"));
        }
        if delivery.taken {
            *last = number.max(*last);
            taken.insert(delivery.id.as_str());
        }
    }
    for (id, event) in events {
        if !taken.contains(id) && !books.owed.contains(subject(event)) {
            wrong.say(format!("never taken by the merchant: {event}"));
        }
    }
}

/// Whether a webhook says what the list of events says, which adds the position.
fn is_same(event: &Value, body: &Value) -> bool {
    let mut event = event.clone();
    if let Some(event) = event.as_object_mut() {
        event.remove("seq");
    }
    event == *body
}

/// The payment or session that an event is about.
pub(crate) fn subject(event: &Value) -> &str {
    text(&event["data"], "id")
}

/// A member's text; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
