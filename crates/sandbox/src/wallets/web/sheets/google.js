// The sheet of Google Pay.

/** Who the sandbox's tokens are made for; Google knows no other gateway here. */
const GATEWAY = { gateway: 'primepay', gatewayMerchantId: 'farthing-sandbox' };

/** The buyer. @type {Record<string, string>} */
const BUYER = {
    name: 'Ann Lee', address1: '1 High Street', address2: '', address3: '', locality: 'Leeds', administrativeArea: 'West Yorkshire',
    countryCode: 'GB', postalCode: 'LS1 1AA', sortingCode: '', phoneNumber: '+441130000000', iso3166AdministrativeArea: 'GB-LDS',
};
const EMAIL = 'ann@example.com';

/** @type {Record<string, string[]>} What each format of an address has. */
const FORMATS = {
    MIN: ['name', 'countryCode', 'postalCode'],
    FULL: [
        'name', 'address1', 'address2', 'address3', 'locality', 'administrativeArea', 'countryCode', 'postalCode', 'sortingCode',
    ],
};
FORMATS['FULL-ISO3166'] = [...FORMATS.FULL, 'iso3166AdministrativeArea'];
/** What a page may know of an address before the buyer has agreed. */
const INTERMEDIATE = ['administrativeArea', 'countryCode', 'postalCode', 'locality'];

/** @type {any} The request, whose transaction the page may change. */
let request = null;

/**
 * @param {string[]} fields
 * @param {boolean} [phone]
 */
const address = (fields, phone) =>
    Object.fromEntries([...fields, ...(phone ? ['phoneNumber'] : [])].map(field => [field, BUYER[field]]));

const parameters = () => request.allowedPaymentMethods[0].parameters;

/**
 * How a card proves itself: as the shop takes it, the device first.
 * @param {HTMLInputElement} card
 */
const authMethod = card =>
    String(card.dataset.auth).split(' ').find(method => parameters().allowedAuthMethods.includes(method));

/**
 * @param {HTMLInputElement} card
 * @returns {boolean}
 */
const fits = card => parameters().allowedCardNetworks.includes(card.dataset.network) && authMethod(card) !== undefined;

/** @param {string} wanted */
const intends = wanted => (request.callbackIntents || []).includes(wanted);

const showTransaction = () => {
    const info = request.transactionInfo;
    showItems((info.displayItems || []).map((/** @type {any} */ { label, price }) => ({ label, amount: price })), info.currencyCode);
    $('total').textContent = info.totalPrice === undefined ? 'To be known later' : readable(info.totalPrice, info.currencyCode);
    $('label').textContent = info.totalPriceLabel || 'Total';
    $('pay').textContent = info.checkoutOption === 'CONTINUE_TO_REVIEW' ? 'Continue' : 'Pay';
    for (const card of cards()) {
        const asks = fits(card) && authMethod(card) === 'PAN_ONLY';
        /** @type {any} */ (card.parentElement).querySelector('.asks').hidden = !asks;
    }
};

/** The page may change the transaction before the buyer agrees. */
const tellChange = () => {
    const card = /** @type {HTMLInputElement} */ (chosen());
    /** @type {any} */
    const data = {
        callbackTrigger: 'INITIALIZE',
        paymentMethodData: { type: 'CARD', info: { cardNetwork: card.dataset.network } },
    };
    if (intends('SHIPPING_ADDRESS')) {
        data.shippingAddress = address(INTERMEDIATE);
    }
    show('asking', 'Asking the shop…');
    say({ kind: 'changed', data });
};

const letChoose = () => {
    show('choosing');
    $('pay').focus({ preventScroll: true });
};

/** @param {any} message */
const begin = message => {
    ({ request } = message);
    $('shop').textContent = request.merchantInfo.merchantName || 'The shop';
    $('environment').textContent = message.environment;
    $('email').textContent = request.emailRequired ? `The shop gets ${EMAIL}.` : '';
    showTransaction();
    const { type, parameters: gateway } = request.allowedPaymentMethods[0].tokenizationSpecification;
    const isKnown = type === 'PAYMENT_GATEWAY'
        && gateway.gateway === GATEWAY.gateway && gateway.gatewayMerchantId === GATEWAY.gatewayMerchantId;
    if (!isKnown) {
        failInside('OR_BIBED_06', 'Google does not know this gateway, or the shop’s id at it.');
    } else if (!offerCards(fits)) {
        failInside('OR_BIBED_11', 'This wallet has no card that the shop takes.');
    } else if (['PAYMENT_METHOD', 'SHIPPING_ADDRESS'].some(intends)) {
        tellChange();
    } else {
        letChoose();
    }
};

/**
 * An error that Google draws itself: the page hears of a buyer who has closed the window.
 * @param {string} code
 * @param {string} text
 */
const failInside = (code, text) => {
    show('stuck', `${text} (${code})`);
    $('cancel').focus({ preventScroll: true });
};

/** What the page gets. */
const paymentData = async () => {
    const card = /** @type {HTMLInputElement} */ (chosen());
    const flaw = $('flaw').value;
    const data = await ask('/_control/wallets/google/token', {
        auth_method: authMethod(card), number: card.value, faults: flaw === '' ? [] : [flaw],
    });
    const { info } = data.paymentMethodData;
    const { billingAddressRequired, billingAddressParameters: billing = {}, assuranceDetailsRequired } = parameters();
    if (billingAddressRequired) {
        info.billingAddress = address(FORMATS[billing.format || 'MIN'], billing.phoneNumberRequired);
    }
    if (assuranceDetailsRequired) {
        info.assuranceDetails = { accountVerified: true, cardHolderAuthenticated: authMethod(card) === 'CRYPTOGRAM_3DS' };
    }
    if (request.emailRequired) {
        data.email = EMAIL;
    }
    if (request.shippingAddressRequired) {
        const shipping = request.shippingAddressParameters || {};
        data.shippingAddress = address(FORMATS[shipping.format || 'FULL'], shipping.phoneNumberRequired);
    }
    return data;
};

/** @type {any} What waits for the page's onPaymentAuthorized. */
let pending = null;

$('pay').addEventListener('click', async () => {
    show('processing', 'Processing…');
    try {
        pending = await paymentData();
    } catch (error) {
        say({ kind: 'error', statusCode: 'INTERNAL_ERROR', statusMessage: String(error) });
        end('failed', 'The sandbox could not make a token.');
        return;
    }
    if (intends('PAYMENT_AUTHORIZATION')) {
        say({ kind: 'authorized', data: pending });
    } else {
        finish();
    }
});

const finish = () => {
    say({ kind: 'data', data: pending });
    pending = null;
    end('done', 'Done. Go on in the shop.');
};

for (const button of document.querySelectorAll('button[data-error]')) {
    const { error: statusCode } = /** @type {HTMLElement} */ (button).dataset;
    button.addEventListener('click', () => {
        say({ kind: 'error', statusCode, statusMessage: 'chosen in the sandbox’s sheet' });
        end('failed', `Ended with ${statusCode}.`);
    });
}
$('inside').addEventListener('click', () => failInside('OR_BIBED_06', 'An error occurred. Try again later.'));

for (const card of cards()) {
    card.addEventListener('change', () => {
        if (intends('PAYMENT_METHOD')) {
            tellChange();
        }
    });
}

listen((message, origin) => {
    switch (message.kind) {
        case 'begin':
            $('origin').textContent = origin;
            begin(message);
            break;
        case 'update': {
            const { newTransactionInfo = null, error = null } = message.update || {};
            if (newTransactionInfo !== null) {
                request.transactionInfo = newTransactionInfo;
            }
            showTransaction();
            letChoose();
            $('status').textContent = error === null ? '' : error.message;
            break;
        }
        case 'authorization': {
            const { transactionState, error = null } = message.result || {};
            if (transactionState === 'SUCCESS') {
                finish();
            } else {
                letChoose();
                $('status').textContent = error === null ? 'The payment failed. Try again.' : error.message;
            }
            break;
        }
        default:
            break;
    }
});
