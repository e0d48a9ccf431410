//! Attributes, script tags, and the ways in which frameworks put an element on a page and take it off again.

use serde_json::json;

use super::stage::{Stage, TOKEN, assert_no_faults, heard, in_form, wait_for_height};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_token_is_refused_and_never_repeated() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    browser.open(&stage.shop_page(&stage.tag())).await;
    browser.until_script("the loader", "return !!customElements.get('farthing-checkout')").await;
    let secret = "SECRETSECRET";
    let bad = [
        "",
        " ",
        "cst_",
        &format!("ses_{secret}"),
        &format!("sk_{secret}"),
        &format!("CST_{secret}"),
        &format!(" cst_{secret}"),
        &format!("cst_{secret}/../x"),
        &format!("cst_{secret}?x"),
        &format!("cst_{secret}#x"),
        &format!("cst_{secret}\n"),
        &format!("cst_{secret}é"),
        &format!("cst_{}", secret.repeat(30)),
    ];
    for value in bad {
        let script = "
            events.length = 0;
            document.querySelectorAll('farthing-checkout').forEach(e => e.remove());
            const e = document.createElement('farthing-checkout');
            e.setAttribute('session', arguments[0]);
            document.body.append(e);
            return true";
        browser.client.execute(script, vec![json!(value)]).await.unwrap();
        let event = browser.wait_for_event("farthing-error").await;
        assert_eq!(event.detail["code"], "session", "{value:?}");
        assert!(!event.detail.to_string().contains(secret));
        let inside =
            browser.script("return document.querySelector('farthing-checkout').innerHTML").await;
        let inside = inside.as_str().unwrap();
        assert!(inside.contains("could not be loaded"), "never a blank: {inside}");
        assert!(!inside.contains(secret) && !inside.contains("iframe"), "{inside}");
        assert_eq!(heard(&browser).await.len(), 1);
    }
    assert_eq!(stage.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_element_without_a_session_waits_for_one_and_another_session_is_another_form() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    browser
        .open(&stage.shop_page(&(stage.tag() + "<farthing-checkout></farthing-checkout>")))
        .await;
    let text = "return document.querySelector('farthing-checkout').innerText.trim() === 'Loading secure payment…'";
    browser.until_script("the text", text).await;
    let set = |name: &str, value: &str| {
        format!(
            "const e = document.querySelector('farthing-checkout'); window.frame = e.querySelector('iframe'); e.setAttribute('{name}', '{value}'); return true"
        )
    };
    let other = "return document.querySelectorAll('iframe').length === 1 && document.querySelector('iframe') !== window.frame";
    browser.script(&set("session", "cst_one")).await;
    browser.wait_for_event("farthing-ready").await;
    browser.script(&set("session", "cst_two")).await;
    browser.until_script("another frame", other).await;
    browser.script(&set("locale", "pt-BR")).await;
    browser.until_script("another frame", other).await;
    wait_for_height(&browser, 600).await;
    // The same again, and a theme: the frame stays.
    in_form(&browser, "typed.value = 'kept'; return true").await;
    for (name, value) in
        [("session", "cst_two"), ("locale", "pt-BR"), ("theme", "dark"), ("server", "")]
    {
        browser.script(&set(name, value)).await;
    }
    // An empty server is none, but it is another value than no attribute: a form more, and no failure.
    browser.until_script("another frame", other).await;
    wait_for_height(&browser, 600).await;
    browser.script(&set("server", "mailto:x")).await;
    let event = browser.wait_for_event("farthing-error").await;
    assert_eq!(event.detail["code"], "server");
    browser.script(&set("server", &stage.server())).await;
    wait_for_height(&browser, 600).await;
    let asked = stage.asked();
    assert!(asked.iter().all(|path| path.contains("theme=")), "{asked:?}");
    let locales: Vec<_> = asked.iter().map(|path| path.contains("locale=pt-BR")).collect();
    assert_eq!(locales, [false, false, true, true, true], "{asked:?}");
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_theme_keeps_what_was_typed() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    in_form(&browser, "typed.value = 'kept'; return true").await;
    for (theme, seen) in
        [("dark", "dark"), ("light", "light"), ("auto", "auto"), ("dark", "dark"), ("neon", "auto")]
    {
        let set = format!(
            "const e = document.querySelector('farthing-checkout'); e.setAttribute('theme', '{theme}'); return true"
        );
        browser.script(&set).await;
        browser.enter_checkout().await;
        let is = format!("return (document.documentElement.dataset.theme || '') === '{seen}'");
        browser.until_script("the theme in the frame", &is).await;
        browser.top().await;
    }
    assert_eq!(in_form(&browser, "return typed.value").await, "kept");
    assert_eq!(stage.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_tag_mounts_a_form_where_it_stands_and_only_once() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let server = stage.server();
    let body = format!(
        "<main><p id=\"before\"></p>
         <script async src=\"{server}/farthing.js\" data-session=\"cst_one\" data-theme=\"dark\" data-locale=\"de\"></script>
         <p id=\"after\"></p></main>
         <script type=\"module\" src=\"{server}/farthing.js?v=2\"></script>
         <script async src=\"{server}/farthing-0123456789abcdef.js\" data-session=\"cst_two\"></script>
         <script src=\"{server}/other.js\" data-session=\"cst_three\"></script>
         <script data-session=\"cst_four\"></script>"
    );
    stage.script("/other.js", "");
    browser.open(&stage.shop_page(&body)).await;
    let ready = "return events.filter(e => e.type === 'farthing-ready').length === 2";
    browser.until_script("both forms", ready).await;
    // Hot reload.
    let again = format!(
        "const s = document.createElement('script'); s.src = '{server}/farthing.js'; s.onload = () => window.again = true; document.head.append(s); return true"
    );
    browser.script(&again).await;
    browser.until_script("the loader again", "return window.again === true").await;
    let found = browser
        .script(
            "return [...document.querySelectorAll('farthing-checkout')].map(e => [e.getAttribute('session'), e.getAttribute('theme'), e.getAttribute('locale'),
                 e.previousElementSibling.localName, e.nextElementSibling && e.nextElementSibling.id, e.querySelectorAll('iframe').length])",
        )
        .await;
    assert_eq!(
        found,
        json!([
            ["cst_one", "dark", "de", "script", "after", 1],
            ["cst_two", null, null, "script", "", 1]
        ])
    );
    let asked = stage.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.contains(&"/checkout/cst_one?theme=dark&locale=de".to_owned()), "{asked:?}");
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mounting_twice_in_one_task_and_moving_make_one_frame() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let body = stage.tag() + "<div id=\"one\"></div><div id=\"two\"></div>";
    browser.open(&stage.shop_page(&body)).await;
    browser.until_script("the loader", "return !!customElements.get('farthing-checkout')").await;
    // As React's strict mode and others do: on, off, on; attributes one by one; and a second element of the same session nowhere.
    let mount = format!(
        "const e = window.e = document.createElement('farthing-checkout');
         one.append(e); e.setAttribute('session', 'cst_wrong'); e.remove(); one.append(e);
         e.setAttribute('theme', 'light'); e.setAttribute('session', '{TOKEN}'); one.append(e);
         return e.querySelectorAll('iframe').length"
    );
    assert_eq!(browser.script(&mount).await, json!(0));
    browser.wait_for_event("farthing-ready").await;
    assert_eq!(browser.script("return document.querySelectorAll('iframe').length").await, json!(1));
    assert_eq!(stage.asked().len(), 1, "{:?}", stage.asked());
    // Moved by removing and inserting: the browser loads the frame again, and it works.
    browser.script("two.append(e); return true").await;
    browser.until_script("the form again", "return events.length === 2").await;
    wait_for_height(&browser, 600).await;
    assert_eq!(browser.script("return two.querySelectorAll('iframe').length").await, json!(1));
    // Moved as a whole: nothing is lost, nothing is asked for.
    let asked = stage.asked().len();
    in_form(&browser, "typed.value = 'kept'; return true").await;
    assert_eq!(browser.script("return typeof one.moveBefore").await, "function");
    browser.script("one.moveBefore(e, null); return true").await;
    assert_eq!(in_form(&browser, "return typed.value").await, "kept");
    in_form(&browser, "farthing.post({type: 'change', brand: null, complete: false}); return true")
        .await;
    browser.wait_for_event("farthing-change").await;
    assert_eq!(stage.asked().len(), asked, "{:?}", stage.asked());
    assert_no_faults(&browser).await;
}
