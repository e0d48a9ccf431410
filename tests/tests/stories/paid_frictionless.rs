//! A card without a challenge, in a browser without scripts, from the merchant's call to the signed webhook.

use farthing_stories::browser::Browser;
use farthing_stories::{Card, World};
use serde_json::json;

/// A page that says whether its script ran.
const SCRIPT_CHECK: &str = "data:text/html,<title>off</title><script>document.title='on'</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_are_truly_off_in_the_browser_of_these_stories() {
    let dir = tempfile::tempdir().unwrap();
    let browser = Browser::without_scripts(dir.path()).await;
    browser.open(SCRIPT_CHECK).await;
    assert_eq!(browser.client.title().await.unwrap(), "off");
    drop(browser);
    // And the check can fail.
    let browser = Browser::with_scripts(dir.path()).await;
    browser.open(SCRIPT_CHECK).await;
    assert_eq!(browser.client.title().await.unwrap(), "on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_paid_without_scripts_and_the_merchant_hears_of_it_once() {
    let world = World::start().await;
    let session = world.session().await;
    assert_eq!(world.session_status(&session).await, "open");

    let browser = world.browser().await;
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    let text = browser.text().await;
    for shown in ["Larkspur Books", "Larkspur and other poems", "12.95"] {
        assert!(text.contains(shown), "the page does not name {shown}: {text}");
    }
    let source = browser.source().await;
    for hidden in ["Zephyrine", "Quillfeather", "shopper.example", "Larkspur Row"] {
        assert!(!source.contains(hidden), "the page shows what the merchant said of the customer");
    }
    browser.shots("form").await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    browser.shots("paid").await;
    assert!(browser.text().await.contains("Payment accepted"));

    let payment = world.api.only_payment(&session.order_id).await;
    let payment = world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    assert_eq!(payment["amount"], 1295);
    assert_eq!(payment["currency"], "EUR");
    assert_eq!(payment["method"], "card");
    assert_eq!(payment["session_id"], session.id.as_str());
    assert_eq!(payment["refunded_amount"], 0);
    assert_eq!(payment["card"]["last4"], "3010");
    assert_eq!(payment["card"]["brand"], "visa");
    assert_ne!(
        payment["gateway_order_id"],
        session.order_id.as_str(),
        "the bare order id went to the gateway"
    );
    assert!(!payment["timeline"].as_array().unwrap().is_empty());
    assert_eq!(world.session_status(&session).await, "complete");

    let id = payment["id"].as_str().unwrap();
    let webhook = world.webhooks.wait_for("payment.paid", id).await;
    assert_eq!(webhook.body["data"]["status"], "paid");
    assert_eq!(world.api.events_about(id).await.len(), 1);
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_asks_for_what_the_merchant_left_out_and_gives_back_all_but_the_card_after_a_mistake()
 {
    let world = World::start().await;
    let session = world.session_with(json!({"customer": null})).await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    let mut card = world.good_card();
    let good = card.number.clone();
    card.number = format!("{}1", &good[..15]);
    browser.type_card(&card).await;
    for (label, text) in [
        ("First name", "Zephyrine"),
        ("Last name", "Quillfeather"),
        ("Street and number", "77 Larkspur Row"),
        ("Postal code", "SW1A 2AA"),
        ("City", "London"),
        ("Phone", "+442079460612"),
        ("Email", "zephyrine.quillfeather@shopper.example"),
    ] {
        browser.labelled(label).await.send_keys(text).await.unwrap();
    }
    browser.labelled("Country").await.select_by_value("GB").await.unwrap();
    browser.shots("form-with-customer").await;
    browser.submit_card().await;

    // The mistake is named beside its field, tied to it, and nothing was sent.
    browser.find("[autocomplete~=cc-number][aria-invalid=true]").await;
    browser.shots("form-with-error").await;
    let number = browser.find("[autocomplete~=cc-number]").await;
    let described =
        number.attr("aria-describedby").await.unwrap().expect("the error is tied to its input");
    let mut told = String::new();
    for id in described.split(' ') {
        told.push_str(&browser.find(&format!("#{id}")).await.text().await.unwrap());
    }
    assert!(told.to_lowercase().contains("number"), "{told}");
    assert_eq!(number.prop("value").await.unwrap().unwrap_or_default(), "");
    assert_eq!(
        browser
            .find("[autocomplete~=cc-csc]")
            .await
            .prop("value")
            .await
            .unwrap()
            .unwrap_or_default(),
        ""
    );
    assert_eq!(
        browser.labelled("City").await.prop("value").await.unwrap().as_deref(),
        Some("London")
    );
    assert!(!browser.source().await.contains(&card.number));
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 0);

    card.number = good;
    browser.type_card(&card).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_answers_at_once_needs_no_step() {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let session = world.session().await;
    let card = world.good_card();
    let page = world.pay(&session, &card).await;
    assert!(matches!(page.state(), "paid" | "processing"), "{}", page.state());
    world.shopper().wait_for_state(&session.path, "paid").await;
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["status"], "paid");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_card_typed_in_groups_is_the_same_card() {
    let world = World::start().await;
    let session = world.session().await;
    let card = Card {
        number: "4012 0000-0000 3010".to_owned(),
        expiry: "12/31".to_owned(),
        ..world.good_card()
    };
    world.pay(&session, &card).await;
    world.shopper().wait_for_state(&session.path, "paid").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_result_the_full_page_leads_where_the_merchant_said() {
    let world = World::start().await;
    let shop = farthing_stories::config::SHOP;
    let urls =
        json!({"success_url": format!("{shop}/thanks"), "fail_url": format!("{shop}/sorry")});
    let session = world.session_with(urls.clone()).await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.good_card()).await;
    // Our page before the shop's: the walk would leave this server.
    let step = shopper.get(answer.location().unwrap().as_str()).await;
    let gateway = step
        .html
        .refresh()
        .and_then(|content| content.split_once("url="))
        .expect("a step")
        .1
        .to_owned();
    let back = shopper.get(&gateway).await.location().expect("the way back");
    // The callback was a moment faster; whoever comes back while its check is under way waits for it.
    let end = shopper.get(back.as_str()).await;
    let onward = end.location().unwrap_or_else(|| panic!("a waiting page: {}", end.html.text()));
    assert_eq!(onward.as_str(), format!("{shop}/thanks"));
    // Only hosts that the merchant registered.
    for name in ["success_url", "fail_url", "return_url"] {
        let mut order = world.order();
        order[name] = json!("http://elsewhere.example/thanks");
        world.api.post("/v1/sessions", &order).await.expect_problem(400, "validation");
    }
    world.finish().await;
}
