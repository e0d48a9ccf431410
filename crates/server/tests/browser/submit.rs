//! `POST /checkout/{cst}/payments` as a script sends it.

use farthing_widget::errors;
use serde_json::{Value, json};

use crate::support::{Running, Session, nowhere, silent, with_a_form};

const ATTEMPT: &str = "att_0123456789";

fn problem(json: &Value) -> &str {
    json["type"].as_str().unwrap().strip_prefix("urn:farthing:problem:").unwrap()
}

#[tokio::test]
async fn wrong_fields_are_named_with_the_shoppers_texts_in_the_forms_order() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let wrong = [("card_number", "4012000000003011"), ("card_code", "")];
    let answer = running.pay(&session, ATTEMPT, &wrong).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, "application/problem+json"));
    assert_eq!(problem(&answer.json()), "validation");
    assert_eq!(
        answer.json()["errors"],
        json!([
            {"field": "card_number", "message": "Check the card number: a digit is wrong."},
            {"field": "card_code", "message": "Enter the security code."},
        ])
    );
    assert!(!answer.text().contains("4012"));
}

#[tokio::test]
async fn a_changed_session_is_refused_and_tells_nothing_more() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    running.call("PATCH", &format!("/v1/sessions/{}", session.id), json!({"amount": 7777})).await;
    let answer = running.pay(&session, ATTEMPT, &[]).await;
    let json = answer.json();
    assert_eq!((answer.status, problem(&json)), (409, "session-changed"));
    assert_eq!(json["message"], errors::refusal("session-changed"));
    let mut names = json.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    names.sort_unstable();
    assert_eq!(names, ["detail", "message", "request_id", "status", "title", "type"]);
    assert!(!json["detail"].as_str().unwrap().contains(char::is_numeric), "{json}");
}

#[tokio::test]
async fn a_session_that_is_over_says_so_and_a_forged_link_does_not() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    running.call("POST", &format!("/v1/sessions/{}/expire", session.id), json!({})).await;
    let answer = running.pay(&session, ATTEMPT, &[]).await;
    assert_eq!((answer.status, problem(&answer.json())), (410, "session-expired"));
    assert_eq!(answer.json()["message"], errors::refusal("session-expired"));
    let forged = Session { path: format!("/checkout/cst_{}", "A".repeat(43)), ..session };
    let answer = running.pay(&forged, ATTEMPT, &[]).await;
    assert_eq!((answer.status, problem(&answer.json())), (404, "not-found"));
}

#[tokio::test]
async fn a_second_window_gets_the_payment_that_the_first_one_began() {
    let running = Running::start(silent().await).await;
    let session = running.session(json!({})).await;
    let (one, two) = tokio::join!(
        running.pay(&session, "att_first_window", &[]),
        running.pay(&session, "att_second_window", &[])
    );
    for answer in [&one, &two] {
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("processing")));
    }
    assert_eq!(one.json()["payment_id"], two.json()["payment_id"]);
    let payments = running.call("GET", "/v1/payments?order_id=1", json!({})).await;
    assert_eq!(payments["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_sessions_payment_of_the_order_is_named_and_not_shown() {
    let running = Running::start(silent().await).await;
    let old = running.session(json!({"customer": {}})).await;
    let new = running.session(json!({})).await;
    let begun = running.pay(&new, ATTEMPT, &[]).await.json();
    let customer = [
        ("first_name", "Ann"),
        ("last_name", "Lee"),
        ("address", "1 High St"),
        ("city", "Ghent"),
        ("zip", "9000"),
        ("country", "BE"),
        ("phone", "+3290000000"),
        ("email", "ann@example.com"),
    ];
    let answer = running.pay(&old, ATTEMPT, &customer).await;
    let json = answer.json();
    assert_eq!((answer.status, problem(&json)), (409, "order-already-open"));
    assert_eq!(json["payment"], begun["payment_id"]);
    assert_eq!(json["message"], errors::refusal("order-already-open"));
    assert!(json.get("next").is_none());
}

#[tokio::test]
async fn the_way_to_the_bank_is_a_path_of_ours() {
    let running = Running::start(with_a_form().await).await;
    let session = running.session(json!({})).await;
    let answer = running.pay(&session, ATTEMPT, &[]).await.json();
    assert_eq!(answer["status"], "requires_action");
    assert_eq!(answer["next"], format!("{}/step", session.path));
}

#[tokio::test]
async fn a_brand_is_chosen_only_among_those_that_the_card_can_have() {
    let running = Running::start(nowhere()).await;
    let cobadged = [("card_number", "4571 0000 0000 0001")];
    for (choice, kept) in [(None, "visa"), (Some("dankort"), "dankort"), (Some("visa"), "visa")] {
        let session = running.session(json!({"order_id": format!("{choice:?}")})).await;
        let brand = choice.map(|choice| ("card_brand", choice));
        let more = cobadged.iter().copied().chain(brand).collect::<Vec<_>>();
        let answer = running.pay(&session, ATTEMPT, &more).await.json();
        let id = answer["payment_id"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let payment = running.call("GET", &format!("/v1/payments/{id}"), json!({})).await;
        assert_eq!(payment["card"]["brand"], kept, "{choice:?}");
    }
    let session = running.session(json!({})).await;
    for choice in ["amex", "Visa", "4571000000000001"] {
        let answer = running.pay(&session, ATTEMPT, &[cobadged[0], ("card_brand", choice)]).await;
        let json = answer.json();
        assert_eq!((answer.status, &json["errors"][0]["field"]), (400, &json!("card_brand")));
        assert!(!answer.text().contains("4571"), "{json}");
    }
}

#[tokio::test]
async fn a_plain_submit_leads_back_to_a_page_that_looks_the_same() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    for (query, back) in [("", String::new()), ("?theme=dark&locale=de", "?theme=dark".to_owned())]
    {
        let answer = running
            .client
            .post(running.url(&format!("{}/payments", session.path)))
            .header("sec-fetch-site", "same-origin")
            .header("referer", format!("http://localhost{}{query}", session.path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("attempt={ATTEMPT}&version=1"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], format!("{}{back}", session.path));
        let page = running.get(&format!("{}{back}", session.path), &[]).await;
        assert!(page.text().contains("Enter the card number."), "{}", page.text());
        assert_eq!(page.text().contains("data-theme=\"dark\""), !back.is_empty());
    }
}
