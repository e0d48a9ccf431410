//! Starting and stopping.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use crate::clock::Clock;
use crate::control::{Faults, Ledger};
use crate::net::{CuttableListener, Scissors};
use crate::routes;
use crate::state::State;
use crate::wallets::{Vendors, host};

/// How often time-outs are looked for. Requests that depend on them look too.
const SWEEP: Duration = Duration::from_secs(1);
/// How long open connections may take to end when the sandbox stops.
const STOP: Duration = Duration::from_secs(3);

/// How many callbacks, or series of them, and late results may be under way.
const MAX_BACKGROUND: usize = 20_000;

/// How a sandbox starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address of Apple's host, which is played only if this is given; port 0 takes a free one.
    pub apple_listen: Option<SocketAddr>,
    /// Also listens on `::1`, same port, if `listen` is `127.0.0.1` and the machine has it: browsers try it first for `localhost`.
    pub dual_stack: bool,
    /// What browsers and the server call the sandbox; `http://localhost:PORT` unless given.
    pub public_url: Option<Url>,
    /// User name of Basic authentication.
    pub merchant_key: String,
    /// Password of Basic authentication, and key of the callbacks' signatures.
    pub secret: SecretString,
    /// Switches at the start; a reset goes back to the defaults.
    pub faults: Faults,
    /// How many orders are remembered; the oldest are dropped.
    pub max_orders: usize,
    /// A directory that keeps the vendors' keys of wallets; new ones are made at each start otherwise. An empty or missing one is filled.
    pub wallet_keys: Option<PathBuf>,
}

impl Default for Settings {
    /// A free port of 127.0.0.1, and the credentials of the documents' samples.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            apple_listen: None,
            dual_stack: false,
            public_url: None,
            merchant_key: "test".to_owned(),
            secret: SecretString::from("qwerty"),
            faults: Faults::default(),
            max_orders: 50_000,
            wallet_keys: None,
        }
    }
}

/// A running sandbox. Dropping it stops it without waiting.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds and serves. Fails if the address cannot be bound, if the kept keys cannot be used, or without randomness.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let client = crate::callbacks::client().map_err(io::Error::other)?;
        let vendors = Vendors::open(settings.wallet_keys.as_deref(), Clock::default().now())?;
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let mut listeners = vec![listener];
        if settings.dual_stack && address.ip() == IpAddr::from([127, 0, 0, 1]) {
            // A machine without IPv6 does without.
            listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await.ok());
        }
        let public_url = match &settings.public_url {
            Some(url) => url.clone(),
            None => Url::parse(&format!("http://localhost:{}/", address.port()))
                .map_err(io::Error::other)?,
        };
        let apple = match settings.apple_listen {
            Some(listen) => Some(host::bind(listen).await?),
            None => None,
        };
        let apple_url = match &apple {
            Some(listener) => Some(host::url(&public_url, listener.local_addr()?)?),
            None => None,
        };
        let state =
            State::new(settings.max_orders, settings.secret.clone(), key, settings.faults.clone());
        let (stop, _) = watch::channel(false);
        let shared = Arc::new(Shared {
            settings,
            public_url,
            apple_url,
            client,
            vendors,
            state: Mutex::new(state),
            background: Mutex::new(JoinSet::new()),
            stop,
        });
        let app = routes::router(Arc::clone(&shared));
        // The one that can fail comes first.
        let mut tasks = Vec::new();
        if let Some(listener) = apple {
            tasks.push(host::start(&shared, listener)?);
        }
        for listener in listeners {
            tasks.push(tokio::spawn(serve(listener, app.clone(), shared.stopped())));
        }
        tasks.push(tokio::spawn(sweep(Arc::clone(&shared))));
        Ok(Self { shared, address, tasks })
    }

    /// The public URL, which ends in a slash.
    pub fn url(&self) -> Url {
        self.shared.public_url.clone()
    }

    /// The URL of Apple's host, which ends in a slash, if it is played.
    pub fn apple_url(&self) -> Option<Url> {
        self.shared.apple_url.clone()
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `GET /_control/ledger` says.
    pub fn ledger(&self) -> Ledger {
        self.shared.sweep();
        self.shared.lock().ledger(None)
    }

    /// Stops listening, lets open replies finish for a moment, drops callbacks that were not sent.
    pub async fn stop(mut self) {
        self.shared.stop.send_replace(true);
        for mut task in std::mem::take(&mut self.tasks) {
            if tokio::time::timeout(STOP, &mut task).await.is_err() {
                task.abort();
            }
        }
        let mut background = std::mem::take(&mut *self.shared.background());
        background.shutdown().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
        self.shared.background().abort_all();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(
    listener: TcpListener,
    app: Router,
    stopped: impl Future<Output = ()> + Send + 'static,
) {
    let service = app.into_make_service_with_connect_info::<Scissors>();
    if let Err(error) =
        axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stopped).await
    {
        tracing::error!(%error, "the sandbox's listener failed");
    }
}

/// Looks for time-outs by real time, so that abandoned payments end without anybody asking.
async fn sweep(shared: Arc<Shared>) {
    let stopped = shared.stopped();
    tokio::pin!(stopped);
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            _ = ticks.tick() => shared.sweep(),
        }
    }
}

/// A path below a URL, whether or not that ends in a slash.
fn below(base: &Url, path: &str) -> String {
    format!("{}/{path}", base.as_str().trim_end_matches('/'))
}

/// What every handler shares.
pub(crate) struct Shared {
    settings: Settings,
    public_url: Url,
    apple_url: Option<Url>,
    client: reqwest::Client,
    vendors: Vendors,
    state: Mutex<State>,
    background: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
}

impl Shared {
    /// The state. No guard is held while anything waits: the compiler refuses it in a handler.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn public_url(&self) -> &Url {
        &self.public_url
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where Apple's host is, if it is played.
    pub(crate) fn apple_url(&self) -> Option<&Url> {
        self.apple_url.as_ref()
    }

    pub(crate) fn vendors(&self) -> &Vendors {
        &self.vendors
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Ends what has timed out, and announces it.
    pub(crate) fn sweep(self: &Arc<Self>) {
        let late = self.lock().sweep();
        for dispatch in late {
            self.dispatch(Some(dispatch));
        }
    }

    /// `form_url` of a payment: the sandbox's own page, or the same last segment below another base.
    pub(crate) fn form_url(&self, base: Option<&Url>, processing_id: &str) -> String {
        match base {
            Some(base) => below(base, processing_id),
            None => self.page(&format!("smartcore/pay/{processing_id}")),
        }
    }

    /// `acsurl` of a payment: the sandbox's own page, or the same path below another base.
    pub(crate) fn acs_url(&self, base: Option<&Url>, path: &str, processing_id: &str) -> String {
        below(base.unwrap_or(&self.public_url), &format!("acs/{path}/{processing_id}"))
    }

    /// Where the issuer's pages send the browser back to the gateway.
    pub(crate) fn way_in(&self, path: &str, processing_id: &str) -> String {
        self.page(&format!("smartcore/3ds/{path}/{processing_id}"))
    }

    /// Whether a URL is one of our own pages.
    pub(crate) fn is_own(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url.origin() == self.public_url.origin())
    }

    /// The public URL of one of our pages.
    pub(crate) fn page(&self, path: &str) -> String {
        below(&self.public_url, path)
    }

    /// Runs something in the background until it ends or the sandbox stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut background = self.background();
        while background.try_join_next().is_some() {}
        if background.len() < MAX_BACKGROUND {
            background.spawn(task);
        } else {
            tracing::warn!("a callback or a late result was dropped: too many are waiting");
        }
    }

    /// Forgets everything, callbacks under way included.
    pub(crate) fn reset(&self) {
        self.background().abort_all();
        self.lock().reset();
    }

    /// Waits for `what`, but not longer than the sandbox runs.
    pub(crate) async fn until_stop(&self, what: impl Future<Output = ()>) {
        tokio::select! {
            () = what => {}
            () = self.stopped() => {}
        }
    }

    fn background(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.background.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when the sandbox stops.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that the sandbox is gone, which is the same.
            let _ = stop.wait_for(|stopped| *stopped).await;
        }
    }
}
