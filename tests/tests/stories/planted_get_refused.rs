//! Card data in an address is refused unread: addresses are logged, kept in histories and sent on as referrers.

use farthing_stories::World;
use farthing_stories::cards::with_check_digit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_get_with_card_fields_is_refused_unread() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let card = world.good_card();
    for path in ["", "/payments", "/step", "/status"] {
        for name in ["card_number", "card_code", "card_expiry", "anything"] {
            let url =
                format!("{}{path}?{name}={}&card_code={}", session.path, card.number, card.code);
            let page = shopper.get(&url).await;
            if path.is_empty() || path == "/payments" {
                assert!(
                    (400..500).contains(&page.status),
                    "GET {path}?{name}= was answered with {}",
                    page.status
                );
            }
            assert!(!page.location().is_some_and(|url| url.as_str().contains(&card.number)));
            assert!(!page.html.source.contains(&card.number), "the answer repeats the number");
        }
    }
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 0);
    assert_eq!(world.sandbox.orders().await.len(), 0);
    assert_eq!(shopper.get(&session.path).await.state(), "ready");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shopper_who_follows_a_planted_form_is_told_what_happened() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    // Not one of the searched cards: the browser's own history is not ours to keep clean.
    let number = with_check_digit("510510510510510");
    browser.open(&format!("{}/payments?card_number={number}&card_code=111", session.url)).await;
    assert!(browser.text().await.contains("nothing was charged"), "{}", browser.text().await);
    assert!(!browser.source().await.contains(&number));
    browser.shots("refused").await;
    assert_eq!(world.sandbox.orders().await.len(), 0);
    drop(browser);
    world.finish().await;
}
