//! Errors come when a field is left or the form is submitted, never while the shopper types, and go as soon as they are mended.

use farthing_types::CustomerField;
use farthing_widget::text;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::page::{
    Page, asking, backspace, focused, insert, longer_than_a_press, script, tick, until, view,
};

#[wasm_bindgen_test]
async fn while_a_number_is_typed_nothing_is_wrong_with_it() {
    let page = Page::live(view()).await;
    page.focus("card_number");
    for key in "4111111111111112".chars() {
        insert(&key.to_string());
        tick().await;
        assert_eq!(page.error("card_number"), None);
    }
}

#[wasm_bindgen_test]
async fn a_wrong_field_that_is_left_says_so_and_is_tied_to_its_error() {
    let page = Page::live(view()).await;
    let input = page.input("card_number");
    assert_eq!(input.get_attribute("aria-invalid"), None);
    page.type_into("card_number", "4111111111111112");
    page.focus("card_expiry");
    tick().await;
    let error = page.error("card_number").unwrap();
    assert_eq!(error, "Check the card number: a digit is wrong.");
    assert_eq!(input.get_attribute("aria-invalid").as_deref(), Some("true"));
    let described = input.get_attribute("aria-describedby").unwrap();
    let texts: Vec<_> = described
        .split(' ')
        .map(|id| page.one(&format!("#{id}")).text_content().unwrap())
        .collect();
    assert!(texts.contains(&error), "{texts:?}");
    assert_eq!(page.said(), error, "said politely, for the focus has moved on");
    assert_eq!(focused().get_attribute("name").as_deref(), Some("card_expiry"));
    // The summary is for refused submits.
    assert!(page.notice().is_none());
}

#[wasm_bindgen_test]
async fn an_error_goes_as_soon_as_the_field_is_right_and_not_before() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "4111111111111112");
    page.focus("card_expiry");
    tick().await;
    page.focus("card_number");
    backspace();
    tick().await;
    assert!(page.error("card_number").is_some(), "still wrong");
    insert("1");
    tick().await;
    assert_eq!(page.error("card_number"), None);
    assert_eq!(page.input("card_number").get_attribute("aria-invalid"), None);
}

#[wasm_bindgen_test]
async fn a_field_that_never_had_content_may_be_passed() {
    let page = Page::live(view()).await;
    for name in ["card_number", "card_expiry", "card_code", "card_holder", "card_number"] {
        page.focus(name);
        tick().await;
    }
    assert!(page.model.errors.with_untracked(Vec::is_empty));
    // One that was emptied may not.
    page.type_into("card_code", "1");
    backspace();
    page.focus("card_holder");
    tick().await;
    assert_eq!(page.error("card_code").as_deref(), Some("Enter the security code."));
}

#[wasm_bindgen_test]
async fn what_is_being_pressed_does_not_slip_away_under_the_pointer() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "4111");
    page.input("card_number").blur().unwrap();
    tick().await;
    assert_eq!(page.error("card_number"), None, "a button could be under the pointer");
    until("the error is shown", || page.error("card_number").is_some()).await;
}

#[wasm_bindgen_test]
async fn another_window_is_no_other_field() {
    let page = Page::live(view()).await;
    script("document.hasFocus = () => false");
    page.type_into("card_number", "4111");
    page.input("card_number").blur().unwrap();
    longer_than_a_press().await;
    script("delete document.hasFocus");
    assert_eq!(page.error("card_number"), None);
}

#[wasm_bindgen_test]
async fn the_code_is_as_long_as_the_brand_says() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "378282246310005");
    page.type_into("card_code", "123");
    page.focus("card_holder");
    tick().await;
    assert_eq!(
        page.error("card_code").as_deref(),
        Some("The security code of American Express has 4 digits.")
    );
    // With another card the same code is right.
    page.focus("card_number").select();
    insert("4111111111111111");
    tick().await;
    assert_eq!(page.error("card_code"), None);
}

#[wasm_bindgen_test]
async fn a_card_of_last_year_has_expired_by_the_browsers_calendar() {
    let page = Page::live(view()).await;
    let year = js_sys::Date::new_0().get_full_year() - 1;
    page.type_into("card_expiry", &format!("12/{year}"));
    page.focus("card_code");
    tick().await;
    assert_eq!(page.error("card_expiry").as_deref(), Some("This card has expired."));
}

#[wasm_bindgen_test]
async fn a_refused_submit_lists_all_errors_in_the_forms_order_and_takes_the_focus_once() {
    let page = Page::live(asking(&[CustomerField::Country, CustomerField::Email])).await;
    page.type_into("card_code", "12");
    page.press_pay();
    until("the summary has the focus", || focused().id() == "farthing-summary").await;
    assert_eq!(
        page.lines(),
        [
            "Enter the card number.",
            "Enter the expiry date.",
            "Check the security code: it is too short or too long.",
            "Enter the name on the card.",
            "Enter the e-mail address.",
            "Choose the country.",
        ]
    );
    assert_eq!(
        page.notice().unwrap().query_selector("h2").unwrap().unwrap().text_content().unwrap(),
        text::PROBLEM
    );
    assert!(!page.notice().unwrap().text_content().unwrap().contains(text::TYPE_CARD_AGAIN));
    for name in ["card_number", "card_expiry", "card_code", "card_holder", "email", "country"] {
        assert!(page.error(name).is_some(), "{name}");
    }
    // What is mended afterwards neither moves the summary nor fetches the focus back.
    page.type_into("card_holder", "Ada");
    until("mended", || page.error("card_holder").is_none()).await;
    longer_than_a_press().await;
    assert_eq!(focused().get_attribute("name").as_deref(), Some("card_holder"));
    assert_eq!(page.lines().len(), 6);
    // The next refusal is heard again, with what is left.
    page.press_pay();
    until("the summary has the focus", || focused().id() == "farthing-summary").await;
    assert_eq!(page.lines().len(), 5);
}

#[wasm_bindgen_test]
async fn a_line_of_the_summary_leads_to_its_input_and_leaves_no_trace_in_the_history() {
    let page = Page::live(view()).await;
    page.press_pay();
    until("the summary stands", || page.notice().is_some()).await;
    let trace = || {
        let hash = window().location().hash().unwrap();
        (window().history().unwrap().length().unwrap(), hash)
    };
    let before = trace();
    page.one("a[href='#farthing-card_code']").unchecked_into::<HtmlElement>().click();
    assert_eq!(focused().get_attribute("name").as_deref(), Some("card_code"));
    assert_eq!(trace(), before);
}
