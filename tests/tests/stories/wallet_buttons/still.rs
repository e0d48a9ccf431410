//! Nothing moves while the wallets load: a measure of layout, not of time.

use farthing_stories::World;
use farthing_stories::browser::Browser;
use farthing_stories::pose::Pose;
use farthing_stories::purse::{Place, Purse, Wallet};
use serde_json::{Value, json};

/// The shifts of a document from its first paint on, which browsers keep, when two more frames have been painted. Source: W3C, "Layout
/// Instability API".
const SHIFTS: &str = "
    const done = arguments[0], shifts = [];
    const keep = list => shifts.push(...list.filter(shift => !shift.hadRecentInput).map(shift => [shift.value,
        shift.sources.map(({node}) => node && node.outerHTML ? node.outerHTML.slice(0, 60) : '')]));
    const observer = new PerformanceObserver(list => keep(list.getEntries()));
    observer.observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
        keep(observer.takeRecords());
        observer.disconnect();
        done(shifts);
    })));";

/// The most that a page may move in sum.
const MOST: f64 = 0.01;

/// The sum of the shifts of the document that is looked at, and what has moved.
async fn moved(browser: &Browser) -> (f64, Value) {
    let shifts = browser.client.execute_async(SHIFTS, Vec::new()).await.unwrap();
    let sum =
        shifts.as_array().unwrap_or_else(|| panic!("shifts are not watched: {shifts}")).iter();
    (sum.filter_map(|shift| shift[0].as_f64()).sum(), shifts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_while_the_wallets_load() {
    let world = World::builder().wallets().start().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        // Once at once, and once long after everything else.
        for (width, ms) in [(360, 0), (900, 0), (360, 900), (900, 900)] {
            let script = json!({"script": {"slow": {"ms": ms}}});
            world.sandbox.faults(json!({"apple_pay": script, "google_pay": script})).await;
            browser.pose(Pose::light(width)).await;
            let purse = Purse::open(&world, &browser, place).await;
            purse.until_shown("2").await;
            assert!(
                purse.has_button(Wallet::Apple).await && purse.has_button(Wallet::Google).await
            );
            let (sum, shifts) = moved(&browser).await;
            assert!(sum < MOST, "the checkout has moved by {sum}: {place:?} {width} {shifts}");
            purse.leave_sheet().await;
            let (sum, shifts) = moved(&browser).await;
            assert!(sum < MOST, "the page has moved by {sum}: {place:?} {width} {shifts}");
            purse.enter_buttons().await;
            let (sum, shifts) = moved(&browser).await;
            assert!(sum < MOST, "the buttons have moved by {sum}: {place:?} {width} {shifts}");
        }
    }
    drop(browser);
    world.finish().await;
}

/// The measure measures: what is put above the form moves it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_jumps_is_noticed() {
    let world = World::builder().wallets().start().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        let purse = Purse::open(&world, &browser, place).await;
        let before = moved(&browser).await.0;
        let push = "const block = document.createElement('div'); block.style.height = '200px'; document.querySelector('.wallets').before(block); return true";
        browser.script(push).await;
        farthing_stories::until("the jump to be noticed", async || {
            (moved(&browser).await.0 > before + MOST).then_some(())
        })
        .await;
        drop(purse);
    }
    drop(browser);
    world.finish().await;
}
