//! One cold load: a browser of its own profile, throttled, and what it saw.

use std::time::Duration;

use farthing_stories::browser::Browser;
use farthing_stories::{Look, Site, World};
use serde_json::{Value, json};

/// Where the checkout is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Place {
    /// The checkout as a full page.
    Page,
    /// A shop's page with the loader and the checkout in a frame.
    Shop,
    /// A page with one input and nothing else: what browser, machine and network cost without us.
    Bare,
}

impl Place {
    /// In tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Shop => "in a shop",
            Self::Bare => "one bare input",
        }
    }

    /// In JSON.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Shop => "shop",
            Self::Bare => "bare",
        }
    }
}

/// What the browser is slowed down to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    /// Added to each request.
    pub(crate) latency: Duration,
    /// Each way.
    pub(crate) bytes_a_second: u64,
    /// Of the processor.
    pub(crate) slowdown: u32,
}

/// What one load was like. Times count from the navigation of the tab.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load {
    /// Kind and bytes of every answer's body, as it was sent.
    answers: Vec<(String, u64)>,
    /// The last byte of the checkout's HTML.
    pub(crate) html: Duration,
    /// The first paint of the checkout's document.
    pub(crate) paint: Duration,
    /// Its first text.
    pub(crate) contentful: Duration,
    /// The first frame that shows an input for the card number that takes typing.
    pub(crate) typable: Duration,
    /// The last byte of the glue.
    pub(crate) glue: Duration,
    /// The last byte of the module.
    pub(crate) module: Duration,
    /// `data-hydrated` is there.
    pub(crate) live: Duration,
    /// Sum of what long tasks took beyond 50 ms each.
    pub(crate) blocked: Duration,
    /// Layout shift of the tab's document, in ten thousandths.
    pub(crate) shift: u64,
    /// Heap in use after a collection of garbage, bytes.
    pub(crate) heap: u64,
    /// The module's linear memory, bytes.
    pub(crate) memory: u64,
}

/// Runs in every document before its own scripts.
///
/// A frame counts as shown once the task after its animation callbacks runs. Sources: Paint Timing, Long Tasks, Layout Instability.
const PROBE: &str = r"
(() => {
    const seen = { typable: null, live: null, shift: 0, blocked: 0, memory: null };
    Object.defineProperty(window, '__bench', { value: seen });
    const watch = (type, take) => {
        try { new PerformanceObserver(list => list.getEntries().forEach(take)).observe({ type, buffered: true }); } catch {}
    };
    watch('layout-shift', entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
    watch('longtask', entry => { seen.blocked += Math.max(0, entry.duration - 50); });
    const shown = then => { const { port1, port2 } = new MessageChannel(); port1.onmessage = then; port2.postMessage(0); };
    const takesTyping = () => {
        const input = document.querySelector('[autocomplete~=cc-number]');
        return input && !input.disabled && !input.readOnly && input.checkVisibility() && input.offsetHeight > 0;
    };
    const look = () => {
        if (takesTyping()) shown(() => { seen.typable = performance.now(); });
        else if (performance.now() < 30000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    new MutationObserver((_, observer) => {
        if (!document.querySelector('[data-hydrated]')) return;
        seen.live = performance.now();
        observer.disconnect();
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-hydrated'] });
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const real = WebAssembly[name];
        WebAssembly[name] = (...given) => real.apply(WebAssembly, given).then(done => {
            seen.memory = (done.instance || done).exports.memory;
            return done;
        });
    }
})();";

/// What a document saw.
const READ: &str = r"
    const seen = window.__bench;
    const paint = name => (performance.getEntriesByName(name)[0] || {}).startTime;
    const answers = performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'));
    return {
        origin: performance.timeOrigin, typable: seen.typable, live: seen.live, shift: seen.shift, blocked: seen.blocked,
        memory: seen.memory && seen.memory.buffer.byteLength, heap: performance.memory.usedJSHeapSize,
        paint: paint('first-paint'), contentful: paint('first-contentful-paint'),
        answers: answers.map(({ name, initiatorType, encodedBodySize, responseEnd }) =>
            ({ name, kind: initiatorType, bytes: encodedBodySize, end: responseEnd })),
    };";

/// How often the page is asked whether it is done. Rarely: asking costs it time.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Longer than any load takes.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);

impl Load {
    /// Starts a browser, opens the page once and reads what happened.
    pub(crate) async fn measure(world: &World, place: Place, network: &Network) -> Self {
        let session = world.session().await;
        // Shop and server are one site, so that one process of the browser, which is the throttled one, shows both.
        let address = match place {
            Place::Page => session.url.clone(),
            Place::Shop => {
                let look = Look::element(world.public_url(), session.token());
                world.shop.page(Site::Same, &look)
            }
            Place::Bare => bare_page().await,
        };
        let browser = world.live_browser_with(&["--enable-precise-memory-info"]).await;
        throttle(&browser, network).await;
        browser.open(&address).await;
        let top = match place {
            Place::Page => {
                until(&browser, "return window.__bench.live !== null").await;
                read(&browser).await
            }
            Place::Shop => {
                let ready = "return window.events.some(event => event.type === 'farthing-ready')";
                until(&browser, ready).await;
                read(&browser).await
            }
            Place::Bare => {
                until(&browser, "return window.__bench.typable !== null").await;
                read(&browser).await
            }
        };
        let checkout = match place {
            Place::Page | Place::Bare => top.clone(),
            Place::Shop => {
                browser.enter_checkout().await;
                read(&browser).await
            }
        };
        let mut load = Self::of(&top, &checkout);
        if place == Place::Shop {
            load.answers.push(("loader".to_owned(), loader_bytes(world).await));
        }
        load
    }

    fn of(top: &Value, checkout: &Value) -> Self {
        let begin = number(&top["origin"]);
        let since = number(&checkout["origin"]) - begin;
        let time = |value: &Value| millis(number(value) + since);
        let entries = checkout["answers"].as_array().expect("answers");
        let end = |wanted: &str| {
            entries
                .iter()
                .find(|entry| kind(entry) == wanted)
                .map(|entry| time(&entry["end"]))
                .unwrap_or_default()
        };
        let answers = entries
            .iter()
            .filter(|entry| kind(entry) != "stream")
            .map(|entry| (kind(entry).to_owned(), entry["bytes"].as_u64().unwrap_or_default()))
            .collect();
        Self {
            answers,
            html: end("document"),
            paint: time(&checkout["paint"]),
            contentful: time(&checkout["contentful"]),
            typable: time(&checkout["typable"]),
            glue: end("script"),
            module: end("wasm"),
            live: time(&checkout["live"]),
            // Long tasks of all frames of a process are told to the tab's document.
            blocked: millis(number(&top["blocked"])),
            shift: whole(number(&top["shift"]) * 10_000.0),
            heap: whole(number(&checkout["heap"])),
            memory: checkout["memory"].as_u64().unwrap_or_default(),
        }
    }

    /// Bytes of one kind.
    pub(crate) fn bytes(&self, wanted: &str) -> u64 {
        self.answers.iter().filter(|(kind, _)| kind == wanted).map(|(_, bytes)| bytes).sum()
    }

    /// Bytes of all kinds.
    pub(crate) fn all_bytes(&self) -> u64 {
        self.answers.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// Serves the bare page for as long as the program runs.
async fn bare_page() -> String {
    const HTML: &str = "<!DOCTYPE html><meta charset=utf-8><title>Pay</title><label>Card number <input autocomplete=cc-number></label>";
    let app =
        axum::Router::new().route("/", axum::routing::get(|| async { axum::response::Html(HTML) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://localhost:{port}/")
}

async fn throttle(browser: &Browser, network: &Network) {
    browser.cdp("Network.enable", json!({})).await;
    browser.cdp("Network.setCacheDisabled", json!({"cacheDisabled": true})).await;
    let conditions = json!({
        "offline": false,
        "latency": u64::try_from(network.latency.as_millis()).expect("milliseconds"),
        "downloadThroughput": network.bytes_a_second,
        "uploadThroughput": network.bytes_a_second,
    });
    browser.cdp("Network.emulateNetworkConditions", conditions).await;
    browser.cdp("Emulation.setCPUThrottlingRate", json!({"rate": network.slowdown})).await;
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": PROBE})).await;
}

async fn until(browser: &Browser, script: &str) {
    let start = std::time::Instant::now();
    while browser.try_script(script).await != Some(Value::Bool(true)) {
        assert!(start.elapsed() < GIVE_UP_AFTER, "not done after {GIVE_UP_AFTER:?}: {script}");
        tokio::time::sleep(ASK_EVERY).await;
    }
    // What still moves after that counts as layout shift.
    tokio::time::sleep(2 * ASK_EVERY).await;
}

async fn read(browser: &Browser) -> Value {
    browser.cdp("HeapProfiler.collectGarbage", json!({})).await;
    browser.script(READ).await
}

/// The loader is of another origin than the shop, so that the shop is not told its size.
async fn loader_bytes(world: &World) -> u64 {
    let url = world.public_url().join("/farthing.js").expect("a path");
    let request = world.http().get(url).header("accept-encoding", "gzip, deflate, br");
    let answer = request.send().await.expect("the loader");
    answer.bytes().await.expect("a body").len() as u64
}

/// What an answer is, by its address.
fn kind(entry: &Value) -> &'static str {
    let name = entry["name"].as_str().unwrap_or_default();
    let path = name.split(['?', '#']).next().unwrap_or_default();
    if entry["kind"] == "navigation" {
        return "document";
    }
    match path.rsplit(['.', '/']).next().unwrap_or_default() {
        "js" => "script",
        "wasm" => "wasm",
        "svg" => "picture",
        "events" | "status" => "stream",
        _ => "other",
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

fn millis(number: f64) -> Duration {
    Duration::from_secs_f64(number.max(0.0) / 1000.0)
}
