// The client, and one payment from its request to its end.

/**
 * @param {string} statusCode
 * @param {string} statusMessage
 * @returns {google.payments.api.PaymentsError}
 */
const paymentsError = (statusCode, statusMessage) => ({ statusCode, statusMessage });

/**
 * Runs a check, and turns what it says into the error that a page gets.
 * @param {() => void} check
 */
const refuseMalformed = check => {
    try {
        demand(isSecureContext, 'Google Pay needs a secure context: HTTPS, or localhost');
        check();
    } catch (error) {
        if (error instanceof Malformed) {
            throw paymentsError('DEVELOPER_ERROR', error.message);
        }
        throw error;
    }
};

/** @type {WeakMap<object, google.payments.api.PaymentOptions>} */
const optionsOf = new WeakMap();
/** Whether a sheet is open: there is one for the whole page. */
let isOpen = false;

/** @returns {google.payments.api.PaymentsError} */
const canceled = () => paymentsError('CANCELED', 'the shopper has closed the sheet, or there is none');

/**
 * Asks a handler of the page, which always gets its chance and never more than it.
 * @param {(() => any) | undefined} ask
 * @returns {Promise<any>} null if it has rejected or thrown.
 */
const answerOf = async ask => {
    try {
        return ask === undefined ? null : await ask();
    } catch {
        return null;
    }
};

/**
 * Opens the sheet for a request that was found good, and waits for its end.
 * @param {any} request
 * @param {google.payments.api.PaymentOptions} options
 * @returns {Promise<google.payments.api.PaymentData>}
 */
const pay = (request, options) => new Promise((resolve, reject) => {
    const cancel = () => reject(canceled());
    const callbacks = options.paymentDataCallbacks || {};
    const end = (/** @type {() => void} */ tell) => {
        isOpen = false;
        sheet?.release();
        tell();
    };
    const sheet = openSheet(
        '/wallets/google/sheet',
        { kind: 'begin', request, environment: options.environment },
        async message => {
            switch (message.kind) {
                case 'data':
                    end(() => resolve(message.data));
                    break;
                case 'error':
                    end(() => reject(paymentsError(message.statusCode, message.statusMessage)));
                    break;
                case 'cancel':
                    end(cancel);
                    break;
                case 'changed': {
                    const { onPaymentDataChanged: handler } = callbacks;
                    const update = await answerOf(handler && (() => handler(message.data)));
                    sheet?.send({ kind: 'update', update });
                    break;
                }
                case 'authorized': {
                    const { onPaymentAuthorized: handler } = callbacks;
                    const result = await answerOf(handler && (() => handler(message.data)));
                    sheet?.send({ kind: 'authorization', result });
                    break;
                }
                default:
                    break;
            }
        },
        () => end(cancel),
    );
    if (sheet === null) {
        cancel();
        return;
    }
    isOpen = true;
});

class PaymentsClient {
    /** @param {google.payments.api.PaymentOptions} paymentOptions */
    constructor(paymentOptions) {
        const { environment = 'TEST', ...others } = paymentOptions || {};
        if (!['TEST', 'PRODUCTION'].includes(environment)) {
            throw new Error('environment must be TEST or PRODUCTION');
        }
        optionsOf.set(this, { environment, ...others });
    }

    /**
     * @param {google.payments.api.IsReadyToPayRequest} request
     * @returns {Promise<google.payments.api.IsReadyToPayResponse>}
     */
    async isReadyToPay(request) {
        refuseMalformed(() => checkReadiness(request));
        if (switches.readyRejects) {
            throw paymentsError('INTERNAL_ERROR', 'the sandbox was told to fail');
        }
        const result = switches.ready;
        // Whoever asks for a card that is there already hears of one: so it is always in the environment TEST.
        return request.existingPaymentMethodRequired ? { result, paymentMethodPresent: true } : { result };
    }

    /**
     * @param {google.payments.api.ButtonOptions} options
     * @returns {HTMLElement}
     */
    createButton(options) {
        const { nonce } = /** @type {google.payments.api.PaymentOptions} */ (optionsOf.get(this));
        return makeButton(options, nonce);
    }

    /**
     * The stand-in has nothing to fetch; the request is judged all the same, into the console.
     * @param {google.payments.api.PaymentDataRequest} request
     */
    prefetchPaymentData(request) {
        const options = /** @type {google.payments.api.PaymentOptions} */ (optionsOf.get(this));
        try {
            refuseMalformed(() => checkPayment(request, options));
        } catch (error) {
            console.error('prefetchPaymentData:', error);
        }
    }

    /**
     * @param {google.payments.api.PaymentDataRequest} request
     * @returns {Promise<google.payments.api.PaymentData>}
     */
    async loadPaymentData(request) {
        const options = /** @type {google.payments.api.PaymentOptions} */ (optionsOf.get(this));
        refuseMalformed(() => checkPayment(request, options));
        if (isOpen) {
            throw canceled();
        }
        refuseMalformed(() => {
            demand(hasGesture(), 'loadPaymentData must be called while a click is handled');
        });
        // No handler and nothing else of the page goes into the other window.
        return pay(JSON.parse(JSON.stringify(request)), options);
    }
}

window.google = { payments: { api: { PaymentsClient } } };
