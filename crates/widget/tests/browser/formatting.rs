//! Numbers take shape while they are typed, and the caret stays with the shopper.

use farthing_types::CustomerField;
use farthing_widget::{CheckoutEvent, text};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    LATER, Page, asking, backspace, delete_forward, fill, focused, insert, script, tick, until,
    view,
};

fn caret(page: &Page, name: &str) -> u32 {
    page.input(name).selection_start().unwrap().unwrap()
}

fn put_caret(page: &Page, name: &str, at: u32) {
    page.input(name).set_selection_range(at, at).unwrap();
}

#[wasm_bindgen_test]
async fn a_number_is_grouped_key_by_key_and_the_caret_stays_behind_it() {
    let page = Page::live(view()).await;
    page.focus("card_number");
    for (key, shown) in ["4", "1", "1", "1", "2", "3", "4", "5", "6"].iter().zip([
        "4",
        "41",
        "411",
        "4111",
        "4111 2",
        "4111 23",
        "4111 234",
        "4111 2345",
        "4111 2345 6",
    ]) {
        insert(key);
        assert_eq!(page.value("card_number"), shown);
        assert_eq!(caret(&page, "card_number") as usize, shown.len(), "{shown}");
    }
}

#[wasm_bindgen_test]
async fn a_digit_in_the_middle_leaves_the_caret_behind_it() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "41112345");
    put_caret(&page, "card_number", 2);
    insert("9");
    assert_eq!(page.value("card_number"), "4191 1234 5");
    assert_eq!(caret(&page, "card_number"), 3);
    backspace();
    assert_eq!(page.value("card_number"), "4111 2345");
    assert_eq!(caret(&page, "card_number"), 2);
    delete_forward();
    assert_eq!(page.value("card_number"), "4112 345");
    assert_eq!(caret(&page, "card_number"), 2);
}

#[wasm_bindgen_test]
async fn backspace_never_gets_stuck_at_a_gap() {
    let page = Page::live(view()).await;
    page.type_into("card_number", "4111111");
    for shown in ["4111 11", "4111 1", "4111", "411", "41", "4", ""] {
        backspace();
        assert_eq!(page.value("card_number"), shown);
    }
}

#[wasm_bindgen_test]
async fn what_is_pasted_loses_everything_but_its_digits() {
    let page = Page::live(view()).await;
    for pasted in [
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "Card: 4111\u{a0}1111\u{2009}1111\u{200b}1111 ",
        "٤١١١١١١١١١١١١١١١",
        "۴۱۱۱ ۱۱۱۱ ۱۱۱۱ ۱۱۱۱",
    ] {
        page.focus("card_number").select();
        insert(pasted);
        assert_eq!(page.value("card_number"), "4111 1111 1111 1111", "{pasted}");
    }
}

#[wasm_bindgen_test]
async fn a_number_that_is_too_long_keeps_its_digits() {
    let page = Page::live(view()).await;
    page.focus("card_number");
    insert("41111111111111112345678");
    let digits: String = page.value("card_number").chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, "41111111111111112345678");
    for name in ["card_number", "card_expiry", "card_code", "card_holder"] {
        assert!(!page.input(name).has_attribute("maxlength"), "{name}");
    }
}

#[wasm_bindgen_test]
async fn a_date_is_understood_however_it_is_typed() {
    for (keys, shown) in [
        ("1239", "12 / 39"),
        ("1/39", "01 / 39"),
        ("539", "05 / 39"),
        ("12/2039", "12 / 2039"),
        ("01 / 2039", "01 / 2039"),
        ("12-39", "12 / 39"),
    ] {
        let page = Page::live(view()).await;
        page.type_into("card_expiry", keys);
        assert_eq!(page.value("card_expiry"), shown, "{keys}");
    }
}

#[wasm_bindgen_test]
async fn while_an_input_method_composes_nothing_is_touched() {
    let page = Page::live(view()).await;
    page.focus("card_number").set_value("41111");
    script(
        "const input = document.activeElement;
         input.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true, inputType: 'insertCompositionText'}));",
    );
    assert_eq!(page.value("card_number"), "41111");
    script(
        "const input = document.activeElement;
         input.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true}));",
    );
    assert_eq!(page.value("card_number"), "4111 1");
}

#[wasm_bindgen_test]
async fn the_brand_is_shown_said_once_and_tells_where_the_code_stands() {
    let page = Page::live(view()).await;
    assert_eq!(page.brand(), "");
    let hint = || page.one("#farthing-card_code-hint").text_content().unwrap();
    assert_eq!(hint(), text::CARD_CODE_HINT);
    // The region is there before it has anything to say, or it would not be heard.
    assert_eq!(page.said(), "");
    page.type_into("card_number", "411");
    tick().await;
    assert_eq!((page.brand().as_str(), page.said().as_str()), ("visa", "Visa"));
    assert_eq!(hint(), text::CARD_CODE_BACK);
    page.focus("card_number").select();
    insert("378282246310005");
    tick().await;
    assert_eq!(page.value("card_number"), "3782 822463 10005");
    assert_eq!((page.brand().as_str(), page.said().as_str()), ("amex", "American Express"));
    assert_eq!(hint(), text::CARD_CODE_FRONT);
    page.focus("card_number").select();
    backspace();
    tick().await;
    assert_eq!(page.brand(), "");
    assert_eq!(hint(), text::CARD_CODE_HINT);
}

#[wasm_bindgen_test]
async fn a_co_badged_card_offers_its_brands_and_none_is_chosen_for_the_shopper() {
    let page = Page::live(view()).await;
    // 4010 05: Cartes Bancaires with Visa.
    page.type_into("card_number", "4010050");
    tick().await;
    assert!(page.offered().is_empty(), "not before eight digits");
    insert("0");
    tick().await;
    assert_eq!(page.offered(), ["Visa", "Cartes Bancaires"]);
    assert_eq!(page.one(".brands legend").text_content().unwrap(), text::CHOOSE_BRAND);
    assert!(page.find("[name=card_brand]:checked").is_none());
    assert_eq!(page.brand(), "visa");
    assert!(page.said().starts_with("Visa. You can choose"), "{}", page.said());
    let button = page.one("[value=cartes_bancaires]");
    assert_eq!(button.get_attribute("type").as_deref(), Some("radio"));
    let label = page.one(&format!("label[for='{}']", button.id()));
    assert_eq!(label.text_content().unwrap(), "Cartes Bancaires");
    button.unchecked_into::<web_sys::HtmlElement>().click();
    tick().await;
    assert_eq!(page.brand(), "cartes_bancaires");
    assert_eq!(page.said(), "Cartes Bancaires");
    // What follows does not undo the choice.
    page.type_into("card_number", "00000002");
    tick().await;
    assert_eq!(page.brand(), "cartes_bancaires");
    assert!(page.find("[value=cartes_bancaires]:checked").is_some());
    // Another card does.
    page.focus("card_number").select();
    insert("5555555555554444");
    tick().await;
    assert!(page.offered().is_empty());
    assert!(page.find("[name=card_brand]:checked").is_none(), "a hidden choice would be sent");
    assert_eq!(page.brand(), "mastercard");
}

#[wasm_bindgen_test]
async fn a_whole_card_is_filled_in_at_once_without_an_error_on_the_way() {
    let page = Page::live(asking(&[CustomerField::Email, CustomerField::Country])).await;
    for (name, value) in [
        ("card_holder", "Ada Lovelace"),
        ("card_number", "4111111111111111"),
        ("card_expiry", "12/2039"),
        ("card_code", "123"),
        ("email", "ada@mail.example"),
        ("country", "GB"),
    ] {
        fill(&page.input(name), value);
        tick().await;
        assert!(page.model.errors.with_untracked(Vec::is_empty), "{name}");
    }
    assert_eq!(page.value("card_number"), "4111 1111 1111 1111");
    assert_eq!(page.value("card_expiry"), "12 / 2039");
    assert_eq!(page.brand(), "visa");
    assert_eq!(page.value("country"), "GB");
    let last = page.events.borrow().last().cloned();
    let visa = Some(farthing_types::Brand::Visa);
    assert_eq!(last, Some(CheckoutEvent::Change { brand: visa, complete: true }));
}

#[wasm_bindgen_test]
async fn what_was_typed_before_the_page_was_alive_stays_takes_shape_and_keeps_the_focus() {
    let page = Page::still(view());
    page.type_into("card_number", "4111111111111111");
    page.type_into("card_expiry", "12/39");
    assert_eq!(page.value("card_number"), "4111111111111111", "nothing is alive yet");
    page.wake().await;
    assert_eq!(page.value("card_number"), "4111 1111 1111 1111");
    assert_eq!(page.value("card_expiry"), LATER);
    assert_eq!(page.brand(), "visa");
    assert_eq!(focused().get_attribute("name").as_deref(), Some("card_expiry"));
    assert_eq!(caret(&page, "card_expiry") as usize, LATER.len());
    assert!(page.model.errors.with_untracked(Vec::is_empty));
}

#[wasm_bindgen_test]
async fn digits_stay_in_their_inputs() {
    let page = Page::live(view()).await;
    page.type_card();
    page.input("card_holder").blur().unwrap();
    until("the form is complete", || page.model.look.get_untracked().complete).await;
    let html = page.root.outer_html();
    for part in ["4111", "1111", "1239", "12 / 39", "39\"", "Lovelace"] {
        assert!(!html.contains(part), "{part}");
    }
    let model = format!("{:?} {:?}", page.model.look.get_untracked(), page.events.borrow());
    assert!(!model.contains("1111") && !model.contains("Lovelace"), "{model}");
}
