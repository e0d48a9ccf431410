//! Callbacks are hints: whatever arrives, in whatever order and by whomever, only a check moves money.

use farthing_stories::config::GATEWAY_SECRET;
use farthing_stories::sandbox::Callback;
use farthing_stories::signature::hmac_sha256_hex;
use farthing_stories::world::Session;
use farthing_stories::{World, until};
use serde_json::{Value, json};

type Fields = Vec<(String, String)>;

/// The gateway decides at once and says so in its reply.
async fn decide_at_once(world: &World, callbacks: Value) {
    world
        .sandbox
        .faults(json!({"next_step": "frictionless", "settle": "on_accept", "callbacks": callbacks}))
        .await;
}

/// A payment at the issuer, with the callback that would announce `status`, not sent.
async fn open_payment(world: &World, status: i64) -> (Session, Value, Callback) {
    let session = world.session().await;
    world.pay(&session, &world.challenge_card()).await;
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["status"], "requires_action");
    let callback = world.sandbox.callback(gateway_id(&payment), false, Some(status)).await;
    world.watch_token(callback.url.rsplit('/').next().unwrap());
    (session, payment, callback)
}

fn gateway_id(payment: &Value) -> &str {
    payment["gateway_order_id"].as_str().unwrap()
}

async fn post(world: &World, url: &str, content_type: &str, body: &[u8]) -> u16 {
    let request = world.http().post(url).header("content-type", content_type).body(body.to_vec());
    request.send().await.expect("an answer").status().as_u16()
}

async fn send(world: &World, callback: &Callback, fields: &Fields) -> u16 {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    post(world, &callback.url, &callback.content_type, body.as_bytes()).await
}

fn fields(callback: &Callback) -> Fields {
    form_urlencoded::parse(callback.body.as_bytes()).into_owned().collect()
}

/// Signs as the gateway does: values in the order of their keys, joined with bars.
fn sign(fields: &mut Fields, secret: &str) {
    fields.retain(|(name, _)| name != "sign");
    let mut sorted = fields.clone();
    sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    let values = sorted.into_iter().map(|(_, value)| value).collect::<Vec<_>>().join("|");
    fields.push(("sign".to_owned(), hmac_sha256_hex(secret, values.as_bytes())));
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    let field = fields.iter_mut().find(|(key, _)| key == name);
    value.clone_into(&mut field.unwrap_or_else(|| panic!("no field {name}")).1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_signature_agrees_with_the_gateways() {
    let world = World::start().await;
    let (_, _, callback) = open_payment(&world, 2).await;
    let mut again = fields(&callback);
    let theirs = again.iter().find(|(name, _)| name == "sign").expect("signed").1.clone();
    sign(&mut again, GATEWAY_SECRET);
    assert_eq!(again.last().unwrap().1, theirs);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_10_a_callback_ten_times_at_once_is_one_change_and_one_event() {
    let world = World::start().await;
    decide_at_once(&world, json!({"lose": true})).await;
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    let payment = world.api.only_payment(&session.order_id).await;
    let callback = world.sandbox.callback(gateway_id(&payment), false, None).await;
    let checks = world.sandbox.requests("check").await;
    let all = fields(&callback);
    let sends = (0..10).map(|_| send(&world, &callback, &all));
    assert_eq!(futures_util::future::join_all(sends).await, [200; 10]);
    let id = payment["id"].as_str().unwrap();
    world.api.wait_for_status(id, "paid").await;
    world.webhooks.wait_for("payment.paid", id).await;
    assert_eq!(world.api.events_about(id).await.len(), 1);
    // One by callback, and at most two of the schedule meanwhile.
    let checks = world.sandbox.requests("check").await - checks;
    assert!(checks <= 3, "ten callbacks made {checks} checks");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_11_callbacks_out_of_order_leave_what_the_check_says() {
    let world = World::start().await;
    for (before, after) in
        [(json!([-1]), json!([])), (json!([]), json!([-1])), (json!([-1, 2]), json!([-1, 2, -1]))]
    {
        decide_at_once(
            &world,
            json!({"lose": false, "statuses_before": before, "statuses_after": after}),
        )
        .await;
        let session = world.session().await;
        world.pay(&session, &world.good_card()).await;
        let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
        world.api.wait_for_status(&id, "paid").await;
        until("all callbacks to be answered", async || {
            let payment = world.api.payment(&id).await;
            let order = world.sandbox.order(gateway_id(&payment)).await?;
            let callbacks = order["callbacks"].as_array()?.clone();
            let expected = 1 + before.as_array()?.len() + after.as_array()?.len();
            (callbacks.len() == expected
                && callbacks.iter().all(|callback| callback["http_status"] == 200))
            .then_some(())
        })
        .await;
        assert_eq!(world.api.payment(&id).await["status"], "paid");
        assert_eq!(world.api.events_about(&id).await.len(), 1);
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_12_forged_callbacks_change_nothing() {
    let world = World::start().await;
    let (_, payment, callback) = open_payment(&world, 2).await;
    let genuine = fields(&callback);
    let mut forgeries: Vec<(&str, Fields, u16)> = Vec::new();
    let mut forge = |what, status, change: &dyn Fn(&mut Fields)| {
        let mut forged = genuine.clone();
        change(&mut forged);
        forgeries.push((what, forged, status));
    };
    forge("without a signature", 401, &|fields| fields.retain(|(name, _)| name != "sign"));
    forge("with an empty signature", 401, &|fields| set(fields, "sign", ""));
    forge("with a short signature", 401, &|fields| set(fields, "sign", "abcdef"));
    forge("with a signature of zeros", 401, &|fields| set(fields, "sign", &"0".repeat(64)));
    forge("signed with another secret", 401, &|fields| sign(fields, "asdfgh"));
    forge("signed with an empty secret", 401, &|fields| sign(fields, ""));
    forge("with another amount", 401, &|fields| set(fields, "amount", "1"));
    forge("with another order", 401, &|fields| set(fields, "orderId", "order-of-somebody"));
    forge("with one more field", 401, &|fields| fields.push(("zzz".to_owned(), "1".to_owned())));
    forge("with a doubled key", 400, &|fields| fields.push(("status".to_owned(), "2".to_owned())));
    forge("without an order", 400, &|fields| {
        fields.retain(|(name, _)| name != "orderId");
        sign(fields, GATEWAY_SECRET);
    });
    for (what, forged, expected) in &forgeries {
        let status = send(&world, &callback, forged).await;
        assert!(matches!(status, 400 | 401), "{what}: {status}");
        assert_eq!(status, *expected, "{what}");
    }
    assert_eq!(
        world.api.payment(payment["id"].as_str().unwrap()).await["status"],
        "requires_action"
    );
    assert_eq!(world.api.events().await.len(), 0);
    let counted = world.metric("farthing_callbacks_total", "bad_signature").await
        + world.metric("farthing_callbacks_total", "malformed").await;
    assert!((counted - 11.0).abs() < 0.5, "{counted} of 11 forgeries are counted");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_12_what_the_signature_cannot_tell_is_only_a_hint() {
    let world = World::start().await;
    let (_, payment, callback) = open_payment(&world, 2).await;
    let id = payment["id"].as_str().unwrap();
    // A renamed key and values shifted over the bar leave the signature whole: SmartCore API, Callback, signs values only.
    let mut renamed = fields(&callback);
    renamed.iter_mut().find(|(name, _)| name == "status").unwrap().0 = "statusX".to_owned();
    let mut split = fields(&callback);
    let first = split.iter().position(|(name, _)| name == "firstName").expect("firstName");
    let last = split.iter().position(|(name, _)| name == "lastName").expect("lastName");
    split[first].1 = "Ann|Lee".to_owned();
    split[last].1 = "X".to_owned();
    // Between the two names other values may be signed: keep the order of the signed text.
    sign(&mut split, GATEWAY_SECRET);
    let mut shifted = split.clone();
    shifted[first].1 = "Ann".to_owned();
    let between = {
        let mut sorted = shifted.clone();
        sorted.retain(|(name, _)| name != "sign");
        sorted.sort();
        let from = sorted.iter().position(|(name, _)| name == "firstName").unwrap();
        sorted[from + 1].0.clone()
    };
    let next = shifted.iter().position(|(name, _)| *name == between).unwrap();
    shifted[next].1 = format!("Lee|{}", shifted[next].1);
    for (what, hint) in [
        ("the genuine one", fields(&callback)),
        ("a renamed key", renamed),
        ("re-split values", shifted),
    ] {
        let status = send(&world, &callback, &hint).await;
        assert_eq!(status, 200, "{what}");
        // It says "success"; the gateway, when asked, does not.
        assert_eq!(world.api.payment(id).await["status"], "requires_action", "{what}");
    }
    until("the check that the hints asked for", async || {
        (world.sandbox.requests("check").await > 0).then_some(())
    })
    .await;
    assert_eq!(world.api.payment(id).await["status"], "requires_action");
    assert_eq!(world.api.events().await.len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_13_a_genuine_callback_replayed_later_is_taken_and_changes_nothing() {
    let world = World::start().await;
    decide_at_once(&world, json!({})).await;
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    let payment = world.api.only_payment(&session.order_id).await;
    let id = payment["id"].as_str().unwrap();
    world.api.wait_for_status(id, "paid").await;
    world.webhooks.wait_for("payment.paid", id).await;
    let before = world.api.payment(id).await;
    let events = world.api.events().await;
    for status in [Some(2), Some(-1)] {
        let callback = world.sandbox.callback(gateway_id(&payment), false, status).await;
        for _ in 0..3 {
            assert_eq!(send(&world, &callback, &fields(&callback)).await, 200);
        }
    }
    assert_eq!(world.api.payment(id).await, before);
    assert_eq!(world.api.events().await, events);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_14_a_callback_before_the_reply_is_merged_with_it() {
    let world = World::builder().call_timeout("5s").start().await;
    decide_at_once(&world, json!({"before_reply": true})).await;
    world.sandbox.reply_fault("pay", Some(1), json!({"fault": "slow", "ms": 1500})).await;
    let session = world.session().await;
    let page = world.pay(&session, &world.good_card()).await;
    assert!(matches!(page.state(), "paid" | "processing"), "{}", page.state());
    let payment = world.api.only_payment(&session.order_id).await;
    let id = payment["id"].as_str().unwrap();
    world.api.wait_for_status(id, "paid").await;
    world.webhooks.wait_for("payment.paid", id).await;
    assert_eq!(world.api.events_about(id).await.len(), 1);
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_15_lost_callbacks_are_made_up_for_by_the_schedule() {
    let world = World::start().await;
    // Accepted, decided when the shopper comes, nobody calls back, and the shopper does not return either.
    world.sandbox.faults(json!({"callbacks": {"lose": true}})).await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        let session = world.session().await;
        let shopper = world.shopper();
        let answer = shopper.pay(&session.path, &world.good_card()).await;
        let step = shopper.get(answer.location().unwrap().as_str()).await;
        let gateway = step
            .html
            .refresh()
            .and_then(|content| content.split("url=").nth(1))
            .expect("a step")
            .to_owned();
        shopper.get(&gateway).await;
        ids.push(
            world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned(),
        );
    }
    for id in &ids {
        world.api.wait_for_status(id, "paid").await;
        world.webhooks.wait_for("payment.paid", id).await;
    }
    assert_eq!(world.sandbox.charges().await, 10);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_16_a_callback_for_an_order_that_is_not_the_tokens_changes_nothing() {
    let world = World::start().await;
    let (_, mine, callback) = open_payment(&world, 2).await;
    let (_, other, others) = open_payment(&world, 2).await;
    // Genuine in itself, but it arrives on another order's address.
    assert_eq!(send(&world, &callback, &fields(&others)).await, 200);
    // Signed correctly for an order that nobody knows.
    let mut unknown = fields(&callback);
    set(&mut unknown, "orderId", "order-of-nobody");
    sign(&mut unknown, GATEWAY_SECRET);
    assert_eq!(send(&world, &callback, &unknown).await, 200);
    // On an address that was never given out.
    let (base, token) = callback.url.rsplit_once('/').unwrap();
    let guess = format!("{base}/{}", "0".repeat(token.len()));
    let body =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields(&callback)).finish();
    assert_eq!(post(&world, &guess, &callback.content_type, body.as_bytes()).await, 404);
    assert!(
        world.metric("farthing_callbacks_total", "orphan").await > 1.5,
        "orphans are not counted"
    );
    for payment in [&mine, &other] {
        assert_eq!(
            world.api.payment(payment["id"].as_str().unwrap()).await["status"],
            "requires_action"
        );
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_37_odd_bytes_in_a_callback_are_refused_or_checked_over_the_exact_bytes() {
    let world = World::start().await;
    let (_, payment, callback) = open_payment(&world, 2).await;
    for body in [
        &b""[..],
        b"%ff%fe=\x00",
        b"\xff\xfe\xfd",
        b"orderId",
        b"&&&&",
        b"orderId=1&sign=",
        b"{}",
        b"[",
        b"null",
    ] {
        for content_type in
            ["application/x-www-form-urlencoded", "application/json", "text/plain", ""]
        {
            let status = post(&world, &callback.url, content_type, body).await;
            assert!((400..=415).contains(&status), "{body:?} as {content_type}: {status}");
        }
    }
    // Names in other scripts, marks that turn text around, pictures, and a bar: signed over what was received.
    for name in ["Łukasiewicz-Иванова", "\u{202e}eel nnA", "😀😀", "Ann|Lee", &"x".repeat(10_000)]
    {
        let mut odd = fields(&callback);
        set(&mut odd, "firstName", name);
        assert_eq!(send(&world, &callback, &odd).await, 401);
        sign(&mut odd, GATEWAY_SECRET);
        assert_eq!(send(&world, &callback, &odd).await, 200);
    }
    let huge = format!("orderId=1&sign=x&filler={}", "x".repeat(70_000));
    assert_eq!(post(&world, &callback.url, &callback.content_type, huge.as_bytes()).await, 413);
    assert_eq!(
        world.api.payment(payment["id"].as_str().unwrap()).await["status"],
        "requires_action"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_in_json_and_with_a_signature_in_capitals_are_understood() {
    let world = World::start().await;
    for switches in
        [json!({"encoding": "json"}), json!({"encoding": "form", "uppercase_sign": true})]
    {
        decide_at_once(&world, switches.clone()).await;
        let session = world.session().await;
        world.pay(&session, &world.good_card()).await;
        let payment = world.api.only_payment(&session.order_id).await;
        assert_eq!(world.sandbox.callback_answered(gateway_id(&payment)).await, 200, "{switches}");
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_arrives_after_a_failure_is_shown_to_a_person() {
    let world = World::start().await;
    decide_at_once(&world, json!({"lose": true})).await;
    // Accepted in silence, and for a while the gateway's right hand does not know what its left hand does.
    world
        .sandbox
        .faults(json!({"replies": [
            {"on": "pay", "count": 1, "fault": "silence"},
            {"on": "check", "fault": "refuse", "err": "ORDER_NOT_FOUND"},
        ]}))
        .await;
    let session = world.session().await;
    world.shopper().pay(&session.path, &world.good_card()).await;
    let payment = world.api.only_payment(&session.order_id).await;
    let id = payment["id"].as_str().unwrap();
    let failed = world.api.wait_for_status(id, "failed").await;
    assert_eq!(failed["decline"]["code"], "not_accepted");
    world.sandbox.no_reply_faults().await;
    let payment = until("a person to be called", async || {
        let payment = world.api.payment(id).await;
        (payment["status"] == "needs_attention").then_some(payment)
    })
    .await;
    assert_eq!(payment["attention"], "late_money");
    world.webhooks.wait_for("payment.failed", id).await;
    world.webhooks.wait_for("payment.needs_attention", id).await;
    world.finish().await;
}
