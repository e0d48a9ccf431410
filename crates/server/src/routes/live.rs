//! `GET /checkout/{cst}/events`: what a page that is open has to learn, as it happens.
//!
//! Server-sent events (HTML, "Server-sent events"). Each `status` is the answer of `GET /checkout/{cst}/status` at that moment: the
//! first at once, then one whenever the shopper would see something else. Nothing is replayed: who connects again gets the
//! present state. No personal data, no address and no token is ever among it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use farthing_types::checkout::{CheckoutState, CheckoutStatus};
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::warn;

use super::checkout::find;
use crate::app::App;
use crate::checkout::view;
use crate::problem::ApiError;
use crate::store::StoreError;
use crate::store::changes::Watcher;
use crate::token::random_bytes;

/// Windows of one checkout that are told; more of them poll.
const PER_SESSION: usize = 8;

/// Streams of all checkouts, each of which holds a connection: 15 KiB of memory, measured with 1000. Never more than half of the
/// connections, so that payments find one.
const IN_ALL: usize = 2000;

/// News can be missed, and another process may write to the same database: so the store is read this often in any case.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A comment this often keeps proxies from taking the connection for dead.
const COMMENT: Duration = Duration::from_secs(15);

/// After so long the browser has to connect anew: nobody holds a place for ever.
const LONGEST: Duration = Duration::from_hours(1);

/// `GET /checkout/{cst}/events`.
pub async fn events(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((session, _)) = find(&app, &token).await? else { return Err(ApiError::NotFound) };
    if app.stopping.is_cancelled() {
        return Err(busy());
    }
    let in_all = IN_ALL.min(app.config.server.max_connections / 2);
    let watcher =
        app.store.changes().watch(&session.id, PER_SESSION, in_all).map_err(|_| busy())?;
    let keep_alive = KeepAlive::new().interval(COMMENT);
    let mut response = Sse::new(statuses(app, watcher)).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Asks nginx and those that follow it to pass each event on as it comes.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn busy() -> ApiError {
    ApiError::Unavailable { retry_after: Duration::from_secs(5) }
}

/// A stream between two events.
struct Follow {
    app: App,
    watcher: Watcher,
    /// What the page shows, once it was told.
    told: Option<CheckoutStatus>,
    /// When the session's time is over, as far as that can still change anything.
    ends: Option<Timestamp>,
    until: Instant,
}

/// The events of one session, from now to its end.
fn statuses(app: App, watcher: Watcher) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let until = Instant::now() + LONGEST;
    let follow = Follow { app, watcher, told: None, ends: None, until };
    stream::unfold(follow, |mut follow| async move {
        let status = follow.next().await?;
        let mut event = Event::default().event("status");
        if follow.told.is_none() {
            event = event.retry(retry());
        }
        // Texts, numbers and names: there is always JSON for them.
        let event = event.json_data(&status).ok()?;
        follow.told = Some(status);
        Some((Ok(event), follow))
    })
}

impl Follow {
    /// The next status that the page does not show yet; `None` when there will be none.
    async fn next(&mut self) -> Option<CheckoutStatus> {
        if self.told.as_ref().is_some_and(|told| is_final(told.state)) {
            return None;
        }
        if self.told.is_some() {
            self.wait().await?;
        }
        loop {
            match self.look().await {
                Ok(Some(status)) => {
                    if self.told.as_ref().is_none_or(|told| !looks_alike(told, &status)) {
                        return Some(status);
                    }
                }
                Ok(None) => return None,
                // The next look may find the store well again.
                Err(error) => warn!(%error, "a page cannot be told the state of its session"),
            }
            self.wait().await?;
        }
    }

    /// Until there may be something new; `None` when the stream has to end.
    async fn wait(&mut self) -> Option<()> {
        if Instant::now() >= self.until {
            return None;
        }
        let now = self.app.now();
        let left = self.ends.and_then(|end| Duration::try_from(end.duration_since(now)).ok());
        // A session is over at its last moment, not before.
        let pause = left.map_or(LOOK_AGAIN, |left| left.saturating_add(MOMENT).min(LOOK_AGAIN));
        tokio::select! {
            () = self.app.stopping.cancelled() => None,
            () = self.watcher.news() => Some(()),
            () = tokio::time::sleep(pause) => Some(()),
        }
    }

    async fn look(&mut self) -> Result<Option<CheckoutStatus>, ApiError> {
        let id = self.watcher.session_id();
        let session = self.app.store.session(id).await?.ok_or(StoreError::Missing)?;
        if !view::is_viewable(&session, self.app.now()) {
            return Ok(None);
        }
        let last = self.app.store.last_payment(id).await?;
        let status = view::status_of(&self.app, &session, last.as_ref())?;
        let waits = matches!(status.state, CheckoutState::Ready { .. });
        self.ends = waits.then_some(session.expires_at);
        Ok(Some(status))
    }
}

/// Times are kept in whole milliseconds.
const MOMENT: Duration = Duration::from_millis(1);

/// Whether the shopper sees the same in both: a fresh attempt key and a countdown are no news.
fn looks_alike(one: &CheckoutStatus, other: &CheckoutStatus) -> bool {
    let seen = |status: &CheckoutStatus| {
        let state = match status.state {
            CheckoutState::Ready { declined, .. } => {
                CheckoutState::Ready { declined, wait_seconds: 0 }
            }
            state => state,
        };
        CheckoutStatus { state, attempt: None, apple_pay_application_data: None, ..status.clone() }
    };
    seen(one) == seen(other)
}

/// Whether nothing follows that the page would show.
const fn is_final(state: CheckoutState) -> bool {
    matches!(state, CheckoutState::Paid | CheckoutState::Failed { .. } | CheckoutState::Expired)
}

/// One to three seconds, so that the pages of a server that was restarted do not come back in one moment.
fn retry() -> Duration {
    let drawn = random_bytes::<1>().map_or(0, |bytes| bytes.first().copied().unwrap_or(0));
    Duration::from_secs(1) + Duration::from_millis(8) * u32::from(drawn)
}

#[cfg(test)]
mod tests {
    use farthing_types::{DeclineCode, PaymentStatus, SessionStatus};

    use super::*;

    fn status(state: CheckoutState) -> CheckoutStatus {
        CheckoutStatus {
            state,
            message: None,
            session_status: SessionStatus::Open,
            payment_id: None,
            payment_status: None,
            version: 1,
            amount: 1000,
            currency: "EUR".parse().unwrap(),
            step: None,
            leaves: false,
            total: "€10.00".to_owned(),
            attempt: Some("att_1".to_owned()),
            apple_pay_application_data: Some("one".to_owned()),
        }
    }

    #[test]
    fn a_fresh_key_and_a_countdown_are_no_news_and_everything_else_is() {
        let declined = Some(DeclineCode::CardTimeLimit);
        let told = status(CheckoutState::Ready { declined, wait_seconds: 60 });
        let later = CheckoutStatus {
            attempt: Some("att_2".to_owned()),
            apple_pay_application_data: Some("two".to_owned()),
            ..status(CheckoutState::Ready { declined, wait_seconds: 3 })
        };
        assert!(looks_alike(&told, &told) && looks_alike(&told, &later));
        let fresh = |status: CheckoutStatus| assert!(!looks_alike(&told, &status), "{status:?}");
        fresh(status(CheckoutState::Ready { declined: None, wait_seconds: 60 }));
        fresh(status(CheckoutState::Processing));
        fresh(CheckoutStatus { version: 2, ..told.clone() });
        fresh(CheckoutStatus { total: "€11.00".to_owned(), ..told.clone() });
        fresh(CheckoutStatus { payment_id: Some("pay_2".to_owned()), ..told.clone() });
        fresh(CheckoutStatus { payment_status: Some(PaymentStatus::Failed), ..told.clone() });
        fresh(CheckoutStatus { session_status: SessionStatus::Processing, ..told.clone() });
    }

    #[test]
    fn browsers_come_back_after_one_to_three_and_a_bit_seconds() {
        for _ in 0..100 {
            assert!((1000..=3040).contains(&retry().as_millis()));
        }
    }

    #[test]
    fn what_may_still_change_is_not_final() {
        let ready = CheckoutState::Ready { declined: None, wait_seconds: 0 };
        for open in
            [ready, CheckoutState::Challenge, CheckoutState::Processing, CheckoutState::Review]
        {
            assert!(!is_final(open), "{open:?}");
        }
        let failed = CheckoutState::Failed { declined: DeclineCode::Declined };
        for over in [CheckoutState::Paid, failed, CheckoutState::Expired] {
            assert!(is_final(over), "{over:?}");
        }
    }
}
