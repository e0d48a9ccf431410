//! What a checkout weighs on the wire: everything that its page loads, as the server sends it to a browser.

use std::collections::BTreeSet;

use farthing_stories::World;
use serde_json::json;

/// The lightest of today's peers: nobody has to wait longer for us.
const CHECKOUT_LIMIT: usize = 108_000;
/// On the shop's own page.
const LOADER_LIMIT: usize = 3_000;

#[tokio::test]
async fn everything_that_the_checkout_loads_stays_within_the_limit_of_bytes() {
    let world = World::start().await;
    // The merchant said nothing of the customer, so that the form asks for all of it: the heaviest page.
    let session = world.session_with(json!({"customer": null})).await;
    let mut parts = vec![("the page".to_owned(), fetch(&world, &session.path, "br").await.len())];
    let page = fetch(&world, &session.path, "identity").await;
    for path in assets(&String::from_utf8(page).expect("UTF-8")) {
        let bytes = fetch(&world, &path, "br").await.len();
        parts.push((path, bytes));
    }
    let all: usize = parts.iter().map(|(_, bytes)| bytes).sum();
    for kind in [".js", ".wasm", ".svg"] {
        assert!(parts.iter().any(|(path, _)| path.ends_with(kind)), "no {kind} in {parts:?}");
    }
    assert!(all <= CHECKOUT_LIMIT, "{all} bytes: {parts:?}");

    let loader = fetch(&world, "/farthing.js", "br").await.len();
    assert!(loader <= LOADER_LIMIT, "the loader has {loader} bytes");
    eprintln!("{all} bytes: {parts:?}; loader {loader}");
    world.finish().await;
}

/// The body as it was sent.
async fn fetch(world: &World, path: &str, encoding: &str) -> Vec<u8> {
    let url = world.public_url().join(path).expect("a path");
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
