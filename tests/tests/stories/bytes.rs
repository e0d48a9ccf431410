//! What a checkout weighs on the wire: everything that its page loads, as the server sends it to a browser.

use std::collections::BTreeSet;

use farthing_stories::World;
use serde_json::json;
use url::Url;

/// The lightest of today's peers: nobody has to wait longer for us.
const CHECKOUT_LIMIT: usize = 108_000;
/// On the shop's own page.
const LOADER_LIMIT: usize = 3_000;

#[tokio::test]
async fn everything_that_the_checkout_loads_stays_within_the_limit_of_bytes() {
    let world = World::start().await;
    // The merchant said nothing of the customer, so that the form asks for all of it: the heaviest page.
    let session = world.session_with(json!({"customer": null})).await;
    let parts = loaded(&world, &session.url).await;
    let all = sum(&parts);
    for kind in [".js", ".wasm", ".svg"] {
        assert!(parts.iter().any(|(path, _)| path.ends_with(kind)), "no {kind} in {parts:?}");
    }
    assert!(all <= CHECKOUT_LIMIT, "{all} bytes: {parts:?}");

    let loader = world.public_url().join("/farthing.js").expect("a path");
    let loader = fetch(&world, loader.as_str(), "br").await.len();
    assert!(loader <= LOADER_LIMIT, "the loader has {loader} bytes");
    eprintln!("{all} bytes: {parts:?}; loader {loader}");
    world.finish().await;
}

#[tokio::test]
async fn with_both_wallets_the_checkout_stays_within_the_limit_too() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let page = fetch(&world, &session.url, "identity").await;
    let page = String::from_utf8(page).expect("UTF-8");
    let (_, frame) = page.split_once("data-frame=\"").expect("wallets are offered");
    let (frame, _) = frame.split_once('"').expect("an address ends");
    assert!(frame.ends_with("/wallets/apple_pay+google_pay"), "{frame}");
    let mut parts = loaded(&world, &session.url).await;
    parts.extend(loaded(&world, frame).await);
    // The vendors' own scripts are theirs, and marks of brands come when a brand is first shown: neither is counted of a peer's.
    parts.retain(|(path, _)| !path.contains("/brands-"));
    for program in ["/assets/frame_wallets-", "/assets/wallets-"] {
        let files = parts.iter().filter(|(path, _)| path.starts_with(program)).count();
        assert_eq!(files, 2, "glue and module of {program} in {parts:?}");
    }
    let all = sum(&parts);
    assert!(all <= CHECKOUT_LIMIT, "{all} bytes: {parts:?}");
    eprintln!("{all} bytes: {parts:?}");
    world.finish().await;
}

/// A page and every asset that it names, each with its bytes on the wire.
async fn loaded(world: &World, url: &str) -> Vec<(String, usize)> {
    let mut parts = vec![("the page".to_owned(), fetch(world, url, "br").await.len())];
    let page = fetch(world, url, "identity").await;
    let base: Url = url.parse().expect("a URL");
    for path in assets(&String::from_utf8(page).expect("UTF-8")) {
        let asset = base.join(&path).expect("a path");
        let bytes = fetch(world, asset.as_str(), "br").await.len();
        parts.push((path, bytes));
    }
    parts
}

fn sum(parts: &[(String, usize)]) -> usize {
    parts.iter().map(|(_, bytes)| bytes).sum()
}

/// The body as it was sent.
async fn fetch(world: &World, url: &str, encoding: &str) -> Vec<u8> {
    let request = world.http().get(url).header("accept-encoding", encoding);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let sent = answer
        .headers()
        .get("content-encoding")
        .map_or("identity", |name| name.to_str().expect("a name"));
    assert_eq!(sent, encoding);
    answer.bytes().await.expect("a body").to_vec()
}

/// Every address of an asset in the page, its styles and its scripts.
fn assets(page: &str) -> BTreeSet<String> {
    let end = |rest: &str| rest.find(['"', '\'', '#', ')']).expect("an address ends");
    page.split("\"/assets/").skip(1).map(|rest| format!("/assets/{}", &rest[..end(rest)])).collect()
}
