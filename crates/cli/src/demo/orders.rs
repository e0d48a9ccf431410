//! The shop's orders: what the shop remembers of its own. What was paid it asks the server, every time.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::outcome::{Failure, Result};

/// One order of the shop.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Order {
    /// The shop's order id.
    pub(super) id: String,
    /// What was bought.
    pub(super) title: String,
    /// Integer minor units of [`super::shop::CURRENCY`].
    pub(super) amount: u64,
    /// Whether the shop sent no customer data, so that the checkout asks.
    pub(super) guest: bool,
    /// The book's name in the catalogue.
    #[serde(default)]
    pub(super) book: String,
    /// How many copies; 0 in orders of earlier versions means one.
    #[serde(default)]
    pub(super) copies: u64,
    /// The latest checkout session.
    pub(super) session_id: String,
    /// The checkout page of that session.
    pub(super) checkout_url: String,
}

impl Order {
    /// The session's token, which the page hands to the element: the last part of the checkout's address.
    pub(super) fn token(&self) -> &str {
        self.checkout_url.rsplit('/').next().unwrap_or_default()
    }
}

// The checkout's address holds the session's token: it is not printed.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("id", &self.id).finish_non_exhaustive()
    }
}

/// All orders, in memory and appended to a file.
#[derive(Debug)]
pub(super) struct Orders {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    orders: BTreeMap<String, Order>,
    file: File,
}

impl Orders {
    /// Opens the file and reads what earlier runs left: one JSON object a line, later lines win.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let fail = |error: std::io::Error| Failure::refused(&path.display().to_string(), error);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fail(error)),
        };
        // A line that a crash cut short is skipped: its order can be made again.
        let orders = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Order>(line).ok())
            .map(|order| (order.id.clone(), order))
            .collect();
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(fail)?;
        Ok(Self { inner: Mutex::new(Inner { orders, file }) })
    }

    /// Keeps an order, or its new session.
    pub(super) async fn put(&self, order: Order) {
        let mut inner = self.inner.lock().await;
        if let Ok(mut line) = serde_json::to_string(&order) {
            line.push('\n');
            if let Err(error) = inner.file.write_all(line.as_bytes()) {
                tracing::warn!(%error, "an order could not be written; it is kept until the demo ends");
            }
        }
        inner.orders.insert(order.id.clone(), order);
    }

    /// One order.
    pub(super) async fn get(&self, id: &str) -> Option<Order> {
        self.inner.lock().await.orders.get(id).cloned()
    }

    /// The ids of all orders.
    pub(super) async fn ids(&self) -> Vec<String> {
        self.inner.lock().await.orders.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn orders_survive_a_restart_and_a_cut_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.jsonl");
        let order = Order {
            id: "FB-1".to_owned(),
            title: "A book".to_owned(),
            amount: 1000,
            guest: false,
            book: "ledgers".to_owned(),
            copies: 1,
            session_id: "ses_1".to_owned(),
            checkout_url: "http://localhost/checkout/cst_1".to_owned(),
        };
        Orders::open(&path).unwrap().put(order).await;
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"id\":\"FB-2").unwrap();
        let again = Orders::open(&path).unwrap();
        assert_eq!(again.ids().await, ["FB-1"]);
        let kept = again.get("FB-1").await.unwrap();
        assert_eq!((kept.amount, kept.token()), (1000, "cst_1"));
    }
}
