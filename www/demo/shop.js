// The demo shop's only script. Everything it does has a plain form underneath; it stores nothing.
"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const checkout = one("farthing-checkout");
  const page = one("[data-order]");

  // Light and dark: links to the same page that need no loading, so nothing that was typed is lost.
  const choices = all("[data-theme-choice]");
  const withTheme = (address, theme) => {
    const url = new URL(address, location.href);
    if (theme === "auto") url.searchParams.delete("theme");
    else url.searchParams.set("theme", theme);
    return url.pathname + url.search;
  };
  const choose = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    checkout?.setAttribute("theme", theme);
    for (const link of choices) {
      if (link.dataset.themeChoice === theme) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const link of all("a[href^='/']:not([data-theme-choice])")) link.href = withTheme(link.href, theme);
    for (const form of all("form")) form.setAttribute("action", withTheme(form.getAttribute("action"), theme));
    history.replaceState(history.state, "", withTheme(location.href, theme));
  };
  for (const link of choices) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(link.dataset.themeChoice);
    });
  }

  // Test cards go to the clipboard; where there is none, the number is selected for whoever copies it.
  for (const button of all("[data-copy]")) {
    const word = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(button.previousElementSibling);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = word; }, 2000);
    });
  }

  // The log. A line with a known key replaces the old one; the newest is on top.
  const live = one("[data-live]");
  const SHOWN = 200;
  const clock = (date) => date.toISOString().slice(11, 19);
  const listFor = (source) =>
    all(".log", live).find((list) => !list.dataset.sources || list.dataset.sources.split(" ").includes(source));
  const line = ({ key, at, source, what, detail }) => {
    const list = live && listFor(source);
    if (!list) return;
    const item = document.createElement("li");
    item.dataset.key = key;
    item.dataset.source = source;
    const parts = [["time", "", clock(new Date(at))], ["span", "tag", source], ["strong", "", what], ["span", "detail", detail]];
    for (const [name, kind, words] of parts) {
      const part = document.createElement(name);
      if (kind) part.className = kind;
      part.textContent = words;
      item.append(part, " ");
    }
    const known = [...list.children].find((child) => child.dataset.key === key);
    if (known) return known.replaceWith(item);
    item.className = "new";
    list.prepend(item);
    if (list.children.length > SHOWN) list.lastElementChild.remove();
  };
  let lines = 0;
  const note = (source, what, detail, key = `here ${++lines}`) =>
    line({ key, at: Date.now(), source, what, detail });

  // What the shop's server says of the order.
  const stages = all("[data-stage]");
  let finishing = 0;
  const show = (stage) => {
    if (stages.every((part) => part.hidden === (part.dataset.stage !== stage))) return;
    for (const part of stages) part.hidden = part.dataset.stage !== stage;
    if (stage === "pay") return;
    // The element goes, and with it the frame: nothing is left to press.
    checkout?.remove();
    const heading = one(`[data-stage=${stage}] h2`);
    heading.focus();
    heading.scrollIntoView({ block: "nearest" });
    if (stage === "done") {
      one("h1").textContent = "Your order";
      document.title = document.title.replace(/^/, "Thank you: ");
    }
  };
  const tell = (standing) => {
    const words = one("[data-order-state]");
    words.dataset.orderState = standing.state;
    words.className = `state ${standing.tone}`;
    words.textContent = standing.words;
    one("[data-session]").textContent = standing.session;
  };
  const heard = (standing) => {
    if (!standing || !page) return;
    tell(standing);
    clearTimeout(finishing);
    // The form shows the result first and says so itself; if it does not, the shop goes on without it.
    if (standing.stage === "pay" || !checkout?.isConnected) show(standing.stage);
    else finishing = setTimeout(() => show(standing.stage), 6000);
  };

  // The element's own events. What they say is shown; what is done is decided by asking.
  const asked = async () => {
    for (let tries = 0; tries < 4; tries += 1) {
      try {
        const answer = await fetch(`/order/${page.dataset.order}/state`, { headers: { accept: "application/json" } });
        if (answer.ok) return await answer.json();
      } catch { /* the next try says more */ }
      await new Promise((done) => { setTimeout(done, 500 << tries); });
    }
    return null;
  };
  const brief = (detail) =>
    Object.entries(detail ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
  let changes = 0;
  for (const kind of ["ready", "change", "complete", "error"]) {
    checkout?.addEventListener(`farthing-${kind}`, async ({ type, detail }) => {
      // Typing makes many changes; they share a line until something else happens.
      const key = kind === "change" ? `change ${changes}` : undefined;
      if (kind !== "change") changes += 1;
      note("page", type, brief(detail), key);
      if (kind !== "complete") return;
      const standing = await asked();
      clearTimeout(finishing);
      if (!standing) return note("shop", "not confirmed", "the shop's server did not answer; the log goes on");
      note("shop", `confirmed: ${standing.state}`, "the shop's server asked the API");
      tell(standing);
      if (standing.stage !== "pay") show(standing.stage);
    });
  }

  // All scripts have been tried when the page has loaded: if the element is unknown by then, there is a link.
  if (checkout) {
    addEventListener("load", () => {
      if (customElements.get("farthing-checkout")) return;
      checkout.hidden = true;
      one("[data-missing]").hidden = false;
    });
  }

  // Server-sent events. The connection is given back while the page is put aside.
  if (live) {
    const words = one("[data-live-state]", live) ?? one("[data-live-state]");
    let after = live.dataset.after;
    let source = null;
    const open = () => {
      const query = new URLSearchParams({ after });
      if (page) query.set("order", page.dataset.order);
      source = new EventSource(`/live?${query}`);
      source.addEventListener("open", () => { words.textContent = "Live."; });
      source.addEventListener("error", () => { words.textContent = "The shop cannot be reached; trying again."; });
      source.addEventListener("entry", (event) => {
        after = event.lastEventId;
        const entry = JSON.parse(event.data);
        if (!page && entry.order) entry.detail += `, ${entry.order}`;
        line(entry);
        if (entry.source === "order") heard(entry.standing);
        const reports = one("[data-reports]");
        if (entry.source === "policy" && reports) reports.textContent = Number(reports.textContent) + 1;
      });
    };
    open();
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  }
})();
