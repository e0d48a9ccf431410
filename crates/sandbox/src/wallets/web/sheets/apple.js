// The sheet of Apple Pay.

/** What the sheet knows of its owner. @type {Record<string, string>} */
const OWNER = {
    givenName: 'Ann', familyName: 'Lee', phoneticGivenName: 'Ann', phoneticFamilyName: 'Lee', emailAddress: 'ann@example.com',
    phoneNumber: '+441130000000', addressLines: '1 High Street', locality: 'Leeds', administrativeArea: 'West Yorkshire', postalCode: 'LS1 1AA',
    country: 'United Kingdom', countryCode: 'GB',
};
/** @type {Record<string, string>} */
const LABELS = {
    givenName: 'Given name', familyName: 'Family name', phoneticGivenName: 'Given name, phonetic', phoneticFamilyName: 'Family name, phonetic',
    emailAddress: 'E-mail', phoneNumber: 'Phone', addressLines: 'Street', locality: 'City', administrativeArea: 'Region',
    postalCode: 'Postal code', country: 'Country', countryCode: 'Country code',
};
/** @type {Record<string, string[]>} What a shop asks for, as the contact has it. */
const FIELDS = {
    name: ['givenName', 'familyName'],
    phoneticName: ['phoneticGivenName', 'phoneticFamilyName'],
    email: ['emailAddress'],
    phone: ['phoneNumber'],
    postalAddress: ['addressLines', 'locality', 'administrativeArea', 'postalCode', 'country', 'countryCode'],
};
/** What takes a whole line. */
const WIDE = ['emailAddress', 'phoneNumber', 'addressLines'];
/** What a page may know of an address before the shopper has agreed. */
const REDUCED = ['locality', 'administrativeArea', 'postalCode', 'country', 'countryCode'];
/** What is wrong where a session ends by itself, as Apple words it. */
const SESSION_ERROR = { code: 'unknown', info: {} };

/** @type {any} The request; the page may change its total and its lists. */
let request = null;
/** The page that the shopper sees. */
let page = '';
/** Of the merchant session, once that was found good. */
let ticket = '';

const showRequest = () => {
    showItems(request.lineItems || [], request.currencyCode);
    $('label').textContent = `Pay ${request.total.label}`;
    $('total').textContent = readable(request.total.amount, request.currencyCode);
    const methods = request.shippingMethods || [];
    $('delivery').hidden = methods.length === 0;
    const before = $('method').value;
    $('method').replaceChildren(...methods.map((/** @type {any} */ { label, detail, identifier }) =>
        new Option(`${label} – ${detail}`, identifier, false, identifier === before)));
};

/**
 * The inputs of one contact: exactly what the shop has asked for.
 * @param {'billing' | 'shipping'} kind
 * @param {string} title
 * @param {string[] | undefined} wanted
 * @param {any} given
 */
const addContact = (kind, title, wanted, given) => {
    if (wanted === undefined || wanted.length === 0) {
        return;
    }
    const set = document.createElement('fieldset');
    const legend = document.createElement('legend');
    legend.textContent = title;
    const rows = document.createElement('div');
    rows.className = 'fields';
    set.append(legend, rows);
    const fields = Object.entries(FIELDS).filter(([name]) => wanted.includes(name)).flatMap(([, parts]) => parts);
    for (const field of fields) {
        const label = document.createElement('label');
        label.className = 'field';
        const input = document.createElement('input');
        input.name = `${kind}.${field}`;
        const value = given && given[field];
        input.value = Array.isArray(value) ? value.join(', ') : value || OWNER[field];
        input.autocomplete = 'off';
        const error = document.createElement('span');
        error.setAttribute('role', 'alert');
        error.id = `${input.name}-error`;
        input.setAttribute('aria-describedby', error.id);
        label.append(LABELS[field], input);
        const row = document.createElement('div');
        row.className = WIDE.includes(field) ? 'field whole' : 'field';
        row.append(label, error);
        rows.append(row);
        input.addEventListener('change', () => {
            if (kind === 'shipping' && REDUCED.includes(field)) {
                select('shippingcontactselected', { shippingContact: contact('shipping', REDUCED) });
            }
        });
    }
    $('contacts').append(set);
};

/**
 * @param {'billing' | 'shipping'} kind
 * @param {string[]} [only]
 * @returns {Record<string, any> | undefined} undefined if the shop has asked for none.
 */
const contact = (kind, only) => {
    /** @type {HTMLInputElement[]} */
    const inputs = [.../** @type {any} */ (document.querySelectorAll(`input[name^="${kind}."]`))];
    const pairs = inputs.map(input => [input.name.slice(kind.length + 1), input.value.trim()]);
    const wanted = pairs.filter(([field]) => only === undefined || only.includes(field));
    return pairs.length === 0
        ? undefined
        : Object.fromEntries(wanted.map(([field, value]) => [field, field === 'addressLines' ? [value] : value]));
};

/** @type {[string, object][]} Selections that the page has still to be told of: one after the other. */
let selections = [];

const nextSelection = () => {
    const [next] = selections;
    if (next === undefined) {
        show('choosing');
        return;
    }
    selections = selections.slice(1);
    show('asking', 'Asking the shop…');
    say({ kind: 'select', type: next[0], fields: next[1] });
};

/**
 * The shopper has chosen something that may change the total.
 * @param {string} type
 * @param {object} fields
 */
const select = (type, fields) => {
    selections.push([type, fields]);
    if ($('wallet').dataset.view === 'choosing') {
        nextSelection();
    }
};

/**
 * What Apple says of the merchant session.
 * @param {unknown} session
 * @param {string} origin Of the document with the button, as the browser says it; `null` of a frame that has none.
 */
const validate = async (session, origin) => {
    try {
        const domain = origin === 'null' ? '' : new URL(page).hostname;
        const answer = await ask('/wallets/apple/session', { session, domain });
        ({ ticket } = answer);
        $('shop').textContent = answer.displayName;
    } catch (error) {
        say({ kind: 'cancel', sessionError: SESSION_ERROR });
        end('failed', `Apple Pay is not available here: ${/** @type {Error} */ (error).message}.`);
        return;
    }
    say({ kind: 'validated' });
    if (contact('shipping', REDUCED) !== undefined && request.requiredShippingContactFields.includes('postalAddress')) {
        selections.push(['shippingcontactselected', { shippingContact: contact('shipping', REDUCED) }]);
    }
    selections.push(['paymentmethodselected', { paymentMethod: { type: 'debit' } }]);
    nextSelection();
    $('pay').focus({ preventScroll: true });
};

const authorize = async () => {
    show('processing', 'Processing…');
    clearErrors();
    const card = /** @type {HTMLInputElement} */ (chosen());
    const flaw = $('flaw').value;
    try {
        const token = await ask('/wallets/apple/token', {
            ticket,
            amount: request.total.amount,
            currency: request.currencyCode,
            number: card.value,
            application_data: request.applicationData,
            faults: flaw === '' ? [] : [flaw],
        });
        /** @type {any} */
        const payment = { token };
        for (const kind of /** @type {const} */ (['billing', 'shipping'])) {
            const whole = contact(kind);
            if (whole !== undefined) {
                payment[`${kind}Contact`] = whole;
            }
        }
        say({ kind: 'authorize', payment });
        return true;
    } catch (error) {
        say({ kind: 'cancel', sessionError: SESSION_ERROR });
        end('failed', `There is no token: ${/** @type {Error} */ (error).message}.`);
        return false;
    }
};

const clearErrors = () => {
    for (const place of document.querySelectorAll('#contacts [role=alert]')) {
        place.textContent = '';
    }
    for (const input of document.querySelectorAll('#contacts [aria-invalid]')) {
        input.removeAttribute('aria-invalid');
    }
};

/** @type {Record<string, string>} Fields of an error that are several of a contact: the first one is pointed at. */
const FIRST = { name: 'givenName', phoneticName: 'phoneticGivenName', postalAddress: 'addressLines' };

/**
 * Puts each error where it belongs, and the rest under the total.
 * @param {any[]} errors
 */
const showErrors = errors => {
    if (errors.length === 0) {
        return;
    }
    const rest = [];
    for (const { code, contactField = '', message } of errors) {
        const kind = code === 'billingContactInvalid' ? 'billing' : 'shipping';
        const field = FIRST[contactField] || contactField;
        const name = [`${kind}.${field}`, `billing.${field}`, `shipping.${field}`].find(id => $(`${id}-error`) !== null);
        const text = message === '' ? 'Check this' : message;
        if (name === undefined) {
            rest.push(text);
            continue;
        }
        $(`${name}-error`).textContent = text;
        const input = /** @type {HTMLInputElement} */ (document.querySelector(`input[name="${name}"]`));
        input.setAttribute('aria-invalid', 'true');
    }
    $('status').textContent = rest.join(' ');
    const first = document.querySelector('#contacts [aria-invalid]');
    if (first !== null) {
        /** @type {HTMLElement} */ (first).focus();
    }
};

$('pay').addEventListener('click', authorize);
$('session-error').addEventListener('click', () => {
    say({ kind: 'cancel', sessionError: SESSION_ERROR });
    end('failed', 'Ended with an error of the session.');
});
$('late-cancel').addEventListener('click', async () => {
    if (await authorize()) {
        say({ kind: 'cancel' });
        end('failed', 'Canceled after the payment was authorized.');
    }
});
$('timeout').addEventListener('click', () => timeOut());
$('method').addEventListener('change', () => {
    const method = request.shippingMethods.find((/** @type {any} */ { identifier }) => identifier === $('method').value);
    select('shippingmethodselected', { shippingMethod: method });
});
$('code').addEventListener('change', () => select('couponcodechanged', { couponCode: $('code').value }));
for (const card of cards()) {
    card.addEventListener('change', () => select('paymentmethodselected', { paymentMethod: { type: 'debit' } }));
}

const timeOut = () => {
    say({ kind: 'cancel' });
    end('failed', 'Payment not completed');
};

listen((message, origin) => {
    switch (message.kind) {
        case 'begin':
            ({ request, top: page } = message);
            $('origin').textContent = origin;
            $('shop').textContent = request.total.label;
            $('coupon').hidden = request.supportsCouponCode !== true;
            $('code').value = request.couponCode || '';
            addContact('billing', 'Billing', request.requiredBillingContactFields, request.billingContact);
            addContact('shipping', 'Contact', request.requiredShippingContactFields, request.shippingContact);
            showRequest();
            show('loading', 'Waiting for the shop…');
            if (offerCards(card => request.supportedNetworks.includes(card.dataset.network))) {
                say({ kind: 'ready' });
            } else {
                show('stuck', 'This wallet has no card that the shop takes.');
            }
            break;
        case 'merchant':
            validate(message.session, origin);
            break;
        case 'update': {
            const { newTotal, newLineItems, newShippingMethods, errors = [] } = message.update || {};
            request = {
                ...request,
                total: newTotal || request.total,
                lineItems: newLineItems || request.lineItems,
                shippingMethods: newShippingMethods || request.shippingMethods,
            };
            clearErrors();
            showRequest();
            nextSelection();
            showErrors(errors);
            break;
        }
        case 'completed':
            if (message.status === 0) {
                end('done', 'Done');
            } else if (message.errors.length > 0) {
                show('choosing');
                showErrors(message.errors);
            } else {
                end('failed', 'Payment not completed');
            }
            break;
        case 'timeout':
            timeOut();
            break;
        default:
            break;
    }
});
