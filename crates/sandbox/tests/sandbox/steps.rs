//! The steps that the documents leave open: 3-D Secure 2 and 1 by forms, and the device data before a challenge.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farthing_sandbox::control::{LedgerOrder, Phase};
use reqwest::Response;
use serde_json::{Value, json};

use crate::common::{
    CHALLENGE, FRICTIONLESS, Form, REFUSED, World, card_payment, form_payment, location,
};

/// A sandbox whose replies ask for this step.
pub async fn world(next_step: &str) -> World {
    let world = World::new().await;
    world.set(json!({"next_step": next_step})).await;
    world
}

/// A text field of an answer.
pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name}: {answer}"))
}

/// What a message in base64url says.
pub fn message(encoded: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

/// A message in base64url.
pub fn encoded(message: &Value) -> String {
    URL_SAFE_NO_PAD.encode(message.to_string())
}

/// Posts `creq` as a merchant's page does, with a size of window.
pub async fn post_creq(world: &World, step: &Value, window: Option<&str>) -> Response {
    let mut creq = message(text(step, "creq"));
    if let Some(window) = window {
        creq["challengeWindowSize"] = json!(window);
    }
    let fields = [("creq", encoded(&creq)), ("threeDSSessionData", text(step, "md").to_owned())];
    world.submit_to(text(step, "acsurl"), &fields).await
}

/// Posts `paReq` as a merchant's page does.
pub async fn post_pa_req(world: &World, step: &Value) -> Response {
    let fields = [("PaReq", "paReq"), ("MD", "md"), ("TermUrl", "termUrl")]
        .map(|(field, name)| (field, text(step, name).to_owned()));
    world.submit_to(text(step, "acsurl"), &fields).await
}

/// Posts `threeDSMethodData` as a merchant's hidden frame does.
pub async fn post_method(world: &World, step: &Value) -> Response {
    let fields = [("threeDSMethodData", text(step, "threeDSMethodData").to_owned())];
    world.submit_to(text(step, "acsurl"), &fields).await
}

/// Presses a button of the issuer's page; the form that leads back to the gateway.
pub async fn press(world: &World, step: &Value, answer: &str) -> Form {
    Form::of(world.submit_to(text(step, "acsurl"), &[("answer", answer.to_owned())]).await).await
}

/// Pays with the challenge card; what the reply asks for.
pub async fn step(world: &World, order_id: &str) -> Value {
    world.pay(card_payment(order_id, CHALLENGE)).await
}

/// Opens the issuer's page of a step, whatever its protocol.
pub async fn ask(world: &World, step: &Value) -> Response {
    match (step["creq"].is_string(), step["paReq"].is_string()) {
        (true, _) => post_creq(world, step, Some("02")).await,
        (_, true) => post_pa_req(world, step).await,
        _ => world.visit(&location(&world.visit(text(step, "form_url")).await)).await,
    }
}

/// The address of the issuer's page of a step: behind `form_url` it has the same last segment.
pub fn issuer(world: &World, step: &Value) -> String {
    step["acsurl"].as_str().map_or_else(
        || {
            let id = text(step, "form_url").rsplit('/').next().unwrap();
            format!("{}acs/{id}", world.sandbox.url())
        },
        str::to_owned,
    )
}

/// Presses a button of the issuer's page, whatever it answers.
pub async fn answer(world: &World, step: &Value, answer: &str) -> Response {
    world.submit_to(&issuer(world, step), &[("answer", answer.to_owned())]).await
}

/// Runs the device data step to its end.
pub async fn run_method(world: &World, step: &Value) {
    let form = Form::of(post_method(world, step).await).await;
    assert_eq!(world.submit_form(&form).await.status(), 200);
}

const ANSWERS: [(&str, i8, Option<&str>, &str); 3] = [
    ("approve", 2, None, "https://shop.example/ok"),
    ("decline", -1, Some("AUTHENTICATION_PROCESSING_ERROR"), "https://shop.example/sorry"),
    ("cancel", -1, Some("3DS_CANCEL_PROCESSING_ERROR"), "https://shop.example/sorry"),
];

fn ended(order: &LedgerOrder) -> (i8, Option<&str>, usize) {
    (order.status, order.error.as_deref(), order.charges.len())
}

#[tokio::test]
async fn a_3ds2_challenge_is_asked_answered_and_led_back() {
    let world = world("creq").await;
    for (answer, status, error, back) in ANSWERS {
        let step = world.pay(card_payment(answer, CHALLENGE)).await;
        assert_eq!(step["status"], 1);
        for name in ["form_url", "responseType", "paReq", "termUrl", "threeDSMethodData", "err"] {
            assert_eq!(step[name], Value::Null, "{name}");
        }
        let creq = message(text(&step, "creq"));
        assert_eq!(
            (&creq["messageType"], &creq["messageVersion"]),
            (&json!("CReq"), &json!("2.2.0"))
        );
        assert_eq!(creq.get("challengeWindowSize"), None, "the merchant's page chooses it");
        assert_eq!(world.order(answer).await.phase, Phase::AwaitingChallenge);
        assert_eq!(world.check(answer).await["status"], 0);

        let page = post_creq(&world, &step, Some("01")).await;
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains(">Approve</button>"));
        let order = world.order(answer).await;
        assert_eq!(
            (order.phase, order.challenge_window.as_deref()),
            (Phase::Challenge, Some("01"))
        );
        assert_eq!(world.check(answer).await["status"], 1);

        let form = press(&world, &step, answer).await;
        let order = world.order(answer).await;
        assert_eq!(ended(&order), (status, error, usize::from(status == 2)), "before the way back");
        let id = &order.processing_id;
        assert_eq!(form.action, format!("{}smartcore/3ds/challenge/{id}", world.sandbox.url()));
        assert_eq!(form.field("threeDSSessionData"), text(&step, "md"));
        let result = message(form.field("cres"));
        assert_eq!(result["messageType"], "CRes");
        assert_eq!(result["transStatus"], if status == 2 { "Y" } else { "N" });
        let cancel = (answer == "cancel").then(|| json!("01"));
        assert_eq!(result.get("challengeCancel"), cancel.as_ref());
        for id in ["threeDSServerTransID", "acsTransID"] {
            assert_eq!(result[id], creq[id]);
        }
        for _ in 0..2 {
            assert_eq!(location(&world.submit_form(&form).await), back);
        }
        assert_eq!(world.order(answer).await, order);
    }
}

#[tokio::test]
async fn a_3ds1_challenge_is_decided_by_what_the_browser_brings_back() {
    let world = world("pa_req").await;
    for (answer, status, error, back) in ANSWERS {
        let step = world.pay(card_payment(answer, CHALLENGE)).await;
        assert_eq!(step["status"], 1);
        for name in ["form_url", "responseType", "creq", "threeDSMethodData", "err"] {
            assert_eq!(step[name], Value::Null, "{name}");
        }
        let id = world.order(answer).await.processing_id;
        let url = world.sandbox.url();
        assert_eq!(text(&step, "acsurl"), format!("{url}acs/1/{id}"));
        assert_eq!(text(&step, "termUrl"), format!("{url}smartcore/3ds/term/{id}"));

        let page = post_pa_req(&world, &step).await;
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains(">Cancel</button>"));
        let form = press(&world, &step, answer).await;
        assert_eq!(form.action, text(&step, "termUrl"));
        assert_eq!(form.field("MD"), text(&step, "md"));
        let order = world.order(answer).await;
        assert_eq!(order.phase, Phase::Challenge, "nothing has reached the gateway");
        for _ in 0..2 {
            assert_eq!(location(&world.submit_form(&form).await), back);
            let order = world.order(answer).await;
            assert_eq!(ended(&order), (status, error, usize::from(status == 2)));
        }
    }
}

#[tokio::test]
async fn the_device_data_come_first_for_every_card_and_the_challenge_after_them() {
    let world = world("method").await;
    for (number, status) in [(FRICTIONLESS, 2), (REFUSED, -1), (CHALLENGE, 1)] {
        let step = world.pay(card_payment(number, number)).await;
        assert_eq!((&step["status"], &step["creq"]), (&json!(1), &Value::Null));
        let order = world.order(number).await;
        assert_eq!((order.phase, order.status), (Phase::AwaitingMethod, 0));
        let checked = world.check(number).await;
        for name in ["threeDSMethodData", "acsurl"] {
            assert_eq!(checked[name], step[name], "check tells the open step");
        }
        run_method(&world, &step).await;
        assert_eq!(world.order(number).await.status, status);
    }
    let step = world.check(CHALLENGE).await;
    assert_eq!(step.get("threeDSMethodData"), None);
    assert_eq!(post_creq(&world, &step, None).await.status(), 200);
    let form = press(&world, &step, "approve").await;
    assert_eq!(location(&world.submit_form(&form).await), "https://shop.example/ok");
    assert_eq!(ended(&world.order(CHALLENGE).await), (2, None, 1));
    assert_eq!(world.check(CHALLENGE).await.get("creq"), None);
}

#[tokio::test]
async fn the_device_data_can_be_followed_by_a_form_url() {
    let world = world("method_form_url").await;
    let step = world.pay(card_payment("a", CHALLENGE)).await;
    let id = world.order("a").await.processing_id;
    let form_url = format!("{}smartcore/pay/{id}", world.sandbox.url());
    assert_eq!(world.visit(&form_url).await.status(), 404, "nobody was sent there yet");
    run_method(&world, &step).await;
    assert_eq!(world.order("a").await.phase, Phase::AwaitingVisit);
    let checked = world.check("a").await;
    assert_eq!((&checked["form_url"], &checked["status"]), (&json!(form_url), &json!(1)));
    let issuer = location(&world.visit(&form_url).await);
    assert_eq!(world.check("a").await["form_url"], json!(form_url));
    let answered = world.submit_to(&issuer, &[("answer", "approve".to_owned())]).await;
    assert_eq!(location(&answered), "https://shop.example/ok");

    let step = world.pay(card_payment("b", FRICTIONLESS)).await;
    run_method(&world, &step).await;
    assert_eq!(ended(&world.order("b").await), (2, None, 1));
}

#[tokio::test]
async fn a_card_without_challenge_is_decided_in_the_reply_and_a_hosted_form_stays_a_form() {
    for next_step in ["creq", "pa_req"] {
        let world = world(next_step).await;
        let paid = world.pay(card_payment("a", FRICTIONLESS)).await;
        assert_eq!((&paid["status"], &paid["acsurl"]), (&json!(2), &Value::Null));
        let failed = world.pay(card_payment("b", REFUSED)).await;
        assert_eq!(failed["err"], "EMITTER_DENIAL_PROCESSING_ERROR");
        let form = world.post("/smartcore/api/initPayment", form_payment("c")).await;
        assert!(form["form_url"].is_string());
    }
}
