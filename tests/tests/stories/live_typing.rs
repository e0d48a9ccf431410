//! Typing, pasting and filling in: what the form does with it, and what it leaves alone.

use fantoccini::key::Key;
use farthing_stories::browser::Browser;
use farthing_stories::front::Act;
use farthing_stories::live::{CODE, EXPIRY, HOLDER, NUMBER, PAY};
use farthing_stories::{Site, World, until};
use serde_json::{Value, json};

async fn is_wrong(browser: &Browser, css: &str) -> bool {
    browser.has(&format!("{css}[aria-invalid=true]")).await
}

/// The text that is tied to an input.
async fn described(browser: &Browser, css: &str) -> String {
    let script = format!(
        "const input = document.querySelector('{css}');
         return (input.getAttribute('aria-describedby') || '').split(' ').filter(id => id)
             .map(id => document.getElementById(id).innerText).join(' ')"
    );
    browser.script(&script).await.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_before_the_form_is_live_survives_and_is_formatted() {
    let world = World::builder().fronted().start().await;
    world.decide_at_once().await;
    world.front().on(".wasm", Act::Hold);
    let browser = world.live_browser().await;
    let session = world.session_with(json!({"customer": null})).await;
    let card = world.good_card();
    browser.open(&world.shop_page(&session, Site::Cross)).await;
    browser.enter_checkout().await;
    world.front().wait_for(".wasm").await;
    browser.keys(HOLDER, &card.holder).await;
    browser.labelled("City").await.send_keys("London").await.unwrap();
    browser.labelled("Country").await.select_by_value("GB").await.unwrap();
    browser.keys(EXPIRY, "12/31").await;
    browser.keys(NUMBER, &card.number[..10]).await;
    assert_eq!(browser.value(NUMBER).await, &card.number[..10], "nothing formats it yet");
    assert!(!browser.has("[data-hydrated]").await);
    world.front().release();
    browser.until_live().await;
    until("the number to be formatted", async || {
        (browser.value(NUMBER).await == "4012 0000 00").then_some(())
    })
    .await;
    assert_eq!(browser.focus().await, "card_number", "the focus was lost");
    assert_eq!(browser.caret(NUMBER).await, 12, "the caret left its digit");
    // The next key goes on where the shopper was.
    browser.client.active_element().await.unwrap().send_keys(&card.number[10..]).await.unwrap();
    assert_eq!(browser.value(NUMBER).await, "4012 0000 0000 3010");
    assert_eq!(browser.value(EXPIRY).await, "12 / 31");
    assert_eq!(browser.value(HOLDER).await, card.holder);
    let city = browser.labelled("City").await.prop("value").await.unwrap();
    assert_eq!(city.as_deref(), Some("London"));
    let country = browser.labelled("Country").await.prop("value").await.unwrap();
    assert_eq!(country.as_deref(), Some("GB"));
    browser.find("form[data-brand=visa]").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_card_filled_in_at_once_is_read_and_pays() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for expiry in ["12/31", "12/2031", "2031-12", "1231"] {
        let session = world.session().await;
        let card = world.good_card();
        browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
        browser
            .autofill(&[
                (HOLDER, &card.holder),
                (NUMBER, &card.number),
                (EXPIRY, expiry),
                (CODE, &card.code),
            ])
            .await;
        until("the number to be formatted", async || {
            (browser.value(NUMBER).await == "4012 0000 0000 3010").then_some(())
        })
        .await;
        let shown = browser.value(EXPIRY).await;
        assert!(matches!(&*shown, "12 / 31" | "12 / 2031"), "{expiry} became {shown}");
        for css in [NUMBER, EXPIRY, CODE, HOLDER] {
            assert!(!is_wrong(&browser, css).await, "{css} is called wrong, filled with {expiry}");
        }
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 4);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_browsers_own_autofill_fills_the_whole_card() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let card = world.good_card();
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.cdp("DOM.enable", json!({})).await;
    browser.cdp("Autofill.enable", json!({})).await;
    let document = browser.cdp("DOM.getDocument", json!({})).await;
    let query = json!({"nodeId": document["root"]["nodeId"], "selector": NUMBER});
    let node = browser.cdp("DOM.querySelector", query).await;
    let node = browser.cdp("DOM.describeNode", json!({"nodeId": node["nodeId"]})).await;
    browser.find(NUMBER).await.click().await.unwrap();
    let trigger = json!({
        "fieldId": node["node"]["backendNodeId"],
        "card": {
            "number": card.number,
            "name": card.holder,
            "expiryMonth": "12",
            "expiryYear": "2031",
            "cvc": card.code,
        },
    });
    browser.cdp("Autofill.trigger", trigger).await;
    until("the number", async || {
        (browser.value(NUMBER).await == "4012 0000 0000 3010").then_some(())
    })
    .await;
    assert_eq!(browser.value(HOLDER).await, card.holder);
    let expiry = browser.value(EXPIRY).await;
    assert!(matches!(&*expiry, "12 / 31" | "12 / 2031"), "{expiry}");
    assert_eq!(browser.value(CODE).await, card.code);
    for css in [NUMBER, EXPIRY, CODE, HOLDER] {
        assert!(!is_wrong(&browser, css).await, "{css} is called wrong");
    }
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pasted_separators_and_other_digits_are_understood() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let good = world.good_card().number;
    let shown = "4012 0000 0000 3010";
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    let other = |zero: char| {
        let digit = |c: char| char::from_u32(zero as u32 + c.to_digit(10).unwrap()).unwrap();
        good.chars().map(digit).collect::<String>()
    };
    let (arabic, persian, wide) = (other('\u{660}'), other('\u{6f0}'), other('\u{ff10}'));
    for pasted in [
        "4012000000003010",
        "4012-0000-0000-3010",
        "4012.0000.0000.3010",
        " 4012\u{a0}0000\u{2009}0000 3010\n",
        "4012\u{2013}0000\u{2013}0000\u{2013}3010",
        &arabic,
        &persian,
        &wide,
    ] {
        browser.find(NUMBER).await.clear().await.unwrap();
        browser.paste(NUMBER, pasted).await;
        assert_eq!(browser.value(NUMBER).await, shown, "{pasted:?}");
        assert!(!is_wrong(&browser, NUMBER).await, "{pasted:?}");
    }
    // A paste into the middle keeps the caret behind what was pasted.
    browser.find(NUMBER).await.clear().await.unwrap();
    browser.paste(NUMBER, "40123010").await;
    browser.set_caret(NUMBER, 4).await;
    browser.script(&insert("0000 0000")).await;
    assert_eq!(browser.value(NUMBER).await, shown);
    let caret = browser.caret(NUMBER).await;
    assert!((14..=15).contains(&caret), "the caret is at {caret}");
    for (typed, shown) in
        [("1/27", "01 / 27"), ("127", "12 / 7"), ("01 / 2027", "01 / 2027"), ("0127", "01 / 27")]
    {
        browser.find(EXPIRY).await.clear().await.unwrap();
        browser.keys(EXPIRY, typed).await;
        assert_eq!(browser.value(EXPIRY).await, shown, "typed {typed}");
    }
    for (pasted, shown) in [
        ("1/27", "01 / 27"),
        ("01 / 2027", "01 / 2027"),
        ("\u{660}\u{661}/\u{662}\u{667}", "01 / 27"),
    ] {
        browser.find(EXPIRY).await.clear().await.unwrap();
        browser.paste(EXPIRY, pasted).await;
        assert_eq!(browser.value(EXPIRY).await, shown, "pasted {pasted}");
    }
    drop(browser);
    world.finish().await;
}

/// Inserts at the caret of what has the focus.
fn insert(text: &str) -> String {
    format!("return document.execCommand('insertText', false, '{text}')")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_in_every_usual_form_pay() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for expiry in ["1/27", "01 / 2027", "\u{660}\u{661}/\u{662}\u{667}"] {
        let session = world.session().await;
        let card = world.good_card();
        browser.open_shop(&world.shop_page(&session, Site::Same)).await;
        browser.paste(NUMBER, &card.number).await;
        browser.paste(EXPIRY, expiry).await;
        browser.keys(CODE, &card.code).await;
        browser.keys(HOLDER, &card.holder).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        let payment = world.api.only_payment(&session.order_id).await;
        let printed = payment["card"]["exp"].to_string();
        assert!(printed.contains("27") && printed.contains("01"), "{printed}");
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn editing_in_the_middle_keeps_the_caret() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    world.good_card();
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.keys(NUMBER, "4012000000003010").await;
    // Behind the sixth digit: one deleted, another typed.
    browser.set_caret(NUMBER, 7).await;
    browser.key(Key::Backspace).await;
    assert_eq!(browser.value(NUMBER).await, "4012 0000 0003 010");
    assert_eq!(browser.caret(NUMBER).await, 6);
    browser.client.active_element().await.unwrap().send_keys("7").await.unwrap();
    assert_eq!(browser.value(NUMBER).await, "4012 0700 0000 3010");
    assert_eq!(browser.caret(NUMBER).await, 7);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_called_wrong_while_it_is_typed_and_what_is_wrong_is_said_on_leaving() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let good = world.good_card().number;
    let wrong = format!("{}1", &good[..15]);
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    let none = async |when: &str| {
        for css in [NUMBER, EXPIRY, CODE, HOLDER] {
            assert!(!is_wrong(&browser, css).await, "{css} is called wrong {when}");
        }
    };
    browser.find(NUMBER).await.click().await.unwrap();
    let focus = browser.client.active_element().await.unwrap();
    for digit in wrong.chars() {
        focus.send_keys(&digit.to_string()).await.unwrap();
        none("while the number is typed").await;
    }
    browser.key(Key::Tab).await;
    assert_ne!(browser.focus().await, "card_number");
    until("the number to be called wrong", async || is_wrong(&browser, NUMBER).await.then_some(()))
        .await;
    let told = until("an error that is tied to its input", async || {
        let told = described(&browser, NUMBER).await;
        told.to_lowercase().contains("number").then_some(told)
    })
    .await;
    assert!(!told.contains(&wrong[..6]), "the error repeats what was typed");
    // The others were not touched, and leaving an empty field is no mistake.
    for css in [EXPIRY, CODE, HOLDER] {
        assert!(!is_wrong(&browser, css).await, "{css} is called wrong and was never touched");
    }
    browser.key(Key::Tab).await;
    browser.key(Key::Tab).await;
    for css in [EXPIRY, CODE] {
        assert!(!is_wrong(&browser, css).await, "{css} is called wrong mid-fill");
    }
    // Put right, it is called right as soon as it is, at the latest on leaving.
    let number = browser.find(NUMBER).await;
    number.click().await.unwrap();
    browser.key(Key::End).await;
    browser.key(Key::Backspace).await;
    number.send_keys(&good[15..]).await.unwrap();
    browser.key(Key::Tab).await;
    until("the number to be called right", async || {
        (!is_wrong(&browser, NUMBER).await).then_some(())
    })
    .await;
    // An expiry that was.
    browser.keys(EXPIRY, "01/20").await;
    assert!(!is_wrong(&browser, EXPIRY).await);
    browser.key(Key::Tab).await;
    until("the date to be called wrong", async || is_wrong(&browser, EXPIRY).await.then_some(()))
        .await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_summary_takes_the_focus_once_and_leads_to_each_field() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let card = world.good_card();
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.keys(HOLDER, &card.holder).await;
    browser.submit_card().await;
    until("the summary to have the focus", async || {
        browser.focus().await.ends_with("summary").then_some(())
    })
    .await;
    let links = browser
        .script("return [...document.activeElement.querySelectorAll('a')].filter(a => a.checkVisibility()).map(a => a.getAttribute('href'))")
        .await;
    assert_eq!(
        links,
        json!(["#farthing-card_number", "#farthing-card_expiry", "#farthing-card_code"])
    );
    assert_eq!(world.sandbox.orders().await.len(), 0);
    // The first link leads to the first field.
    browser.script("[...document.activeElement.querySelectorAll('a')].find(a => a.checkVisibility()).click(); return true").await;
    assert_eq!(browser.focus().await, "card_number");
    // From then on the focus is the shopper's.
    browser.client.active_element().await.unwrap().send_keys(&card.number).await.unwrap();
    assert_eq!(browser.focus().await, "card_number", "the summary took the focus again");
    browser.key(Key::Tab).await;
    assert_eq!(browser.focus().await, "card_expiry");
    browser.client.active_element().await.unwrap().send_keys(&card.expiry).await.unwrap();
    browser.key(Key::Tab).await;
    assert_eq!(browser.focus().await, "card_code");
    // Another submit, another summary.
    browser.find(PAY).await.click().await.unwrap();
    until("the summary to have the focus", async || {
        browser.focus().await.ends_with("summary").then_some(())
    })
    .await;
    let links = "return [...document.activeElement.querySelectorAll('a')].filter(a => a.checkVisibility()).length";
    assert_eq!(browser.script(links).await, Value::from(1));
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_is_said_beside_its_field() {
    // The browser thinks it right, the server does not: a phone number that is none, sent past the form's own checks.
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let mut customer = farthing_stories::world::customer();
    customer.as_object_mut().unwrap().remove("email");
    let session = world.session_with(json!({"customer": customer})).await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.type_card(&world.good_card()).await;
    browser.labelled("Email").await.send_keys("nobody@@example").await.unwrap();
    browser.submit_card().await;
    until("the refusal", async || is_wrong(&browser, "[name=email]").await.then_some(())).await;
    until("the reason", async || {
        described(&browser, "[name=email]").await.to_lowercase().contains("e-mail").then_some(())
    })
    .await;
    browser.wait_for_state("ready").await;
    assert_eq!(world.sandbox.orders().await.len(), 0);
    browser.fill("[name=email]", "zephyrine.quillfeather@shopper.example").await;
    if browser.value(NUMBER).await.is_empty() {
        browser.type_card(&world.good_card()).await;
    }
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_of_two_brands_lets_the_shopper_choose() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let visible = "return [...document.querySelectorAll('[name=card_brand]')].filter(i => i.checkVisibility()).map(i => i.value)";
    let card = world.card(farthing_stories::Card {
        // Adyen, Test card numbers, Cartes Bancaires.
        number: "4035501000000008".to_owned(),
        ..world.good_card()
    });
    for chosen in [None, Some("cartes_bancaires"), Some("visa")] {
        let session = world.session().await;
        browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
        assert_eq!(browser.script(visible).await, json!([]), "a choice before any digit");
        browser.type_card(&card).await;
        until("the choice", async || {
            let mut names = browser.script(visible).await.as_array()?.clone();
            names.sort_by_key(Value::to_string);
            (Value::from(names) == json!(["cartes_bancaires", "visa"])).then_some(())
        })
        .await;
        if let Some(chosen) = chosen {
            let radio = format!("[name=card_brand][value={chosen}]");
            browser.find(&radio).await.click().await.unwrap();
        }
        browser.submit_card().await;
        until("the decline", async || {
            browser.text().await.contains("did not go through").then_some(())
        })
        .await;
        let payment = world.api.only_payment(&session.order_id).await;
        if let Some(chosen) = chosen {
            assert_eq!(payment["card"]["brand"], chosen);
        }
    }
    drop(browser);
    world.finish().await;
}
