//! Every way in which the issuer's pages misbehave.

use std::time::{Duration, Instant};

use farthing_sandbox::control::Phase;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{CHALLENGE, Form, PATIENCE, Shop, World, but, card_payment, json_of, location};
use crate::steps::{answer, ask, issuer, post_method, press, step, text, world};

/// Posts the same bytes on a connection of its own and reads for as long as `patience`.
async fn raw(world: &World, url: &str, body: &str, patience: Duration) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(world.sandbox.address()).await.unwrap();
    let path = &url[world.sandbox.url().as_str().len() - 1..];
    let method = if body.is_empty() { "GET" } else { "POST" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(patience, stream.read_to_end(&mut answer)).await;
    (answer, ended.is_ok())
}

/// The form that opens the issuer's page of a step.
fn body(step: &Value) -> String {
    let names = [
        ("creq", "creq"),
        ("threeDSMethodData", "threeDSMethodData"),
        ("PaReq", "paReq"),
        ("MD", "md"),
        ("TermUrl", "termUrl"),
    ];
    let pairs = names.iter().filter_map(|(field, name)| Some((*field, step[*name].as_str()?)));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

const PROTOCOLS: [&str; 3] = ["form_url", "creq", "pa_req"];

#[tokio::test]
async fn an_issuers_page_can_be_slow_silent_or_cut_and_the_challenge_is_open() {
    for next_step in PROTOCOLS {
        let world = world(next_step).await;
        let asked = step(&world, "a").await;
        ask(&world, &asked).await;
        let (url, body) = (issuer(&world, &asked), body(&asked));
        world.set(json!({"acs": {"behaviour": {"slow": {"ms": 120}}}})).await;
        let start = Instant::now();
        let (slow, ended) = raw(&world, &url, &body, PATIENCE).await;
        assert!(ended && start.elapsed() >= Duration::from_millis(120));
        assert!(String::from_utf8_lossy(&slow).contains(">Approve</button>"));

        world.set(json!({"acs": {"behaviour": "closes_early"}})).await;
        let (cut, ended) = raw(&world, &url, &body, PATIENCE).await;
        let cut = String::from_utf8_lossy(&cut);
        assert!(ended && cut.starts_with("HTTP/1.1 200") && cut.contains("<!DOCTYPE html>"));
        assert!(!cut.contains("<body") && !cut.contains("</html>"));

        world.set(json!({"acs": {"behaviour": "silent"}})).await;
        let (silent, ended) = raw(&world, &url, &body, Duration::from_millis(80)).await;
        assert_eq!((silent.len(), ended), (0, false));
        assert_eq!(world.order("a").await.phase, Phase::Challenge, "{next_step}");

        world.set(json!({"acs": {"behaviour": "normal"}})).await;
        assert_eq!(ask(&world, &asked).await.status(), 200);
    }
}

#[tokio::test]
async fn an_issuers_page_can_refuse_frames_and_only_then_does() {
    for next_step in PROTOCOLS {
        let world = world(next_step).await;
        let asked = step(&world, "a").await;
        let policies = |page: &Response| {
            let all = page.headers().get_all("content-security-policy").iter();
            all.map(|policy| policy.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(", ")
        };
        for refuses in [false, true] {
            let behaviour = if refuses { "refuses_framing" } else { "normal" };
            world.set(json!({"acs": {"behaviour": behaviour}})).await;
            let page = ask(&world, &asked).await;
            assert_eq!(page.headers().get("x-frame-options").is_some(), refuses);
            assert_eq!(policies(&page).contains("frame-ancestors 'none'"), refuses);
            assert!(policies(&page).contains("default-src 'none'"));
        }
        let page = answer(&world, &asked, "approve").await;
        assert_eq!(page.headers()["x-frame-options"], "DENY");
    }
}

#[tokio::test]
async fn an_issuer_that_never_posts_back_strands_the_shopper_and_with_3ds1_the_payment() {
    for next_step in PROTOCOLS {
        let world = world(next_step).await;
        world.set(json!({"acs": {"behaviour": "never_posts_back"}})).await;
        let asked = step(&world, "a").await;
        ask(&world, &asked).await;
        for _ in 0..2 {
            let page = answer(&world, &asked, "approve").await;
            assert_eq!(page.status(), 200);
            let page = page.text().await.unwrap();
            assert!(!page.contains("<form") && !page.contains("<a ") && !page.contains("<script"));
        }
        let order = world.order("a").await;
        if next_step == "pa_req" {
            assert_eq!((order.phase, order.status), (Phase::Challenge, 1));
            world.advance(601).await;
            let order = world.order("a").await;
            assert_eq!(order.error.as_deref(), Some("3DS_TIMEOUT_PROCESSING_ERROR"));
            assert_eq!(order.charges.len(), 0);
        } else {
            assert_eq!((order.phase, order.charges.len()), (Phase::Ended, 1));
        }
    }
}

#[tokio::test]
async fn a_result_can_come_later_than_its_shopper() {
    for next_step in PROTOCOLS {
        let world = world(next_step).await;
        let mut shop = Shop::new().await;
        for (id, ms) in [("late", 3_600_000), ("soon", 50)] {
            world.set(json!({"acs": {"behaviour": {"result_late": {"ms": ms}}}})).await;
            let request = but(card_payment(id, CHALLENGE), "callback_url", json!(shop.url));
            let asked = world.pay(request).await;
            ask(&world, &asked).await;
            let first = lead_back(&world, answer(&world, &asked, "approve").await).await;
            let again = lead_back(&world, answer(&world, &asked, "decline").await).await;
            if id == "late" {
                assert_eq!((first, again.as_str()), (again.clone(), "https://shop.example/status"));
            }
        }
        let checked = world.check("late").await;
        assert_eq!(checked["status"], 1, "the shopper is back and the result is not");
        for name in ["creq", "paReq", "acsurl"] {
            assert_eq!(checked.get(name), None, "the step is over");
        }
        assert_eq!(world.order("late").await.phase, Phase::AwaitingResult);
        let callback = shop.next().await;
        assert_eq!(callback.field("orderId").as_deref(), Some("soon"));
        assert_eq!(callback.field("status").as_deref(), Some("2"));
        let order = world.order("soon").await;
        assert_eq!((order.phase, order.charges.len()), (Phase::Ended, 1));
        assert!(shop.waiting().is_none(), "announced once");
    }
}

/// Where the shop's page is, after the issuer was answered: a redirect, or a form that the gateway redirects.
async fn lead_back(world: &World, answered: Response) -> String {
    if answered.status() == 303 {
        location(&answered)
    } else {
        location(&world.submit_form(&Form::of(answered).await).await)
    }
}

#[tokio::test]
async fn a_result_that_does_not_come_in_time_is_not_waited_for() {
    let world = world("creq").await;
    world.set(json!({"acs": {"behaviour": {"result_late": {"ms": 3_600_000}}}})).await;
    let asked = step(&world, "a").await;
    ask(&world, &asked).await;
    world.advance(300).await;
    let form = press(&world, &asked, "approve").await;
    assert_eq!(location(&world.submit_form(&form).await), "https://shop.example/status");
    world.advance(301).await;
    let order = world.order("a").await;
    assert_eq!(order.error.as_deref(), Some("3DS_TIMEOUT_PROCESSING_ERROR"));
    assert_eq!(location(&world.submit_form(&form).await), "https://shop.example/sorry");
}

#[tokio::test]
async fn a_shopper_without_status_url_goes_where_the_answer_points_and_without_any_to_a_page() {
    let world = world("creq").await;
    world.set(json!({"acs": {"behaviour": {"result_late": {"ms": 60_000}}}})).await;
    let ways = ["status_url", "success_url", "fail_url"];
    for (id, absent) in [("a", &ways[..1]), ("b", &ways[..])] {
        let request = absent
            .iter()
            .fold(card_payment(id, CHALLENGE), |request, name| but(request, name, Value::Null));
        let asked = world.pay(request).await;
        ask(&world, &asked).await;
        let back = world.submit_form(&press(&world, &asked, "approve").await).await;
        if id == "a" {
            assert_eq!(location(&back), "https://shop.example/ok");
        } else {
            assert!(back.text().await.unwrap().contains("Payment in progress"));
        }
    }
}

#[tokio::test]
async fn the_device_data_page_can_be_late_missing_or_mute() {
    let world = world("method").await;
    let first = step(&world, "a").await;
    let (url, body) = (issuer(&world, &first), body(&first));
    world.set(json!({"acs": {"method": {"late": {"ms": 120}}}})).await;
    let start = Instant::now();
    let form = Form::of(post_method(&world, &first).await).await;
    assert!(start.elapsed() >= Duration::from_millis(120));

    world.set(json!({"acs": {"method": "never"}})).await;
    let (nothing, ended) = raw(&world, &url, &body, Duration::from_millis(80)).await;
    assert_eq!((nothing.len(), ended), (0, false));

    world.set(json!({"acs": {"method": "no_notification"}})).await;
    let page = post_method(&world, &first).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(!page.contains("<form") && !page.contains("<script"));
    assert_eq!(world.order("a").await.phase, Phase::AwaitingMethod);

    assert_eq!(world.submit_form(&form).await.status(), 200, "the late page still counts");
    assert_eq!(world.order("a").await.phase, Phase::AwaitingChallenge);
}

#[tokio::test]
async fn one_position_of_a_switch_replaces_the_other() {
    let world = World::new().await;
    for behaviour in [
        json!({"slow": {"ms": 5}}),
        json!({"result_late": {"ms": 7}}),
        json!("silent"),
        json!({"slow": {"ms": 9}}),
    ] {
        world.set(json!({"acs": {"behaviour": behaviour, "method": {"late": {"ms": 1}}}})).await;
        let faults = json_of(world.call(Method::GET, "/_control/faults", None).await);
        assert_eq!(
            faults.await["acs"],
            json!({"behaviour": behaviour, "method": {"late": {"ms": 1}}})
        );
    }
    world.set(json!({"acs": {"behaviour": null}})).await;
    let faults = json_of(world.call(Method::GET, "/_control/faults", None).await);
    assert_eq!(faults.await["acs"], json!({"behaviour": "normal", "method": {"late": {"ms": 1}}}));
    for wrong in [
        json!({"behaviour": {"slow": {}}}),
        json!({"behaviour": {"slow": {"ms": 1}, "silent": {}}}),
        json!({"behaviour": "late"}),
        json!({"method": "silent"}),
        json!({"methods": "never"}),
    ] {
        let response =
            world.call(Method::PUT, "/_control/faults", Some(json!({"acs": wrong}))).await;
        assert_eq!(response.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn stopping_ends_pages_that_would_never_come() {
    let world = world("creq").await;
    world.set(json!({"acs": {"behaviour": "silent"}})).await;
    let asked = step(&world, "a").await;
    let url = format!(
        "{}{}",
        world.base,
        &text(&asked, "acsurl")[world.sandbox.url().as_str().len() - 1..]
    );
    let World { sandbox, client, .. } = world;
    let request = client.post(url).header("content-type", "application/x-www-form-urlencoded");
    let silent = tokio::spawn(request.body(body(&asked)).send());
    while sandbox.ledger().orders.iter().any(|order| order.phase != Phase::Challenge) {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(PATIENCE, sandbox.stop()).await.unwrap();
    tokio::time::timeout(PATIENCE, silent).await.unwrap().unwrap().unwrap();
}
