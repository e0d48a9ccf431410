//! The live log: server-sent events ("HTML Standard", 9.2), written as things happen.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::journal::Entry;
use super::shop::Shop;

/// How many logs are followed at once.
const LISTENERS: usize = 64;
/// A comment this often, so that nobody on the way thinks the connection dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Who may listen, and until when.
#[derive(Debug)]
pub(super) struct Live {
    permits: Arc<Semaphore>,
    ending: watch::Receiver<bool>,
}

impl Live {
    /// Streams end when `ending` turns true.
    pub(super) fn new(ending: watch::Receiver<bool>) -> Self {
        Self { permits: Arc::new(Semaphore::new(LISTENERS)), ending }
    }
}

/// Which log, and from where.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    order: Option<String>,
    after: Option<String>,
}

/// `GET /live?order=…&after=…`
pub(super) async fn live(
    State(shop): State<Arc<Shop>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let Ok(permit) = Arc::clone(&shop.live.permits).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    // A browser that comes back says what it saw last; that is later than what the page says.
    let mark = headers
        .get("last-event-id")
        .and_then(|mark| mark.to_str().ok())
        .or(wanted.after.as_deref())
        .unwrap_or_default();
    let following = Following {
        seen: shop.journal.place(mark),
        order: wanted.order,
        queue: VecDeque::new(),
        latest: shop.journal.subscribe(),
        ending: shop.live.ending.clone(),
        is_first: true,
        shop,
        _permit: permit,
    };
    let stream = futures_util::stream::unfold(following, async |mut following| {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

/// One browser's place in the journal.
struct Following {
    shop: Arc<Shop>,
    order: Option<String>,
    seen: u64,
    queue: VecDeque<Entry>,
    latest: watch::Receiver<u64>,
    ending: watch::Receiver<bool>,
    is_first: bool,
    _permit: OwnedSemaphorePermit,
}

impl Following {
    /// Waits for the next thing to tell; nothing when the shop closes.
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.is_first) {
            // Whoever begins to listen may have missed something; asked in the background, told as it is learnt.
            self.shop.look_later(self.order.clone());
            return Some(Event::default().retry(RETRY).comment("following"));
        }
        loop {
            if let Some(entry) = self.queue.pop_front() {
                let id = self.shop.journal.mark(entry.seq);
                let data = serde_json::to_string(&entry).ok()?;
                return Some(Event::default().event("entry").id(id).data(data));
            }
            self.latest.borrow_and_update();
            self.queue.extend(self.shop.journal.after(self.seen, self.order.as_deref()));
            if let Some(entry) = self.queue.back() {
                self.seen = entry.seq;
                continue;
            }
            tokio::select! {
                changed = self.latest.changed() => changed.ok()?,
                // An error means that whoever could tell us is gone: closed as well.
                _ = self.ending.wait_for(|ending| *ending) => return None,
            }
        }
    }
}
