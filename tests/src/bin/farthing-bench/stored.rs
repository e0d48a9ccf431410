//! What a payment costs when many are stored: two servers on one machine, one with few payments and one with many, asked in turn, so that
//! whatever else the machine does hits both alike.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::figures::{Figures, Goal, Samples, bytes};
use crate::load::{BAD_CARD, Client, GOOD_CARD};
use crate::rig::{Gateway, Server};
use crate::{machine, prefill, progress};

/// The smaller number of stored payments.
const FEW: u32 = 1000;
/// Payments through each server.
const PAYMENTS: usize = 1500;
/// Questions of each kind to each server.
const QUESTIONS: usize = 500;
/// At most 1.2 times.
const GOAL: Goal = Goal::AtMost(120, "1.20 x");

/// Measures both and compares.
pub(crate) async fn measure(figures: &mut Figures, directory: &Path, many: u32) {
    let gateway = Gateway::start(directory).await;
    gateway.decide_at_once().await;
    let directories = [directory.join("few"), directory.join("many")];
    stock(figures, &gateway, &directories[0], FEW).await;
    stock(figures, &gateway, &directories[1], many).await;
    // Both start now, so that neither has been idle for longer.
    let few = Server::start(&gateway, &directories[0]);
    let large = Server::start(&gateway, &directories[1]);
    figures.add_time(
        "stored.start",
        &format!("start: with {many} stored payments"),
        large.started_in,
        Goal::AtMost(1_000_000, "1 s"),
    );
    let servers = [few, large];
    let clients = [Client::new(&servers[0]), Client::new(&servers[1])];

    progress("payments, in turn");
    for turn in 0..100 {
        pay(&clients[turn % 2]).await;
    }
    let mut times = [Samples::default(), Samples::default()];
    for turn in 0..PAYMENTS * 2 {
        // The first of a pair changes, so that neither always comes after the other.
        let side = (turn + turn / 2) % 2;
        times[side].add(pay(&clients[side]).await);
    }
    compare(figures, "stored.pay", "a payment", &times, many, GOAL);
    for server in &servers {
        server.outbox_empty().await;
    }

    progress("questions, in turn");
    let order = |count: u32, turn: usize| {
        let number = u32::try_from(turn).unwrap_or_default().wrapping_mul(7919) % count + 1;
        format!("/v1/payments?order_id=stored-{number}")
    };
    let path = |kind: &str, count: u32, turn: usize| match kind {
        "order" => order(count, turn),
        "list" => "/v1/payments".to_owned(),
        "status" => "/v1/payments?status=failed".to_owned(),
        "since" => {
            // Nothing is that young: the whole list would have to be walked by whoever walks it.
            "/v1/payments?created_after=2199-01-01T00:00:00Z".to_owned()
        }
        _ => "/v1/payments?method=hosted".to_owned(),
    };
    for (kind, what, goal) in [
        ("order", "payments of an order", GOAL),
        ("list", "the newest payments", GOAL),
        ("status", "the newest failed payments", Goal::None),
        ("since", "payments since a time, none found", Goal::None),
        ("method", "payments of a method, none found", Goal::None),
    ] {
        // A walk over a million rows takes its time; a few tell enough.
        let rounds = if matches!(kind, "since" | "method") { 20 } else { QUESTIONS };
        let mut times = [Samples::default(), Samples::default()];
        for turn in 0..rounds * 2 {
            let side = (turn + turn / 2) % 2;
            let path = path(kind, [FEW, many][side], turn);
            let start = Instant::now();
            let answer =
                servers[side].api_get(clients[side].http(), &path).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 200);
            let body = answer.bytes().await.expect("a body");
            times[side].add(start.elapsed());
            assert!(kind != "order" || body.starts_with(b"{\"data\":[{"), "no payment of {path}");
        }
        compare(figures, &format!("stored.{kind}"), what, &times, many, goal);
    }
    let resident =
        servers[1].process.resident_bytes().max(machine::peak_bytes(servers[1].process.id()));
    figures.add(
        "stored.memory",
        &format!("memory: highest, with {many} stored payments"),
        resident,
        bytes(resident),
        Goal::AtMost(64 * 1024 * 1024, "64 MB"),
    );
    let size = std::fs::metadata(servers[1].database()).map_or(0, |file| file.len());
    figures.add(
        "stored.bytes",
        &format!("database with {many} payments"),
        size,
        bytes(size),
        Goal::None,
    );
    for server in servers {
        server.stop().await;
    }
}

/// Puts so many payments into the store of a server, which is not running afterwards.
async fn stock(figures: &mut Figures, gateway: &Gateway, directory: &Path, count: u32) {
    progress(&format!("storing {count} payments"));
    let server = Server::start(gateway, directory);
    let client = Client::new(&server);
    for (card, status) in [(GOOD_CARD, "paid"), (BAD_CARD, "failed")] {
        let paid = client.pay(&client.session(card).await).await;
        assert_eq!(paid.status, status);
    }
    server.outbox_empty().await;
    let database = server.database().to_owned();
    server.stop().await;
    let start = Instant::now();
    let stored = tokio::task::spawn_blocking(move || {
        prefill::fill(&database, count);
        prefill::count(&database)
    });
    assert_eq!(stored.await.expect("the filling ends"), u64::from(count) + 2);
    figures.add_time(
        &format!("stored.fill.{count}"),
        &format!("storing {count} payments took"),
        start.elapsed(),
        Goal::None,
    );
}

async fn pay(client: &Client) -> Duration {
    let ready = client.session(GOOD_CARD).await;
    let paid = client.pay(&ready).await;
    assert_eq!(paid.status, "paid", "{}", ready.order);
    paid.took
}

fn compare(
    figures: &mut Figures,
    key: &str,
    what: &str,
    times: &[Samples; 2],
    many: u32,
    goal: Goal,
) {
    for percent in [50, 99] {
        for (samples, count) in times.iter().zip([FEW, many]) {
            figures.add_time(
                &format!("{key}.{count}.p{percent}"),
                &format!("{count} stored: {what}, p{percent}"),
                samples.at(percent),
                Goal::None,
            );
        }
        figures.add_ratio(
            &format!("{key}.ratio.p{percent}"),
            &format!("{many} against {FEW} stored: {what}, p{percent}"),
            times[1].at(percent),
            times[0].at(percent),
            goal,
        );
    }
}
