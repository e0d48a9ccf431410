//! A listener whose connections can be cut in the middle of a reply.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// No limit.
const ENDLESS: u64 = u64::MAX;

/// Lets a handler cut its own connection.
#[derive(Clone, Debug)]
pub(crate) struct Scissors(Arc<Limit>);

#[derive(Debug)]
struct Limit {
    /// Bytes that may still be written.
    left: AtomicU64,
    reset: AtomicBool,
}

impl Scissors {
    fn new() -> Self {
        Self(Arc::new(Limit { left: AtomicU64::new(ENDLESS), reset: AtomicBool::new(false) }))
    }

    /// Ends the connection after `bytes` more bytes.
    pub(crate) fn cut_after(&self, bytes: u64, reset: bool) {
        self.0.reset.store(reset, Ordering::Relaxed);
        self.0.left.store(bytes.min(ENDLESS - 1), Ordering::Relaxed);
    }

    /// Takes the limit back: a new request begins on the connection.
    pub(crate) fn mend(&self) {
        self.0.left.store(ENDLESS, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().scissors.clone()
    }
}

/// A TCP listener of [`CuttableStream`]s.
#[derive(Debug)]
pub(crate) struct CuttableListener(pub(crate) TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // axum's own accept waits and tries again when the process is out of file descriptors.
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Replies are small and latency is measured.
        let _ = stream.set_nodelay(true);
        (CuttableStream { stream, scissors: Scissors::new() }, peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A TCP stream that fails when its limit is written.
#[derive(Debug)]
pub(crate) struct CuttableStream {
    stream: TcpStream,
    scissors: Scissors,
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let limit = Arc::clone(&self.scissors.0);
        let left = limit.left.load(Ordering::Relaxed);
        if left == ENDLESS {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        if left == 0 {
            if limit.reset.load(Ordering::Relaxed) {
                let _ = self.stream.set_zero_linger();
            }
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let part = buf.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(buf);
        let written = Pin::new(&mut self.stream).poll_write(cx, part);
        if let Poll::Ready(Ok(count)) = written {
            limit.left.store(
                left.saturating_sub(u64::try_from(count).unwrap_or(left)),
                Ordering::Relaxed,
            );
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
