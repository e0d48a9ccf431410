//! Connections: accepting them, limiting them, and letting them end.
//!
//! Limits: 5 s for a request's head, 10 s for its body, 64 KiB of body (413), 4 KiB of URL (414), 16 KiB of headers, each
//! below 8 KiB (431), and a number of connections at once. Requests are never decompressed.

mod client;
mod guard;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use tracing::{debug, warn};

pub use self::client::ClientAddr;
pub(crate) use self::guard::catch_panic;
pub use self::guard::protect;
use crate::target::IpRange;

/// What clients may use up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; more wait in the operating system's queue.
    pub max_connections: usize,
    /// How long a request's head may take, and how long a connection may idle between requests.
    pub header_timeout: Duration,
    /// How long a request's body may take as a whole.
    pub body_timeout: Duration,
    /// How long requests may go on once the shutdown has begun.
    pub grace: Duration,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<IpRange>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            grace: Duration::from_secs(35),
            trusted_proxies: Vec::new(),
        }
    }
}

/// Serves the router until `shutdown` is ready, then accepts nothing more and waits for what is under way.
///
/// Returns `true` when every request was answered, `false` when the grace time was over before and connections were cut.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let router = protect(router, &limits);
    let limits = Arc::new(limits);
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        // The slot comes first: while there is none, connections wait unaccepted and cost nothing here.
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let watcher = graceful.watcher();
        let (router, limits) = (router.clone(), limits.clone());
        connections.spawn(async move {
            let connection = connection(stream, peer, router, &limits);
            // Cut connections and bad requests are the clients' affair.
            if let Err(error) = watcher.watch(connection).await {
                debug!(
                    timeout = error.is_timeout(),
                    parse = error.is_parse(),
                    "a connection ended early"
                );
            }
            drop(slot);
        });
    }
    drop(listener);
    let ended = tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_ok();
    connections.shutdown().await;
    ended
}

type Slot = tokio::sync::OwnedSemaphorePermit;

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, Slot)> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // A missing option costs 40 ms now and then, no more.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, slot))
        }
        Err(error) => {
            // Usually out of file descriptors: wait until some are given back.
            warn!(kind = %error.kind(), "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: &Arc<Limits>,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::Service<
        http::Request<Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send,
    > + use<>,
> {
    let trusted = limits.clone();
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        let client = ClientAddr::of(peer, request.headers(), &trusted.trusted_proxies);
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        // Start line and headers together; larger heads are answered with 431 by hyper itself.
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
}

/// 16 KiB of headers, 4 KiB of URL, and room for the rest of the start line and the separators.
const HEAD_LIMIT: usize = 24 * 1024;
