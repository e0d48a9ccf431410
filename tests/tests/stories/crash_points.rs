//! `kill -9` at every point of the order of writes. After each: nobody is charged twice, no paid order is lost, the books agree, and
//! each event has one id.
//!
//! K0, K1, K4, K5 and K6 are points of our own process, which kills itself there. K2 (request sent) and K3 (gateway accepted) lie on the
//! wire, so there the story holds the wire and kills the process from outside.

use std::time::Duration;

use farthing_stories::form::Page;
use farthing_stories::proxy::Wire;
use farthing_stories::world::Session;
use farthing_stories::{Card, Shopper, World, until};
use serde_json::json;

/// How often each point is tried; `FARTHING_CRASH_RUNS` for more.
fn runs() -> usize {
    std::env::var("FARTHING_CRASH_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// A session, and the submit of its form, ready to be sent.
struct Submit {
    session: Session,
    card: Card,
    action: String,
    fields: Vec<(String, String)>,
}

async fn submit(world: &World, card: Card) -> Submit {
    let session = world.session().await;
    let page = world.shopper().get(&session.path).await;
    let fields = Shopper::filled(&page, &card);
    Submit { session, action: page.card_form().action.clone(), fields, card }
}

async fn world(crash_at: Option<&str>) -> World {
    let builder = World::builder().proxied();
    let world = match crash_at {
        Some(point) => builder.env("FARTHING_CRASH_AT", point).start().await,
        None => builder.start().await,
    };
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    world
}

/// Sends the submit and lets the process die where it should; no answer may arrive.
async fn crash(world: &mut World, point: &str, submit: &Submit) {
    let shopper = world.shopper();
    let answer = match point {
        "K2" | "K3" => {
            world.wire().set(if point == "K2" { Wire::HoldRequests } else { Wire::HoldReplies });
            let (action, fields) = (submit.action.clone(), submit.fields.clone());
            let sending = tokio::spawn(async move { shopper.try_post(&action, &fields).await });
            world.wire().wait_for_held().await;
            world.kill_server();
            world.wire().set(Wire::Open);
            sending.await.expect("the request ends")
        }
        _ => {
            let answer = shopper.try_post(&submit.action, &submit.fields).await;
            let status = world.server().ended(Duration::from_secs(10)).await;
            assert_eq!(
                std::os::unix::process::ExitStatusExt::signal(&status),
                Some(9),
                "{point} was never reached"
            );
            answer
        }
    };
    assert!(answer.is_none(), "{point}: the browser was answered although the process had died");
}

/// What an impatient shopper does: sends the same form again, and if the order is still payable, pays.
async fn insist(world: &World, point: &str, submit: &Submit) -> Page {
    let shopper = world.shopper();
    let again = shopper.post(&submit.action, &submit.fields).await;
    assert!(
        again.status < 500,
        "{point}: the same form again gives {} {}",
        again.status,
        again.html.text()
    );
    let page = until("the order to be paid or payable", async || {
        let page = shopper.get(&submit.session.path).await;
        matches!(page.state(), "ready" | "paid").then_some(page)
    })
    .await;
    if page.state() == "paid" {
        return page;
    }
    shopper.pay(&submit.session.path, &submit.card).await;
    shopper.wait_for_state(&submit.session.path, "paid").await
}

async fn one_run(point: &str, run: usize) {
    let own_point = !matches!(point, "K2" | "K3");
    let mut world = world(own_point.then_some(point)).await;
    let submit = submit(&world, world.good_card()).await;
    crash(&mut world, point, &submit).await;

    let order = submit.session.order_id.as_str();
    let charged_before = world.sandbox.charges().await;
    match point {
        "K0" | "K1" | "K2" => {
            assert_eq!(charged_before, 0, "{point}: charged before anything was sent");
        }
        _ => assert_eq!(charged_before, 1, "{point}: the gateway did not take the money"),
    }
    let took = world.restart();
    assert!(took < Duration::from_secs(5), "{point}: the restart took {took:?}");
    let stored = world.api.payments_of(order).await;
    assert_eq!(stored.len(), usize::from(point != "K0"), "{point}: payments after the restart");

    if run.is_multiple_of(2) {
        insist(&world, point, &submit).await;
    } else {
        // Nobody does anything: the truth comes out by itself.
        match point {
            "K0" => {}
            "K1" | "K2" => {
                let id = stored[0]["id"].as_str().unwrap();
                let payment = world.api.wait_for_status(id, "failed").await;
                assert_eq!(payment["decline"]["code"], "not_accepted", "{point}");
                assert_eq!(
                    world.session_status(&submit.session).await,
                    "open",
                    "{point}: the order is not payable again"
                );
            }
            _ => {
                let id = stored[0]["id"].as_str().unwrap();
                world.api.wait_for_status(id, "paid").await;
            }
        }
        insist(&world, point, &submit).await;
    }
    assert_eq!(world.sandbox.charges().await, 1, "{point}: charges");
    let paid = world
        .api
        .payments_of(order)
        .await
        .into_iter()
        .filter(|payment| payment["status"] == "paid")
        .collect::<Vec<_>>();
    assert_eq!(paid.len(), 1, "{point}: paid payments");
    let id = paid[0]["id"].as_str().unwrap();
    world.webhooks.wait_for("payment.paid", id).await;
    let told = world
        .webhooks
        .deliveries()
        .into_iter()
        .filter(|delivery| delivery.kind() == "payment.paid");
    let ids = told.map(|delivery| delivery.id).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids.len(), 1, "{point}: one event has several ids");
    let integrity: String = rusqlite::Connection::open(world.database())
        .and_then(|database| database.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("the database opens");
    assert_eq!(integrity, "ok", "{point}");
    world.finish().await;
}

/// All runs of one point, three at a time.
async fn all_runs(point: &str) {
    for group in (0..runs()).collect::<Vec<_>>().chunks(3) {
        futures_util::future::join_all(group.iter().map(|run| one_run(point, *run))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_k0_before_anything_is_stored() {
    all_runs("K0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_01_killed_at_k1_with_the_intent_stored_and_nothing_sent() {
    all_runs("K1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_k2_with_the_request_on_the_wire() {
    all_runs("K2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_02_killed_at_k3_with_the_reply_on_the_wire() {
    all_runs("K3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_02_killed_at_k4_with_the_reply_read_and_nothing_stored() {
    all_runs("K4").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_03_killed_at_k5_with_the_outcome_stored_and_nobody_told() {
    all_runs("K5").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_03_killed_at_k6_with_the_answer_about_to_leave() {
    all_runs("K6").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_before_the_shopper_was_sent_to_the_bank_is_over_when_the_gateway_says_so() {
    let mut world = World::builder().env("FARTHING_CRASH_AT", "K4").start().await;
    let submit = submit(&world, world.challenge_card()).await;
    crash(&mut world, "K4", &submit).await;
    world.restart();
    let id =
        world.api.only_payment(&submit.session.order_id).await["id"].as_str().unwrap().to_owned();
    // The way to the bank is lost with the reply. The order stays locked until the gateway gives up on the shopper.
    let page = world.shopper().get(&submit.session.path).await;
    assert_eq!(page.state(), "processing");
    world.sandbox.advance_clock(3600).await;
    world.api.wait_for_status(&id, "failed").await;
    world.pay(&submit.session, &world.good_card()).await;
    world.shopper().wait_for_state(&submit.session.path, "paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}
