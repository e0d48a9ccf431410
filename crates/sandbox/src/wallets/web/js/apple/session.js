// What a page sees of a session.

class Session {
    static get STATUS_SUCCESS() { return 0; }

    static get STATUS_FAILURE() { return 1; }

    static get STATUS_INVALID_BILLING_POSTAL_ADDRESS() { return 2; }

    static get STATUS_INVALID_SHIPPING_POSTAL_ADDRESS() { return 3; }

    static get STATUS_INVALID_SHIPPING_CONTACT() { return 4; }

    static get STATUS_PIN_REQUIRED() { return 5; }

    static get STATUS_PIN_INCORRECT() { return 6; }

    static get STATUS_PIN_LOCKOUT() { return 7; }

    /** As the SDK marks its replacement of what Safari has built in. */
    static get isNotWebkit() { return true; }

    /** @param {number} version */
    static supportsVersion(version) {
        demandSecure();
        demand(Number.isInteger(version) && version > 0, 'version must be a whole number above zero');
        return true;
    }

    /** A phone has no other phone to show the code to. */
    static canMakePayments() {
        demandSecure();
        return switches.canMakePayments && !/Android|iPhone|iPad|Mobile/.test(navigator.userAgent);
    }

    /**
     * @param {string} merchantIdentifier
     * @returns {Promise<ApplePayJS.PaymentCredentialStatusResponse>}
     */
    static async applePayCapabilities(merchantIdentifier) {
        demand(isText(merchantIdentifier), 'the merchant identifier must be a text');
        const can = Session.canMakePayments();
        return { paymentCredentialStatus: can ? 'paymentCredentialStatusUnknown' : 'applePayUnsupported' };
    }

    /** @param {string} merchantIdentifier */
    static async canMakePaymentsWithActiveCard(merchantIdentifier) {
        demand(isText(merchantIdentifier), 'the merchant identifier must be a text');
        return Session.canMakePayments();
    }

    /** @param {string} merchantIdentifier */
    static async openPaymentSetup(merchantIdentifier) {
        demand(isText(merchantIdentifier), 'the merchant identifier must be a text');
        // There is nothing to set up where the wallet is in another device.
        return false;
    }

    /**
     * @param {number} version
     * @param {ApplePayJS.ApplePayPaymentRequest} paymentRequest
     */
    constructor(version, paymentRequest) {
        demandSecure();
        if (!hasGesture()) {
            throw invalidAccess('Must create a new ApplePaySession from a user gesture handler.');
        }
        Session.supportsVersion(version);
        checkRequest(paymentRequest, version);
        const unset = /** @type {any} */ (null);
        /** @type {(event: ApplePayJS.Event) => void} */
        this.oncancel = unset;
        /** @type {(event: ApplePayJS.ApplePayPaymentAuthorizedEvent) => void} */
        this.onpaymentauthorized = unset;
        /** @type {(event: ApplePayJS.ApplePayPaymentMethodSelectedEvent) => void} */
        this.onpaymentmethodselected = unset;
        /** @type {(event: ApplePayJS.ApplePayShippingContactSelectedEvent) => void} */
        this.onshippingcontactselected = unset;
        /** @type {(event: ApplePayJS.ApplePayShippingMethodSelectedEvent) => void} */
        this.onshippingmethodselected = unset;
        /** @type {(event: ApplePayJS.ApplePayValidateMerchantEvent) => void} */
        this.onvalidatemerchant = unset;
        /** @type {(event: ApplePayJS.ApplePayCouponCodeChangedEvent) => void} */
        this.oncouponcodechanged = unset;
        insides.set(this, { version, request: plain(paymentRequest), state: 'new', selection: '', sheet: null, timer: 0 });
    }

    begin() {
        const inside = insideOf(this);
        if (inside.state !== 'new') {
            throw invalidAccess('begin: a session cannot be used again');
        }
        if (active !== null) {
            throw invalidAccess('begin: page already has an active payment session');
        }
        active = this;
        inside.state = 'validating';
        inside.sheet = openSheet(
            '/wallets/apple/sheet',
            { kind: 'begin', request: inside.request, top: topOrigin() },
            message => hear(this, message),
            () => {
                cancel(this);
                webOptions.onApplePayCodeClose?.();
            },
        );
        if (inside.sheet === null) {
            // Not before the page has set its handlers, as with everything that the sheet says.
            setTimeout(() => {
                if (inside.state !== 'over') {
                    cancel(this);
                }
            }, 0);
        }
    }

    abort() {
        const inside = insideOf(this);
        if (inside.state === 'new' || inside.state === 'over') {
            throw invalidAccess('abort: the session is not running');
        }
        inside.sheet?.close();
        finish(this);
    }

    /** @param {any} merchantSession */
    completeMerchantValidation(merchantSession) {
        const inside = take(this, 'validating', 'completeMerchantValidation');
        if (inside.selection === '') {
            throw invalidAccess('completeMerchantValidation: nothing of the kind was asked');
        }
        clearTimeout(inside.timer);
        // The session can be shown once; until the sheet has looked at it, nothing is awaited of the page.
        inside.state = 'choosing';
        inside.sheet?.send({ kind: 'merchant', session: plain(merchantSession) });
    }

    /**
     * @param {any} update Or the total, with the line items after it.
     * @param {ApplePayJS.ApplePayLineItem[]} [newLineItems]
     */
    completePaymentMethodSelection(update, newLineItems) {
        const whole = newLineItems === undefined ? update : { newTotal: update, newLineItems };
        answerSelection(this, 'paymentmethodselected', 'completePaymentMethodSelection', whole);
    }

    /**
     * @param {any} update Or a status, with three lists after it.
     * @param {ApplePayJS.ApplePayShippingMethod[]} [newShippingMethods]
     * @param {ApplePayJS.ApplePayLineItem} [newTotal]
     * @param {ApplePayJS.ApplePayLineItem[]} [newLineItems]
     */
    completeShippingContactSelection(update, newShippingMethods, newTotal, newLineItems) {
        const whole = typeof update === 'number' ? { newShippingMethods, newTotal, newLineItems } : update;
        answerSelection(this, 'shippingcontactselected', 'completeShippingContactSelection', whole);
    }

    /**
     * @param {any} update Or a status, with the total and the line items after it.
     * @param {ApplePayJS.ApplePayLineItem} [newTotal]
     * @param {ApplePayJS.ApplePayLineItem[]} [newLineItems]
     */
    completeShippingMethodSelection(update, newTotal, newLineItems) {
        const whole = typeof update === 'number' ? { newTotal, newLineItems } : update;
        answerSelection(this, 'shippingmethodselected', 'completeShippingMethodSelection', whole);
    }

    /** @param {ApplePayJS.ApplePayCouponCodeUpdate} update */
    completeCouponCodeChange(update) {
        answerSelection(this, 'couponcodechanged', 'completeCouponCodeChange', update);
    }

    /** @param {number | ApplePayJS.ApplePayPaymentAuthorizationResult} result */
    completePayment(result) {
        const inside = take(this, 'authorizing', 'completePayment');
        const { status, errors } = typeof result === 'number' ? { status: result, errors: undefined } : result;
        const known = inside.version < 3 ? 7 : 1;
        demand(Number.isInteger(status) && status >= 0 && status <= known, 'status must be STATUS_SUCCESS or STATUS_FAILURE');
        checkErrors(errors);
        clearTimeout(inside.timer);
        inside.sheet?.send({ kind: 'completed', status, errors: plain(errors || []) });
        if (status !== Session.STATUS_SUCCESS && errors !== undefined && errors.length > 0) {
            // The shopper corrects what is wrong, and tries again.
            inside.state = 'choosing';
        } else {
            finish(this);
        }
    }
}

/** How the SDK shows its code. Here both positions are a window. */
const ApplePayWebOptions = {
    /** @param {{renderApplePayCodeAs?: 'modal' | 'window', onApplePayCodeClose?: () => void, merchantUrl?: string}} options */
    set(options) {
        demand(isObject(options), 'options must be an object');
        demand([undefined, 'modal', 'window'].includes(options.renderApplePayCodeAs), 'renderApplePayCodeAs must be modal or window');
        webOptions = { ...options };
    },
};

// Where Apple Pay is built in, the SDK leaves it alone.
if (window.ApplePaySession === undefined) {
    window.ApplePaySession = Session;
    window.ApplePayError = PaymentError;
}
window.ApplePayWebOptions = ApplePayWebOptions;

