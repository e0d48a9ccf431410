//! A merchant's page with the strictest policy that lets the loader in at all.

use serde_json::json;

use super::stage::{Mode, Stage, TOKEN, wait_for_height};

/// A shop whose every script comes from the server's origin, for nothing else may run.
fn strict_shop(stage: &Stage) -> String {
    let server = stage.server();
    let policy = format!(
        "default-src 'none'; script-src {server}; frame-src {server}; connect-src 'none'; style-src 'none'; img-src 'none'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; report-uri /reports"
    );
    stage.script(
        "/probe.js",
        format!("{} window.violations = []; document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.sourceFile));", super::stage::LISTEN),
    );
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Shop</title></head><body><script src=\"{server}/probe.js\"></script>{}
         <script async src=\"{server}/farthing-0123456789abcdef.js\" data-session=\"cst_tag\"></script>
         <farthing-checkout session=\"{TOKEN}\" theme=\"dark\"></farthing-checkout></body></html>",
        stage.tag()
    );
    stage.page_with_policy("/strict", policy, body);
    stage.shop() + "/strict"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loader_breaks_no_rule_of_a_strict_shop_whether_it_loads_or_fails() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let page = strict_shop(&stage);
    browser.open(&page).await;
    browser
        .until_script(
            "both forms",
            "return events.filter(e => e.type === 'farthing-ready').length === 2",
        )
        .await;
    browser.script("document.querySelectorAll('farthing-checkout')[0].remove(); return true").await;
    wait_for_height(&browser, 600).await;
    browser.script("const e = document.querySelector('farthing-checkout'); e.setAttribute('theme', 'light'); e.refreshTheme(); return true").await;
    // Now it fails, and is tried again.
    stage.mode(Mode::Broken);
    browser.script("document.querySelector('farthing-checkout').setAttribute('session', 'cst_fails'); return true").await;
    browser.wait_for_event("farthing-error").await;
    let padding = "return getComputedStyle(document.querySelector('farthing-checkout button')).paddingTop !== '0px' && getComputedStyle(document.querySelector('farthing-checkout div')).position";
    assert_eq!(browser.script(padding).await, "relative", "the styles took effect");
    stage.mode(Mode::Page);
    browser.press("Try again").await;
    wait_for_height(&browser, 600).await;
    assert_eq!(browser.script("return [violations, faults]").await, json!([[], []]));
    assert_eq!(stage.reports(), Vec::<String>::new());
    let console = browser.console().await;
    let noise: Vec<_> = console.iter().filter(|line| !line.contains("500")).collect();
    assert!(noise.is_empty(), "{noise:?}");
    // The instruments work: a style attribute is seen by both.
    browser.script("document.body.setAttribute('style', 'color: red'); return true").await;
    browser.until_script("a violation", "return violations.length > 0").await;
    farthing_stories::until("two reports", async || (stage.reports().len() == 2).then_some(()))
        .await;
}
