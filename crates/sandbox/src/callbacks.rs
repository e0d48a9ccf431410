//! Sending callbacks: in order, in the background, each with its answer in the ledger.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::sandbox::Shared;
use crate::smartcore::notice::Notice;
use crate::state::Dispatch;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The client that callbacks are sent with.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    // Another part of the process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent("SmartCore sandbox")
    };
    // Without root certificates on the machine, plain http must still work.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

impl Shared {
    /// Sends callbacks in the background.
    pub(crate) fn dispatch(self: &Arc<Self>, dispatch: Option<Dispatch>) {
        if let Some(dispatch) = dispatch {
            let shared = Arc::clone(self);
            self.spawn(async move { shared.deliver(dispatch).await });
        }
    }

    /// Sends callbacks now and waits for the answers.
    pub(crate) async fn deliver(&self, dispatch: Dispatch) {
        let Dispatch { processing_id, url, delay, lose, notices, epoch } = dispatch;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        for notice in notices {
            if self.lock().epoch() != epoch {
                return;
            }
            let http = if lose { None } else { self.post(&url, &notice).await };
            self.lock().note_callback(epoch, &processing_id, notice.status, http, lose);
        }
    }

    /// Posts one callback; the receiver's HTTP status, if it answered.
    pub(crate) async fn post(&self, url: &Url, notice: &Notice) -> Option<u16> {
        let request = self
            .client()
            .post(url.clone())
            .header(reqwest::header::CONTENT_TYPE, notice.content_type)
            .body(notice.body.clone());
        match request.send().await {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => {
                // Without the URL: its path holds the receiver's token.
                tracing::info!(error = %error.without_url(), "a callback was not answered");
                None
            }
        }
    }
}
