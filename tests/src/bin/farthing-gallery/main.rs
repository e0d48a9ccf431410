//! Pictures of every state of the checkout, light and dark, at three widths, and one page that shows them all:
//! `cargo xtask gallery`, or `farthing-gallery DIR`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool for people who work on the pages"
)]

mod sheet;

use std::path::PathBuf;

use clap::Parser;
use farthing_stories::browser::Browser;
use farthing_stories::pose::Pose;
use farthing_stories::scenes;

/// Phone, tablet, desk.
const WIDTHS: [u32; 3] = [360, 768, 1280];

#[derive(Debug, Parser)]
#[command(
    name = "farthing-gallery",
    about = "Take a picture of every state of the checkout",
    version
)]
struct Arguments {
    /// Where the pictures and `index.html` go.
    #[arg(default_value = "target/gallery")]
    dir: PathBuf,
    /// Only scenes whose name begins with this, such as `live-ready`.
    #[arg(long)]
    only: Option<String>,
    /// Leave out what needs a running server.
    #[arg(long)]
    plain: bool,
}

struct Gallery {
    dir: PathBuf,
    only: Option<String>,
    taken: Vec<sheet::Picture>,
}

impl Gallery {
    fn wants(&self, scene: &str) -> bool {
        self.only.as_ref().is_none_or(|only| scene.starts_with(only.as_str()))
    }

    async fn take(&mut self, browser: &Browser, scene: &str) {
        if !self.wants(scene) {
            return;
        }
        let poses = WIDTHS.map(Pose::light).into_iter().chain(WIDTHS.map(Pose::dark));
        let doubled = [Pose::light(360).text(200), Pose::dark(360).text(200)];
        for pose in poses.chain(doubled) {
            browser.pose(pose).await;
            let file = format!("{scene}-{}.png", pose.name());
            let picture = browser.picture(pose.width).await;
            std::fs::write(self.dir.join(&file), picture).expect("a writable directory");
            self.taken.push(sheet::Picture { scene: scene.to_owned(), pose, file });
        }
        browser.pose(Pose::light(1280)).await;
        println!("{scene}");
    }
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    std::fs::create_dir_all(&arguments.dir).expect("a writable directory");
    let dir = arguments.dir.canonicalize().expect("a directory");
    let mut gallery = Gallery { dir: dir.clone(), only: arguments.only, taken: Vec::new() };
    let scratch = tempfile::tempdir().expect("a directory");
    if gallery.only.as_ref().is_none_or(|only| only.starts_with("plain")) {
        let browser = Browser::with_scripts(scratch.path()).await;
        for (name, file) in scenes::plain_pages(&scratch.path().join("pages")) {
            let scene = format!("plain-{name}");
            if gallery.wants(&scene) {
                browser.open(&format!("file://{}", file.display())).await;
                gallery.take(&browser, &scene).await;
            }
        }
    }
    if !arguments.plain {
        let world = scenes::world().await;
        let browser = world.live_browser().await;
        scenes::live(&world, &browser, async |scene| gallery.take(&browser, scene).await).await;
        scenes::embedded(&world, &browser, async |scene| gallery.take(&browser, scene).await).await;
        drop(browser);
        world.finish().await;
        let world = scenes::wallets_world().await;
        let browser = world.live_browser().await;
        scenes::wallets(&world, &browser, async |scene| gallery.take(&browser, scene).await).await;
        drop(browser);
        world.finish().await;
        let browser = Browser::with_scripts(scratch.path()).await;
        scenes::demo(scratch.path(), &browser, async |scene| gallery.take(&browser, scene).await)
            .await;
    }
    std::fs::write(dir.join("index.html"), sheet::html(&gallery.taken)).expect("a writable file");
    println!("{} pictures: {}", gallery.taken.len(), dir.join("index.html").display());
}
