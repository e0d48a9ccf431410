//! What all shoppers of a soak share, and the merchant who opens checkouts for them.

use std::time::Duration;

use farthing_stories::api::{Api, fresh_key};
use farthing_stories::proxy::Proxy;
use farthing_stories::world::{customer, http_client_within};
use farthing_stories::{Card, Shopper, World};
use serde_json::json;
use tokio::time::sleep;
use url::Url;

use super::wish::Kind;

/// A page that a browser does not get within so long will not come: more than a shopper's page may wait for the gateway.
const PATIENCE: Duration = Duration::from_secs(6);

/// A request to the merchant's interface that a dead server did not answer is sent again after so long.
const AGAIN: Duration = Duration::from_millis(100);

/// The place.
#[derive(Clone, Debug)]
pub(crate) struct Town {
    /// The merchant's program, as it reads.
    pub(crate) reads: Api,
    api: Api,
    /// A browser.
    pub(crate) browser: Shopper,
    /// The wire to the gateway's card host.
    pub(crate) wire: Proxy,
    gateway: Url,
    cards: Vec<(Kind, Card)>,
}

/// A checkout.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    /// The merchant's order.
    pub(crate) order_id: String,
    /// `/checkout/{cst}`.
    pub(crate) path: String,
}

impl Town {
    /// Takes the cards from the world's stack: few, for each is searched for at the end.
    pub(crate) fn of(world: &World) -> Self {
        let cards = [
            (Kind::Good, Card::frictionless()),
            (Kind::Challenge, Card::challenge()),
            (Kind::WithoutFunds, Card::without_funds()),
            (Kind::NotHonoured, Card::not_honoured()),
            (Kind::Unknown, Card::declined()),
        ];
        Self {
            reads: world.api.uncaptured(),
            api: world.api.clone(),
            browser: world.shopper().with_http(http_client_within(PATIENCE)),
            wire: world.wire().clone(),
            gateway: world.sandbox.url.clone(),
            cards: cards.map(|(kind, card)| (kind, world.card(card))).to_vec(),
        }
    }

    /// The card of a kind.
    pub(crate) fn card(&self, kind: Kind) -> &Card {
        &self.cards.iter().find(|(other, _)| *other == kind).expect("a card of each kind").1
    }

    /// Whether a browser of this town finds anything at an address.
    pub(crate) fn has(&self, url: &Url) -> bool {
        self.browser.is_ours(url) || url.port() == self.gateway.port()
    }

    /// Opens a checkout for an order, as often as it takes to get an answer, with one idempotency key. `Ok(None)`: the order is being
    /// paid, or has been.
    ///
    /// The world does not learn its token: a thousand of them would make the search at the end take hours. The stories search for them.
    pub(crate) async fn checkout(
        &self,
        order_id: &str,
        amount: u64,
    ) -> Result<Option<Checkout>, String> {
        let order = json!({
            "order_id": order_id,
            "amount": amount,
            "currency": "EUR",
            "purpose": "Larkspur and other poems",
            "customer": customer(),
        });
        let (key, body) = (fresh_key(), order.to_string());
        loop {
            let answer =
                self.api.send("POST", "/v1/sessions", Some(&key), Some(body.as_bytes())).await;
            let Some(answer) = answer else {
                sleep(AGAIN).await;
                continue;
            };
            let problem = answer.json["type"].as_str().unwrap_or_default().to_owned();
            match answer.status {
                201 => {
                    let token = answer.json["token"].as_str().expect("a token");
                    let path = format!("/checkout/{token}");
                    return Ok(Some(Checkout { order_id: order_id.to_owned(), path }));
                }
                409 if problem.contains(":order-already-") => return Ok(None),
                409 if problem.ends_with(":idempotency-in-progress") => sleep(AGAIN).await,
                503 if !answer.header("retry-after").is_empty() => sleep(AGAIN).await,
                _ => {
                    let said = answer.text();
                    return Err(format!("a checkout of {order_id}: {} {said}", answer.status));
                }
            }
        }
    }
}
