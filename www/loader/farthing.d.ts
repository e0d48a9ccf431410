// Types of <farthing-checkout>, for shops that are written in TypeScript. Put this file among the ones that `tsc` reads, or say
// /// <reference path="farthing.d.ts" />. It declares global types and needs no import.

/** The payment form on the shop's page. Made by the parser or by `document.createElement("farthing-checkout")`. */
interface FarthingCheckoutElement extends HTMLElement {
  /**
   * Where the form stands. `idle`: not on the page. `loading`: the form has not answered yet, or there is no session yet.
   * `error`: a `farthing-error` with one of the loader's own codes was sent. The others come from the server.
   */
  readonly state: FarthingState;
  /** Reads the `--farthing-*` properties again. Call it after a change of the page's style that no attribute shows. */
  refreshTheme(): void;
}

type FarthingState =
  | "idle"
  | "loading"
  | "error"
  | "ready"
  | "submitting"
  | "challenge"
  | "processing"
  | "review"
  | "paid"
  | "failed"
  | "expired";

/** Attributes, as they stand in HTML. */
interface FarthingCheckoutAttributes {
  /** `token` of the session, `cst_…`. Without the attribute the element waits for one; another value starts a new form. */
  session?: string;
  /** A BCP 47 tag. Without it the session's or the browser's. Another value starts a new form. */
  locale?: string;
  /** `auto`, the default, follows the shopper's system. A change keeps what was typed. */
  theme?: "light" | "dark" | "auto";
  /** Address of the server, for a loader that was bundled or copied. Else it is where the script tag got `farthing.js`. */
  server?: string;
}

/** `detail` of `farthing-change`. Nothing that was typed is in it. */
interface FarthingChange {
  /** The brand that the number belongs to, `visa` and the like, or `null`. */
  brand: string | null;
  /** Whether every field is filled in and well formed. */
  complete: boolean;
}

/** `detail` of `farthing-complete`. What the shopper saw; believe the webhook, not the browser, before you ship. */
interface FarthingComplete {
  /** The payment's own status. */
  status: "authorized" | "paid" | "failed" | "canceled" | "partially_refunded" | "refunded" | "needs_attention";
  /** `pay_…` */
  paymentId: string;
}

/** `detail` of `farthing-error`. */
interface FarthingError {
  /**
   * The loader's own: `load` (the form does not answer; the shopper can try again), `session` (not the shape of a session
   * token), `server` (no address of the server). Others come from the form.
   */
  code: "load" | "session" | "server" | (string & {});
  /** A sentence for people. Never repeats the session's token or anything typed. */
  message: string;
}

/** The events that the element sends. All bubble and are composed. */
interface FarthingCheckoutEventMap {
  /** Once per form: it takes typing and can pay. */
  "farthing-ready": CustomEvent<Record<string, never>>;
  "farthing-change": CustomEvent<FarthingChange>;
  "farthing-complete": CustomEvent<FarthingComplete>;
  "farthing-error": CustomEvent<FarthingError>;
}

interface HTMLElementTagNameMap {
  "farthing-checkout": FarthingCheckoutElement;
}

interface HTMLElementEventMap extends FarthingCheckoutEventMap {}

interface DocumentEventMap extends FarthingCheckoutEventMap {}

/** The loader exports nothing; importing it defines the element. */
declare module "*/farthing.js" {}
