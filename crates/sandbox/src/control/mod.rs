//! What the control interface says and takes: shared with tests and the command line.

mod acs;
mod faults;
mod ledger;
mod vendors;
mod wallets;

pub use acs::{AcsBehaviour, AcsFaults, MethodBehaviour};
pub use faults::{
    CallbackEncoding, CallbackFaults, Endpoint, Faults, FinalAmount, Malformed, NextStep,
    OrderIdEcho, ReplyFault, ReplyKind, Settle, Timeouts,
};
pub use ledger::{
    Charge, ClockChange, ClockState, EndpointLog, Ledger, LedgerCallback, LedgerOrder,
    LedgerSession, OrderKind, PaymentMethod, Phase, RequestShape, ResendCallback, SentCallback,
    Totals,
};
pub use vendors::{
    AppleTokenFault, AppleTokenRequest, CertificateAnswer, CertificateKind, CertificateRequest,
    Domains, GoogleAuthMethod, GoogleGateway, GoogleTokenFault, GoogleTokenRequest, WalletVendors,
};
pub use wallets::{
    ApplePayFaults, GooglePayFaults, LetterCase, Padding, ScriptBehaviour, SessionBehaviour,
};
