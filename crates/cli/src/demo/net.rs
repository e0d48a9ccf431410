//! Listening on both loopback addresses: browsers try `::1` first for `localhost`.

use std::future::Future;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::loopback;
use crate::outcome::{Failure, Result};

/// One port on 127.0.0.1 and, if the machine has it, on ::1.
pub(super) struct Both {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
}

/// Binds a port; 0 takes a free one.
pub(super) async fn bind_both(port: u16) -> Result<Both> {
    let fail = |error: io::Error| cannot_listen("the shop", port, &error);
    let v4 = TcpListener::bind(loopback(port)).await.map_err(fail)?;
    let port = v4.local_addr().map_err(fail)?.port();
    let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(listener) => Some(listener),
        // Another program on ::1 would get the browser's requests instead of us.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(fail(error)),
        Err(_) => None,
    };
    Ok(Both { v4, v6, port })
}

/// What to tell when a port is taken.
pub(super) fn cannot_listen(who: &str, port: u16, error: &io::Error) -> Failure {
    let advice =
        if error.kind() == io::ErrorKind::AddrInUse { "; --port N takes other ports" } else { "" };
    Failure::Refused(format!("{who} cannot listen on port {port}: {error}{advice}"))
}

impl Both {
    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether ::1 is there.
    pub(super) fn has_v6(&self) -> bool {
        self.v6.is_some()
    }

    /// Serves until `stop` ends and open requests are answered.
    pub(super) async fn serve(self, app: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
        let (tell, _) = watch::channel(false);
        let mut serving = Vec::new();
        for listener in [Some(self.v4), self.v6].into_iter().flatten() {
            let (app, mut told) = (app.clone(), tell.subscribe());
            serving.push(tokio::spawn(async move {
                let told = async move {
                    // An error means that the sender is gone: the demo has ended.
                    let _ = told.wait_for(|told| *told).await;
                };
                axum::serve(listener, app).with_graceful_shutdown(told).await
            }));
        }
        stop.await;
        tell.send_replace(true);
        for task in serving {
            task.await.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

/// Hands connections to `[::1]:port` on to the same port of 127.0.0.1, where a server with one address listens.
///
/// `None` if the machine has no ::1.
pub(super) async fn forward_v6(to: SocketAddr) -> Option<JoinHandle<()>> {
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, to.port())).await.ok()?;
    Some(tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Ok(mut to) = TcpStream::connect(to).await {
                    // Either side may hang up at any time; the other is told by the end of its stream.
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    }))
}
