//! A hundred forms come and go, and nothing of them stays.

use serde_json::json;

use super::stage::{Stage, assert_no_faults};

/// Counts what is alive: listeners of what outlives an element, ports, timers.
const COUNT: &str = "
    window.live = {listeners: [], ports: new Set(), timers: new Set(), made: 0};
    const lasting = target => target === window || target === document || target instanceof MediaQueryList;
    const {addEventListener: add, removeEventListener: remove} = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
        const target = this || window;
        if (lasting(target)) { live.listeners.push([target.media || target, type, listener]); live.made++; }
        return add.call(target, type, listener, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
        const target = this || window;
        const at = live.listeners.findIndex(([t, ty, l]) => t === (target.media || target) && ty === type && l === listener);
        if (at >= 0) live.listeners.splice(at, 1);
        return remove.call(target, type, listener, ...rest);
    };
    window.MessageChannel = class extends MessageChannel {
        constructor() { super(); live.ports.add(this.port1); live.made++; }
    };
    const close = MessagePort.prototype.close;
    MessagePort.prototype.close = function () { live.ports.delete(this); return close.call(this); };
    const {setTimeout: set, clearTimeout: clear} = window;
    window.setTimeout = (run, time) => { const id = set(() => { live.timers.delete(id); run(); }, time); live.timers.add(id); live.made++; return id; };
    window.clearTimeout = id => { live.timers.delete(id); clear(id); };
    window.alive = () => [live.listeners.length, live.ports.size, live.timers.size, document.querySelectorAll('iframe').length, frames.length];
    window.mounts = async (count) => {
        for (let n = 0; n < count; n++) {
            const form = document.createElement('farthing-checkout');
            form.setAttribute('session', 'cst_' + n);
            const ready = new Promise(done => { form.addEventListener('farthing-ready', done, {once: true}); });
            document.body.append(form);
            // Taken off in the same task; before its frame has loaded; after; after it was put on again.
            if (n % 4 === 1) await new Promise(done => set(done));
            if (n % 4 >= 2) await ready;
            if (n % 4 === 3) { form.remove(); document.body.append(form); await Promise.resolve(); form.setAttribute('theme', 'dark'); form.setAttribute('session', 'cst_x' + n); await new Promise(done => set(done, 5)); }
            form.remove();
        }
    };";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_mounts_leave_no_frame_listener_port_or_timer() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let body = format!("<script>{COUNT}</script>{}", stage.tag());
    browser.open(&stage.shop_page(&body)).await;
    browser.until_script("the loader", "return !!customElements.get('farthing-checkout')").await;
    let run = async |count: u32| {
        browser
            .script(&format!(
                "window.done = false; mounts({count}).then(() => window.done = true); return true"
            ))
            .await;
        browser.until_script("the mounts", "return window.done").await;
    };
    // Whatever a browser sets up once.
    run(8).await;
    let before = browser.script("return [alive(), live.made]").await;
    assert_eq!(before[0].as_array().unwrap()[1..], [json!(0), json!(0), json!(0), json!(0)]);
    let counters = browser.counters().await;
    for _ in 0..5 {
        run(20).await;
    }
    let after = browser.script("return [alive(), live.made]").await;
    assert_eq!(after[0], before[0]);
    let made = after[1].as_u64().unwrap() - before[1].as_u64().unwrap();
    assert!(made > 300, "the instruments saw next to nothing: {made}");
    let (documents, listeners) = browser.counters().await;
    assert!(documents <= counters.0 + 2, "{} documents, then {documents}", counters.0);
    assert!(listeners <= counters.1 + 10, "{} listeners, then {listeners}", counters.1);
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_form_holds_two_listeners_a_few_ports_and_no_timer() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let element = "<farthing-checkout session=\"cst_x\"></farthing-checkout>";
    let body = format!("<script>{COUNT}</script>{}{element}", stage.tag());
    browser.open(&stage.shop_page(&body)).await;
    browser.wait_for_event("farthing-ready").await;
    let alive = browser.script("return alive()").await;
    let ports = alive[1].as_u64().unwrap();
    assert!((1..=9).contains(&ports), "{ports} ports");
    assert_eq!(alive, json!([2, ports, 0, 1, 1]));
    browser.script("document.querySelector('farthing-checkout').remove(); return true").await;
    assert_eq!(browser.script("return alive()").await, json!([0, 0, 0, 0, 0]));
}
