//! Starting, stopping, and sharing: the server as a process among others.

use std::time::{Duration, Instant};

use farthing_stories::{World, until};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_24_a_server_asked_to_stop_finishes_what_it_began() {
    let mut world = World::builder().call_timeout("10s").start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    world.sandbox.reply_fault("pay", None, json!({"fault": "slow", "ms": 1500})).await;
    let mut sessions = Vec::new();
    for _ in 0..40 {
        sessions.push(world.session().await);
    }
    let card = world.good_card();
    let shopper = world.shopper();
    let pays = sessions.iter().map(|session| {
        let (shopper, card, path) = (shopper.clone(), card.clone(), session.path.clone());
        tokio::spawn(async move { shopper.try_pay(&path, &card).await })
    });
    let pays = pays.collect::<Vec<_>>();
    until("all calls to be at the gateway", async || {
        (world.sandbox.requests("initPaymentHost2Host").await == 40).then_some(())
    })
    .await;
    let start = Instant::now();
    let status = world.server().terminate().await;
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(35), "it took {:?} to stop", start.elapsed());
    for answer in join_all(pays).await {
        let answer =
            answer.expect("the request ends").expect("a call that was under way was not answered");
        assert!(answer.status < 500, "{}", answer.status);
    }
    world.sandbox.no_reply_faults().await;
    world.restart();
    for session in &sessions {
        let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
        world.api.wait_for_status(&id, "paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 40);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_23_a_second_server_on_the_same_store_does_not_start() {
    let mut world = World::start().await;
    let refused = world.second_server().expect_err("two servers share one store");
    assert!(refused.status.is_some_and(|status| !status.success()), "{refused}");
    // The first one is none the worse, and a dead one leaves no lock behind.
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    world.shopper().wait_for_state(&session.path, "paid").await;
    world.kill_server();
    world.restart();
    assert_eq!(world.session_status(&session).await, "complete");
    world.finish().await;
}

/// What the backup still knows is asked for again; what it does not know has no way in. The merchant sees doubles, not news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_22_an_old_backup_that_is_restored_charges_nobody_twice_and_tells_no_news() {
    let mut world = World::start().await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    let paid = world.session().await;
    world.pay(&paid, &world.good_card()).await;
    world.shopper().wait_for_state(&paid.path, "paid").await;
    let open = world.session().await;
    let bank = world.pay(&open, &world.challenge_card()).await;
    assert!(bank.html.form_with_button("Approve").is_some(), "{}", bank.html.text());
    world.kill_server();
    let data = world.dir().join("data");
    let backup = world.dir().join("backup");
    copy(&data, &backup);
    world.restart();
    // Meanwhile the open one is paid, and another order is made and paid.
    let shopper = world.shopper();
    shopper.walk(shopper.press(&bank, "Approve").await).await;
    shopper.wait_for_state(&open.path, "paid").await;
    let payment = world.api.only_payment(&open.order_id).await;
    let told = world.webhooks.wait_for("payment.paid", payment["id"].as_str().unwrap()).await;
    let later = world.session().await;
    world.pay(&later, &world.good_card()).await;
    shopper.wait_for_state(&later.path, "paid").await;
    let lost = world.api.only_payment(&later.order_id).await;

    world.kill_server();
    std::fs::remove_dir_all(&data).expect("a directory of ours");
    copy(&backup, &data);
    world.restart();
    shopper.wait_for_state(&open.path, "paid").await;
    let again = world.api.only_payment(&open.order_id).await;
    assert_eq!(again["id"], payment["id"]);
    let doubled = until("the same event once more", async || {
        let same =
            world.webhooks.deliveries().into_iter().filter(|delivery| delivery.id == told.id);
        let same: Vec<_> = same.collect();
        (same.len() > 1).then_some(same)
    })
    .await;
    assert!(doubled.iter().all(|delivery| delivery.body["type"] == "payment.paid"));
    // Of the order that the backup never knew, the gateway's word opens nothing.
    assert_eq!(shopper.get(&later.path).await.status, 404);
    let id = lost["gateway_order_id"].as_str().unwrap();
    assert_eq!(world.sandbox.callback(id, true, None).await.http_status, Some(404));
    assert_eq!(world.api.payments_of(&later.order_id).await.len(), 0);
    assert_eq!(world.sandbox.charges().await, 3);
    // The books cannot agree: a paid order is lost with the newer data. The scan still comes, when the world is dropped.
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_20_a_database_that_another_program_holds_costs_no_money() {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let card = world.good_card();
    let fields = farthing_stories::Shopper::filled(&page, &card);
    let mut holder = rusqlite::Connection::open(world.database()).expect("the database opens");
    let Ok(held) = holder.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
    else {
        // The server holds its database alone, so nobody can take it away: that is the same promise, kept earlier.
        return world.finish().await;
    };
    let start = Instant::now();
    let answer = shopper
        .post_json(&page.card_form().action, &fields)
        .await
        .expect_problem(503, "unavailable");
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(world.sandbox.orders().await.len(), 0, "charged without a stored intent");
    drop(held);
    shopper.post(&page.card_form().action, &fields).await;
    shopper.wait_for_state(&session.path, "paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contradictory_configuration_does_not_start_and_names_the_line() {
    let world = World::start().await;
    let good = std::fs::read_to_string(world.dir().join("conf/farthing.toml")).unwrap();
    let bad = [
        ("an unknown key", good.replace("[merchant]\n", "[merchant]\nnonsense = 1\n")),
        (
            "a live server with a sandbox account",
            good.replace("mode = \"sandbox\"", "mode = \"live\""),
        ),
        ("no card_entry", good.replace("card_entry = \"embedded\"\n", "")),
        ("a short master key", good.replace(farthing_stories::config::MASTER_KEY, "c2hvcnQ=")),
        ("not TOML", good.replace("[server]", "[server")),
    ];
    for (what, text) in bad {
        assert_ne!(text, good, "{what}: nothing was changed");
        let path = world.dir().join("conf/bad.toml");
        std::fs::write(&path, text).unwrap();
        let args = ["serve", "--config", path.to_str().unwrap()];
        let (code, stdout, stderr) = farthing_stories::process::run(&args, &[], None);
        assert!(code.is_some_and(|code| code != 0), "{what}: exit code {code:?}");
        assert!(!stdout.contains("listening"), "{what}");
        let names_a_line = stderr.contains("bad.toml:") || stderr.contains("line ");
        assert!(names_a_line, "{what}: {stderr}");
        for secret in [
            farthing_stories::config::MASTER_KEY,
            farthing_stories::config::WEBHOOK_SECRET,
            "qwerty",
        ] {
            assert!(!stderr.contains(secret), "{what}: the message repeats a secret");
        }
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_another_master_key_refuses_the_store() {
    let mut world = World::start().await;
    world.session().await;
    world.server().terminate().await;
    let path = world.dir().join("conf/farthing.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let other = text.replace(
        farthing_stories::config::MASTER_KEY,
        "YW5vdGhlciBrZXkgd2l0aCAzMiBieXRlcyBvZiBrZXk=",
    );
    assert_ne!(text, other);
    std::fs::write(&path, other).unwrap();
    let refused = world
        .second_server()
        .expect_err("a server started with a key that does not open the store");
    assert!(refused.status.is_some_and(|status| !status.success()), "{refused}");
    std::fs::write(&path, text).unwrap();
    world.restart();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_readiness_metrics_and_the_interface_description_are_served() {
    let world = World::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.shopper().get(path).await.status, 200, "{path}");
    }
    let metrics = world.metrics().await;
    assert!(metrics.contains("# TYPE"), "{metrics}");
    let openapi = world.api.get("/openapi.json").await.expect(200);
    assert!(openapi.json["paths"]["/v1/sessions"]["post"].is_object());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "leaks")]
async fn a_story_that_leaves_a_card_number_behind_fails() {
    let world = World::start().await;
    let card = world.good_card();
    std::fs::write(
        world.dir().join("logs/server.stderr.1"),
        format!("{{\"body\":\"{}\"}}", card.number),
    )
    .unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_38_slow_clients_are_cut_off_and_hold_nobody_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::start().await;
    let address = world.origin.socket_addrs(|| None).unwrap()[0];
    // Heads that never end, and bodies that never come.
    let starts = [
        &b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "[..],
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ];
    let mut slow = Vec::new();
    for index in 0..200 {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(starts[index % 2]).await.unwrap();
        slow.push(stream);
    }
    let start = Instant::now();
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    world.shopper().wait_for_state(&session.path, "paid").await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "slow clients held a payment up for {:?}",
        start.elapsed()
    );
    let ends = slow.into_iter().map(|mut stream| async move {
        let mut rest = Vec::new();
        let end =
            tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "a slow client is still connected");
    });
    join_all(ends).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "paid without the gateway's money")]
async fn a_story_whose_books_disagree_fails() {
    let world = World::start().await;
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    world.shopper().wait_for_state(&session.path, "paid").await;
    // The gateway forgets everything: our store now claims money that nobody took.
    world.sandbox.reset().await;
    world.finish().await;
}
