// What Google's reference says of requests. Whatever breaks a rule is a DEVELOPER_ERROR.

const NETWORKS = ['AMEX', 'DISCOVER', 'INTERAC', 'JCB', 'MASTERCARD', 'VISA'];
/** @type {Record<string, string | null>} Networks of Brazil, and the one that each needs beside it. */
const NETWORKS_OF_BRAZIL = { ELECTRON: 'VISA', ELO: null, ELO_DEBIT: 'ELO', MAESTRO: 'MASTERCARD' };
const AUTH_METHODS = ['PAN_ONLY', 'CRYPTOGRAM_3DS'];
const ADDRESS_FORMATS = ['MIN', 'FULL', 'FULL-ISO3166'];
const PRICE = /^[0-9]+(\.[0-9][0-9])?$/;
const COUNTRY = /^[A-Z]{2}$/;

/** A request that is not as the reference wants it. */
class Malformed extends Error {}

/**
 * @param {unknown} holds
 * @param {string} rule
 */
const demand = (holds, rule) => {
    if (!holds) {
        throw new Malformed(rule);
    }
};

/** @param {any} value */
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {any} value */
const isText = value => typeof value === 'string' && value !== '';

/**
 * @param {any} object
 * @param {string[]} names
 */
const demandFlags = (object, names) => {
    for (const name of names) {
        demand(['undefined', 'boolean'].includes(typeof object[name]), `${name} must be a boolean`);
    }
};

/**
 * @param {any} list
 * @param {string} name
 * @param {(value: any) => boolean} isGood
 */
const demandList = (list, name, isGood) => {
    demand(Array.isArray(list) && list.length > 0, `${name} must be a list with at least one entry`);
    for (const value of list) {
        demand(isGood(value), `${name} must not have ${JSON.stringify(value)}`);
    }
};

/** @param {any} request */
const checkVersion = request => {
    demand(isObject(request), 'the request must be an object');
    demand(request.apiVersion === 2, 'apiVersion must be 2');
    demand(request.apiVersionMinor === 0, 'apiVersionMinor must be 0');
};

/**
 * @param {any} parameters
 * @param {string | undefined} country
 */
const checkCard = (parameters, country) => {
    demand(isObject(parameters), 'parameters of a payment method must be an object');
    demandList(parameters.allowedAuthMethods, 'allowedAuthMethods', method => AUTH_METHODS.includes(method));
    const isKnown = (/** @type {any} */ network) =>
        NETWORKS.includes(network) || Object.prototype.hasOwnProperty.call(NETWORKS_OF_BRAZIL, network);
    demandList(parameters.allowedCardNetworks, 'allowedCardNetworks', isKnown);
    for (const network of parameters.allowedCardNetworks.filter((/** @type {string} */ name) => !NETWORKS.includes(name))) {
        const beside = NETWORKS_OF_BRAZIL[network];
        demand(country === undefined || country === 'BR', `${network} needs countryCode BR`);
        demand(beside === null || parameters.allowedCardNetworks.includes(beside), `${network} needs ${beside} beside it`);
    }
    demandFlags(parameters, [
        'allowPrepaidCards', 'allowCreditCards', 'assuranceDetailsRequired', 'billingAddressRequired', 'cvcRequired',
    ]);
    const { allowedIssuerCountryCodes: allowed, blockedIssuerCountryCodes: blocked } = parameters;
    demand(allowed === undefined || blocked === undefined, 'issuer countries are allowed or blocked, not both');
    for (const [name, list] of Object.entries({ allowedIssuerCountryCodes: allowed, blockedIssuerCountryCodes: blocked })) {
        if (list !== undefined) {
            demandList(list, name, code => COUNTRY.test(code));
        }
    }
    const address = parameters.billingAddressParameters;
    if (address !== undefined) {
        demand(isObject(address), 'billingAddressParameters must be an object');
        demand(
            address.format === undefined || ADDRESS_FORMATS.includes(address.format),
            'billingAddressParameters.format must be MIN, FULL or FULL-ISO3166',
        );
        demandFlags(address, ['phoneNumberRequired']);
    }
};

/** @param {any} specification */
const checkTokenization = specification => {
    demand(isObject(specification), 'tokenizationSpecification must be an object');
    const { type, parameters } = specification;
    demand(type === 'PAYMENT_GATEWAY' || type === 'DIRECT', 'tokenizationSpecification.type must be PAYMENT_GATEWAY or DIRECT');
    demand(isObject(parameters), 'tokenizationSpecification.parameters must be an object');
    for (const [name, value] of Object.entries(parameters)) {
        demand(isText(value), `tokenizationSpecification.parameters.${name} must be a text`);
    }
    const needed = type === 'DIRECT' ? ['protocolVersion', 'publicKey'] : ['gateway'];
    for (const name of needed) {
        demand(isText(parameters[name]), `tokenizationSpecification.parameters.${name} is missing`);
    }
};

/**
 * @param {any} methods
 * @param {string | undefined} country
 * @param {boolean} pays Whether a token is asked for.
 */
const checkMethods = (methods, country, pays) => {
    demandList(methods, 'allowedPaymentMethods', isObject);
    for (const method of methods) {
        demand(method.type === 'CARD', 'type of a payment method must be CARD');
        checkCard(method.parameters, country);
        if (pays || method.tokenizationSpecification !== undefined) {
            checkTokenization(method.tokenizationSpecification);
        }
    }
};

/** @param {any} info */
const checkTransaction = info => {
    demand(isObject(info), 'transactionInfo must be an object');
    demand(/^[A-Z]{3}$/.test(info.currencyCode), 'currencyCode must be a code of ISO 4217');
    demand(info.countryCode === undefined || COUNTRY.test(info.countryCode), 'countryCode must have two capital letters');
    demand(
        ['FINAL', 'ESTIMATED', 'NOT_CURRENTLY_KNOWN'].includes(info.totalPriceStatus),
        'totalPriceStatus must be FINAL, ESTIMATED or NOT_CURRENTLY_KNOWN',
    );
    const isPriced = info.totalPriceStatus !== 'NOT_CURRENTLY_KNOWN' || info.totalPrice !== undefined;
    demand(!isPriced || (typeof info.totalPrice === 'string' && PRICE.test(info.totalPrice)), `totalPrice must be a text like ${PRICE}`);
    demand(info.transactionId === undefined || isText(info.transactionId), 'transactionId must be a text');
    if (info.checkoutOption !== undefined) {
        demand(
            ['DEFAULT', 'COMPLETE_IMMEDIATE_PURCHASE', 'CONTINUE_TO_REVIEW'].includes(info.checkoutOption),
            'checkoutOption must be DEFAULT, COMPLETE_IMMEDIATE_PURCHASE or CONTINUE_TO_REVIEW',
        );
        demand(
            info.checkoutOption !== 'COMPLETE_IMMEDIATE_PURCHASE' || info.totalPriceStatus === 'FINAL',
            'COMPLETE_IMMEDIATE_PURCHASE needs totalPriceStatus FINAL',
        );
    }
    if (info.displayItems !== undefined) {
        demand(isText(info.totalPriceLabel), 'displayItems need totalPriceLabel');
        demandList(info.displayItems, 'displayItems', item =>
            isObject(item) && isText(item.label) && /^-?[0-9]+(\.[0-9][0-9])?$/.test(item.price)
            && ['LINE_ITEM', 'SUBTOTAL', 'TAX', 'DISCOUNT', 'SHIPPING_OPTION'].includes(item.type)
            && [undefined, 'FINAL', 'PENDING'].includes(item.status));
    }
};

/**
 * Each intent needs its handler, and each handler its intent.
 * @param {any} intents
 * @param {any} callbacks
 */
const checkIntents = (intents, callbacks) => {
    if (intents !== undefined) {
        // Empty would mean nothing; offers and shipping options are refused beside it.
        demandList(intents, 'callbackIntents', intent =>
            ['PAYMENT_AUTHORIZATION', 'PAYMENT_METHOD', 'SHIPPING_ADDRESS'].includes(intent));
    }
    const wanted = intents || [];
    const authorizes = wanted.includes('PAYMENT_AUTHORIZATION');
    const changes = wanted.some((/** @type {string} */ intent) => intent !== 'PAYMENT_AUTHORIZATION');
    const has = (/** @type {string} */ name) => callbacks !== undefined && typeof callbacks[name] === 'function';
    demand(!authorizes || has('onPaymentAuthorized'), 'PAYMENT_AUTHORIZATION needs onPaymentAuthorized in paymentDataCallbacks');
    demand(!changes || has('onPaymentDataChanged'), 'callbackIntents need onPaymentDataChanged in paymentDataCallbacks');
};

/** What the stand-in refuses because it does not do it; Google does. */
const NOT_HERE = [
    'recurringTransactionInfo', 'deferredTransactionInfo', 'automaticReloadTransactionInfo', 'offerInfo', 'shippingOptionRequired',
    'shippingOptionParameters',
];

/**
 * A request for isReadyToPay.
 * @param {any} request
 */
const checkReadiness = request => {
    checkVersion(request);
    checkMethods(request.allowedPaymentMethods, undefined, false);
    demandFlags(request, ['existingPaymentMethodRequired']);
};

/**
 * A request for loadPaymentData or prefetchPaymentData.
 * @param {any} request
 * @param {google.payments.api.PaymentOptions} options Of the client.
 */
const checkPayment = (request, options) => {
    checkVersion(request);
    for (const name of NOT_HERE) {
        demand(request[name] === undefined || request[name] === false, `the sandbox does not do ${name}`);
    }
    demand(isObject(request.merchantInfo), 'merchantInfo must be an object');
    const { merchantId, merchantName } = request.merchantInfo;
    demand(merchantName === undefined || typeof merchantName === 'string', 'merchantInfo.merchantName must be a text');
    const ownId = options.merchantInfo && options.merchantInfo.merchantId;
    demand(options.environment !== 'PRODUCTION' || isText(merchantId) || isText(ownId), 'merchantInfo.merchantId is missing');
    checkTransaction(request.transactionInfo);
    checkMethods(request.allowedPaymentMethods, request.transactionInfo.countryCode || '', true);
    demandFlags(request, ['emailRequired', 'shippingAddressRequired']);
    const shipping = request.shippingAddressParameters;
    if (shipping !== undefined) {
        demand(isObject(shipping), 'shippingAddressParameters must be an object');
        demand([undefined, 'FULL', 'FULL-ISO3166'].includes(shipping.format), 'shippingAddressParameters.format must be FULL or FULL-ISO3166');
        demandFlags(shipping, ['phoneNumberRequired']);
        if (shipping.allowedCountryCodes !== undefined) {
            demandList(shipping.allowedCountryCodes, 'allowedCountryCodes', code => COUNTRY.test(code));
        }
    }
    checkIntents(request.callbackIntents, options.paymentDataCallbacks);
};

