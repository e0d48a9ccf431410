//! The shop's theme reaches the frame, and nothing else comes with it.

use serde_json::json;

use super::stage::{Stage, TOKEN, assert_no_faults, in_form};

const FORM: &str = "document.querySelector('farthing-checkout')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_properties_are_there_before_the_first_paint_and_follow_changes() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let body = format!(
        "<style>farthing-checkout {{ --brand: #0a7d4f; --farthing-accent: var(--brand); --farthing-font: \"Source Sans 3\", 'Ubuntu', sans-serif; --farthing-radius: calc(2px + .25rem);
            --farthing-background: rgb(10 20 30 / 50%); --farthing-surface: oklch(98% .01 250); --unrelated: red; --farthing-unknown: red }}
         .dark farthing-checkout {{ --brand: color-mix(in srgb, #fff 60%, blue) }}</style>
         {}<farthing-checkout session=\"{TOKEN}\"></farthing-checkout>",
        stage.tag()
    );
    browser.open(&stage.shop_page(&body)).await;
    browser.wait_for_event("farthing-ready").await;
    // What the fragment brought: the frame's address has not changed since.
    let fragment = format!(
        "return [...new URLSearchParams(new URL({FORM}.querySelector('iframe').src).hash.slice(1))].sort()"
    );
    let sent = json!([
        ["farthing-accent", "#0a7d4f"],
        ["farthing-background", "rgb(10 20 30 / 50%)"],
        ["farthing-font", "\"Source Sans 3\", 'Ubuntu', sans-serif"],
        ["farthing-radius", "calc(2px + .25rem)"],
        ["farthing-surface", "oklch(98% .01 250)"],
        ["theme", "auto"]
    ]);
    assert_eq!(browser.script(&fragment).await, sent);
    let style = "const s = document.documentElement.style; return [...s].sort().map(name => [name, s.getPropertyValue(name)])";
    let seen = json!([
        ["--farthing-accent", "#0a7d4f"],
        ["--farthing-background", "rgb(10 20 30 / 50%)"],
        ["--farthing-font", "\"Source Sans 3\", 'Ubuntu', sans-serif"],
        ["--farthing-radius", "calc(2px + .25rem)"],
        ["--farthing-surface", "oklch(98% .01 250)"]
    ]);
    assert_eq!(in_form(&browser, style).await, seen);
    // A class of the page changes, which no attribute of the element shows; one property goes.
    browser
        .script(&format!("document.body.className = 'dark'; {FORM}.style.setProperty('--farthing-font', 'initial'); {FORM}.refreshTheme(); return true"))
        .await;
    browser.enter_checkout().await;
    browser
        .until_script("the other accent", "return document.documentElement.style.getPropertyValue('--farthing-accent') === 'color-mix(in srgb, #fff 60%, blue)'")
        .await;
    assert_eq!(
        browser
            .script("return document.documentElement.style.getPropertyValue('--farthing-font')")
            .await,
        ""
    );
    browser.top().await;
    // The system's scheme changes while the theme is automatic.
    let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
    browser
        .script("const s = document.createElement('style'); s.textContent = '@media (prefers-color-scheme: dark) { farthing-checkout { --farthing-radius: 9px } }'; document.body.append(s); return true")
        .await;
    browser.cdp("Emulation.setEmulatedMedia", dark).await;
    browser.enter_checkout().await;
    browser
        .until_script(
            "the radius of the dark scheme",
            "return document.documentElement.style.getPropertyValue('--farthing-radius') === '9px'",
        )
        .await;
    assert_eq!(stage.asked().len(), 1);
    assert_no_faults(&browser).await;
}

/// Values that could fetch, end a declaration, or are simply too much.
const HOSTILE: &str = r#"
    const hostile = [
        'url(https://evil.example/x)', 'URL(https://evil.example/x)', 'url("x")', 'src("x")', 'image(red)', 'image-set("x" 1x)', 'cross-fade(red, blue)', 'element(#x)', 'paint(x)', 'attr(x)', 'env(x)', 'var(--x)', 'expression(1)',
        'red; background: url(x)', 'red}', '{red', 'red;', 'a:b', '\\75rl(x)', 'u\\72l(x)', '<b>', '</style>', '@import "x"', 'red!important', '!', 'red\nblue', 'red\u0000', '`', '$(x)', '[x]', 'x'.repeat(121), 'red/**/url(x)', 'xrgb(1)', 'rgbx(1)', 'calcurl(x)',
    ];"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_values_and_unknown_names_are_not_taken_from_fragment_or_port() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    // The shop itself is hostile here: it speaks to the frame as the loader would.
    let body = format!("<script>{HOSTILE}</script><iframe></iframe>");
    browser.open(&stage.shop_page(&body)).await;
    let count = browser.script("return hostile.length").await.as_u64().unwrap();
    let style = "return document.documentElement.style.cssText";
    for n in 0..count {
        let open = format!(
            "window.marker = hostile[{n}];
             const f = document.createElement('iframe');
             f.src = '{}/checkout/{TOKEN}#' + new URLSearchParams({{'farthing-accent': hostile[{n}], 'farthing-danger': '#123456', theme: hostile[{n}], 'farthing-evil': 'red', '__proto__': 'red', 'accent': 'red', '--farthing-line': 'red'}});
             document.querySelector('iframe').replaceWith(f); return true",
            stage.server()
        );
        browser.script(&open).await;
        let seen = in_form(&browser, "return [document.documentElement.style.cssText, document.documentElement.dataset.theme ?? null]").await;
        assert_eq!(seen, json!(["--farthing-danger: #123456;", null]), "{n} in the fragment");
    }
    let shake = "
        const {port1, port2} = new MessageChannel();
        window.port = port1;
        port1.onmessage = () => window.answered = true;
        frames[0].postMessage({farthing: 1}, '*', [port2]);
        return true";
    browser.script(shake).await;
    browser.until_script("hello", "return window.answered").await;
    browser
        .script(
            "const say = (theme, properties) => port.postMessage({type: 'theme', theme, properties});
             for (const value of [...hostile, null, 1, {}, ['url(x)'], new Map(), new Date()]) {
                 say('dark', {'farthing-accent': value, 'farthing-evil': 'red', 'accent': 'red', 'color': 'red', 'background': 'red'});
                 say(value, {'farthing-accent': value});
                 port.postMessage(value);
                 say('dark', value);
             }
             say('light', {'farthing-accent': 'hsl(210 50% 40%)', 'farthing-evil': 'red'});
             return true",
        )
        .await;
    browser.enter_checkout().await;
    browser
        .until_script(
            "the last message",
            "return document.documentElement.dataset.theme === 'light'",
        )
        .await;
    assert_eq!(browser.script(style).await, "--farthing-accent: hsl(210 50% 40%);");
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_page_takes_no_theme_from_its_address() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    browser
        .open(&format!("{}/checkout/{TOKEN}#farthing-accent=red&theme=dark", stage.server()))
        .await;
    let seen = "return [document.documentElement.style.cssText, document.documentElement.dataset.theme ?? null]";
    assert_eq!(browser.script(seen).await, json!(["", null]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_frame_is_transparent_in_either_scheme() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    for (theme, scheme) in
        [("light", "light"), ("dark", "dark"), ("auto", "light dark"), ("neon", "light dark")]
    {
        browser.script(&format!("{FORM}.setAttribute('theme', '{theme}'); return true")).await;
        let seen = format!("return getComputedStyle({FORM}.querySelector('iframe')).colorScheme");
        assert_eq!(browser.script(&seen).await, scheme);
    }
}
