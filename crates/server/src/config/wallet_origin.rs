//! `[server] wallet_origin` and `wallet_listen`: where the scripts of wallets run, apart from all else.

use std::net::SocketAddr;

use super::reader::{At, Faults, Section};
use super::rules::Rules;
use super::{Merchant, Origin};

impl Rules {
    /// The wallets' origin and its own address, each as far as it is given.
    pub(super) fn wallet_origin(
        &self,
        section: &mut Section,
        public_url: Option<&At<Origin>>,
        faults: &mut Faults,
    ) -> (Option<At<Origin>>, Option<SocketAddr>) {
        let named = section.has("wallet_origin");
        let origin = self.origin(section.text("wallet_origin", faults), faults);
        if let (Some(wallets), Some(public)) = (&origin, public_url)
            && wallets.value.shares_a_host_with(&public.value)
        {
            wallets.fault(faults, "must differ from `server.public_url`: card fields and wallet scripts never share an origin");
        }
        let listen = section
            .text("wallet_listen", faults)
            .and_then(|text| self.address(text, faults))
            .map(|at| {
                if self.live() && !named {
                    at.fault(
                        faults,
                        "needs `server.wallet_origin` in live mode: browsers find it by its name",
                    );
                }
                at.value
            });
        (origin, listen)
    }
}

/// A shop's page is as foreign to a wallet's script as card fields are.
pub(super) fn apart_from_shops(wallets: &At<Origin>, merchant: &Merchant, faults: &mut Faults) {
    if merchant.origins.iter().any(|shop| wallets.value.shares_a_host_with(shop)) {
        wallets.fault(
            faults,
            "must differ from `merchant.origins`: wallet scripts have an origin of their own",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{fault, live, read, sandbox};

    #[test]
    fn wallets_have_an_address_of_their_own_if_they_are_given_one() {
        let with = |base: &str, lines: &str| {
            read(&base.replacen("listen =", &format!("{lines}\nlisten ="), 1)).unwrap().server
        };
        let bound = with(&sandbox(), "wallet_listen = \"127.0.0.1:0\"");
        assert_eq!(bound.wallet_listen.map(|address| address.port()), Some(0));
        assert!(bound.wallet_origin.is_none(), "it is what was bound");
        let named = with(
            &live(),
            "wallet_origin = \"https://wallets.shop.example\"\nwallet_listen = \"0.0.0.0:8083\"",
        );
        assert_eq!(named.wallet_listen.map(|address| address.port()), Some(8083));
        assert_eq!(named.wallet_origin.unwrap().as_str(), "https://wallets.shop.example");
        assert!(with(&sandbox(), "").wallet_listen.is_none());
    }

    #[test]
    fn live_mode_wants_a_port_and_a_name_for_the_wallets_address() {
        assert_eq!(
            fault(&live(), "listen =", "wallet_listen = \"0.0.0.0:8083\"\nlisten ="),
            "line 4: `server.wallet_listen` needs `server.wallet_origin` in live mode: browsers find it by its name"
        );
        let both = "wallet_origin = \"https://wallets.shop.example\"\nwallet_listen = \"0.0.0.0:0\"\nlisten =";
        assert_eq!(
            fault(&live(), "listen =", both),
            "line 5: `server.wallet_listen` must name a port in live mode"
        );
        assert_eq!(
            fault(&sandbox(), "listen =", "wallet_listen = \"localhost\"\nlisten ="),
            "line 4: `server.wallet_listen` must be an address and a port, such as 127.0.0.1:8081"
        );
        assert_eq!(
            fault(&live(), "listen =", "wallet_origin = \"http://wallets.shop.example\"\nlisten ="),
            "line 4: `server.wallet_origin` must be https in live mode"
        );
    }

    #[test]
    fn the_wallets_origin_is_neither_the_checkouts_nor_a_shops() {
        let wallets = |origin: &str| format!("wallet_origin = \"{origin}\"\nlisten =");
        assert_eq!(
            fault(&live(), "listen =", &wallets("https://shop.example")),
            "line 4: `server.wallet_origin` must differ from `merchant.origins`: wallet scripts have an origin of their own"
        );
        for same in ["https://pay.shop.example", "https://PAY.shop.example:443/"] {
            assert_eq!(
                fault(&live(), "listen =", &wallets(same)),
                "line 4: `server.wallet_origin` must differ from `server.public_url`: card fields and wallet scripts never share an origin"
            );
        }
        assert_eq!(
            fault(&sandbox(), "listen =", &wallets("http://localhost:8080")),
            "line 4: `server.wallet_origin` must differ from `merchant.origins`: wallet scripts have an origin of their own"
        );
    }
}
