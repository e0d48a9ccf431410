//! What the operator sees: logs, metrics, request ids. None of it holds personal data or secrets.

pub mod http;
pub mod logs;
pub mod metrics;
pub mod request_id;
pub mod scrub;

pub use self::metrics::Metrics;
