//! Nobody is kept from paying: every state is checked against WCAG 2.2 AA by axe-core, as far as a program can, light and dark, at 360 px
//! and with text of twice the size; and the whole checkout works by keyboard alone.

use farthing_stories::axe::Axe;
use farthing_stories::browser::Browser;
use farthing_stories::pose::Pose;
use farthing_stories::scenes;

/// Every state is looked at in these ways.
const POSES: [Pose; 4] =
    [Pose::light(360), Pose::dark(360), Pose::light(360).text(200), Pose::dark(360).text(200)];

/// What was found, scene by scene, so that one run names everything.
#[derive(Default)]
struct Findings {
    looked: usize,
    found: Vec<String>,
}

impl Findings {
    async fn look(&mut self, axe: &Axe, browser: &Browser, scene: &str) {
        for pose in POSES {
            browser.pose(pose).await;
            self.looked += 1;
            for violation in axe.check(browser).await {
                self.found.push(format!("{scene}, {}: {violation}", pose.name()));
            }
            // WCAG 2.2, 1.4.10 and 1.4.4: no scrolling sideways, with large text neither.
            let sideways = browser.sideways().await;
            if sideways > 0 {
                self.found
                    .push(format!("{scene}, {}: scrolls {sideways} px sideways", pose.name()));
            }
        }
    }

    fn assert_none(self, at_least: usize) {
        assert!(self.looked >= at_least * POSES.len(), "only {} looks", self.looked);
        let (count, list) = (self.found.len(), self.found.join("\n  "));
        assert!(count == 0, "{count} violations:\n  {list}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_plain_page_keeps_to_wcag_2_2_aa() {
    let axe = Axe::load();
    let dir = tempfile::tempdir().unwrap();
    let browser = Browser::with_scripts(dir.path()).await;
    let mut findings = Findings::default();
    for (name, file) in scenes::plain_pages(&dir.path().join("pages")) {
        browser.open(&format!("file://{}", file.display())).await;
        findings.look(&axe, &browser, &name).await;
    }
    findings.assert_none(20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_the_live_checkout_keeps_to_wcag_2_2_aa() {
    let axe = Axe::load();
    let world = scenes::world().await;
    let browser = world.live_browser().await;
    let mut findings = Findings::default();
    scenes::live(&world, &browser, async |scene| findings.look(&axe, &browser, scene).await).await;
    drop(browser);
    world.finish().await;
    findings.assert_none(15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_loader_shows_on_a_shops_page_keeps_to_wcag_2_2_aa() {
    let axe = Axe::load();
    let world = scenes::world().await;
    let browser = world.live_browser().await;
    let mut findings = Findings::default();
    scenes::embedded(&world, &browser, async |scene| {
        findings.look(&axe, &browser, scene).await;
        // In a frame the form is laid out in another way.
        if matches!(scene, "loader-form" | "loader-paid") {
            browser.enter_checkout().await;
            findings.look(&axe, &browser, &format!("{scene}, in the frame")).await;
            browser.top().await;
        }
    })
    .await;
    drop(browser);
    world.finish().await;
    findings.assert_none(6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_with_wallets_keeps_to_wcag_2_2_aa_and_so_does_their_document() {
    let axe = Axe::load();
    let world = scenes::wallets_world().await;
    let browser = world.live_browser().await;
    let mut findings = Findings::default();
    scenes::wallets(&world, &browser, async |scene| {
        findings.look(&axe, &browser, scene).await;
        if matches!(scene, "wallets-both" | "wallets-google-alone") {
            browser.enter_wallets().await;
            // Two buttons have no heading of their own: the page around names them.
            for violation in axe.check(&browser).await.iter().filter(|found| found.required) {
                findings.found.push(format!("{scene}, in the frame: {violation}"));
            }
            browser.top().await;
        }
    })
    .await;
    drop(browser);
    world.finish().await;
    findings.assert_none(7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_finds_what_is_planted() {
    let axe = Axe::load();
    let dir = tempfile::tempdir().unwrap();
    let browser = Browser::with_scripts(dir.path()).await;
    let page = |body: &str| {
        format!(
            "data:text/html,<!DOCTYPE html><html lang=en><meta name=viewport content=width%3Ddevice-width>\
             <title>A page</title><body style=background:white><main><h1>A page</h1>{body}</main>"
        )
    };
    let good = "<p style=color:black>Text</p><label>Name <input style=height:3rem></label>";
    for (planted, rule) in [
        ("<p style=color:silver>Text</p>", "color-contrast"),
        ("<input style=height:3rem>", "label"),
        (
            &format!(
                "<div>{}</div>",
                "<button style=width:12px;height:12px;padding:0>A</button>".repeat(2)
            ),
            "target-size",
        ),
        ("<h3>Too deep</h3>", "heading-order"),
    ] {
        for (body, expected) in [(good.to_owned(), None), (format!("{good}{planted}"), Some(rule))]
        {
            browser.open(&page(&body)).await;
            browser.pose(Pose::light(360)).await;
            let found = axe.check(&browser).await;
            let rules: Vec<_> = found.iter().map(|violation| violation.rule.as_str()).collect();
            assert_eq!(rules, Vec::from_iter(expected), "{found:?}");
        }
    }
    browser.open(&page("<p style=width:500px>Wide</p>")).await;
    browser.pose(Pose::light(360)).await;
    assert!(browser.sideways().await > 0);
}
