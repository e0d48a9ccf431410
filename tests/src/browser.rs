//! A headless Chromium, with scripts off unless a story wants them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::cards::Card;
use crate::process::{Plan, Process};
use crate::wait;

/// How many browsers run at once in one test program: two cores do not carry more.
const AT_ONCE: usize = 2;

/// Headless Chromium as root in a container, quiet and offline.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--password-store=basic",
    "--disable-features=Translate,OptimizationHints",
];

/// A browser of its own profile. Dropping it ends it.
#[derive(Debug)]
pub struct Browser {
    /// For whatever the helpers do not do.
    pub client: Client,
    driver: Process,
    session: String,
    profile: PathBuf,
    _permit: SemaphorePermit<'static>,
}

impl Browser {
    /// Starts a browser whose profile is under `dir`, scripts off.
    pub async fn without_scripts(dir: &Path) -> Self {
        let off = json!({"profile.managed_default_content_settings.javascript": 2});
        Self::start(dir, &off, &[]).await
    }

    /// Starts a browser with scripts.
    pub async fn with_scripts(dir: &Path) -> Self {
        Self::start(dir, &Value::Null, &[]).await
    }

    /// Starts a browser with scripts that gives no page cookies or storage.
    pub async fn without_storage(dir: &Path) -> Self {
        let off = json!({"profile.managed_default_content_settings.cookies": 2});
        Self::start(dir, &off, &[]).await
    }

    /// Starts a browser with scripts and more flags.
    pub async fn with_flags(dir: &Path, flags: &[&str]) -> Self {
        Self::start(dir, &Value::Null, flags).await
    }

    async fn start(dir: &Path, preferences: &Value, flags: &[&str]) -> Self {
        static PERMITS: Semaphore = Semaphore::const_new(AT_ONCE);
        let permit = PERMITS.acquire().await.expect("never closed");
        let profile = tempfile::Builder::new()
            .prefix("profile-")
            .tempdir_in(dir)
            .expect("a directory")
            .keep();
        let driver = start_driver(&profile).await;
        let mut args = FLAGS.map(str::to_owned).to_vec();
        args.push(format!("--user-data-dir={}", profile.join("data").display()));
        args.push("--window-size=1280,900".to_owned());
        args.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let mut options = json!({ "args": args });
        if let Some(binary) = std::env::var_os("CHROMIUM") {
            options["binary"] = json!(binary.to_string_lossy());
        }
        if preferences.is_object() {
            options["prefs"] = preferences.clone();
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(driver.url.as_str().trim_end_matches('/'))
            .await
            .expect("the browser starts");
        let session = client.session_id().await.expect("a session").expect("a session");
        client.update_timeouts(timeouts()).await.expect("time-outs");
        Self { client, driver, session, profile, _permit: permit }
    }

    /// Where its profile is, for the scanner.
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    /// Where it is.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.expect("an address")
    }

    /// The page's source as it is now.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("a source")
    }

    /// The visible text.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The checkout's `data-state`, or nothing on another page.
    pub async fn state(&self) -> Option<String> {
        let root = self.client.find(Locator::Css("[data-state]")).await.ok()?;
        root.attr("data-state").await.ok()?
    }

    /// Waits for a `data-state`.
    pub async fn wait_for_state(&self, state: &str) {
        let found = wait::until_or_last(async || {
            let now = self.state().await;
            if now.as_deref() == Some(state) { Ok(()) } else { Err(now) }
        })
        .await;
        if let Err(last) = found {
            panic!(
                "the page shows {last:?} instead of {state}, at {}: {}\nconsole: {:?}",
                self.url().await.path(),
                self.text().await,
                self.console().await,
            );
        }
    }

    /// Waits for an element.
    pub async fn find(&self, css: &str) -> Element {
        wait::until(&format!("an element {css}"), async || {
            self.client.find(Locator::Css(css)).await.ok()
        })
        .await
    }

    /// Whether there is such an element now.
    pub async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// The input with this visible label.
    pub async fn labelled(&self, label: &str) -> Element {
        let path = format!(
            "//*[@id = //label[contains(normalize-space(.), {0})]/@for] | //label[contains(normalize-space(.), {0})]//*[self::input or self::select]",
            quoted(label)
        );
        wait::until(&format!("an input labelled {label}"), async || {
            self.client.find(Locator::XPath(&path)).await.ok()
        })
        .await
    }

    /// The button or link with this text.
    pub async fn button(&self, text: &str) -> Element {
        let path = format!(
            "//button[contains(normalize-space(.), {0})] | //input[@type = 'submit' and contains(@value, {0})] | //a[contains(normalize-space(.), {0})]",
            quoted(text)
        );
        wait::until(&format!("a button {text}"), async || {
            self.client.find(Locator::XPath(&path)).await.ok()
        })
        .await
    }

    /// Presses a button. A page that goes away meanwhile is what was wanted.
    pub async fn press(&self, text: &str) {
        self.button(text)
            .await
            .click()
            .await
            .unwrap_or_else(|error| panic!("{text} cannot be pressed: {error}"));
    }

    /// Types into the field with this `autocomplete` token or name, instead of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let input = self.find(css).await;
        input.clear().await.expect("an input");
        input.send_keys(text).await.expect("an input");
    }

    /// Types a card into the checkout form.
    pub async fn type_card(&self, card: &Card) {
        self.fill("[autocomplete~=cc-number]", &card.number).await;
        self.fill("[autocomplete~=cc-exp]", &card.expiry).await;
        self.fill("[autocomplete~=cc-csc]", &card.code).await;
        if self.has("[autocomplete~=cc-name]").await {
            self.fill("[autocomplete~=cc-name]", &card.holder).await;
        }
    }

    /// Presses the checkout's pay button.
    pub async fn submit_card(&self) {
        self.find("form[data-brand] button[type=submit], form button[type=submit]")
            .await
            .click()
            .await
            .expect("a button");
    }

    /// Sets the size of the page, pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("a window");
    }

    /// Takes a picture at 360, 768 and 1280 pixels if `FARTHING_SHOTS` names a directory.
    pub async fn shots(&self, name: &str) {
        let Some(dir) = std::env::var_os("FARTHING_SHOTS").map(PathBuf::from) else { return };
        std::fs::create_dir_all(&dir).expect("a directory");
        for width in [360, 768, 1280] {
            self.resize(width, 900).await;
            let picture = self.client.screenshot().await.expect("a picture");
            std::fs::write(dir.join(format!("{name}-{width}.png")), picture)
                .expect("a writable file");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium is the driver's child, not ours: only the driver can end it.
        let _ = end_session(self.driver.port(), &self.session);
    }
}

/// Starts chromedriver on a free port. It takes a port on IPv4 and then wants the same one on IPv6, which may be taken.
async fn start_driver(dir: &Path) -> Process {
    wait::until("chromedriver to start", async || {
        let program = program("CHROMEDRIVER", "/usr/bin/chromedriver");
        assert!(program.exists(), "{} is missing: install chromium-driver", program.display());
        let plan = Plan {
            name: "chromedriver",
            program: Some(&program),
            args: vec!["--port=0".to_owned()],
            env: Vec::new(),
            dir,
            announced: driver_line,
        };
        Process::start(&plan).ok()
    })
    .await
}

fn end_session(port: u16, session: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    // The first bytes of the answer come when the browser has ended; the driver then keeps the connection open.
    stream.read_exact(&mut [0; 12])
}

fn program(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
}

fn driver_line(line: &str) -> Option<Url> {
    let port: u16 =
        line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()?;
    format!("http://127.0.0.1:{port}").parse().ok()
}

fn timeouts() -> fantoccini::wd::TimeoutConfiguration {
    let long = Some(Duration::from_secs(30));
    fantoccini::wd::TimeoutConfiguration::new(long, long, Some(Duration::ZERO))
}

/// A text as an XPath literal; our texts have no double quotes.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
