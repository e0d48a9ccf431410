//! What a shopper meets: the hosted form, the issuer's page, time-outs.

use crate::common::{
    CHALLENGE, FRICTIONLESS, REFUSED, World, but, card_payment, form_payment, location,
};
use farthing_sandbox::control::Phase;
use serde_json::{Value, json};

/// Pays with the challenge card and follows the first redirect; the path of the issuer's page.
async fn to_issuer(world: &World, order_id: &str) -> String {
    let answer = world.pay(card_payment(order_id, CHALLENGE)).await;
    let issuer = location(&world.visit(answer["form_url"].as_str().unwrap()).await);
    let path = issuer.strip_prefix(world.sandbox.url().as_str()).unwrap();
    assert!(path.starts_with("acs/"));
    format!("/{path}")
}

#[tokio::test]
async fn the_issuers_page_approves_declines_and_cancels() {
    let world = World::new().await;
    let answers = [
        ("approve", 2, None, "https://shop.example/ok"),
        ("decline", -1, Some("AUTHENTICATION_PROCESSING_ERROR"), "https://shop.example/sorry"),
        ("cancel", -1, Some("3DS_CANCEL_PROCESSING_ERROR"), "https://shop.example/sorry"),
    ];
    for (answer, status, error, back) in answers {
        let path = to_issuer(&world, answer).await;
        assert_eq!(world.order(answer).await.phase, Phase::AwaitingChallenge);
        assert_eq!(world.check(answer).await["status"], 1);
        let page = world.visit(&format!("{}{path}", world.base)).await;
        assert_eq!(page.status(), 200);
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert_eq!(world.order(answer).await.phase, Phase::Challenge);
        assert_eq!(location(&world.submit(&path, &[("answer", answer)]).await), back);
        let order = world.order(answer).await;
        assert_eq!((order.status, order.error.as_deref()), (status, error));
        assert_eq!(order.charges.len(), usize::from(status == 2));
    }
}

#[tokio::test]
async fn the_issuers_page_names_the_payment_and_has_three_plain_buttons() {
    let world = World::new().await;
    let path = to_issuer(&world, "a").await;
    let page = world.visit(&path).await.text().await.unwrap();
    for text in
        ["No bank is behind this page", "19.99", "shop.example", "Two books", "400383******4018"]
    {
        assert!(page.contains(text), "{text}");
    }
    for button in [">Approve</button>", ">Decline</button>", ">Cancel</button>"] {
        assert_eq!(page.matches(button).count(), 1, "{button}");
    }
    assert!(!page.contains("<script") && page.contains("method=\"post\""));
}

#[tokio::test]
async fn a_second_answer_changes_nothing() {
    let world = World::new().await;
    let path = to_issuer(&world, "a").await;
    world.submit(&path, &[("answer", "approve")]).await;
    for answer in ["decline", "cancel", "approve"] {
        assert_eq!(
            location(&world.submit(&path, &[("answer", answer)]).await),
            "https://shop.example/ok"
        );
    }
    assert_eq!(location(&world.visit(&path).await), "https://shop.example/ok");
    let order = world.order("a").await;
    assert_eq!((order.status, order.charges.len()), (2, 1));
}

#[tokio::test]
async fn an_answer_without_a_challenge_is_nobodys() {
    let world = World::new().await;
    let answer = world.pay(card_payment("a", CHALLENGE)).await;
    let id = answer["form_url"].as_str().unwrap().rsplit('/').next().unwrap();
    for id in [id, "64a7eec2d46c5db10d082b3d", "%00"] {
        assert_eq!(
            world.submit(&format!("/acs/{id}"), &[("answer", "approve")]).await.status(),
            404
        );
        assert_eq!(world.visit(&format!("{}/acs/{id}", world.base)).await.status(), 404);
    }
    assert_eq!(world.order("a").await.phase, Phase::AwaitingVisit);
    let path = to_issuer(&world, "b").await;
    assert_eq!(world.submit(&path, &[("answer", "perhaps")]).await.status(), 422);
    assert_eq!(world.order("b").await.status, 1);
}

#[tokio::test]
async fn abandoned_payments_time_out_by_the_sandboxs_clock() {
    let world = World::new().await;
    world.post("/_control/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    world.set(json!({"timeouts": {"challenge_seconds": 300, "redirect_seconds": 100, "form_seconds": 200}})).await;
    let path = to_issuer(&world, "left-at-the-bank").await;
    world.visit(&path).await;
    to_issuer(&world, "never-at-the-bank").await;
    world.pay(card_payment("never-redirected", FRICTIONLESS)).await;
    world.post("/smartcore/api/initPayment", form_payment("form-left")).await;
    let error = async |id| world.order(id).await.error;

    world.advance(99).await;
    assert_eq!(error("never-redirected").await, None);
    world.advance(1).await;
    for id in ["never-redirected", "never-at-the-bank"] {
        assert_eq!(
            error(id).await.as_deref(),
            Some("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR"),
            "{id}"
        );
    }
    assert_eq!(error("form-left").await, None);
    world.advance(100).await;
    assert_eq!(error("form-left").await.as_deref(), Some("FORM_TIMEOUT_PROCESSING_ERROR"));
    assert_eq!(error("left-at-the-bank").await, None);
    world.advance(100).await;
    let checked = world.check("left-at-the-bank").await;
    assert_eq!(
        (&checked["status"], &checked["errorMessage"]),
        (&json!(-1), &json!("3DS_TIMEOUT_PROCESSING_ERROR"))
    );
    assert_eq!(checked["cascadeErrors"], Value::Null);

    assert_eq!(
        location(&world.submit(&path, &[("answer", "approve")]).await),
        "https://shop.example/sorry"
    );
    assert_eq!(world.ledger().await.totals.charges, 0);
}

#[tokio::test]
async fn opening_the_issuers_page_again_does_not_buy_time() {
    let world = World::new().await;
    let path = to_issuer(&world, "a").await;
    world.visit(&path).await;
    world.advance(599).await;
    world.visit(&path).await;
    world.advance(2).await;
    assert_eq!(world.order("a").await.error.as_deref(), Some("3DS_TIMEOUT_PROCESSING_ERROR"));
}

async fn open_form(world: &World, request: Value) -> String {
    let answer = world.post("/smartcore/api/initPayment", request).await;
    let form_url = answer["form_url"].as_str().unwrap().to_owned();
    format!("/{}", form_url.strip_prefix(world.sandbox.url().as_str()).unwrap())
}

const GOOD: [(&str, &str); 3] =
    [("card_exp", "12/30"), ("card_cvv", "123"), ("card_holder", "Ann Lee")];

#[tokio::test]
async fn the_hosted_form_takes_a_card_as_people_type_it() {
    let world = World::new().await;
    let cards = [
        ("4012 0000 0000 3010", "https://shop.example/ok", 2),
        (REFUSED, "https://shop.example/sorry", -1),
    ];
    for (number, back, status) in cards {
        let path = open_form(&world, form_payment(number)).await;
        let page = world.visit(&path).await.text().await.unwrap();
        for text in [
            "cc-number",
            "cc-exp",
            "cc-csc",
            "cc-name",
            "19.99",
            "shop.example",
            "No bank is behind",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert_eq!(world.order(number).await.phase, Phase::AwaitingCard, "looking is not paying");
        let fields = [&[("card_number", number)], &GOOD[..]].concat();
        for _ in 0..2 {
            assert_eq!(location(&world.submit(&path, &fields).await), back);
        }
        let order = world.order(number).await;
        assert_eq!((order.status, order.charges.len()), (status, usize::from(status == 2)));
        assert_eq!(location(&world.visit(&path).await), back);
    }
}

#[tokio::test]
async fn the_hosted_form_sends_a_challenge_card_to_the_issuer() {
    let world = World::new().await;
    let path = open_form(&world, form_payment("a")).await;
    let issuer =
        location(&world.submit(&path, &[&[("card_number", CHALLENGE)], &GOOD[..]].concat()).await);
    assert!(issuer.contains("/acs/"));
    assert_eq!(location(&world.visit(&path).await), issuer, "going back leads to the issuer again");
    assert_eq!(
        location(
            &world.submit(&issuer[issuer.find("/acs").unwrap()..], &[("answer", "approve")]).await
        ),
        "https://shop.example/ok"
    );
}

#[tokio::test]
async fn the_hosted_form_marks_what_is_wrong_and_repeats_no_card_data() {
    let world = World::new().await;
    let path = open_form(&world, form_payment("a")).await;
    let typed = [
        ("card_number", "4012000000003011"),
        ("card_exp", "13/30"),
        ("card_cvv", "98"),
        ("card_holder", "<Ann> \"Lee\""),
    ];
    let page = world.submit(&path, &typed).await;
    assert_eq!(page.status(), 422);
    let text = page.text().await.unwrap();
    for name in ["card_number-error", "card_exp-error", "card_cvv-error"] {
        assert!(text.contains(&format!("id=\"{name}\"")), "{name}");
    }
    assert!(
        !text.contains("4012000000003011") && !text.contains("13/30") && !text.contains("\"98\"")
    );
    assert!(text.contains("&lt;Ann&gt; &quot;Lee&quot;"));
    assert_eq!(world.order("a").await.phase, Phase::AwaitingCard);
}

#[tokio::test]
async fn a_prefilled_phone_is_shown_and_travels_with_the_callback() {
    let world = World::new().await;
    let request = but(form_payment("a"), "form_prefilled_phone", json!("7122321576"));
    let path =
        open_form(&world, but(request, "callback_url", json!("http://127.0.0.1:9/callback"))).await;
    assert!(world.visit(&path).await.text().await.unwrap().contains("value=\"7122321576\""));
    let callback = world.resend("a", json!({"send": false})).await;
    assert!(callback.body.contains("paymentPhoneNumber=7122321576"));
}

#[tokio::test]
async fn an_unknown_payment_has_a_page_of_its_own() {
    let world = World::new().await;
    let page = world.visit("http://x/smartcore/pay/64a7eec2d46c5db10d082b3d").await;
    assert_eq!(page.status(), 404);
    assert!(page.text().await.unwrap().contains("Unknown payment"));
}

#[tokio::test]
async fn a_shorter_time_out_ends_orders_that_are_open_already() {
    let world = World::new().await;
    world.post("/_control/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    world.advance(120).await;
    world.set(json!({"timeouts": {"redirect_seconds": 120}})).await;
    assert_eq!(
        world.order("a").await.error.as_deref(),
        Some("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR")
    );
}

#[tokio::test]
async fn time_outs_pass_by_real_time_without_anybody_asking() {
    let world = World::new().await;
    let mut shop = crate::common::Shop::new().await;
    world.set(json!({"timeouts": {"redirect_seconds": 1}})).await;
    world.pay(but(card_payment("a", CHALLENGE), "callback_url", json!(shop.url))).await;
    assert_eq!(shop.next().await.field("status").as_deref(), Some("-1"));
}
