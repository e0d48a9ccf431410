// The course of a session: what is awaited, what reaches the page, and how it ends. Events are plain objects, and reach the page only through
// the `on…` properties.

/**
 * What a session keeps to itself.
 * @typedef {object} Inside
 * @property {number} version
 * @property {any} request
 * @property {'new' | 'validating' | 'choosing' | 'selecting' | 'authorizing' | 'over'} state What is awaited.
 * @property {string} selection The event that a `complete…Selection` has to answer.
 * @property {Sheet | null} sheet
 * @property {number} timer Runs while the page owes an answer.
 */

/** @type {WeakMap<Session, Inside>} */
const insides = new WeakMap();
/** @type {Session | null} The session whose sheet is open: there is one for the whole page. */
let active = null;
/** @type {{onApplePayCodeClose?: () => void}} */
let webOptions = {};

/** @param {string} text */
const invalidAccess = text => new DOMException(text, 'InvalidAccessError');

const demandSecure = () => {
    if (!isSecureContext) {
        throw invalidAccess('Trying to call an ApplePaySession API from an insecure document.');
    }
};

/**
 * The page that the shopper sees, which is the one that Apple registers: of a frame, the page around it. A browser that does not say it is
 * taken for a page without frames.
 * @returns {string} An origin.
 */
const topOrigin = () => {
    const around = location.ancestorOrigins;
    return around === undefined || around.length === 0 ? location.origin : around[around.length - 1];
};

/** @param {Session} session */
const insideOf = session => /** @type {Inside} */ (insides.get(session));

/**
 * Calls a handler, if the page has set it.
 * @param {Session} session
 * @param {string} type
 * @param {object} fields
 */
const fire = (session, type, fields) => {
    const handler = /** @type {any} */ (session)[`on${type}`];
    if (typeof handler === 'function') {
        handler.call(session, { type, ...fields });
    }
};

/** @param {Session} session */
const finish = session => {
    const inside = insideOf(session);
    clearTimeout(inside.timer);
    inside.state = 'over';
    inside.sheet?.release();
    if (active === session) {
        active = null;
    }
};

/**
 * Ends a session that the page has not ended.
 * @param {Session} session
 * @param {object} [fields] Of the event.
 */
const cancel = (session, fields = {}) => {
    finish(session);
    fire(session, 'cancel', fields);
};

/**
 * The page owes an answer from now on, and has so long for it.
 * @param {Session} session
 * @param {'validating' | 'selecting' | 'authorizing'} state
 * @param {string} type
 * @param {object} fields
 */
const owe = (session, state, type, fields) => {
    const inside = insideOf(session);
    inside.state = state;
    inside.selection = type;
    clearTimeout(inside.timer);
    inside.timer = setTimeout(() => {
        inside.sheet?.send({ kind: 'timeout' });
        cancel(session);
    }, switches.answerMs);
    fire(session, type, fields);
};

/**
 * The answer has come.
 * @param {Session} session
 * @param {string} state What must have been awaited.
 * @param {string} method
 * @returns {Inside}
 */
const take = (session, state, method) => {
    const inside = insideOf(session);
    if (inside.state !== state) {
        const why = inside.state === 'over' ? 'the session is over' : 'nothing of the kind was asked';
        throw invalidAccess(`${method}: ${why}`);
    }
    return inside;
};

/**
 * @param {Session} session
 * @param {string} type
 * @param {string} method
 * @param {any} update
 */
const answerSelection = (session, type, method, update) => {
    const inside = take(session, 'selecting', method);
    if (inside.selection !== type) {
        throw invalidAccess(`${method}: another answer is awaited`);
    }
    checkUpdate(update);
    clearTimeout(inside.timer);
    inside.state = 'choosing';
    inside.sheet?.send({ kind: 'update', update: plain(update) });
};

/**
 * What may go into another window.
 * @param {any} value
 * @returns {any}
 */
const plain = value => JSON.parse(JSON.stringify(value === undefined ? null : value));

/**
 * @param {Session} session
 * @param {any} message Of the sheet.
 */
const hear = (session, message) => {
    const inside = insideOf(session);
    switch (message.kind) {
        case 'ready':
            owe(session, 'validating', 'validatemerchant', { validationURL: `${SANDBOX}/paymentservices/startSession` });
            break;
        case 'validated':
            inside.state = 'choosing';
            break;
        case 'select':
            if (typeof (/** @type {any} */ (session)[`on${message.type}`]) === 'function') {
                owe(session, 'selecting', message.type, message.fields);
            } else {
                inside.sheet?.send({ kind: 'update', update: null });
            }
            break;
        case 'authorize':
            owe(session, 'authorizing', 'paymentauthorized', { payment: message.payment });
            break;
        case 'cancel':
            cancel(session, message.sessionError === undefined ? {} : { sessionError: message.sessionError });
            break;
        default:
            break;
    }
};

