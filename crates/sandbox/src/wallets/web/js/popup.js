// The sandbox: wherever this script came from.
const SANDBOX = (() => {
    const own = document.currentScript;
    if (!(own instanceof HTMLScriptElement) || own.src === '') {
        throw new Error('the script must be loaded by a script element with src');
    }
    return new URL(own.src).origin;
})();

/**
 * Whether a click or a key is being handled, as vendors demand before they open anything.
 * @returns {boolean}
 */
const hasGesture = () => navigator.userActivation === undefined || navigator.userActivation.isActive;

/**
 * A sheet in a window of its own, and the channel to it. What is sent before the sheet listens waits for it.
 * @typedef {object} Sheet
 * @property {(message: unknown) => void} send Says something to the sheet.
 * @property {() => void} release Stops listening and leaves the window to itself: it shows how it ended, and closes.
 * @property {() => void} close Closes the window at once.
 */

/**
 * Opens a sheet, which must happen inside of the gesture. Two windows of one browser know each other by reference and by origin: the sheet's
 * greeting counts only if it comes from the window that was opened here while that shows a page of the sandbox.
 * @param {string} path
 * @param {unknown} begin The first message.
 * @param {(message: any) => void} onmessage
 * @param {() => void} onclosed The shopper has closed the window.
 * @returns {Sheet | null} null where the browser opens no window.
 */
const openSheet = (path, begin, onmessage, onclosed) => {
    const size = { width: 440, height: 740 };
    const left = Math.max(0, Math.round(screenX + (outerWidth - size.width) / 2));
    const top = Math.max(0, Math.round(screenY + (outerHeight - size.height) / 2));
    const features = `popup,width=${size.width},height=${size.height},left=${left},top=${top}`;
    const sheet = window.open(SANDBOX + path, '_blank', features);
    if (sheet === null) {
        return null;
    }
    const { port1: port, port2: theirs } = new MessageChannel();

    /** @param {MessageEvent} event */
    const greet = event => {
        if (event.source === sheet && event.origin === SANDBOX && event.data === 'farthing-sheet') {
            removeEventListener('message', greet);
            sheet.postMessage('farthing-opener', SANDBOX, [theirs]);
        }
    };
    const leave = () => port.postMessage({ kind: 'gone' });
    const release = () => {
        clearInterval(watch);
        removeEventListener('message', greet);
        removeEventListener('pagehide', leave);
        port.onmessage = null;
    };
    // Browsers announce to nobody that a window of another origin was closed.
    const watch = setInterval(() => {
        if (sheet.closed) {
            release();
            onclosed();
        }
    }, 200);
    addEventListener('message', greet);
    addEventListener('pagehide', leave);
    port.onmessage = event => onmessage(event.data);
    port.postMessage(begin);
    return {
        send: message => port.postMessage(message),
        release,
        close: () => {
            release();
            sheet.close();
        },
    };
};

