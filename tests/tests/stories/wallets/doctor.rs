//! `farthing doctor` about wallets.

use farthing_stories::{World, process};

async fn doctor(world: &World) -> (Option<i32>, String) {
    doctor_with(world, &[]).await
}

/// The same, with these variables.
async fn doctor_with(world: &World, env: &[(&'static str, String)]) -> (Option<i32>, String) {
    let config = world.dir().join("conf/farthing.toml").display().to_string();
    let env = env.to_vec();
    let run = tokio::task::spawn_blocking(move || {
        let env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        process::run(&["doctor", "--config", &config], &env, None)
    });
    let (code, out, _) = run.await.expect("doctor ends");
    (code, out)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_how_long_certificates_last_and_where_apples_file_is_missing() {
    let world = World::builder().wallets().hosted().fronted().start().await;
    let (code, out) = doctor(&world).await;
    let has = |words: &str| assert!(out.contains(words), "{words} is missing in\n{out}");
    has(
        "✔ Apple Pay: 1 payment processing certificate of this merchant, by extension 1.2.840.113635.100.6.32, each with its key",
    );
    has("✔ Apple Pay: the payment processing certificate is valid until ");
    has("✔ Apple Pay: the merchant identity certificate, whose key fits, is valid until ");
    has("✔ Google Pay: the last of Google's root keys is valid until ");
    let own = world.public_url().origin().ascii_serialization();
    has(&format!("✔ Apple Pay, domain file: {own} serves it, byte for byte"));
    has("does not serve it");
    has("PCI scope: SAQ D.");
    assert_eq!(code, Some(1), "the shops have to serve the file");
    for secret in ["PRIVATE KEY", farthing_stories::wallets::MERCHANT_ID] {
        assert!(!out.contains(secret), "{secret} is in\n{out}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_names_the_file_and_the_reason_when_certificate_and_key_do_not_belong_together() {
    let world = World::builder().wallets().start().await;
    let conf = world.dir().join("conf");
    std::fs::copy(conf.join("identity.key"), conf.join("processing.key")).expect("a copy");
    let (code, out) = doctor(&world).await;
    assert_eq!(code, Some(1));
    assert!(
        out.contains("`apple_pay.processing.certificate` processing.pem with processing.key: "),
        "{out}"
    );
    let refused = world.second_server().expect_err("the server does not start either");
    assert!(refused.to_string().contains("processing.pem with processing.key: "), "{refused}");
    world.finish().await;
}

/// Variables that say where the world's server is.
fn places(public: &str, wallets: &str) -> Vec<(&'static str, String)> {
    vec![
        ("FARTHING__SERVER__PUBLIC_URL", public.to_owned()),
        ("FARTHING__SERVER__WALLET_ORIGIN", wallets.to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_that_both_wallets_are_offered_and_looks_where_their_document_is() {
    let world = World::builder().wallets().start().await;
    let wallets = super::frame::wallet_origin(&world).await;
    let own = world.public_url().origin().ascii_serialization();
    let (_, out) = doctor_with(&world, &places(&own, &wallets)).await;
    for words in [
        format!("✔ Apple Pay: offered, with its button on {wallets}"),
        format!("✔ Google Pay: offered, with its button on {wallets}"),
        format!("✔ wallets, document: {wallets} serves it, with the policy of this server"),
        format!("✔ wallets, document: {wallets} has no checkout"),
        format!("✔ wallets, document: {own} does not serve it"),
    ] {
        assert!(out.contains(&words), "{words} is missing in\n{out}");
    }
    // A proxy that leads both names to the wrong place.
    let (code, out) = doctor_with(&world, &places(&wallets, &own)).await;
    assert_eq!(code, Some(1));
    for words in [
        format!("✖ wallets, document: {own} answers 404 instead of it"),
        format!("✖ wallets, document: {own} also shows checkouts"),
        format!("✖ wallets, document: {wallets} serves it too"),
    ] {
        assert!(out.contains(&words), "{words} is missing in\n{out}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_of_each_wallet_exactly_why_it_is_not_offered() {
    for (edit, apple, google) in [
        (
            (|text| text.replace("wallet_listen = \"127.0.0.1:0\"\n", "")) as fn(String) -> String,
            "– Apple Pay: not offered: `server.wallet_origin` is not set",
            "– Google Pay: not offered: `server.wallet_origin` is not set",
        ),
        (
            |text| text.replace("country = \"GB\"\n", ""),
            "– Apple Pay: not offered: `merchant.country` is not set, and Apple's request names it",
            "✔ Google Pay: offered, with its button on the address that is bound",
        ),
        (
            |text| text.replace("{ EUR = \"EUR-sandbox\" }", "{ KWD = \"KWD-sandbox\" }"),
            "✔ Apple Pay: offered, with its button on the address that is bound",
            "– Google Pay: not offered: Google writes amounts with two decimals or none, and KWD has another number of them",
        ),
        (
            |text| text.split("[apple_pay]").next().unwrap_or_default().to_owned(),
            "– Apple Pay: not offered: `[apple_pay]` is not configured",
            "✔ Google Pay: offered, with its button on the address that is bound",
        ),
    ] {
        let world = World::builder().wallets().edit(edit).start().await;
        let (_, out) = doctor(&world).await;
        for words in [apple, google] {
            assert!(out.contains(words), "{words} is missing in\n{out}");
        }
        world.finish().await;
    }
}
