//! What the server-rendered pages promise: to the server that reads the form, to tests that drive it, to the shopper
//! who has no script, no mouse or no eyes for it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic
)]

mod dom;

use dom::Page;
use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView, Field, FieldError};
use farthing_types::{CustomerField, DeclineCode};
use farthing_widget::text;
use farthing_widget::{
    HandOver, MessageKind, Opened, PageContext, Refresh, render_checkout, render_message,
    render_method, render_refused, render_step,
};
use proptest::prelude::*;

const PATH: &str = "/checkout/cst_abc";
const READY: CheckoutState = CheckoutState::Ready { declined: None, wait_seconds: 0 };
const CARD_FIELDS: [Field; 4] =
    [Field::CardNumber, Field::CardExpiry, Field::CardCode, Field::CardHolder];

fn view(state: CheckoutState) -> CheckoutView {
    CheckoutView {
        merchant: "Corner Books".to_owned(),
        purpose: Some("Order 10482".to_owned()),
        amount: 1_000,
        currency: "EUR".parse().unwrap(),
        total: "€10.00".to_owned(),
        version: 7,
        card_entry: CardEntry::Embedded,
        ask: Vec::new(),
        checkout_path: Some(PATH.to_owned()),
        attempt: "att_key".to_owned(),
        state,
        payment_id: None,
        payment_status: None,
        step: None,
        wallets: None,
        apple_pay_application_data: None,
        return_url: Some("https://books.example/cart?a=1&b=2".to_owned()),
        errors: Vec::new(),
        typed: Vec::new(),
    }
}

const TO_THE_BANK: HandOver<'static> = HandOver {
    target: "https://bank.example/",
    fields: &[],
    opened: Opened::First,
    in_modal: false,
};

fn context() -> PageContext<'static> {
    PageContext { lang: "en", nonce: "n0nce", ..PageContext::default() }
}

fn page(view: &CheckoutView) -> Page {
    Page::parse(render_checkout(view, &context()))
}

fn error(field: Field, text: &str) -> FieldError {
    FieldError { field, text: text.to_owned() }
}

fn every_state() -> Vec<CheckoutState> {
    vec![
        READY,
        CheckoutState::Ready { declined: Some(DeclineCode::Declined), wait_seconds: 0 },
        CheckoutState::Challenge,
        CheckoutState::Processing,
        CheckoutState::Paid,
        CheckoutState::Failed { declined: DeclineCode::Misconfigured },
        CheckoutState::Expired,
    ]
}

#[test]
fn every_state_names_itself_the_merchant_the_purpose_and_the_amount() {
    let names = ["ready", "ready", "challenge", "processing", "paid", "failed", "expired"];
    for (state, name) in every_state().into_iter().zip(names) {
        let page = page(&view(state));
        assert_eq!(page.root().get("data-state"), Some(name));
        let order = page.one("section");
        for shown in ["Corner Books", "Order 10482", "€10.00"] {
            assert!(order.text.contains(shown), "{name}: {shown}");
        }
        let title = &page.one("title").text;
        assert!(title.ends_with("€10.00 to Corner Books") && !title.contains('<'), "{title}");
        let back = page.link("Back to Corner Books").unwrap();
        assert_eq!(back.get("href"), Some("https://books.example/cart?a=1&b=2"));
        assert_eq!(back.get("rel"), Some("noreferrer"));
        assert_eq!(page.all("form").count(), usize::from(name == "ready"));
        assert!(!page.text().contains(text::TEST_MODE));
    }
}

#[test]
fn the_embedded_form_posts_the_contracts_fields() {
    let page = page(&view(READY));
    let form = page.one("form");
    assert_eq!(form.get("method"), Some("post"));
    assert_eq!(form.get("action"), Some("/checkout/cst_abc/payments"));
    assert!(form.get("novalidate").is_some());
    assert_eq!(form.get("data-brand"), Some(""));
    assert_eq!(form.get("enctype"), None);
    for (name, value) in [("attempt", "att_key"), ("version", "7")] {
        let hidden = page.control(name).unwrap();
        assert_eq!((hidden.get("type"), hidden.get("value")), (Some("hidden"), Some(value)));
    }
    for (name, token, inputmode) in [
        ("card_number", "cc-number", "numeric"),
        ("card_expiry", "cc-exp", "numeric"),
        ("card_code", "cc-csc", "numeric"),
        ("card_holder", "cc-name", "text"),
    ] {
        let input = page.control(name).unwrap();
        assert_eq!(input.get("autocomplete"), Some(token));
        assert_eq!(input.get("inputmode"), Some(inputmode));
        assert_eq!(input.get("value"), None);
        assert_eq!(input.get("aria-invalid"), None);
        assert_eq!(input.get("aria-required"), Some("true"));
        assert_eq!(input.get("id"), Some(format!("farthing-{name}").as_str()));
    }
    for field in CustomerField::ALL {
        assert!(page.control(field.name()).is_none());
    }
    let button = page.one("button");
    assert_eq!((button.get("type"), button.text.as_str()), (Some("submit"), "Pay €10.00"));
    assert_eq!(page.one("title").text, "Pay €10.00 to Corner Books");
}

#[test]
fn exactly_the_missing_customer_fields_are_asked_for_with_their_tokens() {
    let tokens = [
        (CustomerField::FirstName, "given-name", "text"),
        (CustomerField::LastName, "family-name", "text"),
        (CustomerField::Address, "address-line1", "text"),
        (CustomerField::City, "address-level2", "text"),
        (CustomerField::Zip, "postal-code", "text"),
        (CustomerField::Phone, "tel", "tel"),
        (CustomerField::Email, "email", "email"),
    ];
    let all = page(&CheckoutView { ask: CustomerField::ALL.to_vec(), ..view(READY) });
    for (field, token, kind) in tokens {
        let input = all.control(field.name()).unwrap();
        assert_eq!((input.get("autocomplete"), input.get("type")), (Some(token), Some(kind)));
        let one = page(&CheckoutView { ask: vec![field], ..view(READY) });
        for other in CustomerField::ALL {
            assert_eq!(one.control(other.name()).is_some(), other == field);
        }
    }
    let select = all.control("country").unwrap();
    assert_eq!((select.name.as_str(), select.get("autocomplete")), ("select", Some("country")));
    let codes: Vec<_> = all.all("option").map(|option| option.get("value").unwrap()).collect();
    assert_eq!(codes.len(), 250);
    assert_eq!(codes[0], "");
    assert!(codes.contains(&"DE") && codes.contains(&"AX"));
    assert!(all.all("option").all(|option| option.get("selected").is_none()));
}

#[test]
fn the_hosted_form_has_no_card_field_and_only_continues() {
    let hosted = CheckoutView { card_entry: CardEntry::Hosted, ..view(READY) };
    let bare = page(&hosted);
    let asking =
        page(&CheckoutView { ask: vec![CustomerField::Email, CustomerField::Country], ..hosted });
    for page in [&bare, &asking] {
        for field in CARD_FIELDS {
            assert!(page.control(field.name()).is_none());
        }
        assert!(
            page.elements
                .iter()
                .all(|e| !e.get("autocomplete").unwrap_or_default().starts_with("cc-"))
        );
        assert_eq!(page.one("button").text, "Continue");
        assert_eq!(page.one("form").get("action"), Some("/checkout/cst_abc/payments"));
        assert_eq!(page.control("attempt").unwrap().get("value"), Some("att_key"));
    }
    assert!(!bare.text().contains(text::ALL_REQUIRED));
    assert!(asking.control("email").is_some() && asking.control("country").is_some());
}

#[test]
fn each_error_is_tied_to_its_input_and_listed_in_a_summary_that_takes_the_focus() {
    let errors = vec![
        error(Field::CardNumber, "Number wrong."),
        error(Field::CardCode, "Code wrong."),
        error(Field::Customer(CustomerField::Email), "Email wrong."),
        error(Field::Customer(CustomerField::Country), "Country wrong."),
        error(Field::Form, "Form wrong."),
    ];
    let ask = vec![CustomerField::Email, CustomerField::Country];
    let page = page(&CheckoutView { errors: errors.clone(), ask, ..view(READY) });
    for FieldError { field, text } in &errors {
        if *field == Field::Form {
            assert!(page.all("li").any(|item| item.text == *text));
            assert_eq!(page.link(text).and_then(|line| line.get("href")), None);
            continue;
        }
        let input = page.control(field.name()).unwrap();
        assert_eq!(input.get("aria-invalid"), Some("true"));
        let described: Vec<_> =
            input.get("aria-describedby").unwrap().split(' ').map(|id| page.by_id(id)).collect();
        assert!(described.iter().any(|element| element.text == *text));
        let link = page.link(text).unwrap();
        assert_eq!(link.get("href").unwrap().strip_prefix('#'), input.get("id"));
    }
    assert_eq!(page.control("card_expiry").unwrap().get("aria-invalid"), None);
    let summary = page.by_id("farthing-summary");
    assert!(summary.get("autofocus").is_some());
    assert_eq!((summary.get("tabindex"), summary.get("role")), (Some("-1"), Some("group")));
    let position = |name: &str| {
        page.elements.iter().position(|e| e.get("id") == Some(name) || e.name == name).unwrap()
    };
    assert!(position("farthing-summary") < position("form"));
    assert!(page.one("title").text.starts_with("Error: Pay"));
}

#[test]
fn typed_customer_values_come_back_and_card_values_cannot() {
    let typed = vec![
        (CustomerField::FirstName, "Zoë \"Z\" <b>".to_owned()),
        (CustomerField::Phone, "0301234".to_owned()),
        (CustomerField::Country, "de".to_owned()),
        // Not asked for, so not shown.
        (CustomerField::City, "Berlin-Nowhere".to_owned()),
    ];
    let ask = vec![
        CustomerField::FirstName,
        CustomerField::Phone,
        CustomerField::Country,
        CustomerField::Zip,
    ];
    let page = page(&CheckoutView {
        typed,
        ask,
        errors: vec![error(Field::CardNumber, "Again.")],
        ..view(READY)
    });
    assert_eq!(page.control("first_name").unwrap().get("value"), Some("Zoë \"Z\" <b>"));
    assert_eq!(page.control("phone").unwrap().get("value"), Some("0301234"));
    assert_eq!(page.control("zip").unwrap().get("value"), None);
    assert!(!page.html.contains("Berlin-Nowhere"));
    let selected: Vec<_> =
        page.all("option").filter(|option| option.get("selected").is_some()).collect();
    assert_eq!((selected.len(), selected[0].text.as_str()), (1, "Germany"));
    for field in CARD_FIELDS {
        assert_eq!(page.control(field.name()).unwrap().get("value"), None);
    }
}

#[test]
fn a_decline_says_what_to_do_and_how_long_the_same_card_rests() {
    let declined = |code, wait_seconds| {
        page(&view(CheckoutState::Ready { declined: Some(code), wait_seconds }))
    };
    let plain = declined(DeclineCode::Declined, 0);
    assert!(plain.text().contains(DeclineCode::Declined.advice().text));
    assert!(!plain.text().contains("seconds"));
    assert!(plain.by_id("farthing-declined").get("autofocus").is_some());
    assert!(plain.control("card_number").is_some());
    let wait = declined(DeclineCode::CardTimeLimit, 60);
    assert!(wait.text().contains(DeclineCode::CardTimeLimit.advice().text));
    assert!(wait.text().contains("60 seconds"));
    let both = page(&CheckoutView {
        errors: vec![error(Field::CardCode, "Code wrong.")],
        ..view(CheckoutState::Ready { declined: Some(DeclineCode::Declined), wait_seconds: 0 })
    });
    assert!(both.by_id("farthing-summary").get("autofocus").is_some());
    assert!(both.by_id("farthing-declined").get("autofocus").is_none());
}

#[test]
fn a_challenge_leads_to_the_step_below_the_checkout() {
    let link = |page: &Page| {
        page.link(text::CONTINUE_TO_BANK).map(|link| link.get("href").unwrap().to_owned())
    };
    assert_eq!(
        link(&page(&view(CheckoutState::Challenge))).as_deref(),
        Some("/checkout/cst_abc/step")
    );
    assert_eq!(
        link(&page(&CheckoutView { checkout_path: None, ..view(CheckoutState::Challenge) })),
        None
    );
}

#[test]
fn only_the_waiting_page_reloads_itself_and_it_stays_neutral() {
    let reload = |page: &Page| {
        let meta = page.all("meta").find(|meta| meta.get("http-equiv").is_some())?;
        assert_eq!(meta.get("http-equiv"), Some("refresh"));
        meta.get("content").map(str::to_owned)
    };
    let refresh = Some(Refresh { seconds: 3, url: "/return/rt_abc" });
    for state in every_state() {
        let page =
            Page::parse(render_checkout(&view(state), &PageContext { refresh, ..context() }));
        // The one script that a plain page may hold looks for the result, and is marked.
        let script = page.all("script").collect::<Vec<_>>();
        assert_eq!(script.len(), usize::from(state == CheckoutState::Processing));
        assert!(script.iter().all(|script| script.get("nonce") == Some("n0nce")));
        let expected = (state == CheckoutState::Processing).then_some("3;url=/return/rt_abc");
        assert_eq!(reload(&page).as_deref(), expected, "{state:?}");
    }
    let waiting = Page::parse(render_checkout(
        &view(CheckoutState::Processing),
        &PageContext { refresh, ..context() },
    ));
    assert_eq!(waiting.link(text::CHECK_AGAIN).unwrap().get("href"), Some("/return/rt_abc"));
    for word in ["accepted", "failed", "declined", "success", "charged"] {
        assert!(!waiting.text().to_lowercase().contains(word), "{word}");
    }
    let still = page(&view(CheckoutState::Processing));
    assert_eq!(reload(&still), None);
    assert_eq!(still.link(text::CHECK_AGAIN).unwrap().get("href"), Some(PATH));
    let foreign = Some(Refresh { seconds: 3, url: "//evil.example/" });
    let foreign = Page::parse(render_checkout(
        &view(CheckoutState::Processing),
        &PageContext { refresh: foreign, ..context() },
    ));
    assert_eq!(reload(&foreign), None);
    assert!(!foreign.html.contains("evil.example"));
}

#[test]
fn the_result_view_of_a_return_cannot_pay() {
    for state in every_state() {
        let page = page(&CheckoutView { checkout_path: None, ..view(state) });
        assert_eq!(
            page.all("form").count() + page.all("input").count() + page.all("button").count(),
            0
        );
        assert!(!page.html.contains("/checkout/"));
    }
    let declined =
        CheckoutState::Ready { declined: Some(DeclineCode::AuthenticationFailed), wait_seconds: 0 };
    let page = page(&CheckoutView { checkout_path: None, ..view(declined) });
    assert!(page.text().contains(DeclineCode::AuthenticationFailed.advice().text));
}

#[test]
fn a_failure_for_good_says_why() {
    let page = page(&view(CheckoutState::Failed { declined: DeclineCode::Misconfigured }));
    assert!(page.text().contains(DeclineCode::Misconfigured.advice().text));
}

#[test]
fn the_hand_over_page_leads_on_at_once_and_again_only_when_asked() {
    let target = "https://bank.example/acs?id=1&next=%22'x";
    let shown = view(CheckoutState::Challenge);
    let step = |opened, target| {
        let over = HandOver { target, fields: &[], opened, in_modal: false };
        Page::parse(render_step(&shown, over, &context()))
    };
    let first = step(Opened::First, target);
    let again = step(Opened::Again, target);
    for (page, label) in [(&first, text::CONTINUE_TO_BANK), (&again, text::CONTINUE_WITH_BANK)] {
        let link = page.link(label).unwrap();
        assert_eq!((link.get("href"), link.get("rel")), (Some(target), Some("noreferrer")));
        assert_eq!(page.all("form").count() + page.all("input").count(), 0);
        assert!(page.text().contains("Corner Books") && page.text().contains("€10.00"));
    }
    let refresh = |page: &Page| {
        page.all("meta")
            .find_map(|meta| meta.get("http-equiv").and(meta.get("content")).map(str::to_owned))
    };
    assert_eq!(refresh(&first), Some(format!("0;url={target}")));
    assert_eq!(refresh(&again), None);
    assert_eq!(again.link(text::CHECK_AGAIN).unwrap().get("href"), Some(PATH));
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "//bank.example",
        "https://bank.example/\n0;url=x",
    ] {
        for opened in [Opened::First, Opened::Again] {
            let page = step(opened, bad);
            assert_eq!((page.all("a").count(), refresh(&page)), (0, None), "{bad}");
            assert!(page.text().contains("Something went wrong"));
        }
    }
}

/// A form that posts, and holds nothing that a shopper could see or change.
#[test]
fn a_challenge_is_posted_once_by_itself_and_then_only_when_asked() {
    let shown = view(CheckoutState::Challenge);
    let evil = "\"><script>alert(1)</script>";
    let fields =
        [("creq".to_owned(), "abc".to_owned()), ("threeDSSessionData".to_owned(), evil.to_owned())];
    let target = "https://bank.example/acs?id=1&n=\"2";
    for (opened, label, scripts) in
        [(Opened::First, text::CONTINUE_TO_BANK, 1), (Opened::Again, text::CONTINUE_WITH_BANK, 0)]
    {
        for in_modal in [false, true] {
            let over = HandOver { target, fields: &fields, opened, in_modal };
            let page = Page::parse(render_step(&shown, over, &context()));
            let form = page.one("form");
            assert_eq!((form.get("method"), form.get("action")), (Some("post"), Some(target)));
            for (name, value) in &fields {
                let input = page.control(name).unwrap();
                assert_eq!(
                    (input.get("type"), input.get("value")),
                    (Some("hidden"), Some(value.as_str()))
                );
            }
            assert_eq!(page.all("input").count(), 2);
            assert_eq!(page.one("button").text, label);
            assert_eq!(page.html.matches("<script").count(), scripts, "{opened:?}");
            assert!(!page.html.contains("http-equiv=\"refresh\""));
            assert_eq!(page.text().contains("€10.00"), !in_modal, "the checkout around it says so");
            assert_eq!(
                page.link(text::CHECK_AGAIN).is_some(),
                opened == Opened::Again && !in_modal
            );
        }
    }
    for bad in ["javascript:alert(1)", "/acs"] {
        let over = HandOver { target: bad, fields: &fields, ..TO_THE_BANK };
        let page = Page::parse(render_step(&shown, over, &context()));
        assert_eq!(page.all("form").count(), 0, "{bad}");
    }
}

#[test]
fn the_issuers_look_at_the_browser_shows_nothing() {
    let fields = [("threeDSMethodData".to_owned(), "abc".to_owned())];
    let page =
        Page::parse_unseen(render_method("https://bank.example/method", &fields, &context()));
    assert_eq!(page.one("form").get("action"), Some("https://bank.example/method"));
    assert_eq!(page.control("threeDSMethodData").unwrap().get("value"), Some("abc"));
    assert_eq!(
        (page.all("button").count(), page.all("a").count(), page.all("h1").count()),
        (0, 0, 0)
    );
    let bad = Page::parse(render_method("javascript:alert(1)", &fields, &context()));
    assert_eq!(bad.all("form").count(), 0);
}

#[test]
fn messages_explain_themselves_and_the_refused_one_leads_to_the_form() {
    let kinds = [
        MessageKind::NotAvailable,
        MessageKind::Refused,
        MessageKind::Busy,
        MessageKind::TryAgain,
        MessageKind::Back,
    ];
    for kind in kinds {
        let page = Page::parse(render_message(kind, &context()));
        let (heading, sentences) = text::message(kind);
        assert_eq!(page.one("h1").text, heading);
        assert_eq!(page.one("title").text, heading);
        assert!(
            !sentences.is_empty()
                && sentences.iter().all(|sentence| page.text().contains(sentence))
        );
        assert_eq!(page.all("form").count() + page.all("a").count(), 0);
    }
    let refused = Page::parse(render_refused(PATH, &context()));
    assert_eq!(refused.link(text::OPEN_FORM).unwrap().get("href"), Some(PATH));
    assert!(refused.text().contains("history") && refused.text().contains("not read"));
    assert_eq!(Page::parse(render_refused("//evil.example", &context())).all("a").count(), 0);
}

#[test]
fn a_sandbox_says_so_on_every_page() {
    let sandbox = PageContext { sandbox: true, ..context() };
    let mut pages: Vec<_> =
        every_state().into_iter().map(|state| render_checkout(&view(state), &sandbox)).collect();
    pages.push(render_step(&view(CheckoutState::Challenge), TO_THE_BANK, &sandbox));
    pages.push(render_message(MessageKind::Busy, &sandbox));
    for html in pages {
        assert!(Page::parse(html).text().contains(text::TEST_MODE));
    }
}

#[test]
fn links_out_of_the_checkout_are_web_addresses_or_nothing() {
    for bad in [
        "javascript:alert(1)",
        "JAVASCRIPT://books.example/%0aalert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
    ] {
        for state in every_state() {
            let page = page(&CheckoutView { return_url: Some(bad.to_owned()), ..view(state) });
            assert!(page.link("Back to Corner Books").is_none(), "{bad}");
        }
        let page = page(&CheckoutView { checkout_path: Some(bad.to_owned()), ..view(READY) });
        assert_eq!(page.all("form").count(), 0, "{bad}");
    }
}

const XSS: &[&str] = &[
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "\" onfocus=\"alert(1)",
    "--><script>alert(1)</script><!--",
    "</option></select><iframe srcdoc='<script>alert(1)</script>'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example/>",
    "\u{202e}gnp.exe<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "{{7*7}}${7*7}<%= 7*7 %>",
];

/// The page with `evil` wherever text of others is shown. [`Page::parse`] refuses every element and attribute that is not ours.
fn infested(evil: &str, state: CheckoutState) -> Page {
    let infested = CheckoutView {
        merchant: evil.to_owned(),
        purpose: Some(evil.to_owned()),
        attempt: evil.to_owned(),
        ask: CustomerField::ALL.to_vec(),
        typed: CustomerField::ALL.iter().map(|field| (*field, evil.to_owned())).collect(),
        errors: [Field::CardNumber, Field::Form, Field::Customer(CustomerField::Country)]
            .map(|field| error(field, evil))
            .to_vec(),
        return_url: Some(format!(
            "https://books.example/{}",
            evil.replace(char::is_whitespace, "")
        )),
        checkout_path: Some(format!("/checkout/{}", evil.replace(char::is_whitespace, ""))),
        ..view(state)
    };
    page(&infested)
}

#[test]
fn text_of_others_never_becomes_markup() {
    for evil in XSS {
        for state in every_state() {
            let page = infested(evil, state);
            assert!(page.one("section").text.contains(evil));
            assert!(page.one("title").text.contains(evil));
            assert_eq!(page.html.matches("<script").count(), 0);
            if page.root().get("data-state") == Some("ready") {
                assert_eq!(page.control("attempt").unwrap().get("value"), Some(*evil));
                assert_eq!(page.control("city").unwrap().get("value"), Some(*evil));
                assert_eq!(page.all("form").count(), 1);
            }
        }
        let target = format!("https://bank.example/{}", evil.replace(char::is_whitespace, ""));
        let over = HandOver { target: &target, ..TO_THE_BANK };
        let step = Page::parse(render_step(&view(CheckoutState::Challenge), over, &context()));
        assert_eq!(step.link(text::CONTINUE_TO_BANK).unwrap().get("href"), Some(target.as_str()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_is_shown_as_it_is(evil in "[<>\"'&/=a-z ;!-]{1,40}") {
        let page = infested(&evil, READY);
        prop_assert!(page.one("section").text.contains(&evil));
        prop_assert_eq!(page.control("city").unwrap().get("value"), Some(evil.as_str()));
    }
}

#[test]
fn nothing_is_fetched_and_the_styles_stay_small() {
    let styles = farthing_widget::STYLES;
    assert!(styles.len() < 16 * 1024, "{} bytes", styles.len());
    // The only picture is a brand's mark, and no brand is known before something is typed and a script looks at it.
    for line in styles.lines().filter(|line| line.contains("url(")) {
        let brand = line.split(['.', ',']).nth(1).unwrap();
        assert_eq!(
            line,
            format!(
                ".{brand}, [data-brand={brand}] {{ --mark: url(\"icons/brands.svg#{brand}\"); }}"
            )
        );
        assert!(brand.parse::<farthing_types::Brand>().is_ok(), "{brand}");
    }
    assert_eq!(styles.matches("url(").count(), farthing_types::Brand::ALL.len());
    for word in ["@import", "</", "http:", "https:"] {
        assert!(!styles.contains(word), "{word}");
    }
}

#[test]
fn colours_keep_the_contrast_of_wcag_in_light_and_dark() {
    let styles = farthing_widget::STYLES;
    let (light, rest) = styles.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split_once("*, ::before").unwrap().0;
    let chosen = dark.split_once(":root[data-theme=dark] {").unwrap().1;
    let by_itself = dark.split_once(":root:not([data-theme=light]) {").unwrap().1;
    let properties = |rules: &str| -> Vec<String> {
        let rules = rules.split_once('}').unwrap().0;
        rules.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(properties(by_itself), properties(chosen), "both ways to dark are the same");
    for (scheme, rules) in [("light", light), ("dark", dark)] {
        let colour = |name: &str| {
            let text = rules
                .split_once(&format!("--farthing-{name}: #"))
                .unwrap()
                .1
                .split_once(';')
                .unwrap()
                .0;
            let text = if text.len() == 3 {
                text.chars().flat_map(|c| [c, c]).collect()
            } else {
                text.to_owned()
            };
            luminance(&text)
        };
        let check = |front: &str, back: &str, least: f64| {
            let (a, b) = (colour(front), colour(back));
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(ratio >= least, "{scheme}: {front} on {back} is {ratio:.2}");
        };
        for back in ["background", "surface"] {
            for front in ["text", "muted", "accent"] {
                check(front, back, 4.5);
            }
        }
        check("text", "danger-soft", 4.5);
        check("danger", "danger-soft", 4.5);
        check("danger", "surface", 4.5);
        check("accent-strong", "surface", 4.5);
        check("on-accent", "accent", 4.5);
        check("on-accent", "accent-strong", 4.5);
        check("on-note", "note", 4.5);
        check("border", "surface", 3.0);
        check("good", "surface", 3.0);
    }
}

/// Relative luminance of six hexadecimal digits. Source: WCAG 2.2, glossary.
#[allow(clippy::float_arithmetic)]
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
