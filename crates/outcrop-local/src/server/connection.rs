//! Connections that close when the endpoint is dropped.
//!
//! # Invariants
//! - As soon as the sender of `closed` is gone every read and write fails, also those that wait already: the server
//!   then lets go of the connection and of the answer on it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::serve::Listener;
use futures::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Accepts connections.
pub(super) struct Connections {
    listener: TcpListener,
    closed: watch::Receiver<()>,
}

impl Connections {
    pub(super) fn new(listener: TcpListener, closed: watch::Receiver<()>) -> Self {
        Self { listener, closed }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // Without it small chunks wait for each other; if it cannot be set they do so.
                    let _ = stream.set_nodelay(true);
                    return (Connection::new(stream, self.closed.clone()), address);
                }
                // Out of file handles, or the client gave up in between: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    closed: BoxFuture<'static, ()>,
    is_closed: bool,
}

impl Connection {
    fn new(stream: TcpStream, mut closed: watch::Receiver<()>) -> Self {
        // Nothing is ever sent, so this ends when the sender is gone.
        let closed = Box::pin(async move { while closed.changed().await.is_ok() {} });
        Self { stream, closed, is_closed: false }
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.is_closed = self.is_closed || self.closed.as_mut().poll(cx).is_ready();
        if self.is_closed { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_open(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_open(cx)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
