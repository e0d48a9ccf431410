// What both sheets have in common: the opener, what is shown, and the way out.

/** How long the last word is shown before the window closes, milliseconds. */
const LAST_WORD = 1200;

/**
 * An element of this page, which has it.
 * @param {string} id
 * @returns {any}
 */
const $ = id => document.getElementById(id);

/**
 * What the page shows: `loading`, `choosing`, `asking` (the shop), `processing`, `stuck` (nothing is left but to cancel), `done`, `failed` or
 * `gone`.
 * @param {string} view
 * @param {string} [text]
 */
const show = (view, text = '') => {
    $('wallet').dataset.view = view;
    $('status').textContent = text;
    for (const control of document.querySelectorAll('button, input, select')) {
        const isLocked = view !== 'choosing' && control.id !== 'cancel';
        /** @type {HTMLButtonElement} */ (control).disabled = isLocked || control.matches('.never *');
    }
    $('cancel').disabled = !['loading', 'choosing', 'stuck'].includes(view);
};

/**
 * Says how it ended and closes the window.
 * @param {string} view
 * @param {string} text
 */
const end = (view, text) => {
    isOver = true;
    show(view, text);
    setTimeout(() => window.close(), LAST_WORD);
};
let isOver = false;

/** @type {MessagePort | null} The channel to the script that has opened this window. */
let port = null;

/**
 * Says something to the script.
 * @param {unknown} message
 */
const say = message => {
    if (port !== null) {
        port.postMessage(message);
    }
};

const gone = () => {
    if (!isOver) {
        end('gone', 'The shop’s page has gone. This window closes.');
    }
};

/**
 * Greets the window that has opened this one, and waits for its channel. Nobody else is listened to.
 * @param {(message: any, origin: string) => void} hear
 */
const listen = hear => {
    /** @type {Window | null} */
    const opener = window.opener;
    if (opener === null) {
        end('gone', 'This page is opened by a shop’s page, and there is none.');
        return;
    }
    /** @param {MessageEvent} event */
    const greet = event => {
        if (event.source !== opener || event.data !== 'farthing-opener' || event.ports.length !== 1) {
            return;
        }
        removeEventListener('message', greet);
        // From here on the channel alone counts: no other window has its other end, whatever the opener's window shows later.
        const { origin } = event;
        [port] = event.ports;
        port.onmessage = ({ data }) => {
            if (data.kind === 'gone') {
                gone();
            } else if (!isOver) {
                hear(data, origin);
            }
        };
    };
    addEventListener('message', greet);
    opener.postMessage('farthing-sheet', '*');
    setInterval(() => {
        if (opener.closed) {
            gone();
        }
    }, 300);
};

/**
 * Asks the sandbox.
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
const ask = async (path, body) => {
    const answer = await fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
    });
    const value = await answer.json();
    if (!answer.ok) {
        throw new Error(value.error);
    }
    return value;
};

/**
 * An amount as people read it; as it came where the browser does not know the currency.
 * @param {string} amount
 * @param {string} currency
 */
const readable = (amount, currency) => {
    try {
        return new Intl.NumberFormat('en', { style: 'currency', currency }).format(Number(amount));
    } catch {
        return `${currency} ${amount}`;
    }
};

/**
 * Writes what is bought above the total.
 * @param {{label: string, amount: string}[]} items
 * @param {string} currency
 */
const showItems = (items, currency) => {
    $('items').replaceChildren(...items.map(({ label, amount }) => {
        const row = document.createElement('li');
        const [name, price] = [document.createElement('span'), document.createElement('span')];
        name.textContent = label;
        price.textContent = readable(amount, currency);
        row.append(name, price);
        return row;
    }));
};

/** @returns {HTMLInputElement[]} */
const cards = () => [.../** @type {any} */ (document.querySelectorAll('input[name=card]'))];

/** @returns {HTMLInputElement | undefined} */
const chosen = () => cards().find(card => card.checked);

/**
 * Crosses out the cards that the shop does not take, and chooses the first of the others.
 * @param {(card: HTMLInputElement) => boolean} fits
 */
const offerCards = fits => {
    for (const card of cards()) {
        const label = /** @type {HTMLElement} */ (card.closest('label'));
        label.classList.toggle('never', !fits(card));
        card.checked = false;
    }
    const first = cards().find(fits);
    if (first !== undefined) {
        first.checked = true;
    }
    return first !== undefined;
};

$('cancel').addEventListener('click', () => {
    say({ kind: 'cancel' });
    isOver = true;
    window.close();
});
addEventListener('keydown', event => {
    if (event.key === 'Escape' && !$('cancel').disabled) {
        $('cancel').click();
    }
});

