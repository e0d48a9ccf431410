//! Google Pay and Apple Pay: requests, contacts and prices.
//!
//! Vendors' scripts never run beside card inputs. Their buttons stand in a document of another origin (the crate `wallet-frame`), which
//! knows the vendors' interfaces and nothing else: it is told what to ask for, and gives back what it got. The checkout around it
//! ([`crate::live`]) writes the requests ([`google_request`], [`apple_request`]), reads what comes back, and pays.
//!
//! Checkout and document speak over a channel that only the two of them hold. The document begins: `{farthing_wallets: 1, config}` with one
//! port, to the checkout's exact origin; `config` is what the server wrote into it ([`farthing_types::wallet::WalletFrame`]). The checkout
//! takes it from its own frame and from the wallets' exact origin alone. Over the port, each with its `type`:
//!
//! | from the checkout | |
//! |---|---|
//! | `terms` | `open`: whether it may be paid now; `of`: given back with a token; `looks`: buttons are drawn anew when it changes; `google_pay` (`request`, `environment`, `color`, `radius`, `locale`) and `apple_pay` (`request`, `dark`, `radius`, `locale`), where offered |
//! | `merchant_session` | `session`: Apple's, or null; `turn`, as it was asked |
//! | `result` | what became of a token: `ok`, and `errors` for Apple's sheet, each `[code, contactField, message]` |
//!
//! | from the document | |
//! |---|---|
//! | `shown` | `wallets`: the names of those whose buttons stand there |
//! | `validate` | Apple wants a merchant session; `turn`: for which opening of the sheet |
//! | `token` | `wallet`, `data` (Google's `PaymentData`, Apple's `ApplePayPayment`) and `of` |
//! | `failed` | `wallet`; if its button went with it, `shown` follows |
//!
//! Messages of any other shape are ignored on both sides.

pub mod apple_request;
pub mod contact;
pub mod google_request;
pub mod price;
