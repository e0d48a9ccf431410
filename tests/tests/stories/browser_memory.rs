//! What a browser keeps on disk of the forms that it showed, to restore its tabs after a crash.

use farthing_stories::World;
use farthing_stories::scan::Report;

/// A whole request kept by the browser: there the number stands as it was sent, and the code beside it. (The state of the fields
/// themselves is kept in UTF-16, by the browser's own choice, until the tab is closed.)
fn requests(report: &Report) -> usize {
    report.hits.iter().filter(|hit| !hit.encoding.starts_with("UTF-16")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_submit_is_not_kept_by_the_browser() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    // Another page, so that what was shown before becomes history.
    browser.open("about:blank").await;
    let report = world.scan_tab_memory(browser);
    assert!(report.bytes > 1000, "the browser kept nothing at all: {report:?}");
    assert_eq!(requests(&report), 0, "{:?}", report.hits);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_submit_is_not_kept_by_the_browser() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    let mut card = world.good_card();
    "01 / 20".clone_into(&mut card.expiry);
    browser.type_card(&card).await;
    browser.submit_card().await;
    browser.find("[autocomplete~=cc-exp][aria-invalid=true]").await;
    // Another page, so that what was shown before becomes history.
    browser.open("about:blank").await;
    let report = world.scan_tab_memory(browser);
    assert!(report.bytes > 1000, "the browser kept nothing at all: {report:?}");
    assert_eq!(requests(&report), 0, "{:?}", report.hits);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_live_submit_nor_a_live_form_that_was_left_is_kept_by_the_browser() {
    let world = World::start().await;
    world.decide_at_once().await;
    for submitted in [true, false] {
        let session = world.session().await;
        let browser = world.live_browser().await;
        browser.open(&session.url).await;
        browser.until_live().await;
        browser.type_card(&world.good_card()).await;
        if submitted {
            browser.submit_card().await;
            browser.wait_for_state("paid").await;
        }
        // Another page, so that what was shown before becomes history.
        browser.open("about:blank").await;
        let report = world.scan_tab_memory(browser);
        assert!(report.bytes > 1000, "the browser kept nothing at all: {report:?}");
        assert_eq!(requests(&report), 0, "submitted: {submitted}: {:?}", report.hits);
    }
    world.finish().await;
}
