//! Which requests came: counts and names of fields, never a value.

use std::collections::BTreeMap;

use crate::control::{EndpointLog, RequestShape};

/// How many different sets of fields are kept per endpoint.
const MAX_SHAPES: usize = 32;

/// Requests per endpoint.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(BTreeMap<&'static str, EndpointLog>);

impl RequestLog {
    /// Counts a request.
    pub(crate) fn count(&mut self, endpoint: &'static str, authorized: bool) {
        let log = self.0.entry(endpoint).or_default();
        log.count += 1;
        log.unauthorized += u64::from(!authorized);
    }

    /// Notes which fields it had.
    pub(crate) fn shape(&mut self, endpoint: &'static str, fields: Vec<String>, unknown: u64) {
        let log = self.0.entry(endpoint).or_default();
        let known =
            log.shapes.iter_mut().find(|shape| shape.fields == fields && shape.unknown == unknown);
        if let Some(shape) = known {
            shape.count += 1;
        } else if log.shapes.len() < MAX_SHAPES {
            log.shapes.push(RequestShape { count: 1, fields, unknown });
        }
    }

    /// What the ledger says about it.
    pub(crate) fn to_ledger(&self) -> BTreeMap<String, EndpointLog> {
        self.0.iter().map(|(name, log)| ((*name).to_owned(), log.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_counted_and_bounded() {
        let mut log = RequestLog::default();
        for turn in 0..2 {
            for unknown in 0..100 {
                log.count("check", unknown > 0 || turn > 0);
                log.shape("check", vec!["order_id".to_owned()], unknown);
            }
        }
        let told = log.to_ledger();
        let check = &told["check"];
        assert_eq!((check.count, check.unauthorized, check.shapes.len()), (200, 1, MAX_SHAPES));
        assert!(check.shapes.iter().all(|shape| shape.count == 2));
    }
}
