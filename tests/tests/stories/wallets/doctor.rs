//! `farthing doctor` about wallets.

use farthing_stories::{World, process};

async fn doctor(world: &World) -> (Option<i32>, String) {
    let config = world.dir().join("conf/farthing.toml").display().to_string();
    let run = tokio::task::spawn_blocking(move || {
        process::run(&["doctor", "--config", &config], &[], None)
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
