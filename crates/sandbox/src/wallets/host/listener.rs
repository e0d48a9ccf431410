//! A listener of TLS connections whose clients have shown a certificate.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::wallets::user_id_of_der;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many connections may wait for the server after their handshake.
const WAITING: usize = 64;

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    merchant_id: Option<String>,
}

impl Client {
    /// The merchant identifier of the certificate: its subject's UID.
    pub(crate) fn merchant_id(&self) -> Option<&str> {
        self.merchant_id.as_deref()
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Client {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        let (_, session) = stream.io().get_ref();
        let leaf = session.peer_certificates().and_then(|chain| chain.first());
        Self { merchant_id: leaf.and_then(|leaf| user_id_of_der(leaf)) }
    }
}

/// Connections that have been through their handshake.
#[derive(Debug)]
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Takes connections until `stopped`. Handshakes run side by side: one that hangs holds up nobody.
    pub(crate) fn new(
        listener: TcpListener,
        config: rustls::ServerConfig,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), sender, stopped));
        Ok(Self { ready, address })
    }
}

async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    stopped: impl Future<Output = ()>,
) {
    tokio::pin!(stopped);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stopped => return,
            // axum's own accept waits and tries again when the process is out of file descriptors.
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // Whoever does not listen any more has stopped.
                Ok(Ok(stream)) => drop(sender.send((stream, peer)).await),
                Ok(Err(error)) => {
                    tracing::info!(%error, "a TLS handshake with Apple's host failed");
                }
                Err(_) => tracing::info!("a TLS handshake with Apple's host took too long"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // Stopped: so is the server, or will be.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
