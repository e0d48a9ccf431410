use super::*;

const TEMPLATE: &str = "<!DOCTYPE html><html {{html}}><head>{{head}}<style nonce=\"{{__TRUNK_NONCE__}}\">a{}</style></head>\
                        <body>{{body}}<script type=\"application/json\" id=\"farthing-state\">{{state}}</script>\
                        <script nonce=\"{{__TRUNK_NONCE__}}\">1</script></body></html>";

fn view() -> CheckoutView {
    serde_json::from_value(serde_json::json!({
        "merchant": "A </title><script>alert(1)</script> & {{state}} \"'",
        "purpose": "{{__TRUNK_NONCE__}}", "amount": 1000, "currency": "EUR", "total": "€10.00", "version": 1,
        "card_entry": "embedded", "ask": [], "checkout_path": "/checkout/cst_x", "attempt": "att_x",
        "state": "processing", "payment_id": null, "payment_status": null, "return_url": null, "errors": [], "typed": [],
    }))
    .unwrap()
}

fn page<'a>(shell: &'a Shell, state: &'a str) -> PageContext<'a> {
    PageContext {
        lang: "en",
        nonce: "bm9uY2U+",
        live: Some(Live { shell, state, shops: "https://a.example https://b.example" }),
        ..PageContext::default()
    }
}

#[test]
fn a_template_without_one_of_the_placeholders_or_with_another_one_is_refused() {
    assert!(Shell::parse(TEMPLATE).is_ok());
    for (without, name) in
        [("{{html}}", "html"), ("{{head}}", "head"), ("{{body}}", "body"), ("{{state}}", "state")]
    {
        assert_eq!(Shell::parse(&TEMPLATE.replace(without, "")), Err(ShellError::Count(name)));
        let doubled = format!("{TEMPLATE}{without}");
        assert_eq!(Shell::parse(&doubled), Err(ShellError::Count(name)));
    }
    for odd in ["{{other}}", "{{ html }}", "{{"] {
        assert_eq!(Shell::parse(&format!("{TEMPLATE}{odd}")), Err(ShellError::Unknown), "{odd}");
    }
}

#[test]
fn what_a_merchant_wrote_is_text_wherever_it_stands_and_never_a_placeholder() {
    let shell = Shell::parse(TEMPLATE).unwrap();
    let state = serde_json::to_string(&view()).unwrap();
    let html = render_checkout(&view(), &page(&shell, &state));
    assert_eq!(html.matches("<script").count(), 2, "{html}");
    assert_eq!(html.matches("</script").count(), 2);
    assert_eq!(html.matches("nonce=\"bm9uY2U+\"").count(), 2);
    assert_eq!(html.matches("bm9uY2U").count(), 2, "the merchant's words name no placeholder");
    let (_, title) = html.split_once("<title>").unwrap();
    let (title, _) = title.split_once("</title>").unwrap();
    assert!(title.contains("A &lt;/title&gt;&lt;script&gt;") && title.contains("{{state}}"));
    let (_, json) = html.split_once("id=\"farthing-state\">").unwrap();
    let (json, _) = json.split_once("</script>").unwrap();
    assert!(!json.contains(['<', '>', '&']));
    assert_eq!(serde_json::from_str::<CheckoutView>(json).unwrap(), view());
}

#[test]
fn the_root_holds_exactly_what_the_component_renders() {
    let shell = Shell::parse(TEMPLATE).unwrap();
    let html = render_checkout(&view(), &page(&shell, "{}"));
    let alone = rendered(|| {
        let model = Model::new(&view());
        view! { <Checkout view=view() model=model check_path=None refresh_seconds=None /> }
    });
    assert!(
        html.contains(&format!("<body><div id=\"{ROOT_ID}\">{alone}</div><script")),
        "{html}\n{alone}"
    );
}

#[test]
fn the_shell_says_language_theme_frame_and_shops() {
    let shell = Shell::parse(TEMPLATE).unwrap();
    let plain = render_checkout(&view(), &page(&shell, "{}"));
    assert!(
        plain.contains(
            "<html lang=\"en\" data-shops=\"https://a.example https://b.example\"><head>"
        )
    );
    let context =
        PageContext { theme: Some(Theme::Dark), framed: true, sandbox: true, ..page(&shell, "{}") };
    let framed = render_checkout(&view(), &context);
    assert!(
        framed.contains("https://b.example\" data-theme=\"dark\" data-framed><head>"),
        "{framed}"
    );
    assert!(framed.contains(&format!(
        "<body><header class=\"sandbox\">{}</header><div id=",
        text::TEST_MODE
    )));
}

#[test]
fn a_page_with_scripts_reloads_itself_only_where_there_are_none() {
    let shell = Shell::parse(TEMPLATE).unwrap();
    let refresh = Some(Refresh { seconds: 3, url: "/checkout/cst_x" });
    let live = render_checkout(&view(), &PageContext { refresh, ..page(&shell, "{}") });
    let meta = "<meta http-equiv=\"refresh\" content=\"3;url=/checkout/cst_x\">";
    assert!(live.contains(&format!("</title><noscript>{meta}</noscript>")), "{live}");
    let plain =
        render_checkout(&view(), &PageContext { refresh, lang: "en", ..PageContext::default() });
    // Where there is no widget, a few lines look for the result: nothing reloads under whoever reads.
    assert!(plain.contains(&format!("<noscript>{meta}</noscript>")), "{plain}");
    assert_eq!(plain.matches("http-equiv=\"refresh\"").count(), 1);
    assert!(plain.contains("const every = 3000;"), "{plain}");
    assert_eq!(plain.matches("data-state=\"proc").count(), 1, "the watcher would find itself");
}

#[test]
fn separators_that_end_a_line_in_old_scripts_are_escaped() {
    let mut out = String::new();
    escape_json(&mut out, "\"a\u{2028}b\u{2029}</script>&\"");
    assert_eq!(out, r#""a\u2028b\u2029\u003c/script\u003e\u0026""#);
}

#[test]
fn the_wallets_document_has_its_language_its_title_and_what_its_script_is_told() {
    let shell = Shell::parse(TEMPLATE).unwrap();
    let context = PageContext {
        theme: Some(Theme::Dark),
        framed: true,
        sandbox: true,
        ..page(&shell, "\"of a checkout\"")
    };
    let html = render_wallets(&shell, &context, "{\"label\":\"</script>{{body}}\"}");
    assert!(html.contains("<html lang=\"en\"><head><title>Wallets</title><style"), "{html}");
    assert!(
        html.contains("<body><script type=\"application/json\""),
        "nothing in its body: {html}"
    );
    assert!(html.contains(r#"{"label":"\u003c/script\u003e{{body}}"}"#), "{html}");
    assert_eq!(html.matches("nonce=\"bm9uY2U+\"").count(), 2);
}
