//! What a wallet tells of the shopper: asked exactly where it is missing, and sent to the gateway as it was said.

use farthing_stories::purse::{GOOD, Place, Purse, Wallet};
use farthing_stories::{World, until};
use serde_json::{Value, json};

/// What the sandbox's wallets know of their owner: docs/sandbox.md, "Scripts and sheets".
const OWNER: [(&str, &str); 8] = [
    ("customer_first_name", "Ann"),
    ("customer_last_name", "Lee"),
    ("customer_address", "1 High Street"),
    ("customer_city", "Leeds"),
    ("customer_zip_code", "LS1 1AA"),
    ("customer_country", "GB"),
    ("customer_phone", "+441130000000"),
    ("customer_email", "ann@example.com"),
];

/// The inputs for contacts in Apple's sheet.
const CONTACTS: &str =
    "return [...document.querySelectorAll('#contacts input')].map(input => input.name)";

/// What the checkout asks a wallet for, as the wallet's script is told.
async fn request(purse: &Purse<'_>, wallet: Wallet) -> Value {
    purse.watch_requests().await;
    purse.open_sheet(wallet).await;
    purse.request(wallet).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_merchant_did_not_send_is_asked_of_the_wallet_and_reaches_the_gateway() {
    let world = World::builder().wallets().proxied().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open_with(&world, &browser, place, json!({"customer": null})).await;
            let request = request(&purse, wallet).await;
            match wallet {
                Wallet::Apple => {
                    assert_eq!(
                        request["requiredBillingContactFields"],
                        json!(["postalAddress", "name"])
                    );
                    assert_eq!(request["requiredShippingContactFields"], json!(["email", "phone"]));
                }
                Wallet::Google => {
                    let parameters = &request["allowedPaymentMethods"][0]["parameters"];
                    assert_eq!(parameters["billingAddressRequired"], true);
                    assert_eq!(
                        parameters["billingAddressParameters"],
                        json!({"format": "FULL", "phoneNumberRequired": true})
                    );
                    assert_eq!(request["emailRequired"], true);
                }
            }
            purse.sheet().await;
            purse.pay_until(GOOD, "done").await;
            purse.is_paid(wallet).await;
            let sent = world.wire().last_request_json();
            for (name, value) in OWNER {
                assert_eq!(sent[name], value, "{wallet} {place:?}");
            }
        }
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_customer_who_is_known_no_wallet_is_asked_anything() {
    let world = World::builder().wallets().proxied().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for wallet in Wallet::BOTH {
        let purse = Purse::open(&world, &browser, Place::Page).await;
        let request = request(&purse, wallet).await;
        for name in [
            "requiredBillingContactFields",
            "requiredShippingContactFields",
            "emailRequired",
            "shippingAddressRequired",
        ] {
            assert_eq!(request[name], Value::Null, "{wallet}");
        }
        if wallet == Wallet::Google {
            let parameters = &request["allowedPaymentMethods"][0]["parameters"];
            assert_eq!(parameters["billingAddressRequired"], Value::Null);
        }
        purse.sheet().await;
        assert_eq!(browser.script(CONTACTS).await, json!([]));
        purse.pay_until(GOOD, "done").await;
        purse.is_paid(wallet).await;
        let sent = world.wire().last_request_json();
        assert_eq!(sent["customer_last_name"], "Quillfeather", "{wallet}");
        assert_eq!(sent["customer_zip_code"], "SW1A 2AA", "{wallet}");
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_missing_is_asked() {
    let world = World::builder().wallets().proxied().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let mut customer = farthing_stories::world::customer();
    customer["email"] = Value::Null;
    customer["zip"] = Value::Null;
    for wallet in Wallet::BOTH {
        let purse =
            Purse::open_with(&world, &browser, Place::Page, json!({"customer": customer})).await;
        let request = request(&purse, wallet).await;
        match wallet {
            Wallet::Apple => {
                assert_eq!(request["requiredBillingContactFields"], json!(["postalAddress"]));
                assert_eq!(request["requiredShippingContactFields"], json!(["email"]));
            }
            Wallet::Google => {
                let parameters = &request["allowedPaymentMethods"][0]["parameters"];
                assert_eq!(parameters["billingAddressParameters"], json!({"format": "MIN"}));
                assert_eq!(request["emailRequired"], true);
            }
        }
        purse.sheet().await;
        purse.pay_until(GOOD, "done").await;
        purse.is_paid(wallet).await;
        let sent = world.wire().last_request_json();
        // The merchant's word stands beside the wallet's.
        assert_eq!(
            (&sent["customer_zip_code"], &sent["customer_email"], &sent["customer_last_name"]),
            (&json!("LS1 1AA"), &json!("ann@example.com"), &json!("Quillfeather")),
            "{wallet}"
        );
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_cannot_be_right_is_corrected_in_apples_sheet() {
    let world = World::builder().wallets().proxied().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, [(zip, zip_said), (phone, phone_said)]) in Place::BOTH.into_iter().zip([
        [
            ("LS1 1AA LS1 1AA LS1 1AA LS1 1AA LS1 1AA", "The postal code is too long"),
            ("0113", "Enter the phone number with + and the country code"),
        ],
        [("", "Enter the postal code"), ("", "Enter the phone number")],
    ]) {
        let purse = Purse::open_with(&world, &browser, place, json!({"customer": null})).await;
        purse.open_sheet(Wallet::Apple).await;
        browser.fill("input[name='billing.postalCode']", zip).await;
        browser.fill("input[name='shipping.phoneNumber']", phone).await;
        purse.pay(GOOD).await;
        for (field, said) in
            [("billing.postalCode", zip_said), ("shipping.phoneNumber", phone_said)]
        {
            until(said, async || {
                let place = browser
                    .client
                    .find(fantoccini::Locator::Id(&format!("{field}-error")))
                    .await
                    .ok()?;
                (place.text().await.ok()? == said).then_some(())
            })
            .await;
        }
        purse.until_view("choosing").await;
        browser.fill("input[name='billing.postalCode']", "LS2 9JT").await;
        browser.fill("input[name='shipping.phoneNumber']", "+441132222222").await;
        purse.pay_until(GOOD, "done").await;
        purse.is_paid(Wallet::Apple).await;
        assert_eq!(purse.payments().await.len(), 1);
        assert_eq!(
            purse.sent().await.len(),
            1,
            "a token left the page with a contact that was wrong"
        );
        let sent = world.wire().last_request_json();
        assert_eq!(sent["customer_zip_code"], "LS2 9JT");
        assert_eq!(sent["customer_phone"], "+441132222222");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
