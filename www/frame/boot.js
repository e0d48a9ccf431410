// First script of the checkout page, inline in <head>: the shop's theme before the first paint, the channel to the loader, the frame's height.
//
// It gives the rest of the page `window.farthing`, data-apple to <html>, and data-framed to an <html> that another page holds:
//   post(message)  tells the shop's page. Until the loader has given its port, the last message of each type waits. A later port (the shop came
//                  back from the back-forward cache) gets size, ready and state again. {type: "navigate", path} without a port opens the path in
//                  the top window, so that the caller need not know where it runs.
//   plain()        says that no WebAssembly will run: the form goes on as a plain one, without wallets, and a page that waits for a result
//                  reloads itself.
//   wasm           promise of the response with the wasm; set by the script after this one
//
// Protocol 1, loader to frame: {farthing: 1} with a port, from our parent and from an origin in <html data-shops>; over the port
// {type: "theme", theme, properties}. Nothing else is listened to. Whole-line comments are removed when it is packaged.
(() => {
  const root = document.documentElement;
  const waiting = {};
  let port;

  // Colours, lengths and lists of fonts: no function that fetches, as url() does, and nothing that ends a declaration.
  const VALUE = /^([\p{L}\d #%.,'"/+*_-]|\b(rgba?|hsla?|oklab|oklch|lab|lch|color(-mix)?|light-dark|calc|clamp)\(|\))*$/u;

  // The wallets' buttons follow the looks of the page.
  const news = () => dispatchEvent(new Event('farthing-news'));
  matchMedia('(prefers-color-scheme: dark)').onchange = news;

  const apply = ({ theme, properties }) => {
    if (/^(light|dark|auto)$/.test(theme)) root.dataset.theme = theme;
    for (const name of 'font radius background surface text muted line border accent accent-strong on-accent danger danger-soft good note on-note'.split(' ')) {
      const value = String(properties['farthing-' + name] || '');
      root.style.setProperty('--farthing-' + name, value.length <= 120 && VALUE.test(value) ? value : '');
    }
    news();
  };

  const post = (message) => {
    const { type } = message;
    if (port) port.postMessage(message);
    else if (type === 'navigate') return open(message.path, '_top');
    waiting[type] = (!port || /size|ready|state/.test(type)) && message;
  };

  const plain = () => {
    const { state } = document.querySelector('[data-state]').dataset;
    document.querySelector('.wallets')?.remove();
    post({ type: 'ready', plain: true });
    post({ type: 'state', state });
    if (state === 'processing') setTimeout(() => location.reload(), 3000);
    const view = JSON.parse(document.getElementById('farthing-state').textContent);
    if (/paid|failed/.test(state)) post({ type: 'complete', status: view.payment_status, paymentId: view.payment_id });
  };
  addEventListener('error', ({ target, error }) => {
    // The form's own script is missing, or the browser refuses it because it was changed on the way.
    if (target.type === 'module') plain();
    // The module has trapped: what it leaves is no checkout any more. The server knows how things stand; once, or it might never end.
    else if (error instanceof WebAssembly.RuntimeError && performance.getEntriesByType('navigation')[0].type !== 'reload') location.reload();
  }, true);

  // A frame can take the focus by itself, and with it the keys: whoever is typing gets it back, and the frame is gone. Who goes there by Tab,
  // with the pointer or after a while is let through; a touch screen has no pointer, so there the while is short.
  let last;
  for (const type of ['keydown', 'focusin']) addEventListener(type, (event) => (last = event), true);
  addEventListener('blur', ({ timeStamp }) => {
    const frame = document.activeElement;
    if (!last?.target.form || last.key === 'Tab' || !frame.closest('.wallets')) return;
    if (timeStamp - last.timeStamp > (frame.matches(':hover') || !matchMedia('(hover)').matches ? 500 : 2000)) return;
    frame.remove();
    last.target.focus();
  });

  window.farthing = { post, plain };
  // Whether Apple Pay can come: where it is built in, or by Apple's script, which serves no other telephones.
  root.dataset.apple = window.ApplePaySession ? 'built-in' : /Mobi|Android/.test(navigator.userAgent) ? 'no' : 'sdk';
  if (parent === window) return;

  root.dataset.framed = '';
  const properties = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  apply({ theme: properties.theme, properties });

  addEventListener('message', ({ source, origin, data, ports }) => {
    if (source !== parent || !root.dataset.shops.split(' ').includes(origin) || !data || data.farthing !== 1 || !ports[0]) return;
    if (port) port.close();
    port = ports[0];
    port.onmessage = ({ data }) => data && data.type === 'theme' && data.properties && apply(data);
    port.postMessage({ type: 'hello', protocol: 1 });
    Object.values(waiting).forEach((message) => message && post(message));
  });

  // The height of the content, once it is there: <html> is as high as what it holds, whatever the height of the frame.
  addEventListener('DOMContentLoaded', () =>
    new ResizeObserver(([{ contentRect }]) => post({ type: 'size', height: Math.ceil(contentRect.height) })).observe(root));
})();
