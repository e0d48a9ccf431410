//! The comparison can fail: each planted mismatch is found, and nothing else is said.

use farthing_stories::signature::SignatureError;
use serde_json::json;

use super::*;

/// A paid order, a declined try of another, money that came late for a third, and an amount that differs for a fourth.
fn books() -> Books {
    let ledger = [("a", 1, 1000), ("b", 0, 0), ("c", 1, 1000), ("d", 1, 900), ("e", 1, 1000)];
    let ledger = ledger.map(|(id, charges, amount)| {
        let charges = vec![json!({"amount": amount}); charges];
        json!({"order_id": format!("gw-{id}"), "amount": 1000, "charges": charges})
    });
    let payments = [
        payment("a", "order-1", "paid", None),
        payment("b", "order-2", "failed", None),
        payment("c", "order-3", "needs_attention", Some("late_money")),
        payment("d", "order-4", "needs_attention", Some("amount_differs")),
        // The order whose money came late had been paid by a second try.
        payment("e", "order-3", "paid", None),
    ];
    let told = [
        ("a", "payment.paid"),
        ("b", "payment.failed"),
        ("c", "payment.failed"),
        ("d", "payment.needs_attention"),
        ("e", "payment.paid"),
        ("c", "payment.needs_attention"),
    ];
    let mut events = Vec::new();
    for (seq, (id, kind)) in (1..).zip(told) {
        let data = payments.iter().find(|payment| payment["id"] == id).unwrap().clone();
        let sequence = if (id, kind) == ("c", "payment.needs_attention") { 2 } else { 1 };
        events.push(json!({
            "id": format!("evt-{seq}"), "seq": seq, "sequence": sequence, "type": kind, "data": data,
        }));
    }
    let deliveries = events.iter().map(|event| delivery(event, true)).collect();
    let mut books = Books {
        asked: 5,
        ledger: ledger.to_vec(),
        payments: payments.to_vec(),
        events,
        deliveries,
        ..Books::default()
    };
    books.before = statuses(&books);
    books
}

fn payment(id: &str, order: &str, status: &str, attention: Option<&str>) -> Value {
    let what = if attention == Some("late_money") { "not_accepted" } else { status };
    let mut payment = json!({
        "id": id, "gateway_order_id": format!("gw-{id}"), "order_id": order, "status": status, "amount": 1000,
        "timeline": [{"event": "started"}, {"event": what}],
    });
    if let Some(attention) = attention {
        payment["attention"] = json!(attention);
    }
    payment
}

fn delivery(event: &Value, taken: bool) -> Delivery {
    let mut body = event.clone();
    body.as_object_mut().unwrap().remove("seq");
    Delivery { id: text(event, "id").to_owned(), timestamp: 0, body, signature: Ok(()), taken }
}

/// Plants something and demands that one of the differences says this.
fn planted(says: &str, plant: impl Fn(&mut Books)) {
    let mut books = books();
    plant(&mut books);
    let wrong = compare(&books);
    assert!(wrong.iter().any(|what| what.contains(says)), "{says:?} is not in {wrong:#?}");
}

#[test]
fn books_that_agree_have_no_differences() {
    assert_eq!(compare(&books()), Vec::<String>::new());
}

#[test]
fn a_charge_that_nobody_was_told_of_is_found() {
    planted("the merchant does not know", |books| {
        books.ledger[1]["charges"] = json!([{"amount": 1000}]);
    });
    planted("that our store does not", |books| {
        books.payments.remove(0);
    });
    planted("our store has lost a", |books| {
        books.payments.remove(0);
    });
}

#[test]
fn a_double_charge_is_found() {
    planted("charged 2 times for one attempt", |books| {
        books.ledger[0]["charges"] = json!([{"amount": 1000}, {"amount": 1000}]);
    });
    planted("order-1 was charged 2 times", |books| {
        books.payments[3]["order_id"] = json!("order-1");
    });
    planted("order-1 is paid 2 times", |books| {
        books.payments[4]["order_id"] = json!("order-1");
    });
    planted("two payments share an id", |books| {
        books.payments[4]["gateway_order_id"] = json!("gw-a");
    });
}

#[test]
fn a_request_that_was_sent_again_is_found() {
    planted("5 attempts, but 6 requests", |books| books.asked = 6);
}

#[test]
fn a_payment_without_its_money_is_found() {
    planted("took None", |books| books.ledger[0]["charges"] = json!([]));
    planted("took None", |books| drop(books.ledger.remove(0)));
    planted("took Some(Number(900))", |books| {
        books.ledger[0]["charges"] = json!([{"amount": 900}]);
    });
    planted("another amount", |books| books.ledger[0]["amount"] = json!(10_000));
    planted("took Some(Number(1000))", |books| {
        books.ledger[3]["charges"] = json!([{"amount": 1000}]);
    });
}

#[test]
fn money_is_late_only_after_we_gave_up() {
    planted("our store says", |books| {
        books.payments[2]["timeline"] = json!([{"event": "started"}, {"event": "failed"}]);
    });
}

#[test]
fn a_payment_that_is_still_open_or_was_otherwise_before_is_found() {
    planted("\"processing\"", |books| books.payments[1]["status"] = json!("processing"));
    planted("was paid before", |books| {
        books.payments[0]["status"] = json!("failed");
    });
}

#[test]
fn an_event_that_is_missing_doubled_or_out_of_order_is_found() {
    planted("events [] of", |books| drop(books.events.remove(0)));
    planted("events [\"payment.failed\"] of", |books| {
        books.events[0]["type"] = json!("payment.failed");
    });
    planted("events [\"payment.paid\", \"payment.paid\"] of", |books| {
        let mut twice = books.events[0].clone();
        twice["id"] = json!("evt-7");
        books.events.push(twice);
    });
    planted("two events have one id", |books| books.events[1]["id"] = json!("evt-1"));
    planted("out of order", |books| books.events.swap(0, 1));
    planted("sequence is not 2", |books| books.events[5]["sequence"] = json!(3));
    planted("status of the last event", |books| {
        books.events[0]["data"]["status"] = json!("failed");
    });
}

#[test]
fn a_delivery_that_is_missing_forged_changed_or_too_early_is_found() {
    planted("never taken", |books| drop(books.deliveries.remove(0)));
    planted("never taken", |books| books.deliveries[0].taken = false);
    planted("signature", |books| {
        books.deliveries[0].signature = Err(SignatureError::Mismatch);
    });
    planted("no event of ours", |books| "evt-9".clone_into(&mut books.deliveries[0].id));
    planted("another body", |books| books.deliveries[0].body["data"]["amount"] = json!(1));
    planted("another body", |books| {
        let mut again = books.deliveries[0].clone();
        again.body["timestamp"] = json!("later");
        books.deliveries.push(again);
    });
    planted("before its predecessor was taken", |books| books.deliveries.swap(2, 5));
    planted("before its predecessor was taken", |books| books.deliveries[2].taken = false);
}

#[test]
fn an_event_that_is_not_due_is_not_missed() {
    let mut books = books();
    books.deliveries.remove(0);
    books.owed.insert("a".to_owned());
    assert_eq!(compare(&books), Vec::<String>::new());
}
