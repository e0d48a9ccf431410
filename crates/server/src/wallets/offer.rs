//! Which wallets a checkout offers, and why not the others.

use farthing_types::Currency;
use farthing_types::wallet::{Wallet, WalletOffer};
use jiff::Timestamp;

use crate::app::App;
use crate::assets;
use crate::config::{Config, Mode};
use crate::sessions::record::Session;

/// Why a wallet is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotOffered {
    /// Google's prices have two decimals or none.
    #[error("Google writes amounts with two decimals or none, and {0} has another number of them")]
    Currency(Currency),
    /// Apple's request has to name the merchant's country.
    #[error("`merchant.country` is not set, and Apple's request names it")]
    NoCountry,
    /// The server was built without what browsers load.
    #[error("this build has no page for its button: `cargo xtask build` makes one that has")]
    NoDocument,
    /// No origin for the wallets' scripts.
    #[error(
        "`server.wallet_origin` is not set, and no script of a wallet may run beside card fields"
    )]
    NoOrigin,
    /// No section for it.
    #[error("`[{0}]` is not configured")]
    NotConfigured(Wallet),
    /// The merchant wants other methods for this session.
    #[error("the session's `methods` do not name it")]
    NotWanted,
    /// The session is paid, being paid or over.
    #[error("the session cannot be paid")]
    Over,
}

/// What a server has for the buttons of wallets.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    config: &'a Config,
    has_origin: bool,
    has_document: bool,
}

/// What is to be paid: one session's money, or any money in a currency.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    currency: Currency,
    session: Option<(&'a Session, Timestamp)>,
}

impl<'a> Wish<'a> {
    /// Any session in this currency.
    pub const fn any_in(currency: Currency) -> Self {
        Self { currency, session: None }
    }

    /// This session, now.
    pub const fn of(session: &'a Session, now: Timestamp) -> Self {
        Self { currency: session.currency, session: Some((session, now)) }
    }
}

impl<'a> Ground<'a> {
    /// What a server with this configuration and this build will have.
    pub fn of_config(config: &'a Config) -> Self {
        let server = &config.server;
        // In sandbox mode an address is enough: its origin is what is bound.
        let bound = config.mode == Mode::Sandbox && server.wallet_listen.is_some();
        Self {
            config,
            has_origin: server.wallet_origin.is_some() || bound,
            has_document: assets::has_wallets_document(),
        }
    }

    /// What a running server has.
    pub fn of(app: &'a App) -> Self {
        Self {
            config: &app.config,
            has_origin: app.wallet_origin.is_some(),
            has_document: app.wallets_shell.is_some() && app.shell_with_wallets.is_some(),
        }
    }

    /// Why a wallet is not offered: at all, or for what is to be paid. `None` if it is.
    pub fn why_not(&self, wallet: Wallet, wish: Option<&Wish<'_>>) -> Option<NotOffered> {
        let configured = match wallet {
            Wallet::ApplePay => self.config.apple_pay.is_some(),
            Wallet::GooglePay => self.config.google_pay.is_some(),
        };
        if !configured {
            return Some(NotOffered::NotConfigured(wallet));
        }
        if !self.has_origin {
            return Some(NotOffered::NoOrigin);
        }
        if !self.has_document {
            return Some(NotOffered::NoDocument);
        }
        if wallet == Wallet::ApplePay && self.config.merchant.country.is_none() {
            return Some(NotOffered::NoCountry);
        }
        let wish = wish?;
        if let Some((session, now)) = wish.session {
            if !session.takes(wallet) {
                return Some(NotOffered::NotWanted);
            }
            if !session.may_be_paid(now) {
                return Some(NotOffered::Over);
            }
        }
        // Source: Google Pay API for the web, `TransactionInfo`, `totalPrice`: digits, and a dot with two more or nothing.
        let writes = matches!(wish.currency.exponent(), 0 | 2);
        (wallet == Wallet::GooglePay && !writes).then_some(NotOffered::Currency(wish.currency))
    }
}

/// The wallets of a session's checkout; `None` if there are none.
pub fn offer(app: &App, session: &Session) -> Option<WalletOffer> {
    let origin = app.wallet_origin.as_ref()?;
    let (ground, wish) = (Ground::of(app), Wish::of(session, app.now()));
    let methods: Vec<Wallet> = Wallet::ALL
        .into_iter()
        .filter(|wallet| ground.why_not(*wallet, Some(&wish)).is_none())
        .collect();
    if methods.is_empty() {
        return None;
    }
    let apple_pay = methods.contains(&Wallet::ApplePay);
    let sdk = app.config.apple_pay.as_ref().and_then(|apple| apple.sdk.as_ref());
    Some(WalletOffer {
        frame: origin.join(&path_of(&methods)),
        methods,
        apple_pay_built_in_only: apple_pay && sdk.is_none(),
    })
}

/// The path of the document with these buttons.
pub fn path_of(methods: &[Wallet]) -> String {
    let names: Vec<&str> = methods.iter().map(|wallet| wallet.name()).collect();
    format!("/wallets/{}", names.join("+"))
}

/// What [`path_of`] has written behind the last slash, and nothing else.
pub fn methods_of(text: &str) -> Option<Vec<Wallet>> {
    let methods: Vec<Wallet> = text.split('+').map(str::parse).collect::<Result<_, _>>().ok()?;
    let in_order: Vec<Wallet> =
        Wallet::ALL.into_iter().filter(|wallet| methods.contains(wallet)).collect();
    (methods == in_order).then_some(methods)
}

#[cfg(test)]
mod tests {
    use farthing_types::SessionStatus;
    use jiff::SignedDuration;

    use super::*;
    use crate::config::wallets_in_tests as config;
    use crate::sessions::record::Terms;

    fn session(currency: &str, wallets: Option<&[Wallet]>) -> Session {
        Session {
            id: "ses_1".to_owned(),
            order_id: "order-1".to_owned(),
            version: 1,
            amount: 1000,
            currency: currency.parse().unwrap(),
            status: SessionStatus::Open,
            attempts: 0,
            terms: Terms { wallets: wallets.map(<[Wallet]>::to_vec), ..Terms::default() },
            customer: None,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(30),
        }
    }

    const fn ground(config: &Config) -> Ground<'_> {
        Ground { config, has_origin: true, has_document: true }
    }

    fn both(ground: Ground<'_>, session: &Session, now: Timestamp) -> [Option<NotOffered>; 2] {
        Wallet::ALL.map(|wallet| ground.why_not(wallet, Some(&Wish::of(session, now))))
    }

    #[test]
    fn both_wallets_are_offered_where_nothing_is_missing() {
        let config = config(Some("IE"));
        assert_eq!(both(ground(&config), &session("EUR", None), Timestamp::UNIX_EPOCH), [None; 2]);
    }

    #[test]
    fn without_a_section_an_origin_or_a_page_of_its_own_no_wallet_is_offered() {
        use NotOffered::{NoDocument, NoOrigin, NotConfigured};
        let full = config(Some("IE"));
        let mut bare = config(Some("IE"));
        (bare.apple_pay, bare.google_pay) = (None, None);
        for (ground, apple, google) in [
            (ground(&bare), NotConfigured(Wallet::ApplePay), NotConfigured(Wallet::GooglePay)),
            (Ground { has_origin: false, ..ground(&full) }, NoOrigin, NoOrigin),
            (Ground { has_document: false, ..ground(&full) }, NoDocument, NoDocument),
        ] {
            let found = Wallet::ALL.map(|wallet| ground.why_not(wallet, None));
            assert_eq!(found, [Some(apple), Some(google)]);
        }
    }

    #[test]
    fn apple_pay_wants_to_know_the_merchants_country_and_google_pay_does_not() {
        let config = config(None);
        let found = Wallet::ALL.map(|wallet| ground(&config).why_not(wallet, None));
        assert_eq!(found, [Some(NotOffered::NoCountry), None]);
    }

    #[test]
    fn google_pay_is_for_amounts_with_two_decimals_or_none() {
        let config = config(Some("IE"));
        for (currency, google) in [("EUR", true), ("JPY", true), ("KWD", false), ("CLF", false)] {
            let [apple, found] =
                both(ground(&config), &session(currency, None), Timestamp::UNIX_EPOCH);
            assert_eq!(apple, None, "{currency}");
            let expected = (!google).then(|| NotOffered::Currency(currency.parse().unwrap()));
            assert_eq!(found, expected, "{currency}");
        }
    }

    #[test]
    fn a_session_offers_what_the_merchant_wants_while_it_can_be_paid() {
        let config = config(Some("IE"));
        let now = Timestamp::UNIX_EPOCH;
        let not_wanted = Some(NotOffered::NotWanted);
        for (wallets, expected) in [
            (&[][..], [not_wanted, not_wanted]),
            (&[Wallet::ApplePay], [None, not_wanted]),
            (&[Wallet::GooglePay], [not_wanted, None]),
            (&[Wallet::GooglePay, Wallet::ApplePay], [None, None]),
        ] {
            let found = both(ground(&config), &session("EUR", Some(wallets)), now);
            assert_eq!(found, expected, "{wallets:?}");
        }
        let late = now + SignedDuration::from_mins(30);
        assert_eq!(both(ground(&config), &session("EUR", None), late), [Some(NotOffered::Over); 2]);
        for status in [SessionStatus::Processing, SessionStatus::Complete, SessionStatus::Expired] {
            let over = Session { status, ..session("EUR", None) };
            assert_eq!(both(ground(&config), &over, now), [Some(NotOffered::Over); 2], "{status}");
        }
    }

    #[test]
    fn a_document_is_named_by_its_wallets_in_one_order() {
        use Wallet::{ApplePay, GooglePay};
        for methods in [&[ApplePay][..], &[GooglePay], &[ApplePay, GooglePay]] {
            let path = path_of(methods);
            let name = path.strip_prefix("/wallets/").unwrap();
            assert_eq!(methods_of(name).as_deref(), Some(methods), "{name}");
        }
        for other in [
            "",
            "+",
            "card",
            "apple_pay+",
            "google_pay+apple_pay",
            "apple_pay+apple_pay",
            "apple_pay google_pay",
            "Apple_Pay",
            "apple_pay+google_pay+card",
        ] {
            assert_eq!(methods_of(other), None, "{other}");
        }
    }
}
