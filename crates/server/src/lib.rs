//! The companion backend: sessions, payments, callbacks, webhooks.
