//! `GET /checkout/{cst}/events`.

use std::time::Duration;

use serde_json::json;

use crate::support::{Running, nowhere, silent};

#[tokio::test]
async fn the_present_state_comes_at_once_and_equals_the_status() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let mut events = running.events(&session).await;
    let headers = events.answer.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store", "nor may a proxy keep it");
    let (first, lines) = events.next().await.unwrap();
    let retry = lines.lines().find_map(|line| line.strip_prefix("retry: ")).unwrap();
    assert!((1000..4000).contains(&retry.parse::<u32>().unwrap()), "{retry}");
    let mut status = running.get(&format!("{}/status", session.path), &[]).await.json();
    assert_ne!(first["attempt"], status["attempt"], "each answer has a key of its own");
    status["attempt"] = first["attempt"].clone();
    assert_eq!(first, status);
    assert_eq!((&first["state"], &first["total"]), (&json!("ready"), &json!("€10.00")));
    let text = first.to_string();
    for private in ["Ann", "ann@example.com", "cst_", "9000"] {
        assert!(!text.contains(private), "{private}");
    }
}

#[tokio::test]
async fn every_window_of_a_checkout_hears_of_a_new_amount_and_of_the_end_and_then_the_streams_end()
{
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let mut windows = [running.events(&session).await, running.events(&session).await];
    for window in &mut windows {
        assert_eq!(window.status().await["version"], 1);
    }
    let path = format!("/v1/sessions/{}", session.id);
    running.call("PATCH", &path, json!({"amount": 1250})).await;
    for window in &mut windows {
        let (changed, lines) = window.next().await.unwrap();
        assert_eq!((&changed["version"], &changed["total"]), (&json!(2), &json!("€12.50")));
        assert!(!lines.contains("retry:"), "said once");
    }
    running.call("POST", &format!("{path}/expire"), json!({})).await;
    for window in &mut windows {
        assert_eq!(window.status().await["state"], "expired");
        assert!(window.next().await.is_none());
    }
}

#[tokio::test]
async fn a_newer_session_of_the_order_ends_the_older_ones_page() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let mut events = running.events(&session).await;
    events.status().await;
    running.session(json!({})).await;
    assert_eq!(events.status().await["state"], "expired");
}

#[tokio::test]
async fn a_session_ends_by_time_while_its_page_is_open() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({"expires_in": 1})).await;
    let mut events = running.events(&session).await;
    let first = events.status().await;
    if first["state"] == "ready" {
        assert_eq!(events.status().await["state"], "expired");
    }
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_payment_is_followed_from_its_start_to_its_decline() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let mut events = running.events(&session).await;
    let first = events.status().await;
    let answer = running.pay(&session, first["attempt"].as_str().unwrap(), &[]).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("failed")), "{answer:?}");
    // The news may come together: what counts is that the last one is the decline.
    let declined = loop {
        let status = events.status().await;
        if status["state"] != "processing" {
            break status;
        }
    };
    assert_eq!((&declined["state"], &declined["declined"]), (&json!("ready"), &json!("not_sent")));
    assert_eq!(declined["payment_id"], answer.json()["payment_id"]);
    assert!(declined["message"].as_str().unwrap().contains("not been charged"));
    assert_ne!(declined["attempt"], first["attempt"]);
}

#[tokio::test]
async fn a_payment_without_an_answer_is_processing_in_every_window() {
    let running = Running::start(silent().await).await;
    let session = running.session(json!({})).await;
    let mut other = running.events(&session).await;
    other.status().await;
    let (answer, seen) = tokio::join!(running.pay(&session, "att_0123456789", &[]), other.status());
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("processing")));
    assert_eq!(seen["state"], "processing");
    assert_eq!(seen["payment_id"], answer.json()["payment_id"]);
    assert!(seen.get("attempt").is_none(), "no other attempt may start");
}

#[tokio::test]
async fn what_another_process_has_written_is_seen_without_being_told() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let mut events = running.events(&session).await;
    events.status().await;
    let database = rusqlite::Connection::open(running.database()).unwrap();
    let change = "UPDATE sessions SET amount = 4200, version = 2 WHERE id = ?1";
    assert_eq!(database.execute(change, [&session.id]).unwrap(), 1);
    assert_eq!(events.status().await["total"], "€42.00");
}

#[tokio::test]
async fn eight_windows_of_a_session_are_told_and_the_ninth_is_asked_to_poll() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let other = running.session(json!({"order_id": "2"})).await;
    let mut windows = Vec::new();
    for _ in 0..8 {
        let mut window = running.events(&session).await;
        window.status().await;
        windows.push(window);
    }
    let ninth = running.events(&session).await.answer;
    assert_eq!(
        (ninth.status().as_u16(), &ninth.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    assert_eq!(ninth.headers()["content-type"], "application/problem+json");
    assert_eq!(running.events(&other).await.status().await["state"], "ready", "of another session");
    drop(windows);
    let again = async {
        while running.events(&session).await.answer.status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again).await.expect("places are given back");
}

#[tokio::test]
async fn a_stop_ends_the_streams_and_does_not_wait_for_them() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let mut events = running.events(&session).await;
    events.status().await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), running.server.stop());
    let (stopped, end) = tokio::join!(stopped, events.next());
    stopped.expect("the server stops");
    assert!(end.is_none());
}

#[tokio::test]
async fn unknown_links_have_no_events() {
    let running = Running::start(nowhere()).await;
    for token in ["cst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cst_", "x"] {
        let answer = running.get(&format!("/checkout/{token}/events"), &[]).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json")
        );
    }
}
