// The vendors as they look from outside, and the checkout at the other end of the channel. Everything that happens is kept in `calls`
// (of vendors) and `heard` (by the checkout).
window.calls = [];
window.heard = [];
const keep = (name, ...what) => window.calls.push([name, ...what]);

window.installGoogle = ({ ready = true, broken = false } = {}) => {
  if (broken) {
    delete window.google;
    return;
  }
  window.google = {
    payments: {
      api: {
        PaymentsClient: class {
          constructor(options) {
            keep('client', JSON.parse(JSON.stringify(options)));
          }
          isReadyToPay(request) {
            keep('isReadyToPay', JSON.parse(JSON.stringify(request)));
            return ready === 'rejects' ? Promise.reject({ statusCode: 'DEVELOPER_ERROR' }) : Promise.resolve({ result: ready });
          }
          prefetchPaymentData(request) {
            keep('prefetch', request);
          }
          createButton(options) {
            keep('createButton', JSON.parse(JSON.stringify(options)));
            const button = document.createElement('button');
            button.onclick = options.onClick;
            return button;
          }
          loadPaymentData(request) {
            keep('loadPaymentData', JSON.parse(JSON.stringify(request)));
            if (window.throwing) throw { statusCode: window.throwing };
            return new Promise((resolve, reject) => (window.sheet = { resolve, reject }));
          }
        },
      },
    },
  };
};

window.installApple = ({ can = true, versions = 14, throws = '' } = {}) => {
  window.ApplePaySession = class {
    static supportsVersion(version) {
      return version <= versions;
    }
    static canMakePayments() {
      if (throws === 'canMakePayments') throw new DOMException('another origin', 'InvalidAccessError');
      return can;
    }
    constructor(version, request) {
      if (throws === 'constructor') throw new TypeError('supportedNetworks');
      keep('session', version, JSON.parse(JSON.stringify(request)));
      this.over = false;
      window.session = this;
    }
    begin() {
      if (throws === 'begin') throw new DOMException('Page already has an active payment session', 'InvalidAccessError');
      keep('begin', typeof this.onvalidatemerchant, typeof this.onpaymentauthorized, typeof this.oncancel);
    }
    finish(name, ...what) {
      if (this.over) throw new DOMException('over', 'InvalidAccessError');
      keep(name, ...what);
    }
    abort() {
      this.finish('abort');
      this.over = true;
    }
    completeMerchantValidation(session) {
      this.finish('completeMerchantValidation', session);
    }
    completePayment(result) {
      const errors = (result.errors || []).map((error) => [error instanceof ApplePayError, error.code, error.contactField, error.message]);
      this.finish('completePayment', result.status, errors);
      this.over = result.status === 0 || !errors.length;
    }
    cancel() {
      this.over = true;
      this.oncancel({});
    }
  };
  window.ApplePayError = class {
    constructor(code, contactField, message) {
      Object.assign(this, { code, contactField, message });
    }
  };
};

window.removeApple = () => {
  delete window.ApplePaySession;
  delete window.ApplePayError;
};

// A document with places for both wallets, and the checkout that waits for a greeting.
window.installStage = () => {
  Object.assign(window, { calls: [], heard: [], greeting: null, port: null, throwing: null, sheet: null, session: null });
  document.querySelectorAll('.stage').forEach((stage) => stage.remove());
  document.body.insertAdjacentHTML('beforeend', '<div class="stage"><div id="apple_pay" hidden></div><div id="google_pay" hidden></div></div>');
  window.addEventListener('message', function hear(event) {
    if (!event.data || event.data.farthing_wallets !== 1) return;
    window.removeEventListener('message', hear);
    window.greeting = { origin: event.origin, config: event.data.config };
    window.port = event.ports[0];
    window.port.onmessage = ({ data }) => window.heard.push(data);
  });
};
