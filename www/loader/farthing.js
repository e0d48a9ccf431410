// Farthing's loader: defines <farthing-checkout>, which puts the server's payment form on a shop's page.
//
// One file for every way of loading it: <script async src>, <script type="module" src>, a bundler's import, and places
// without a window, where it does nothing. So it has neither imports nor exports nor anything that only modules know, and only ES2020.
// It runs under `script-src` and `frame-src` of the server alone: styles are set through CSSOM, HTML is never parsed,
// nothing is stored, logged or requested besides the frame. Whole-line comments are removed when it is packaged.
(() => {
  if (typeof window === 'undefined' || !window.customElements) return;

  const NAME = 'farthing-checkout';
  // About the height of the form, which is 650 to 700 px, so that the page does not jump far when it arrives.
  const RESERVED = '680px';
  const THEME = 'font radius background surface text muted line border accent accent-strong on-accent danger danger-soft good note on-note'.split(' ');
  const STATES = /^(ready|submitting|challenge|processing|review|paid|failed|expired)$/;
  const FINAL = /^(authorized|paid|failed|canceled|partially_refunded|refunded|needs_attention)$/;
  const WORD = /^[a-z][\w-]{0,63}$/;

  const is = (value, pattern) => typeof value === 'string' && pattern.test(value);

  const make = (tag, style, properties) => {
    const node = Object.assign(document.createElement(tag), properties);
    Object.assign(node.style, style);
    return node;
  };

  // The server that a script tag of ours came from. A bundle's own tag has another name and says nothing.
  const originOf = (script) =>
    script && is(script.src, /^https?:\/\/[^/]+\/farthing(-\w+)?\.js($|[?#])/) && new URL(script.src).origin;

  const tags = [...document.querySelectorAll('script[src]')];
  const origin = [document.currentScript, ...tags].map(originOf).find(Boolean);

  const fire = (host, type, detail) =>
    host.dispatchEvent(new CustomEvent('farthing-' + type, { bubbles: true, composed: true, detail }));

  // What the element looks like now. The frame checks names and values again, for it cannot know who asks.
  const look = (host) => {
    const theme = host.getAttribute('theme');
    const style = getComputedStyle(host);
    const properties = {};
    for (const name of THEME) {
      const value = style.getPropertyValue('--farthing-' + name).trim();
      if (value && value.length <= 120) properties['farthing-' + name] = value;
    }
    return { type: 'theme', theme: theme === 'light' || theme === 'dark' ? theme : 'auto', properties };
  };

  // What the element's frame is made from; it starts again when this changes.
  const source = (host) => JSON.stringify(['session', 'server', 'locale'].map((name) => host.getAttribute(name)));

  // Mounts a form into the element. Gives what the element asks of it later.
  const mount = (host, again) => {
    const form = { source: source(host), state: 'loading' };
    const [session, address, locale] = JSON.parse(form.source);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const ports = [];
    let server, port, timer, loaded, ready, done, behind;
    let height = RESERVED;

    const box = make('div', { position: 'relative', minHeight: RESERVED });
    const panel = make('div', { position: 'absolute', inset: 0, padding: '2rem 1rem', textAlign: 'center' });
    // One live region from the start: a text that arrives together with its region is not read out.
    const text = make('p', { margin: '0 0 1rem' }, { textContent: 'Loading secure payment…' });
    text.setAttribute('role', 'status');
    panel.append(text);
    box.append(panel);
    host.replaceChildren(box);

    const frame = make(
      'iframe',
      // In front of the text, which the first paint then covers.
      { position: 'relative', inset: 0, display: 'block', border: 0, padding: 0, background: 'none', inlineSize: '100%', height: RESERVED },
      // Without a sandbox: the form is a document of another origin, and needs forms, scripts and the top window.
      { title: 'Secure payment', allow: 'payment; publickey-credentials-get', referrerPolicy: 'no-referrer' },
    );

    const fail = (code, ...ways) => {
      text.textContent = 'The payment form could not be loaded.';
      panel.append(...ways);
      form.state = 'error';
      fire(host, 'error', { code, message: text.textContent });
    };

    // Not one word from the frame. It stays where it is, unseen: if it answers after all, it is shown.
    const failLoad = () => {
      if (form.state === 'error') return;
      const retry = make('button', { font: 'inherit', padding: '.75em 1.5em', margin: '.5rem' }, { type: 'button', textContent: 'Try again' });
      retry.onclick = () => restart(host, true);
      const link = make('a', { color: 'inherit', display: 'inline-block', padding: '.75em', margin: '.5rem' }, {
        href: server + '/checkout/' + session,
        target: '_blank',
        rel: 'noopener noreferrer',
        textContent: 'Open it in a new page',
      });
      frame.style.display = 'none';
      fail('load', retry, ' ', link);
      if (again) retry.focus();
    };

    const wait = (milliseconds, then) => {
      clearTimeout(timer);
      timer = setTimeout(then, milliseconds);
    };

    const go = (path) => {
      const url = new URL(path, server);
      if (url.origin !== server || !/^\/(checkout|return)\//.test(url.pathname)) return;
      // A shop that is itself framed cannot show a bank's page there: the frame would need to be allowed by all its parents.
      if (window === top) location.assign(url);
      else open(url, '_top');
    };

    // The bank's page wants room: the frame stands in front of everything, nothing behind it can be reached, and its place stays free.
    const stage = (open) => {
      if (open === !!behind) return;
      box.style.minHeight = open ? height : 0;
      Object.assign(frame.style, open ? { position: 'fixed', height: '100%', zIndex: 2147483647 } : { position: 'relative', height, zIndex: 'auto' });
      // Where the browser has a top layer, no style of the shop's page can cut the frame.
      frame.popover = open ? 'manual' : null;
      if (open && frame.showPopover) frame.showPopover();
      document.documentElement.style.overflow = open ? 'hidden' : '';
      if (behind) for (const node of behind) node.inert = false;
      behind = open && [];
      for (let node = frame; open && node; node = node.parentNode || node.host) {
        for (const other of (node.parentNode || frame).children) {
          if (other !== node && !other.inert) behind.push(other) && (other.inert = true);
        }
      }
      if (open) frame.focus();
    };

    const receive = (type, data) => {
      if (type === 'size' && Number.isInteger(data.height) && data.height >= 0 && data.height <= 20000) {
        panel.remove();
        height = data.height + 'px';
        if (!behind) box.style.minHeight = 0, (frame.style.height = height);
      } else if (type === 'ready' && !ready) {
        ready = true;
        fire(host, 'ready', {});
      } else if (type === 'state' && is(data.state, STATES)) {
        form.state = data.state;
      } else if (type === 'change' && (data.brand === null || is(data.brand, WORD)) && typeof data.complete === 'boolean') {
        fire(host, 'change', { brand: data.brand, complete: data.complete });
      } else if (type === 'complete' && is(data.status, FINAL) && is(data.paymentId, /^pay_\w{1,64}$/)) {
        const result = data.status + data.paymentId;
        // A frame that was loaded again says it again.
        if (done !== result) fire(host, 'complete', { status: data.status, paymentId: data.paymentId });
        done = result;
      } else if (type === 'error' && is(data.code, WORD) && is(data.message, /^.{0,500}$/s)) {
        fire(host, 'error', { code: data.code, message: data.message });
      } else if (type === 'modal' && typeof data.open === 'boolean') {
        stage(data.open);
      } else if (type === 'navigate' && is(data.path, /^\/(checkout|return)\//)) {
        go(data.path);
      }
    };

    // Offers a fresh channel to the document that the frame now shows; only our server's documents get it. The one before stays open:
    // words that were said into it may still be on their way.
    const shake = () => {
      const { port1, port2 } = new MessageChannel();
      let greeted;
      port1.onmessage = ({ data }) => {
        const type = data && data.type;
        if (type === 'hello' && data.protocol === 1) {
          greeted = true;
          clearTimeout(timer);
          if (form.state === 'error') form.state = 'loading';
          stage(false);
          frame.style.display = 'block';
          if (ports.indexOf(port1) > ports.indexOf(port)) port = port1;
          theme();
        }
        // Without a hello in our protocol nothing else is understood.
        if (greeted) receive(type, data);
      };
      if (ports.push(port1) > 9) ports.shift().close();
      frame.contentWindow.postMessage({ farthing: 1 }, server, [port2]);
    };

    // The frame's `load` comes late, after its scripts; but another origin's document can be told from the empty first one at once.
    // It may not listen yet, so it is asked about every 100 ms until it answers or has loaded.
    const peek = (turn) => {
      if (port || loaded || !frame.contentWindow) return;
      if (turn % 6 === 0 && !frame.contentDocument) shake();
      requestAnimationFrame(() => peek(frame.contentDocument ? 0 : turn + 1));
    };

    // Back from the back-forward cache: does the frame still answer?
    const restored = ({ persisted }) => {
      if (!persisted || !frame.contentWindow) return;
      shake();
      wait(3000, () => restart(host));
    };

    const theme = (form.theme = () => {
      const now = look(host);
      // A frame whose scheme differs from its document's is painted with an opaque background.
      frame.style.colorScheme = now.theme === 'auto' ? 'light dark' : now.theme;
      if (port) port.postMessage(now);
      return now;
    });

    form.stop = () => {
      clearTimeout(timer);
      stage(false);
      removeEventListener('pageshow', restored);
      dark.removeEventListener('change', theme);
      for (const each of ports) each.close();
      box.remove();
    };

    try {
      server = address ? new URL(address, location.href).origin : origin;
    } catch (_) {
      // Not an address: the same as none.
    }
    if (session === null) {
      // The shop has none yet.
    } else if (!/^cst_[\w-]{1,200}$/.test(session)) {
      fail('session');
    } else if (!/^https?:/.test(server)) {
      fail('server');
    } else {
      const { theme: name, properties } = theme();
      const query = new URLSearchParams({ theme: name });
      if (is(locale, /^[\w-]{2,35}$/)) query.set('locale', locale);
      frame.onload = () => {
        loaded = true;
        shake();
        // Once it has spoken, a document that does not is a bank's page or the like: leave it in peace.
        if (!port) wait(3000, failLoad);
      };
      wait(8000, failLoad);
      // The theme travels in the fragment, so that the first paint is right and no log sees it.
      frame.src = `${server}/checkout/${session}?${query}#${new URLSearchParams({ theme: name, ...properties })}`;
      box.append(frame);
      if (again) frame.focus();
      peek(0);
      addEventListener('pageshow', restored);
      dark.addEventListener('change', theme);
    }
    return form;
  };

  const forms = new WeakMap();

  const stop = (host) => {
    const form = forms.get(host);
    if (form) form.stop();
    forms.delete(host);
  };

  const restart = (host, again) => {
    stop(host);
    if (host.isConnected) forms.set(host, mount(host, again));
  };

  // Later in this task, so that attributes set one by one, and frameworks that mount twice, make one frame.
  const update = (host) =>
    queueMicrotask(() => {
      const form = forms.get(host);
      if (!form || form.source !== source(host)) restart(host);
    });

  // A page may load us twice; the first definition stays.
  if (!customElements.get(NAME)) {
    customElements.define(
      NAME,
      class extends HTMLElement {
        static get observedAttributes() {
          return ['session', 'server', 'locale', 'theme'];
        }
        get state() {
          return (forms.get(this) || { state: 'idle' }).state;
        }
        refreshTheme() {
          const form = forms.get(this);
          if (form) form.theme();
        }
        connectedCallback() {
          update(this);
        }
        disconnectedCallback() {
          stop(this);
        }
        // Element.moveBefore: the frame keeps what was typed.
        connectedMoveCallback() {}
        attributeChangedCallback(name) {
          if (name === 'theme') this.refreshTheme();
          else update(this);
        }
      },
    );
  }

  // <script src="…/farthing.js" data-session="cst_…"> mounts a form where it stands, once however often we run.
  for (const tag of tags) {
    const server = originOf(tag);
    if (!server || !tag.dataset.session || tag.farthing) continue;
    tag.farthing = true;
    const form = document.createElement(NAME);
    for (const [name, value] of Object.entries({ server, ...tag.dataset })) {
      if (/^(session|locale|theme|server)$/.test(name)) form.setAttribute(name, value);
    }
    tag.after(form);
  }
})();
