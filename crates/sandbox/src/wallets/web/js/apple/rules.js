// What Apple's reference says of payment requests. Whatever breaks a rule is a TypeError from the constructor.

/** @type {Record<string, number>} Networks, and the version that each came with. */
const NETWORKS = {
    amex: 1, chinaUnionPay: 1, discover: 1, interac: 1, masterCard: 1, privateLabel: 1, visa: 1, jcb: 2, cartesBancaires: 4, eftpos: 4,
    electron: 4, maestro: 4, vPay: 4, elo: 5, mada: 5, girocard: 11, mir: 11, dankort: 13, bancontact: 14, bancomat: 14,
};
const CAPABILITIES = ['supports3DS', 'supportsEMV', 'supportsCredit', 'supportsDebit'];
const BILLING_FIELDS = ['postalAddress', 'name', 'phoneticName'];
const SHIPPING_FIELDS = [...BILLING_FIELDS, 'email', 'phone'];
const CONTACT_TEXTS = [
    'emailAddress', 'familyName', 'givenName', 'phoneNumber', 'phoneticFamilyName', 'phoneticGivenName', 'locality', 'subLocality',
    'administrativeArea', 'subAdministrativeArea', 'postalCode', 'country', 'countryCode',
];
const AMOUNT = /^-?[0-9]+(\.[0-9]+)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * @param {unknown} holds
 * @param {string} rule
 */
const demand = (holds, rule) => {
    if (!holds) {
        throw new TypeError(rule);
    }
};

/** @param {any} value */
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {any} value */
const isText = value => typeof value === 'string' && value !== '';

/** @param {any} value */
const isCountry = value => typeof value === 'string' && /^[A-Z]{2}$/.test(value);

/** @param {any} amount */
const isAmount = amount => typeof amount === 'string' && AMOUNT.test(amount);

/** @param {any} list @param {string[]} known */
const isListOf = (list, known) => Array.isArray(list) && list.every(value => known.includes(value));

/** @param {any} contact */
const isContact = contact =>
    isObject(contact) && Object.entries(contact).every(([name, value]) =>
        (name === 'addressLines'
            ? Array.isArray(value) && value.every(line => typeof line === 'string')
            : CONTACT_TEXTS.includes(name) && typeof value === 'string'));

/**
 * @param {any} item
 * @param {string} name
 */
const checkLine = (item, name) => {
    demand(isObject(item), `${name} must be an object`);
    demand(typeof item.label === 'string', `${name}.label must be a text`);
    demand(isAmount(item.amount), `${name}.amount must be a decimal text with a dot`);
    demand([undefined, 'final', 'pending'].includes(item.type), `${name}.type must be final or pending`);
};

/** @param {any} total */
const checkTotal = total => {
    checkLine(total, 'total');
    demand(isText(total.label), 'total.label must be there');
    demand(Number(total.amount) > 0, 'total.amount must be greater than zero');
};

/** @param {any} lines */
const checkLines = lines => {
    demand(Array.isArray(lines), 'lineItems must be a list');
    lines.forEach((/** @type {any} */ line) => checkLine(line, 'lineItems'));
};

/** @param {any} methods */
const checkShippingMethods = methods => {
    demand(Array.isArray(methods), 'shippingMethods must be a list');
    for (const method of methods) {
        checkLine(method, 'shippingMethods');
        demand(typeof method.detail === 'string' && isText(method.identifier), 'shippingMethods need detail and identifier');
    }
};

/** What the stand-in refuses because it does not do it; Apple does, from version 14 on. */
const NOT_HERE = [
    'multiTokenContexts', 'automaticReloadPaymentRequest', 'recurringPaymentRequest', 'deferredPaymentRequest', 'applePayLaterAvailability',
];

/** @type {Record<string, (value: any, version: number) => void>} How each member has to be. */
const MEMBERS = {
    countryCode: value => demand(isCountry(value), 'countryCode must have two capital letters'),
    currencyCode: value => demand(/^[A-Z]{3}$/.test(value), 'currencyCode must be a code of ISO 4217'),
    merchantCapabilities: value => {
        demand(isListOf(value, CAPABILITIES), 'merchantCapabilities has a value that is not known');
        demand(value.includes('supports3DS'), 'merchantCapabilities must have supports3DS');
    },
    supportedNetworks: (value, version) => {
        demand(Array.isArray(value) && value.length > 0, 'supportedNetworks must be a list with at least one entry');
        for (const network of value) {
            demand(
                Object.prototype.hasOwnProperty.call(NETWORKS, network) && NETWORKS[network] <= version,
                `supportedNetworks: ${network} is not a network of version ${version}`,
            );
        }
    },
    total: checkTotal,
    lineItems: checkLines,
    requiredBillingContactFields: value =>
        demand(isListOf(value, BILLING_FIELDS), `requiredBillingContactFields may have ${BILLING_FIELDS}`),
    requiredShippingContactFields: value =>
        demand(isListOf(value, SHIPPING_FIELDS), `requiredShippingContactFields may have ${SHIPPING_FIELDS}`),
    billingContact: value => demand(isContact(value), 'billingContact has a member that a contact does not have'),
    shippingContact: value => demand(isContact(value), 'shippingContact has a member that a contact does not have'),
    applicationData: value => demand(typeof value === 'string' && BASE64.test(value), 'applicationData must be base64'),
    supportedCountries: value =>
        demand(Array.isArray(value) && value.every(isCountry), 'supportedCountries must be a list of countries'),
    supportsCouponCode: (value, version) =>
        demand(typeof value === 'boolean' && version >= 12, 'supportsCouponCode is a boolean of version 12'),
    couponCode: (value, version) => demand(typeof value === 'string' && version >= 12, 'couponCode is a text of version 12'),
    shippingContactEditingMode: value =>
        demand(['available', 'enabled', 'storePickup'].includes(value), 'shippingContactEditingMode is not known'),
    shippingType: value =>
        demand(['shipping', 'delivery', 'storePickup', 'servicePickup'].includes(value), 'shippingType is not known'),
    shippingMethods: checkShippingMethods,
};
const NEEDED = ['countryCode', 'currencyCode', 'merchantCapabilities', 'supportedNetworks', 'total'];

/**
 * @param {any} request
 * @param {number} version
 */
const checkRequest = (request, version) => {
    demand(isObject(request), 'the payment request must be an object');
    for (const name of NEEDED) {
        demand(request[name] !== undefined, `${name} is missing`);
    }
    for (const [name, value] of Object.entries(request)) {
        demand(!NOT_HERE.includes(name), `the sandbox does not do ${name}`);
        demand(Object.prototype.hasOwnProperty.call(MEMBERS, name), `a payment request has no member ${name}`);
        if (value !== undefined) {
            MEMBERS[name](value, version);
        }
    }
};

/**
 * What a page answers to a selection.
 * @param {any} update
 */
const checkUpdate = update => {
    demand(isObject(update), 'the update must be an object');
    checkTotal(update.newTotal);
    if (update.newLineItems !== undefined) {
        checkLines(update.newLineItems);
    }
    if (update.newShippingMethods !== undefined) {
        checkShippingMethods(update.newShippingMethods);
    }
    checkErrors(update.errors);
};

const ERROR_CODES = [
    'shippingContactInvalid', 'billingContactInvalid', 'addressUnserviceable', 'couponCodeInvalid', 'couponCodeExpired', 'unknown',
];
const ERROR_FIELDS = [
    'phoneNumber', 'emailAddress', 'name', 'phoneticName', 'postalAddress', 'addressLines', 'locality', 'subLocality', 'postalCode',
    'administrativeArea', 'subAdministrativeArea', 'country', 'countryCode',
];

/** One thing that the shop does not like, and where it stands in the sheet. */
class PaymentError {
    /**
     * @param {ApplePayJS.ApplePayErrorCode} errorCode
     * @param {ApplePayJS.ApplePayErrorContactField} [contactField]
     * @param {string} [message]
     */
    constructor(errorCode, contactField, message = '') {
        demand(ERROR_CODES.includes(errorCode), `${errorCode} is not a code of an ApplePayError`);
        demand(contactField === undefined || ERROR_FIELDS.includes(contactField), `${contactField} is not a field of a contact`);
        this.code = errorCode;
        this.contactField = contactField;
        this.message = String(message);
    }
}

/** @param {any} errors */
const checkErrors = errors => {
    demand(
        errors === undefined || (Array.isArray(errors) && errors.every(error => error instanceof PaymentError)),
        'errors must be a list of ApplePayError',
    );
};

