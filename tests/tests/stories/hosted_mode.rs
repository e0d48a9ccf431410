//! Cards are typed at the gateway; our server never sees one.

use farthing_stories::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_typed_on_the_gateways_form_is_paid() {
    let world = World::builder().hosted().start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    assert!(!browser.has("[autocomplete~=cc-number]").await, "hosted mode shows card fields");
    browser.shots("hosted").await;
    browser.press("Continue").await;
    browser.find("[autocomplete~=cc-number], [name=card_number]").await;
    assert_eq!(
        browser.url().await.port(),
        world.sandbox.url.port(),
        "the card is typed at the gateway"
    );
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["method"], "hosted");
    browser.shots("gateway-form").await;
    browser.type_card(&world.good_card()).await;
    browser.find("button[type=submit], button").await.click().await.unwrap();
    browser.wait_for_state("paid").await;
    world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    world.webhooks.wait_for("payment.paid", payment["id"].as_str().unwrap()).await;
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 0);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn card_fields_sent_in_spite_of_hosted_mode_are_refused() {
    let world = World::builder().hosted().start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let card = world.good_card();
    let page = shopper.get(&session.path).await;
    let form = page.html.forms.first().expect("a form");
    let mut fields = form.hidden();
    fields.push(("card_number".to_owned(), card.number.clone()));
    fields.push(("card_code".to_owned(), card.code.clone()));
    let answer = shopper.post_json(&form.action, &fields).await;
    let answer = answer.expect_problem(400, "validation");
    assert!(!answer.text().contains(&card.number));
    let answer = shopper.post(&form.action, &fields).await;
    let page = shopper.refused(answer).await;
    assert!(!page.html.source.contains(&card.number));
    assert_eq!(world.sandbox.orders().await.len(), 0);
    world.finish().await;
}
