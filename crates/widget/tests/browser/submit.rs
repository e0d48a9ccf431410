//! One press of the button is one payment, and afterwards the card is gone.

use farthing_types::DeclineCode;
use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView, Field, FieldError};
use farthing_widget::{form, text};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::page::{Page, focused, insert, longer_than_a_press, script, tick, until, view};

/// Keeps what is sent to a checkout, and never answers.
fn hold_requests() {
    script(
        "window.sent = [];
         window.realFetch ??= window.fetch;
         window.fetch = (request, ...rest) => {
             if (!request.url?.includes('/checkout/')) return window.realFetch(request, ...rest);
             request.text().then((body) => window.sent.push(body));
             return new Promise(() => {});
         };",
    );
}

fn sent() -> Vec<String> {
    let sent: js_sys::Array = script("return window.sent").unchecked_into();
    sent.iter().map(|body| body.as_string().unwrap()).collect()
}

#[wasm_bindgen_test]
async fn two_presses_and_enter_twice_send_one_payment() {
    hold_requests();
    let page = Page::live(view()).await;
    page.type_card();
    page.press_pay();
    page.press_pay();
    page.form().request_submit().unwrap();
    page.form().request_submit().unwrap();
    until("it is sent", || !sent().is_empty()).await;
    longer_than_a_press().await;
    page.press_pay();
    longer_than_a_press().await;
    assert_eq!(sent().len(), 1);
    let body = &sent()[0];
    for part in [
        "\"card_number\":\"4111 1111 1111 1111\"",
        "\"card_expiry\":\"12 / 39\"",
        "\"card_code\":\"123\"",
        "\"card_holder\":\"Ada Lovelace\"",
        "\"attempt\":\"att_unit_key\"",
        "\"version\":1",
        "\"browser_js_enabled\":true",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(!body.contains("card_brand"), "nothing was chosen");
}

#[wasm_bindgen_test]
async fn while_a_payment_is_sent_the_form_says_so_and_the_focus_stays() {
    hold_requests();
    let page = Page::live(view()).await;
    page.type_card();
    let button = page.one("button[type=submit]");
    assert_eq!(button.text_content().as_deref(), Some("Pay €10.00"));
    button.unchecked_ref::<HtmlElement>().focus().unwrap();
    page.press_pay();
    tick().await;
    assert_eq!(page.one("[data-state]").get_attribute("data-state").as_deref(), Some("submitting"));
    assert_eq!(button.text_content().as_deref(), Some(text::PAYING));
    assert_eq!(button.get_attribute("aria-disabled").as_deref(), Some("true"));
    assert!(!button.has_attribute("disabled"), "a disabled button would lose the focus");
    assert!(focused().is_same_node(Some(&button)));
    assert_eq!(page.form().get_attribute("aria-busy").as_deref(), Some("true"));
    for name in ["card_number", "card_expiry", "card_code", "card_holder"] {
        assert!(page.input(name).read_only(), "{name}");
    }
    // An answer that asks for more gives everything back.
    page.model.submitting.set(false);
    tick().await;
    assert_eq!(button.text_content().as_deref(), Some("Pay €10.00"));
    assert!(!page.input("card_number").read_only());
    assert!(!page.form().has_attribute("aria-busy") && !button.has_attribute("aria-disabled"));
}

#[wasm_bindgen_test]
async fn a_chosen_brand_is_sent() {
    hold_requests();
    let page = Page::live(view()).await;
    page.type_card();
    page.focus("card_number").select();
    insert("4010050000000005");
    tick().await;
    page.one("[value=cartes_bancaires]").unchecked_into::<HtmlElement>().click();
    page.press_pay();
    until("it is sent", || !sent().is_empty()).await;
    assert!(sent()[0].contains("\"card_brand\":\"cartes_bancaires\""), "{}", sent()[0]);
}

#[wasm_bindgen_test]
async fn before_the_page_is_alive_the_form_posts_by_itself() {
    let page = Page::still(view());
    // Stops the navigation, and only looks.
    script(
        "window.prevented = null;
         window.addEventListener('submit', (event) => {
             window.prevented = event.defaultPrevented;
             event.preventDefault();
         }, {once: true});",
    );
    page.press_pay();
    assert_eq!(script("return window.prevented").as_bool(), Some(false));
    assert_eq!(page.form().method(), "post");
    assert!(page.form().action().ends_with("/checkout/cst_unit/payments"));
}

#[wasm_bindgen_test]
async fn a_refused_form_is_not_sent() {
    hold_requests();
    let page = Page::live(view()).await;
    page.type_card();
    page.focus("card_number").select();
    insert("4111111111111112");
    page.press_pay();
    until("the summary stands", || page.notice().is_some()).await;
    longer_than_a_press().await;
    assert!(sent().is_empty());
    assert!(!page.model.submitting.get_untracked());
}

#[wasm_bindgen_test]
async fn what_the_server_refuses_is_listed_and_heard_and_goes_when_it_is_mended() {
    let page = Page::live(view()).await;
    page.type_card();
    let error = |field, text: &str| FieldError { field, text: text.to_owned() };
    page.model.errors.set(vec![
        error(Field::CardHolder, "Not this one."),
        error(Field::Form, "The order has changed."),
    ]);
    page.model.summary.set(true);
    until("the summary has the focus", || focused().id() == "farthing-summary").await;
    longer_than_a_press().await;
    page.focus("card_holder");
    page.focus("card_number");
    tick().await;
    assert_eq!(page.error("card_holder").as_deref(), Some("Not this one."), "nothing was changed");
    // What is wrong with the whole form leads nowhere.
    assert_eq!(page.lines(), ["The order has changed.", "Not this one."]);
    assert!(!page.one(".notice li:not([hidden]) a").has_attribute("href"));
    page.type_into("card_holder", "s");
    tick().await;
    assert_eq!(page.error("card_holder"), None);
}

#[wasm_bindgen_test]
async fn a_cleared_card_leaves_nothing_and_is_no_mistake() {
    let page = Page::live(view()).await;
    page.type_card();
    form::clear_card(&page.form());
    tick().await;
    for name in ["card_number", "card_expiry", "card_code", "card_holder"] {
        assert_eq!(page.value(name), "", "{name}");
    }
    assert_eq!(page.brand(), "");
    for name in ["card_number", "card_expiry", "card_code", "card_holder", "card_number"] {
        page.focus(name);
        tick().await;
    }
    longer_than_a_press().await;
    assert!(page.model.errors.with_untracked(Vec::is_empty));
}

#[wasm_bindgen_test]
async fn a_decline_is_heard_once_and_its_pause_counts_down_while_other_cards_may_pay() {
    hold_requests();
    let page = Page::live(view()).await;
    page.type_card();
    page.model
        .state
        .set(CheckoutState::Ready { declined: Some(DeclineCode::CardTimeLimit), wait_seconds: 2 });
    until("the notice has the focus", || focused().id() == "farthing-declined").await;
    let notice = || page.one("#farthing-declined").text_content().unwrap();
    assert!(notice().contains(DeclineCode::CardTimeLimit.advice().text));
    assert!(notice().contains("in 2 seconds"), "{}", notice());
    // Nobody wants to hear every second.
    assert!(page.find("#farthing-declined [aria-live], #farthing-declined[aria-live]").is_none());
    page.focus("card_number").select();
    insert("5555555555554444");
    until("a second has passed", || notice().contains("in 1 second.")).await;
    page.press_pay();
    until("the other card is sent", || sent().len() == 1).await;
    until("the pause is over", || notice().contains(text::TRY_AGAIN_NOW)).await;
    assert_eq!(page.said(), text::TRY_AGAIN_NOW);
    assert_ne!(focused().id(), "farthing-declined");
}

#[wasm_bindgen_test]
async fn the_same_decline_twice_is_heard_twice() {
    let page = Page::live(view()).await;
    let declined = CheckoutState::Ready { declined: Some(DeclineCode::Declined), wait_seconds: 0 };
    for _ in 0..2 {
        page.model.submitting.set(true);
        tick().await;
        page.model.state.set(declined);
        page.model.submitting.set(false);
        until("the notice has the focus", || focused().id() == "farthing-declined").await;
        page.focus("card_number");
    }
}

#[wasm_bindgen_test]
async fn the_total_on_the_button_follows_the_session() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "4111");
    page.model.total.set("€12.50".to_owned());
    tick().await;
    assert_eq!(page.one("button").text_content().as_deref(), Some("Pay €12.50"));
    assert_eq!(page.value("card_number"), "4111");
}

#[wasm_bindgen_test]
async fn the_hosted_form_has_no_card_field_and_goes_on() {
    hold_requests();
    let page = Page::live(CheckoutView { card_entry: CardEntry::Hosted, ..view() }).await;
    assert!(page.find("[name^=card_]").is_none());
    assert_eq!(page.one("button").text_content().as_deref(), Some(text::CONTINUE));
    page.press_pay();
    until("it is sent", || sent().len() == 1).await;
    assert_eq!(page.one("button").text_content().as_deref(), Some(text::CONTINUING));
}

#[wasm_bindgen_test]
async fn while_another_state_is_shown_the_form_is_hidden_and_keeps_what_is_no_card() {
    let page = Page::live(view()).await;
    page.model.state.set(CheckoutState::Processing);
    tick().await;
    assert!(page.one(".pay").has_attribute("hidden"));
    page.model.state.set(CheckoutState::Ready { declined: None, wait_seconds: 0 });
    tick().await;
    assert!(!page.one(".pay").has_attribute("hidden"));
}

#[wasm_bindgen_test]
async fn a_checkout_that_was_taken_away_hears_nothing_any_more() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "4111");
    let form = page.form();
    let input = page.input("card_number");
    // Leaves a timer behind.
    input.blur().unwrap();
    drop(page);
    document().body().unwrap().append_child(&form).unwrap();
    crate::page::fill(&input, "41111");
    assert_eq!(input.value(), "41111");
    longer_than_a_press().await;
    form.remove();
}
