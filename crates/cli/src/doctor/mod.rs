//! `farthing doctor`: is this configuration fit to take money?
//!
//! Nothing here costs money or changes anything: hosts are connected to, and never with credentials.

mod frame;
mod local;
mod remote;
mod wallets;

use std::path::Path;

use farthing_server::config::Config;
use farthing_types::checkout::CardEntry;

use crate::outcome::{Failure, Result};
use crate::output::line;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it should be.
    Good,
    /// Has to be put right.
    Bad,
    /// Not known, or not wrong but worth knowing.
    Note,
}

/// One line of the report.
#[derive(Debug)]
pub(crate) struct Finding {
    mark: Mark,
    what: &'static str,
    text: String,
    advice: Option<String>,
}

impl Finding {
    /// All is well.
    pub(crate) fn good(what: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Good, what, text: text.into(), advice: None }
    }

    /// Something is wrong, and what to do about it.
    pub(crate) fn bad(
        what: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { mark: Mark::Bad, what, text: text.into(), advice: Some(advice.into()) }
    }

    /// Something to know.
    pub(crate) fn note(what: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Note, what, text: text.into(), advice: None }
    }

    fn print(&self) {
        let sign = match self.mark {
            Mark::Good => '✔',
            Mark::Bad => '✖',
            Mark::Note => '–',
        };
        line(&format!("{sign} {}: {}", self.what, self.text));
        if let Some(advice) = &self.advice {
            line(&format!("    {advice}"));
        }
    }
}

/// Runs every check and prints as it goes.
pub(crate) async fn run(path: &Path) -> Result {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            Finding::bad(
                "configuration",
                error.to_string(),
                "nothing else can be checked before this is right",
            )
            .print();
            return Err(Failure::Refused(String::new()));
        }
    };
    let mut bad = 0_usize;
    let mut take = |findings: Vec<Finding>| {
        for finding in findings {
            finding.print();
            bad += usize::from(finding.mark == Mark::Bad);
        }
    };
    take(local::findings(path, &config));
    take(remote::findings(&config).await);
    line("");
    for text in pci_scope(config.merchant.card_entry, config.apple_pay.is_some()) {
        line(text);
    }
    line("");
    if bad == 0 {
        line("Nothing to put right.");
        Ok(())
    } else {
        line(&format!("{bad} to put right."));
        Err(Failure::Refused(String::new()))
    }
}

/// What the operator has to answer for under PCI DSS 4.0.1, and why.
fn pci_scope(card_entry: CardEntry, apple_pay: bool) -> &'static [&'static str] {
    match card_entry {
        CardEntry::Embedded => &[
            "PCI scope: SAQ D.",
            "  `card_entry = \"embedded\"`: card numbers and codes pass through this server's memory on their way to the gateway.",
            "  They are not stored or logged, and this is still the widest scope: this machine, its network, whoever runs it and",
            "  the page with its scripts (6.4.3, 11.6.1) belong to it. `card_entry = \"hosted\"` is the narrow one.",
        ],
        CardEntry::Hosted if apple_pay => &[
            "PCI scope: SAQ D.",
            "  `card_entry = \"hosted\"`, and `[apple_pay]` decrypts tokens: device account numbers pass through this server's memory on their",
            "  way to the gateway. `accept_pci_scope = true` says that you know. Without `[apple_pay]` the scope is the narrow one.",
        ],
        CardEntry::Hosted => &[
            "PCI scope: SAQ A, if nothing else of the shop touches cards.",
            "  `card_entry = \"hosted\"`: cards are typed on the gateway's own form; this server has no route that takes them.",
            "  The shop still has to show that its site is not open to attacks by scripts. The bank that acquires the payments decides.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_named_for_both_ways_of_card_entry() {
        for (entry, apple_pay, scope) in [
            (CardEntry::Embedded, false, "SAQ D"),
            (CardEntry::Hosted, false, "SAQ A"),
            (CardEntry::Hosted, true, "SAQ D"),
        ] {
            assert!(pci_scope(entry, apple_pay).iter().any(|text| text.contains(scope)));
        }
    }
}
