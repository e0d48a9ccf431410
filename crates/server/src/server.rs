//! Starting and stopping the whole.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use farthing_gateways::Gateway;
use farthing_gateways::smartcore::{self, SmartCore};
use farthing_widget::ShellError;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::app::{App, Parts};
use crate::checkout::refusals::Refusals;
use crate::clock::SystemClock;
use crate::config::{Config, Database, Mode, Origin, SmartCoreProfile};
use crate::listen::{self, Limits};
use crate::payments::card_memory::CardMemory;
use crate::payments::checks::Checks;
use crate::seal::Sealer;
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
use crate::token::{NoRandomness, new_id};
use crate::transport::{Transport, TransportError};
use crate::wallets::merchant_session::AppleHost;
use crate::webhook::WebhookSender;
use crate::{assets, background, routes};

/// How long calls that are under way may take to end when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(35);

/// Sealed under the master key at the first start; whoever cannot open it has another key.
const KEY_CHECK: (&str, &[u8]) = ("master-key", b"the master key fits this database");

/// A running server.
pub struct Server {
    app: App,
    address: SocketAddr,
    wallet_address: Option<SocketAddr>,
    listening: Vec<tokio::task::JoinHandle<()>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The gateway's settings contradict each other.
    #[error("gateways.smartcore: {0}")]
    Gateway(#[from] smartcore::ConfigError),
    /// The address cannot be listened on.
    #[error("server.listen: the address cannot be listened on: {0}")]
    Listen(#[source] std::io::Error),
    /// The wallets' address cannot be listened on.
    #[error("server.wallet_listen: the address cannot be listened on: {0}")]
    ListenForWallets(#[source] std::io::Error),
    /// The database was sealed with another key.
    #[error("server.master_key: does not fit this database, which was sealed with another key")]
    MasterKey,
    /// The database cannot be opened.
    #[error("server.database: {0}")]
    Open(#[from] OpenError),
    /// No public URL can be made from the bound address.
    #[error("server.public_url: is required")]
    PublicUrl,
    /// No random numbers.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The pages that this build carries are not ours.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The store failed at once.
    #[error("server.database: {0}")]
    Store(#[from] StoreError),
    /// No HTTP client can be made.
    #[error("no HTTP client can be made: {0}")]
    Transport(#[from] TransportError),
    /// The wallets' origin, made from the bound address, is the checkout's or a shop's.
    #[error("server.wallet_origin: must differ from the checkout's and the shops' origins")]
    WalletOrigin,
}

impl Server {
    /// Opens the store, marks what a crash left behind as unresolved, and listens. Returns once connections are accepted.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listener = TcpListener::bind(config.server.listen).await.map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let public_url = public_url(&config, address)?;
        let wallet_listener = match config.server.wallet_listen {
            Some(wanted) => {
                Some(TcpListener::bind(wanted).await.map_err(StartError::ListenForWallets)?)
            }
            None => None,
        };
        let wallet_address = wallet_listener.as_ref().map(TcpListener::local_addr).transpose();
        let wallet_address = wallet_address.map_err(StartError::ListenForWallets)?;
        let wallet_origin = wallet_origin(&config, &public_url, wallet_address)?;
        let Database::Sqlite(path) = &config.server.database;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path)?);
        let sealer = Sealer::new(config.server.master_key.expose());
        check_master_key(store.as_ref(), &sealer).await?;
        let gateway: Arc<dyn Gateway> = Arc::new(gateway(&config)?);
        let webhooks = config
            .merchant
            .webhook
            .as_ref()
            .map(|webhook| {
                WebhookSender::new(&webhook.secret, webhook.old_secret.as_ref(), config.mode)
            })
            .transpose()?;
        let limits = Limits {
            max_connections: config.server.max_connections,
            trusted_proxies: config.server.trusted_proxies.clone(),
            ..Limits::default()
        };
        let app = App::new(Parts {
            transport: Transport::new(config.server.call_timeout)?,
            public_url,
            wallet_origin,
            shell: assets::shell()?,
            wallets_shell: assets::wallets_shell()?,
            shell_with_wallets: assets::shell_with_wallets()?,
            store,
            gateway,
            webhooks,
            sealer,
            clock: Arc::new(SystemClock),
            metrics: Metrics::new(),
            process: new_id("run_")?,
            checks: Checks::default(),
            refusals: Refusals::default(),
            cards: CardMemory::new()?,
            step_turn: tokio::sync::Mutex::new(()),
            apple_host: config.apple_pay.as_ref().map(AppleHost::new).transpose()?,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            check_wanted: Notify::new(),
            event_written: Notify::new(),
            behind: AtomicUsize::new(0),
            config,
        });
        let left = app.store.recover(app.context()).await?;
        if left > 0 {
            warn!(
                payments = left,
                "attempts of a process that died are unresolved; the gateway is asked"
            );
        }
        background::start(&app);
        let wallets = routes::wallets::router(app.clone());
        let main = routes::by_host(&app, routes::router(app.clone()), wallets.clone());
        let mut listening = Vec::new();
        for (listener, router) in [(Some(listener), main), (wallet_listener, wallets)] {
            let Some(listener) = listener else { continue };
            let (limits, stop) = (limits.clone(), app.stopping.clone());
            listening.push(tokio::spawn(async move {
                listen::serve(listener, router, limits, stop.cancelled_owned()).await;
            }));
        }
        info!(mode = ?app.config.mode, "started");
        Ok(Self { app, address, wallet_address, listening })
    }

    /// The origin under which browsers and gateways reach it.
    pub fn url(&self) -> &Origin {
        &self.app.public_url
    }

    /// The bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The origin of the wallets' buttons, if there is one.
    pub fn wallet_origin(&self) -> Option<&Origin> {
        self.app.wallet_origin.as_ref()
    }

    /// The address that serves the wallets' origin alone, if there is one.
    pub fn wallet_addr(&self) -> Option<SocketAddr> {
        self.wallet_address
    }

    /// Stops accepting, lets calls under way end for 35 s at most, and closes the store. What is still open is
    /// resolved by the next start.
    pub async fn stop(self) {
        self.app.stopping.cancel();
        self.app.tasks.close();
        let ending = async {
            for listener in self.listening {
                let _ = listener.await;
            }
            self.app.tasks.wait().await;
        };
        if tokio::time::timeout(STOP_WITHIN, ending).await.is_err() {
            warn!("calls were still under way; the next start asks the gateway about them");
        }
        info!("stopped");
    }
}

fn public_url(config: &Config, address: SocketAddr) -> Result<Origin, StartError> {
    if let Some(url) = &config.server.public_url {
        return Ok(url.clone());
    }
    if config.mode == Mode::Live {
        return Err(StartError::PublicUrl);
    }
    bound(address).ok_or(StartError::PublicUrl)
}

/// What browsers on this machine call an address that was bound.
fn bound(address: SocketAddr) -> Option<Origin> {
    let host = if address.ip().is_loopback() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    Origin::parse(&format!("http://{host}")).ok()
}

/// The configured one; in sandbox mode what was bound. An origin that was bound is compared here for the first time.
fn wallet_origin(
    config: &Config,
    public_url: &Origin,
    address: Option<SocketAddr>,
) -> Result<Option<Origin>, StartError> {
    let origin = match (&config.server.wallet_origin, address) {
        (Some(origin), _) => origin.clone(),
        (None, Some(address)) if config.mode == Mode::Sandbox => {
            bound(address).ok_or(StartError::WalletOrigin)?
        }
        (None, _) => return Ok(None),
    };
    let mut others = std::iter::once(public_url).chain(&config.merchant.origins);
    if others.any(|other| origin.shares_a_host_with(other)) {
        return Err(StartError::WalletOrigin);
    }
    Ok(Some(origin))
}

/// A wrong key must refuse to start: everything sealed would be lost without a word.
async fn check_master_key(store: &dyn Store, sealer: &Sealer) -> Result<(), StartError> {
    let (name, text) = KEY_CHECK;
    let first = sealer.seal(name, text).map_err(|_| StartError::MasterKey)?;
    let held = store.set_fact_once(name, first).await?;
    match sealer.open(name, &held) {
        Ok(opened) if opened.as_slice() == text => Ok(()),
        _ => Err(StartError::MasterKey),
    }
}

fn gateway(config: &Config) -> Result<SmartCore, smartcore::ConfigError> {
    use secrecy::ExposeSecret as _;
    let wanted = &config.smartcore;
    SmartCore::new(smartcore::Config {
        profile: match wanted.profile {
            SmartCoreProfile::V0 => smartcore::Profile::V0,
            SmartCoreProfile::V1 => smartcore::Profile::V1,
        },
        accounts: wanted.accounts.clone(),
        merchant_key: wanted.merchant_key.expose_secret().to_owned(),
        secret: wanted.secret.clone(),
        old_secrets: wanted.old_secrets.clone(),
        card_url: wanted.card_url.clone(),
        api_url: wanted.api_url.clone(),
        form_hosts: wanted.form_hosts.clone(),
        allow_http: config.mode == Mode::Sandbox,
    })
}
