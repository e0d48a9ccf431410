// What the vendors' scripts have to put on a page, in the words of their public type definitions. A script that assigns something else
// to `window` does not compile.

/// <reference types="googlepay" />
/// <reference types="applepayjs" />

/** Apple's SDK delivers events through the `on…` properties alone: its sessions are no `EventTarget`. */
type SdkSession = Omit<ApplePaySession, keyof EventTarget>;

interface SdkSessions extends Omit<typeof ApplePaySession, 'prototype'> {
    new (version: number, paymentRequest: ApplePayJS.ApplePayPaymentRequest): SdkSession;
    readonly isNotWebkit: boolean;
}

interface ApplePayWebOptions {
    set(options: {
        renderApplePayCodeAs?: 'modal' | 'window';
        onApplePayCodeClose?: () => void;
        merchantUrl?: string;
    }): void;
}

interface Window {
    google: { payments: { api: { PaymentsClient: typeof google.payments.api.PaymentsClient } } };
    ApplePaySession: SdkSessions | undefined;
    ApplePayError: typeof ApplePayError;
    ApplePayWebOptions: ApplePayWebOptions;
}
