//! One file for every way of loading it, also where there is nothing to show a form in.

use std::process::Command;

use serde_json::json;

use super::stage::{Stage, TOKEN, assert_no_faults, source};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_may_import_the_loader_and_nothing_happens() {
    let stage = Stage::start().await;
    stage.script("/module.js", "import '/farthing.js'; import('/farthing.js?2').then(m => postMessage(['module', Object.keys(m)]));");
    stage.script("/classic.js", "importScripts('/farthing.js'); postMessage(['classic', []]);");
    stage.page(
        "/workers",
        "<!DOCTYPE html><title>Workers</title><script>
            window.said = [];
            for (const [url, type] of [['/module.js', 'module'], ['/classic.js', 'classic']]) {
                const worker = new Worker(url, {type});
                worker.onmessage = ({data}) => said.push(data);
                worker.onerror = ({message}) => said.push(['error', message]);
            }
        </script>",
    );
    let browser = stage.browser().await;
    browser.open(&format!("{}/workers", stage.server())).await;
    browser.until_script("both workers", "return said.length === 2").await;
    assert_eq!(
        browser.script("return said.sort()").await,
        json!([["classic", []], ["module", []]])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loader_may_come_in_any_number_and_any_way_and_is_defined_once() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let server = stage.server();
    let body = format!(
        "{0}{0}<script src=\"{server}/farthing.js\"></script><script type=\"module\" src=\"{server}/farthing-0123456789abcdef.js\"></script>
         <script type=\"module\">import '{server}/farthing.js?bundle'; await import('{server}/farthing.js?late'); window.imported = true;</script>
         <farthing-checkout session=\"{TOKEN}\"></farthing-checkout>",
        stage.tag()
    );
    browser.open(&stage.shop_page(&body)).await;
    browser.wait_for_event("farthing-ready").await;
    browser.until_script("all of them", "return window.imported === true").await;
    assert_eq!(browser.script("return document.querySelectorAll('iframe').length").await, json!(1));
    assert_eq!(stage.asked().len(), 1);
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_in_the_shops_own_bundle_is_told_where_the_server_is() {
    let stage = Stage::start().await;
    stage.script("/app.js", source("loader/farthing.js"));
    let browser = stage.browser().await;
    let body = format!(
        "<script src=\"/app.js\"></script><farthing-checkout session=\"{TOKEN}\"></farthing-checkout>"
    );
    browser.open(&stage.shop_page(&body)).await;
    assert_eq!(browser.wait_for_event("farthing-error").await.detail["code"], "server");
    let tell = format!(
        "document.querySelector('farthing-checkout').setAttribute('server', '{}/ignored?path'); return true",
        stage.server()
    );
    browser.script(&tell).await;
    browser.wait_for_event("farthing-ready").await;
    // An attribute is believed more than the tag.
    let body = format!(
        "{}<farthing-checkout session=\"{TOKEN}\" server=\"{}\"></farthing-checkout>",
        stage.tag(),
        stage.stranger()
    );
    browser.open(&stage.shop_page(&body)).await;
    let frame = "const f = document.querySelector('iframe'); return f && new URL(f.src).origin";
    farthing_stories::until("the frame", async || {
        (browser.try_script(frame).await? == stage.stranger()).then_some(())
    })
    .await;
}

#[test]
fn the_loader_is_plain_es2020_that_any_place_can_read() {
    let loader = source("loader/farthing.js");
    for word in [
        "import.meta",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "setAttribute('style'",
        "cssText",
        "localStorage",
        "sessionStorage",
        "cookie",
        "console.",
        "??=",
        "||=",
        "?.",
        "static {",
    ] {
        assert!(!loader.contains(word), "{word}");
    }
    let statements =
        loader.lines().filter(|line| line.starts_with("import") || line.starts_with("export"));
    assert_eq!(statements.count(), 0);
    // Where there is a Node, it reads the file both ways.
    if Command::new("node").arg("--version").output().is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, call) in [("farthing.mjs", "import"), ("farthing.cjs", "require")] {
        let path = dir.path().join(name);
        std::fs::write(&path, &loader).unwrap();
        let script = if call == "import" {
            format!(
                "import({:?}).then(m => console.log('ok', Object.keys(m).length))",
                path.display().to_string()
            )
        } else {
            format!("require({:?}); console.log('ok', 0)", path.display().to_string())
        };
        let out = Command::new("node").args(["-e", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(said.trim(), "ok 0", "{}", String::from_utf8_lossy(&out.stderr));
        assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}
