//! The wallets' own document: where it is, what it may load, and which wallets a checkout offers. No button is pressed here.

use farthing_stories::World;
use farthing_stories::api::Answer;
use farthing_stories::shop::Site;
use farthing_stories::wallets::{APPLE_SDK, GOOGLE_SCRIPT};
use farthing_stories::world::Session;
use serde_json::{Value, json};
use url::Url;

async fn get(world: &World, url: &str) -> Answer {
    Answer::read(world.http().get(url).send().await.expect("an answer")).await.expect("a body")
}

/// What the page of a session is told of wallets.
async fn offer(world: &World, session: &Session) -> Value {
    let url = world.origin.join(&session.path).expect("a path");
    let request = world.http().get(url).header("accept", "application/json");
    let answer = Answer::read(request.send().await.expect("an answer")).await.expect("a body");
    answer.expect(200).json["wallets"].clone()
}

/// The wallets' origin, as checkouts name it.
pub(super) async fn wallet_origin(world: &World) -> String {
    let offer = offer(world, &world.session().await).await;
    let frame: Url = offer["frame"].as_str().expect("a frame").parse().expect("a URL");
    frame.origin().ascii_serialization()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_on_the_wallets_origin_only_and_that_has_no_checkout() {
    let world = World::builder().wallets().start().await;
    let wallets = wallet_origin(&world).await;
    let own = world.public_url().origin().ascii_serialization();
    assert_ne!(wallets, own);
    let session = world.session().await;
    for name in ["apple_pay", "google_pay", "apple_pay+google_pay"] {
        let document = get(&world, &format!("{wallets}/wallets/{name}")).await.expect(200);
        assert!(document.header("content-type").starts_with("text/html"), "{name}");
        get(&world, &format!("{own}/wallets/{name}")).await.expect_problem(404, "not-found");
        assert!(!document.text().contains(session.token()), "it holds nothing of a session");
    }
    for path in [
        session.path.clone(),
        format!("{}/status", session.path),
        format!("{}/events", session.path),
        "/v1/payments".to_owned(),
        "/openapi.json".to_owned(),
        "/return/rt_x".to_owned(),
        "/metrics".to_owned(),
    ] {
        get(&world, &format!("{wallets}{path}")).await.expect_problem(404, "not-found");
    }
    let posted = world
        .http()
        .post(format!("{wallets}{}/payments", session.path))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .body("{}");
    assert_eq!(posted.send().await.expect("an answer").status(), 404);
    get(&world, &format!("{wallets}/healthz")).await.expect(200);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documents_policy_names_the_hosts_of_its_own_wallets_and_who_may_frame_it() {
    // Google's own script, and Apple's as the sandbox has it.
    let world = World::builder()
        .wallets()
        .edit(|text| {
            text.lines()
                .filter(|line| !line.starts_with("script = "))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .start()
        .await;
    let wallets = wallet_origin(&world).await;
    let sandbox = world.sandbox.url.origin().ascii_serialization();
    let google = "https://pay.google.com";
    for (name, hosts, others) in [
        ("apple_pay", &[sandbox.as_str()][..], &[google, "gstatic"][..]),
        ("google_pay", &[google, "https://www.gstatic.com"], &[sandbox.as_str()]),
        ("apple_pay+google_pay", &[google, sandbox.as_str()], &["applepay.cdn-apple.com"]),
    ] {
        let document = get(&world, &format!("{wallets}/wallets/{name}")).await.expect(200);
        let policy = document.header("content-security-policy");
        let directive = |wanted: &str| {
            let found = policy.split("; ").find_map(|one| one.strip_prefix(wanted));
            found.unwrap_or_else(|| panic!("no {wanted} in {policy}")).trim().to_owned()
        };
        for host in hosts {
            assert!(directive("img-src").contains(host), "{name}: {policy}");
        }
        assert!(
            directive("script-src").contains(hosts[0]) && directive("frame-src").contains(hosts[0])
        );
        assert!(!directive("script-src").contains("unsafe-inline"), "{policy}");
        for other in others {
            assert!(!policy.contains(other), "{name}: {policy}");
        }
        let own = world.public_url().origin().ascii_serialization();
        let ancestors = directive("frame-ancestors");
        let ancestors: Vec<&str> = ancestors.split(' ').collect();
        assert!(ancestors.contains(&own.as_str()), "{ancestors:?}");
        for site in Site::BOTH {
            assert!(ancestors.contains(&world.shop.origin(site).as_str()), "{ancestors:?}");
        }
        assert!(!ancestors.contains(&"*") && !ancestors.contains(&wallets.as_str()));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_told_what_the_buttons_need_and_nothing_secret() {
    let world = World::builder().wallets().start().await;
    let wallets = wallet_origin(&world).await;
    let document =
        get(&world, &format!("{wallets}/wallets/apple_pay+google_pay")).await.expect(200);
    let text = document.text();
    let (_, state) = text.split_once("type=\"application/json\"").expect("a state");
    let state =
        state.split_once('>').expect("its tag").1.split_once("</script>").expect("its end").0;
    let state: Value = serde_json::from_str(state).expect("JSON");
    let at = |path: &str| world.sandbox.url.join(path).expect("a path").to_string();
    assert_eq!(
        state,
        json!({
            "parent": world.public_url().origin().ascii_serialization(),
            "apple_pay": {
                "sdk": at(APPLE_SDK), "label": "Larkspur", "country": "GB", "networks": ["visa", "masterCard"],
            },
            "google_pay": {
                "script": at(GOOGLE_SCRIPT), "environment": "TEST", "merchant_name": "Larkspur Books",
                "gateway": "primepay", "gateway_merchant_id": world.sandbox.wallets().await["google_gateway"]["gatewayMerchantId"],
                "auth_methods": ["PAN_ONLY", "CRYPTOGRAM_3DS"], "networks": ["MASTERCARD", "VISA"], "country": "GB",
            },
        })
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_offers_the_wallets_that_the_session_wants_while_it_can_be_paid() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let wallets = wallet_origin(&world).await;
    for (methods, offered) in [
        (json!(null), &["apple_pay", "google_pay"][..]),
        (json!(["card", "google_pay", "apple_pay"]), &["apple_pay", "google_pay"]),
        (json!(["card", "apple_pay"]), &["apple_pay"]),
        (json!(["google_pay", "card"]), &["google_pay"]),
        (json!(["card"]), &[]),
    ] {
        let session = world.session_with(json!({"methods": methods})).await;
        let expected = if offered.is_empty() {
            Value::Null
        } else {
            json!({"frame": format!("{wallets}/wallets/{}", offered.join("+")), "methods": offered})
        };
        assert_eq!(offer(&world, &session).await, expected, "{methods}");
        let page = get(&world, &session.url).await.expect(200);
        let opener = if offered.is_empty() { "same-origin" } else { "same-origin-allow-popups" };
        assert_eq!(page.header("cross-origin-opener-policy"), opener, "{methods}");
    }
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    assert_eq!(offer(&world, &session).await, Value::Null, "nothing is left to be paid");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_that_the_session_does_not_want_pays_nothing() {
    let world = World::builder().wallets().start().await;
    let session = world.session_with(json!({"methods": ["card", "apple_pay"]})).await;
    let page = farthing_stories::wallets::Offer::load(&world, &session).await;
    let (token, network) = world.google_token(json!({})).await;
    let fields = [("google_pay_token", token.as_str()), ("google_pay_network", network.as_str())];
    let answer = page.submit(&world.shopper(), &fields).await.expect_problem(400, "validation");
    assert!(answer.text().contains("the session's methods do not name this wallet"));
    super::assert_not_charged(&world).await;
    let session = world.session_with(json!({"methods": ["card", "google_pay"]})).await;
    let url = world.origin.join(&format!("{}/apple-pay/session", session.path)).expect("a path");
    let asked = world.http().post(url).header("sec-fetch-site", "same-origin");
    let answer = Answer::read(asked.send().await.expect("an answer")).await.expect("a body");
    answer.expect_problem(404, "not-found");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_currency_that_google_cannot_write_and_a_merchant_without_a_country_narrow_the_offer() {
    let world = World::builder()
        .wallets()
        .edit(|text| {
            text.replace(
                "{ EUR = \"EUR-sandbox\" }",
                "{ EUR = \"EUR-sandbox\", KWD = \"KWD-sandbox\", JPY = \"JPY-sandbox\" }",
            )
        })
        .start()
        .await;
    for (currency, offered) in [
        ("EUR", json!(["apple_pay", "google_pay"])),
        ("JPY", json!(["apple_pay", "google_pay"])),
        ("KWD", json!(["apple_pay"])),
    ] {
        let session = world.session_with(json!({"currency": currency})).await;
        assert_eq!(offer(&world, &session).await["methods"], offered, "{currency}");
    }
    world.finish().await;

    let world = World::builder()
        .wallets()
        .edit(|text| text.replace("country = \"GB\"\n", ""))
        .start()
        .await;
    let session = world.session().await;
    assert_eq!(offer(&world, &session).await["methods"], json!(["google_pay"]));
    let wallets = wallet_origin(&world).await;
    get(&world, &format!("{wallets}/wallets/apple_pay")).await.expect_problem(404, "not-found");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_origin_for_them_no_wallet_is_offered_and_tokens_are_still_taken() {
    let world = World::builder()
        .wallets()
        .edit(|text| text.replace("wallet_listen = \"127.0.0.1:0\"\n", ""))
        .start()
        .await;
    world.decide_at_once().await;
    let session = world.session().await;
    assert_eq!(offer(&world, &session).await, Value::Null);
    get(&world, world.origin.join("/wallets/google_pay").expect("a path").as_str())
        .await
        .expect_problem(404, "not-found");
    let page = farthing_stories::wallets::Offer::load(&world, &session).await;
    let (token, network) = world.google_token(json!({})).await;
    let fields = [("google_pay_token", token.as_str()), ("google_pay_network", network.as_str())];
    page.submit(&world.shopper(), &fields).await.expect(200);
    world.finish().await;
}
