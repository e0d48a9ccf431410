//! What the operator sees: logs, metrics, request ids. None of it holds personal data or secrets.

pub mod request_id;
