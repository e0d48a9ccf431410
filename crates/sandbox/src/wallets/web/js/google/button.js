// The button. Its look is the sandbox's own: a plain text where Google has its mark. As Google's is a picture, the text is drawn by the style
// sheet: whoever listens hears the label alone.

const BUTTON_STYLE = `
.gpay-button{box-sizing:border-box;display:inline-flex;align-items:center;justify-content:center;gap:.5em;min-width:90px;height:40px;margin:0;padding:0 24px;
border:1px solid #747775;border-radius:4px;background:#000;color:#fff;font:500 16px/1 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;white-space:nowrap;cursor:pointer}
.gpay-button.white{background:#fff;color:#1f1f1f}
.gpay-button.no-border{border-color:transparent}
.gpay-button:not(.plain):not(.short){min-width:152px}
.gpay-button:hover{background:#3c4043}.gpay-button.white:hover{background:#f8f8f8}
.gpay-button:focus-visible{outline:3px solid #4a8cff;outline-offset:2px}
.gpay-button::before{content:attr(data-text)}.gpay-card-info::before{content:attr(data-card)}
.gpay-card-info{padding-inline-start:.6em;border-inline-start:1px solid currentColor;font-variant-numeric:tabular-nums}
.gpay-button-fill,.gpay-button-fill>.gpay-button{width:100%;height:100%;min-width:0}
.gpay-button-fill>.gpay-button{min-height:40px;padding:0 8px;overflow:hidden}
.gpay-button-fill{container-type:inline-size}
@container (max-width:19rem){.gpay-card-info{display:none}}
@container (max-width:11rem){.gpay-button::before{content:'Google Pay'}}
`;

const BUTTON_COLORS = ['default', 'black', 'white'];
/** @type {Record<string, string>} What stands before the name, in English. */
const BUTTON_VERBS = {
    book: 'Book with', buy: 'Buy with', checkout: 'Checkout with', donate: 'Donate with', order: 'Order with', pay: 'Pay with', plain: '',
    subscribe: 'Subscribe with', long: 'Buy with', short: '',
};
const BUTTON_LOCALES = (
    'en ar bg ca cs da de el es et fi fr hr id it ja ko ms nl no pl pt ru sk sl sr sv th tr uk zh'
).split(' ');

/**
 * What the button shows of a card that fits the request: its network and last four digits.
 * @param {any} methods
 * @returns {string}
 */
const cardArt = methods => {
    /** @type {[string, string][]} */
    const cards = [['VISA', 'Visa •••• 3010'], ['MASTERCARD', 'Mastercard •••• 4444']];
    const networks = methods[0].parameters.allowedCardNetworks;
    const card = cards.find(([network]) => networks.includes(network));
    return card === undefined ? '' : card[1];
};

/**
 * Puts the style sheet where the button will stand, once.
 * @param {Document | ShadowRoot} root
 * @param {string | undefined} nonce
 */
const addButtonStyle = (root, nonce) => {
    if (root.querySelector('style[data-gpay-button]') !== null) {
        return;
    }
    const style = document.createElement('style');
    style.dataset.gpayButton = '';
    if (nonce !== undefined) {
        style.nonce = nonce;
    }
    style.textContent = BUTTON_STYLE;
    (root instanceof Document ? root.head : root).append(style);
};

/**
 * @param {any} options
 * @param {string | undefined} nonce
 * @returns {HTMLElement}
 */
const makeButton = (options, nonce) => {
    demand(isObject(options), 'options of createButton must be an object');
    demand(typeof options.onClick === 'function', 'onClick must be a function');
    const color = options.buttonColor === undefined ? 'default' : options.buttonColor;
    demand(BUTTON_COLORS.includes(color), 'buttonColor must be default, black or white');
    const type = options.buttonType === undefined ? 'buy' : options.buttonType;
    demand(Object.prototype.hasOwnProperty.call(BUTTON_VERBS, type), `buttonType must not be ${type}`);
    const size = options.buttonSizeMode === undefined ? 'static' : options.buttonSizeMode;
    demand(size === 'static' || size === 'fill', 'buttonSizeMode must be static or fill');
    const border = options.buttonBorderType === undefined ? 'default_border' : options.buttonBorderType;
    demand(border === 'default_border' || border === 'no_border', 'buttonBorderType must be default_border or no_border');
    const radius = options.buttonRadius;
    demand(radius === undefined || (Number.isFinite(radius) && radius >= 0), 'buttonRadius must be a number of pixels');
    const root = options.buttonRootNode === undefined ? document : options.buttonRootNode;
    demand(root instanceof Document || root instanceof ShadowRoot, 'buttonRootNode must be a document or a shadow root');
    // A language that Google does not have is English, as it is with Google.
    const wanted = String(options.buttonLocale === undefined ? navigator.language : options.buttonLocale).slice(0, 2).toLowerCase();
    const locale = BUTTON_LOCALES.includes(wanted) ? wanted : 'en';

    addButtonStyle(root, nonce);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = ['gpay-button', color === 'white' ? 'white' : 'black', type, locale].join(' ');
    button.classList.toggle('no-border', border === 'no_border');
    button.setAttribute('aria-label', 'Google Pay');
    // Only English has words before the name here; the name itself is never translated.
    const verb = locale === 'en' ? BUTTON_VERBS[type] : '';
    button.dataset.text = verb === '' ? 'Google Pay' : `${verb} Google Pay`;
    if (radius !== undefined) {
        button.style.borderRadius = `${radius}px`;
    }
    if (options.allowedPaymentMethods !== undefined) {
        checkMethods(options.allowedPaymentMethods, undefined, false);
        const art = cardArt(options.allowedPaymentMethods);
        if (art !== '') {
            const card = document.createElement('span');
            card.className = 'gpay-card-info';
            card.dataset.card = art;
            button.append(card);
        }
    }
    button.addEventListener('click', options.onClick);
    const container = document.createElement('div');
    if (size === 'fill') {
        container.className = 'gpay-button-fill';
    }
    container.append(button);
    return container;
};

