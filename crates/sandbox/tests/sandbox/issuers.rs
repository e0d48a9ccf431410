//! What the issuer's pages and the gateway's ways in refuse, and what repeated requests and time-outs do.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_sandbox::control::Phase;
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::common::{FRICTIONLESS, Form, but, card_payment, location};
use crate::steps::{
    answer, ask, encoded, message, post_creq, post_method, post_pa_req, press, step, text, world,
};

/// The XML of a 3-D Secure 1 message, and back.
fn unpack(message: &str) -> String {
    let mut xml = String::new();
    let packed = STANDARD.decode(message).unwrap();
    ZlibDecoder::new(packed.as_slice()).read_to_string(&mut xml).unwrap();
    xml
}

fn pack(xml: &str) -> String {
    let mut packed = Vec::new();
    ZlibEncoder::new(xml.as_bytes(), Compression::best()).read_to_end(&mut packed).unwrap();
    STANDARD.encode(packed)
}

#[tokio::test]
async fn a_creq_is_refused_by_name_and_without_effect() {
    let world = world("creq").await;
    let (step, other) = (step(&world, "a").await, step(&world, "b").await);
    let creq = message(text(&step, "creq"));
    let with = |name: &str, value: Value| encoded(&but(creq.clone(), name, value));
    let wrong = [
        (String::new(), "creq is not"),
        ("not base64url".to_owned(), "creq is not"),
        (format!("{}=", text(&step, "creq")), "creq is not"),
        (encoded(&json!([])), "creq is not"),
        (with("threeDSServerTransID", json!(7)), "creq is not"),
        (with("messageType", json!("CRes")), "messageType"),
        (with("messageVersion", json!("1.0.2")), "messageVersion"),
        (with("threeDSServerTransID", json!("x")), "another payment"),
        (with("acsTransID", creq["threeDSServerTransID"].clone()), "another payment"),
        (text(&other, "creq").to_owned(), "another payment"),
        (with("challengeWindowSize", json!("06")), "challengeWindowSize"),
        (with("challengeWindowSize", json!("<b>")), "challengeWindowSize"),
    ];
    for (creq, why) in wrong {
        let page = world.submit_to(text(&step, "acsurl"), &[("creq", creq.clone())]).await;
        assert_eq!(page.status(), 400, "{creq}");
        let page = page.text().await.unwrap();
        assert!(page.contains(why) && !page.contains("<b>"), "{creq}: {page}");
    }
    let long = [("creq", text(&step, "creq").to_owned()), ("threeDSSessionData", "x".repeat(1025))];
    assert_eq!(world.submit_to(text(&step, "acsurl"), &long).await.status(), 400);
    assert_eq!(world.submit_to(text(&step, "acsurl"), &[]).await.status(), 400);
    assert_eq!(world.order("a").await.phase, Phase::AwaitingChallenge);
    let unasked = world.submit_to(text(&step, "acsurl"), &[("answer", "approve".to_owned())]).await;
    assert_eq!(unasked.status(), 400, "nobody asked");
    assert_eq!(world.order("a").await.phase, Phase::AwaitingChallenge);

    for window in ["01", "02", "03", "04", "05"] {
        assert_eq!(post_creq(&world, &step, Some(window)).await.status(), 200);
        assert_eq!(world.order("a").await.challenge_window.as_deref(), Some(window));
    }
}

#[tokio::test]
async fn a_pa_req_is_refused_by_name_and_leads_to_no_stranger() {
    let world = world("pa_req").await;
    let (step, other) = (step(&world, "a").await, step(&world, "b").await);
    let good = |name: &str| text(&step, name).to_owned();
    let post = async |pa_req: String, term_url: String| {
        let fields = [("PaReq", pa_req), ("MD", good("md")), ("TermUrl", term_url)];
        let page = world.submit_to(text(&step, "acsurl"), &fields).await;
        (page.status().as_u16(), page.text().await.unwrap())
    };
    let bomb = pack(&" ".repeat(10_000_000));
    assert!(bomb.len() < 16 * 1024, "ten megabytes in a form that is small enough");
    let cheaper = unpack(&good("paReq")).replace("1999", "1");
    let wrong = [
        (String::new(), "PaReq is not"),
        ("not base64".to_owned(), "PaReq is not"),
        (bomb, "PaReq is not"),
        (pack(&cheaper), "PaReq is not the one"),
        (text(&other, "paReq").to_owned(), "PaReq is not the one"),
    ];
    for (pa_req, why) in wrong {
        let (status, page) = post(pa_req, good("termUrl")).await;
        assert!(status == 400 && page.contains(why), "{page}");
    }
    for term_url in ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""] {
        let (status, page) = post(good("paReq"), term_url.to_owned()).await;
        assert!(status == 400 && page.contains("TermUrl"), "{term_url}");
    }
    let own_host = format!("{}@evil.example/", world.sandbox.url().as_str().trim_end_matches('/'));
    assert_eq!(post(good("paReq"), own_host).await.0, 400);
    let without = world.submit_to(text(&step, "acsurl"), &[("PaReq", good("paReq"))]).await;
    assert_eq!(without.status(), 400);
    assert_eq!(answer(&world, &step, "approve").await.status(), 400, "nobody asked");
    assert_eq!(world.order("a").await.phase, Phase::AwaitingChallenge);
}

#[tokio::test]
async fn a_result_cannot_be_forged_borrowed_or_brought_without_its_session() {
    let world = world("pa_req").await;
    let mut results = Vec::new();
    for (id, pressed) in [("a", "decline"), ("b", "approve")] {
        let step = step(&world, id).await;
        post_pa_req(&world, &step).await;
        results.push(press(&world, &step, pressed).await);
    }
    let [declined, approved] = <[Form; 2]>::try_from(results).unwrap();
    let good = |name: &str| (name.to_owned(), declined.field(name).to_owned());
    let borrowed = ("PaRes".to_owned(), approved.field("PaRes").to_owned());
    let said = unpack(declined.field("PaRes"));
    let forged = said.replace("<status>N</status>", "<status>Y</status>");
    assert_ne!(said, forged);
    let unsigned = said.replace("<Signature>", "<Signature>0");
    let other = |xml: &str| ("PaRes".to_owned(), pack(xml));
    let wrong = [
        vec![borrowed, good("MD")],
        vec![other(&forged), good("MD")],
        vec![other(&unsigned), good("MD")],
        vec![other(""), good("MD")],
        vec![good("MD")],
        vec![good("PaRes")],
        vec![good("PaRes"), ("MD".to_owned(), approved.field("MD").to_owned())],
    ];
    for fields in wrong {
        let forged = Form { fields: fields.clone(), ..declined.clone() };
        assert_eq!(world.submit_form(&forged).await.status(), 400, "{fields:?}");
    }
    assert_eq!(world.order("a").await.phase, Phase::Challenge);
    assert_eq!(location(&world.submit_form(&declined).await), "https://shop.example/sorry");
}

#[tokio::test]
async fn a_challenge_result_is_not_believed_before_the_issuer_has_spoken() {
    let world = world("creq").await;
    let step = step(&world, "a").await;
    post_creq(&world, &step, None).await;
    let creq = message(text(&step, "creq"));
    let mut result = but(but(creq, "messageType", json!("CRes")), "transStatus", json!("Y"));
    result["challengeCompletionInd"] = json!("Y");
    let id = world.order("a").await.processing_id;
    let gateway = format!("/smartcore/3ds/challenge/{id}");
    let post = async |result: &Value, session: &str| {
        let fields = [("cres", encoded(result)), ("threeDSSessionData", session.to_owned())];
        world.submit_to(&gateway, &fields).await
    };
    assert_eq!(post(&result, text(&step, "md")).await.status(), 400);
    assert_eq!(world.order("a").await.phase, Phase::Challenge);
    answer(&world, &step, "decline").await;
    assert_eq!(location(&post(&result, text(&step, "md")).await), "https://shop.example/sorry");
    for (result, session) in [
        (result.clone(), "another"),
        (but(result.clone(), "acsTransID", json!("x")), text(&step, "md")),
        (but(result.clone(), "messageType", json!("CReq")), text(&step, "md")),
    ] {
        assert_eq!(post(&result, session).await.status(), 400);
    }
    let without = world.submit_to(&gateway, &[("cres", encoded(&result))]).await;
    assert_eq!(without.status(), 400);
}

#[tokio::test]
async fn addresses_of_strangers_other_methods_and_other_protocols_do_nothing() {
    let world = world("creq").await;
    let step = step(&world, "a").await;
    let id = world.order("a").await.processing_id;
    let paths = [
        "acs/1",
        "acs/2",
        "acs/method",
        "smartcore/3ds/challenge",
        "smartcore/3ds/method",
        "smartcore/3ds/term",
    ];
    for path in paths {
        let page = world.visit(&format!("{}/{path}/{id}", world.base)).await;
        assert_eq!(
            (page.status().as_u16(), &page.headers()["allow"]),
            (405, &"POST".parse().unwrap())
        );
        let nobody = format!("/{path}/64a7eec2d46c5db10d082b3d");
        let fields = [("creq", text(&step, "creq").to_owned()), ("answer", "approve".to_owned())];
        assert_eq!(world.submit_to(&nobody, &fields).await.status(), 404, "{path}");
        let large = [("creq", "x".repeat(70_000))];
        assert_eq!(world.submit_to(&format!("/{path}/{id}"), &large).await.status(), 413);
    }
    for path in ["acs/1", "acs/method", "smartcore/3ds/method", "smartcore/3ds/term", "acs"] {
        let fields = [("answer", "approve".to_owned())];
        assert_eq!(
            world.submit_to(&format!("/{path}/{id}"), &fields).await.status(),
            404,
            "{path}"
        );
    }
    for page in [format!("acs/{id}"), format!("smartcore/pay/{id}")] {
        assert_eq!(world.visit(&format!("{}/{page}", world.base)).await.status(), 404, "{page}");
    }
    assert_eq!(world.order("a").await.phase, Phase::AwaitingChallenge);
}

#[tokio::test]
async fn a_question_is_asked_again_until_it_is_answered_and_leads_on_after_that() {
    for next_step in ["creq", "pa_req"] {
        let world = world(next_step).await;
        let step = step(&world, "a").await;
        for _ in 0..2 {
            let page = ask(&world, &step).await.text().await.unwrap();
            assert!(page.contains(">Approve</button>"));
        }
        let first = press(&world, &step, "approve").await;
        let again = press(&world, &step, "decline").await;
        let asked = Form::of(ask(&world, &step).await).await;
        for form in [&again, &asked] {
            assert_eq!((&form.action, &form.fields), (&first.action, &first.fields));
        }
        assert_eq!(location(&world.submit_form(&again).await), "https://shop.example/ok");
        let asked = Form::of(ask(&world, &step).await).await;
        assert_eq!(asked.fields, first.fields);
        assert_eq!(world.order("a").await.charges.len(), 1);
    }
}

#[tokio::test]
async fn time_outs_hold_for_every_protocol() {
    for next_step in ["creq", "pa_req", "method", "method_form_url"] {
        let world = world(next_step).await;
        world.post("/_control/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
        let never = step(&world, "never-opened").await;
        let mut left = step(&world, "left").await;
        if never["threeDSMethodData"].is_string() {
            world.pay(card_payment("decided", FRICTIONLESS)).await;
            world.advance(9).await;
            assert_eq!(world.order("decided").await.phase, Phase::AwaitingMethod);
            // Noticed late, but the next time-out begins where this one ended.
            world.advance(1).await;
            assert_eq!(world.order("decided").await.charges.len(), 1, "the gateway went on");
            left = world.check("left").await;
        }
        ask(&world, &left).await;
        world.advance(599).await;
        ask(&world, &left).await;
        assert_eq!(world.order("left").await.error, None);
        world.advance(1).await;
        let error = async |id| world.order(id).await.error;
        assert_eq!(
            error("never-opened").await.as_deref(),
            Some("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR")
        );
        assert_eq!(error("left").await.as_deref(), Some("3DS_TIMEOUT_PROCESSING_ERROR"));
        let late = answer(&world, &left, "approve").await;
        let late = if late.status() == 303 {
            late
        } else {
            world.submit_form(&Form::of(late).await).await
        };
        assert_eq!(location(&late), "https://shop.example/sorry");
        if next_step == "creq" {
            let form = Form::of(ask(&world, &never).await).await;
            assert_eq!(location(&world.submit_form(&form).await), "https://shop.example/sorry");
        }
    }
}

#[tokio::test]
async fn a_device_data_step_that_never_ends_is_not_waited_for_and_time_goes_on_from_there() {
    let world = world("method").await;
    world.post("/_control/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    world.set(json!({"timeouts": {"method_seconds": 5}})).await;
    let first = step(&world, "a").await;
    world.advance(604).await;
    let checked = world.check("a").await;
    assert_eq!(checked["status"], 1, "599 seconds of the redirect have passed");
    assert!(checked["creq"].is_string());
    let form = Form::of(post_method(&world, &first).await).await;
    assert_eq!(world.submit_form(&form).await.status(), 200, "too late, and nobody minds");
    world.advance(1).await;
    assert_eq!(
        world.order("a").await.error.as_deref(),
        Some("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR")
    );
}

#[tokio::test]
async fn the_device_data_step_is_refused_if_its_message_is_not_the_one_that_was_issued() {
    let world = world("method").await;
    let (first, other) = (step(&world, "a").await, step(&world, "b").await);
    let data = message(text(&first, "threeDSMethodData"));
    let url = "threeDSMethodNotificationURL";
    for wrong in [
        "not base64url".to_owned(),
        text(&other, "threeDSMethodData").to_owned(),
        encoded(&but(data.clone(), url, json!("https://evil.example/"))),
        encoded(&json!({"threeDSServerTransID": data["threeDSServerTransID"]})),
    ] {
        let fields = [("threeDSMethodData", wrong)];
        assert_eq!(world.submit_to(text(&first, "acsurl"), &fields).await.status(), 400);
    }
    let form = Form::of(post_method(&world, &other).await).await;
    let id = world.order("a").await.processing_id;
    let stray = Form { action: format!("/smartcore/3ds/method/{id}"), ..form };
    assert_eq!(world.submit_form(&stray).await.status(), 400);
    assert_eq!(world.order("a").await.phase, Phase::AwaitingMethod);
}

#[tokio::test]
async fn money_can_be_taken_on_acceptance_while_the_reply_asks_for_the_device_data() {
    let world = world("method").await;
    world.set(json!({"settle": "on_accept"})).await;
    let first = world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!((&first["status"], first["threeDSMethodData"].is_string()), (&json!(1), true));
    assert_eq!(world.order("a").await.charges.len(), 1);
    assert_eq!(world.check("a").await.get("threeDSMethodData"), None);
    let form = Form::of(post_method(&world, &first).await).await;
    assert_eq!(world.submit_form(&form).await.status(), 200);
    assert_eq!(world.order("a").await.charges.len(), 1);
}

#[tokio::test]
async fn what_check_tells_and_where_the_steps_lead_are_switches() {
    let world = world("pa_req").await;
    world.set(json!({"acs_base": "https://acs.example/deep/", "term_url_absent": true})).await;
    let answer = step(&world, "a").await;
    let id = world.order("a").await.processing_id;
    assert_eq!(answer["acsurl"], json!(format!("https://acs.example/deep/acs/1/{id}")));
    assert_eq!(answer["termUrl"], Value::Null);
    let checked = world.check("a").await;
    assert_eq!((&checked["paReq"], &checked["acsurl"]), (&answer["paReq"], &answer["acsurl"]));
    assert_eq!(checked.get("termUrl"), None);
    world.set(json!({"check_step": false, "term_url_absent": false})).await;
    let checked = world.check("a").await;
    for name in ["paReq", "acsurl", "md", "termUrl"] {
        assert_eq!(checked.get(name), None, "{name}");
    }
    for (next_step, path) in [("creq", "2"), ("method", "method")] {
        world.set(json!({"next_step": next_step})).await;
        let answer = step(&world, next_step).await;
        let id = world.order(next_step).await.processing_id;
        assert_eq!(answer["acsurl"], json!(format!("https://acs.example/deep/acs/{path}/{id}")));
    }
}

#[tokio::test]
async fn check_never_tells_the_form_url_that_the_reply_told() {
    let world = world("form_url").await;
    let answer = step(&world, "a").await;
    assert_eq!(world.check("a").await.get("form_url"), None);
    world.visit(text(&answer, "form_url")).await;
    for name in ["form_url", "acsurl", "creq"] {
        assert_eq!(world.check("a").await.get(name), None);
    }
}

#[tokio::test]
async fn a_page_that_leads_on_does_so_by_itself_under_a_nonce_and_by_a_button() {
    let world = world("creq").await;
    let step = step(&world, "a").await;
    let question = ask(&world, &step).await;
    let policy = question.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("script-src"), "{policy}");
    let mut nonces = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let page = answer(&world, &step, "approve").await;
        assert_eq!(page.headers()["cache-control"], "no-store");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let page = page.text().await.unwrap();
        assert!(page.contains(&format!("<script nonce=\"{nonce}\">")));
        assert!(page.contains(">Continue</button>"));
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 2);
}
