//! What stories do in a browser with scripts: frames, keys, tabs, the console, and the browser's own control interface.

use fantoccini::elements::{Element, ElementRef};
use fantoccini::key::Key;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::browser::Browser;
use crate::wait;

/// The card number's input.
pub const NUMBER: &str = "[autocomplete~=cc-number]";
/// The expiry date's input.
pub const EXPIRY: &str = "[autocomplete~=cc-exp]";
/// The security code's input.
pub const CODE: &str = "[autocomplete~=cc-csc]";
/// The input of the name on the card.
pub const HOLDER: &str = "[autocomplete~=cc-name]";
/// The pay button.
pub const PAY: &str = "form button[type=submit]";

/// The key under which WebDriver names an element. Source: WebDriver, "Elements".
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Finds the checkout's frame in the shop's page, wherever the loader put it.
const FIND_FRAME: &str = "
    const host = document.querySelector('farthing-checkout');
    const within = host && ((host.shadowRoot && host.shadowRoot.querySelector('iframe')) || host.querySelector('iframe'));
    return within || document.querySelector('iframe');";

/// Keeps violated policies of every document of the page that shares its process.
const WATCH_POLICY: &str = "
    window.violations = window.violations || [];
    document.addEventListener('securitypolicyviolation', event =>
        window.violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber));";

/// A command that the client library does not have.
#[derive(Debug)]
struct Command {
    path: String,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// An event that the shop's page got from the element.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `farthing-ready` and the like.
    pub kind: String,
    /// `event.detail`.
    pub detail: Value,
}

impl Browser {
    async fn command(&self, path: &str, body: Value) -> Value {
        self.try_command(path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn try_command(
        &self,
        path: &str,
        body: Value,
    ) -> Result<Value, fantoccini::error::CmdError> {
        self.client.issue_cmd(Command { path: path.to_owned(), body }).await
    }

    /// A command of the Chrome DevTools Protocol, to the tab.
    pub async fn cdp(&self, method: &str, params: Value) -> Value {
        self.command("goog/cdp/execute", json!({"cmd": method, "params": params})).await
    }

    /// Runs a function's body in the document that is looked at.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| {
            panic!("{}: {error}", script.chars().take(80).collect::<String>())
        })
    }

    /// [`Browser::script`] in a document that may go away meanwhile.
    pub async fn try_script(&self, script: &str) -> Option<Value> {
        self.client.execute(script, Vec::new()).await.ok()
    }

    /// Waits until a script gives true.
    pub async fn until_script(&self, what: &str, script: &str) {
        wait::until(what, async || {
            (self.try_script(script).await? == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Looks at the whole page.
    pub async fn top(&self) {
        self.command("frame", json!({"id": null})).await;
    }

    /// Looks into the checkout's frame on the shop's page.
    pub async fn enter_checkout(&self) {
        wait::until("the checkout's frame", async || {
            self.top().await;
            let found = self.try_script(FIND_FRAME).await?;
            let id = found.get(ELEMENT)?.as_str()?.to_owned();
            let frame = Element::from_element_id(self.client.clone(), ElementRef::from(id));
            frame.enter_frame().await.ok()?;
            // The first document of a frame is empty.
            self.has("[data-state]").await.then_some(())
        })
        .await;
    }

    /// Whether the shop's page has a frame of the checkout.
    pub async fn has_checkout(&self) -> bool {
        self.top().await;
        self.script(FIND_FRAME).await.get(ELEMENT).is_some()
    }

    /// Waits until the form reacts.
    pub async fn until_live(&self) {
        self.find("[data-hydrated]").await;
    }

    /// Opens a shop's page and looks into its checkout, which is live.
    pub async fn open_shop(&self, page: &str) {
        self.open(page).await;
        self.enter_checkout().await;
        self.until_live().await;
    }

    /// What the shop's page heard from the element. Looks at the whole page afterwards.
    pub async fn events(&self) -> Vec<Event> {
        self.top().await;
        let events = self.script("return window.events || []").await;
        let read = |event: &Value| Event {
            kind: event["type"].as_str().unwrap_or_default().to_owned(),
            detail: event["detail"].clone(),
        };
        events.as_array().into_iter().flatten().map(read).collect()
    }

    /// Waits for an event of the element. Looks at the whole page afterwards.
    pub async fn wait_for_event(&self, kind: &str) -> Event {
        wait::until(&format!("the event {kind}"), async || {
            self.events().await.into_iter().find(|event| event.kind == kind)
        })
        .await
    }

    /// Types with real key events, after what is there.
    pub async fn keys(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.expect("an input");
    }

    /// Presses a key where the focus is.
    pub async fn key(&self, key: Key) {
        let focus = self.client.active_element().await.expect("an element with the focus");
        focus.send_keys(&char::from(key).to_string()).await.expect("a key press");
    }

    /// What an input holds.
    pub async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.expect("an input").unwrap_or_default()
    }

    /// Sets the caret of an input, in UTF-16 units, and gives it the focus.
    pub async fn set_caret(&self, css: &str, at: usize) {
        let script = format!(
            "const input = document.querySelector('{css}'); input.focus(); input.setSelectionRange({at}, {at}); return true"
        );
        self.script(&script).await;
    }

    /// Where the caret of an input is, in UTF-16 units.
    pub async fn caret(&self, css: &str) -> u64 {
        let script = format!("return document.querySelector('{css}').selectionStart");
        self.script(&script).await.as_u64().expect("a position")
    }

    /// `name` or `id` of what has the focus.
    pub async fn focus(&self) -> String {
        let focus = self
            .script("const a = document.activeElement; return a ? a.name || a.id || a.tagName : ''")
            .await;
        focus.as_str().unwrap_or_default().to_owned()
    }

    /// Pastes a text as a person does: one input event for all of it.
    pub async fn paste(&self, css: &str, text: &str) {
        let focus = format!("document.querySelector('{css}').focus(); return true");
        self.script(&focus).await;
        let insert = "return document.execCommand('insertText', false, arguments[0])";
        self.client.execute(insert, vec![json!(text)]).await.expect("a paste");
    }

    /// Fills in inputs all at once, as browsers and password managers do: value, then events.
    pub async fn autofill(&self, values: &[(&str, &str)]) {
        let script = "
            for (const [css, value] of arguments[0]) {
                const input = document.querySelector(css);
                const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
                set.call(input, value);
                input.dispatchEvent(new Event('input', {bubbles: true}));
                input.dispatchEvent(new Event('change', {bubbles: true}));
            }
            return true";
        self.client.execute(script, vec![json!(values)]).await.expect("inputs");
    }

    /// Whether a card field can be seen.
    pub async fn shows_card_fields(&self) -> bool {
        let script = format!(
            "return [...document.querySelectorAll('{NUMBER}, {EXPIRY}, {CODE}, {HOLDER}')].some(input => input.checkVisibility())"
        );
        self.script(&script).await == Value::Bool(true)
    }

    /// Waits until no card field can be seen. Those that are kept out of sight for another try have to be empty.
    pub async fn until_card_is_gone(&self) {
        let script = format!(
            "return [...document.querySelectorAll('{NUMBER}, {EXPIRY}, {CODE}')].every(input => !input.checkVisibility() && input.value === '')"
        );
        self.until_script("the card fields to be empty and out of sight", &script).await;
    }

    /// Opens another tab and looks at it; gives the two handles, the old one first.
    pub async fn new_tab(&self) -> (WindowHandle, WindowHandle) {
        let first = self.client.window().await.expect("a window");
        let second = self.client.new_window(true).await.expect("a tab").handle;
        self.show_tab(&second).await;
        (first, second)
    }

    /// Looks at a tab.
    pub async fn show_tab(&self, tab: &WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.expect("a tab");
    }

    /// Keeps violated policies of all documents that are opened from now on, in `window.violations`.
    pub async fn watch_policy(&self) {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH_POLICY})).await;
    }

    /// The policies that the document looked at has violated. [`Browser::watch_policy`] comes first.
    pub async fn violations(&self) -> Vec<String> {
        let found = self.script("return window.violations").await;
        let found = found.as_array().expect("violations are watched");
        found.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    }

    /// What was written to the console since it was read last.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.command("se/log", json!({"type": "browser"})).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries.iter().filter_map(|entry| entry["message"].as_str().map(str::to_owned)).collect()
    }

    /// Frames, documents and listeners of the tab's process after a collection of garbage.
    pub async fn counters(&self) -> (u64, u64) {
        self.cdp("HeapProfiler.enable", json!({})).await;
        for _ in 0..3 {
            self.cdp("HeapProfiler.collectGarbage", json!({})).await;
        }
        let counters = self.cdp("Memory.getDOMCounters", json!({})).await;
        let number = |name: &str| counters[name].as_u64().expect("a number");
        (number("documents"), number("jsEventListeners"))
    }
}

impl Browser {
    /// Looks into the bank's frame, in front of the checkout. The checkout has to be looked at.
    pub async fn enter_bank(&self) {
        wait::until("the bank's frame", async || {
            let frame = self.client.find(fantoccini::Locator::Css(BANK)).await.ok()?;
            frame.enter_frame().await.ok()
        })
        .await;
    }

    /// Looks into the frame with the wallets' buttons. The checkout has to be looked at.
    pub async fn enter_wallets(&self) {
        wait::until("the wallets' frame", async || {
            let frame = self.client.find(fantoccini::Locator::Css(".wallets iframe")).await.ok()?;
            frame.enter_frame().await.ok()
        })
        .await;
    }

    /// Looks at the checkout again, in a frame or not, after a look into the bank's frame, which may be gone.
    pub async fn leave_bank(&self, site: Option<crate::Site>) {
        self.top().await;
        if site.is_some() {
            self.enter_checkout().await;
        }
    }

    /// Waits until no window with a bank's page stands in front of the checkout, and nothing of one is left.
    pub async fn until_bank_is_gone(&self) {
        self.until_script(
            "the bank's window to be gone",
            "return !document.querySelector('dialog') && !document.querySelector('.farthing iframe:not(.wallets *)')",
        )
        .await;
    }
}

/// The bank's frame, once it is there.
const BANK: &str = "dialog[open] iframe";
