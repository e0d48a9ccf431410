// <apple-pay-button>. Its look is the sandbox's own: a plain text where Apple has its mark.

/** @type {Record<string, string>} What stands before the name, in English. */
const BUTTON_VERBS = {
    'add-money': 'Add money with', book: 'Book with', buy: 'Buy with', 'check-out': 'Check out with', continue: 'Continue with',
    contribute: 'Contribute with', donate: 'Donate with', order: 'Order with', pay: 'Pay with', plain: '', reload: 'Reload with',
    rent: 'Rent with', 'set-up': 'Set up', subscribe: 'Subscribe with', support: 'Support with', tip: 'Tip with', 'top-up': 'Top up with',
};

const BUTTON_STYLE = `
:host{display:inline-block;box-sizing:border-box;width:var(--apple-pay-button-width,140px);min-width:140px;vertical-align:middle}
:host([type=plain]),:host(:not([type])){min-width:100px}
:host([hidden]){display:none}
button{display:block;box-sizing:var(--apple-pay-button-box-sizing,border-box);width:100%;height:var(--apple-pay-button-height,30px);min-height:30px;margin:0;
padding:var(--apple-pay-button-padding,0);border:1px solid #000;border-radius:var(--apple-pay-button-border-radius,4px);background:#000;color:#fff;
font:500 16px/1 -apple-system,system-ui,'Segoe UI',Roboto,sans-serif;white-space:nowrap;overflow:hidden;cursor:pointer}
:host([buttonstyle=white]) button{background:#fff;border-color:#fff;color:#000}
:host([buttonstyle=white-outline]) button{background:#fff;color:#000}
button:hover{opacity:.86}button:focus-visible{outline:3px solid #4a8cff;outline-offset:2px}
`;

class PayButton extends HTMLElement {
    static get observedAttributes() { return ['type', 'locale']; }

    constructor() {
        super();
        const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
        // A sheet that a script has made is none that a policy could forbid.
        const style = new CSSStyleSheet();
        style.replaceSync(BUTTON_STYLE);
        root.adoptedStyleSheets = [style];
        this.button = document.createElement('button');
        this.button.type = 'button';
        root.append(this.button);
        this.draw();
    }

    attributeChangedCallback() {
        this.draw();
    }

    draw() {
        const locale = this.getAttribute('locale') || navigator.language;
        const type = this.getAttribute('type') || 'plain';
        const known = Object.prototype.hasOwnProperty.call(BUTTON_VERBS, type) ? BUTTON_VERBS[type] : '';
        // Only English has words before the name here; the name itself is never translated.
        const verb = /^en\b/i.test(locale) ? known : '';
        this.button.textContent = verb === '' ? 'Apple Pay' : `${verb} Apple Pay`;
    }
}

if (customElements.get('apple-pay-button') === undefined) {
    customElements.define('apple-pay-button', PayButton);
}
