//! What Apple knows of merchants, who asked it for sessions, and what became of those.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::clock;
use crate::control::LedgerSession;

/// How many requests for sessions the ledger keeps.
const MAX_SESSIONS: usize = 64;
/// How many domains may be registered: Apple's own limit for one merchant.
const MAX_DOMAINS: usize = 100;
/// How many issued sessions are remembered.
const MAX_ISSUED: usize = 1024;
/// How long a session may be used. Source: "Requesting an Apple Pay payment session".
const USABLE_FOR: SignedDuration = SignedDuration::from_mins(5);

/// A merchant session that was issued.
#[derive(Clone, Debug)]
struct Issued {
    merchant_id: String,
    session: Value,
    at: Timestamp,
    /// The ticket of the sheet that has used it.
    ticket: Option<String>,
}

/// Forgotten by a reset.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    domains: Vec<String>,
    sessions: VecDeque<LedgerSession>,
    issued: VecDeque<Issued>,
}

impl Registry {
    pub(crate) fn domains(&self) -> &[String] {
        &self.domains
    }

    /// Registers domains, all or none. `false` if there would be too many.
    pub(crate) fn register(&mut self, domains: Vec<String>) -> bool {
        let mut all = self.domains.clone();
        for domain in domains {
            if !all.contains(&domain) {
                all.push(domain);
            }
        }
        let fits = all.len() <= MAX_DOMAINS;
        if fits {
            self.domains = all;
        }
        fits
    }

    /// Whether a session may be for this domain.
    pub(crate) fn has(&self, domain: &str) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|known| known == domain)
    }

    /// Remembers a merchant session.
    pub(crate) fn issue(&mut self, merchant_id: &str, session: &Value, at: Timestamp) {
        if self.issued.len() >= MAX_ISSUED {
            self.issued.pop_front();
        }
        let (merchant_id, session) = (merchant_id.to_owned(), session.clone());
        self.issued.push_back(Issued { merchant_id, session, at, ticket: None });
    }

    /// A page on this domain shows a merchant session to the sheet, which may be done once. The sheet gets `ticket` for it.
    pub(crate) fn open(
        &mut self,
        session: &Value,
        domain: &str,
        now: Timestamp,
        ticket: &str,
    ) -> Result<(), &'static str> {
        let issued = self.issued.iter_mut().find(|issued| issued.session == *session);
        let issued = issued.ok_or("this is not a session that Apple's host has made")?;
        if issued.session.get("domainName").and_then(Value::as_str) != Some(domain) {
            return Err("the session is for another domain");
        }
        if clock::add(issued.at, USABLE_FOR) < now {
            return Err("the session is older than five minutes");
        }
        if issued.ticket.is_some() {
            return Err("the session was used before");
        }
        issued.ticket = Some(ticket.to_owned());
        Ok(())
    }

    /// The merchant whose session an open sheet belongs to.
    pub(crate) fn merchant_of(&self, ticket: &str) -> Option<&str> {
        let issued = self.issued.iter().find(|issued| issued.ticket.as_deref() == Some(ticket));
        issued.map(|issued| issued.merchant_id.as_str())
    }

    /// Lists a request.
    pub(crate) fn note(&mut self, session: LedgerSession) {
        if self.sessions.len() >= MAX_SESSIONS {
            self.sessions.pop_front();
        }
        self.sessions.push_back(session);
    }

    /// Oldest first.
    pub(crate) fn sessions(&self) -> Vec<LedgerSession> {
        self.sessions.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_session_opens_one_sheet_within_five_minutes_and_on_its_own_domain() {
        let mut registry = Registry::default();
        let at = Timestamp::UNIX_EPOCH;
        let session = json!({"merchantSessionIdentifier": "A", "domainName": "shop.example"});
        registry.issue("merchant.a", &session, at);
        let late = clock::add(at, USABLE_FOR + SignedDuration::from_millis(1));
        let changed = json!({"merchantSessionIdentifier": "A", "domainName": "evil.example"});
        assert!(registry.open(&changed, "evil.example", at, "1").is_err());
        assert!(registry.open(&session, "evil.example", at, "1").is_err());
        assert!(registry.open(&session, "shop.example", late, "1").is_err());
        assert_eq!(registry.merchant_of("1"), None, "a refusal uses nothing up");
        registry.open(&session, "shop.example", clock::add(at, USABLE_FOR), "1").unwrap();
        assert_eq!(registry.merchant_of("1"), Some("merchant.a"));
        assert!(registry.open(&session, "shop.example", at, "2").is_err());
        assert_eq!(registry.merchant_of("2"), None);
    }

    #[test]
    fn domains_are_registered_once_and_bounded() {
        let mut registry = Registry::default();
        assert!(registry.has("anything.example"), "none is registered");
        assert!(registry.register(vec!["a.example".to_owned(), "a.example".to_owned()]));
        assert!(registry.has("a.example") && !registry.has("b.example"));
        let many = (0..MAX_DOMAINS).map(|number| format!("{number}.example")).collect();
        assert!(!registry.register(many));
        assert_eq!(registry.domains(), ["a.example"]);
    }
}
