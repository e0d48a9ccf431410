//! What Apple knows of merchants, and who asked it for sessions.

use std::collections::VecDeque;

use crate::control::LedgerSession;

/// How many requests for sessions the ledger keeps.
const MAX_SESSIONS: usize = 64;
/// How many domains may be registered: Apple's own limit for one merchant.
const MAX_DOMAINS: usize = 100;

/// Forgotten by a reset.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    domains: Vec<String>,
    sessions: VecDeque<LedgerSession>,
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
    use super::*;

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
