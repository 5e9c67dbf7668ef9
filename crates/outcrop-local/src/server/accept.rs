//! Takes connections and lets the HTTP library speak on them: HTTP/1.1, or HTTP/2 where the client begins with it, as
//! the AWS SDK for JavaScript does.
//!
//! # Invariants
//! - No more connections are served at once than the bounds say; further ones wait to be accepted.
//! - When the task is dropped every connection is closed, and the work on its answer ends.
//! - When it is told to stop, no connection is taken any more, idle ones close, and busy ones finish their answer.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use hyper::{
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{Bounds, pipeline::Shared};

/// Serves until `stopping` changes or its sender is gone, and then until the last answer.
pub(super) async fn serve(
    listener: TcpListener,
    bounds: Bounds,
    shared: Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(bounds.connections.max(1)));
    let mut connections = JoinSet::new();
    let speaker = Speaker::new(&bounds);
    loop {
        let accepted = async {
            // Never closed, so there is always a permit to wait for.
            let permit = room.clone().acquire_owned().await.ok();
            (permit, accept(&listener).await)
        };
        tokio::select! {
            (permit, stream) = accepted => {
                let (speaker, shared, stopping) = (speaker.clone(), shared.clone(), stopping.clone());
                connections.spawn(async move {
                    speaker.speak(stream, shared, stopping).await;
                    drop(permit);
                });
            }
            // Only so that those which ended are forgotten.
            Some(_) = connections.join_next() => {}
            _ = stopping.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it small chunks wait for each other; if it cannot be set they do so.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            // Out of file handles, or the client gave up in between: both pass.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Both ways to speak.
#[derive(Clone)]
struct Speaker {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    head_time: Duration,
}

/// What a client of HTTP/2 begins with, as far as no method of HTTP/1.1 does.
const HTTP2: &[u8] = b"PRI ";

impl Speaker {
    fn new(bounds: &Bounds) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head_time)
            .max_headers(bounds.headers)
            .max_header_size(bounds.head_bytes)
            // The least that the library takes is 8 KiB.
            .max_buf_size(bounds.head_bytes.max(64 * 1024));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(u32::try_from(bounds.connections).unwrap_or(u32::MAX).max(1))
            // Who does not answer is gone.
            .keep_alive_interval(bounds.head_time)
            .keep_alive_timeout(bounds.head_time);
        Self { http1, http2, head_time: bounds.head_time }
    }

    async fn speak(self, stream: TcpStream, shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
        let begins = tokio::time::timeout(self.head_time, begins_http2(&stream));
        let speaks_http2 = tokio::select! {
            begins = begins => match begins {
                Ok(Ok(speaks_http2)) => speaks_http2,
                // It left, or said nothing.
                _ => return,
            },
            _ = stopping.changed() => return,
        };
        let service = service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(shared.handle(request).await) }
        });
        let stream = TokioIo::new(stream);
        macro_rules! carry {
            ($connection:expr) => {{
                let mut connection = pin!($connection);
                // An error is a client that left or spoke no HTTP: nothing to tell.
                tokio::select! {
                    _ = connection.as_mut() => {}
                    _ = stopping.changed() => {
                        connection.as_mut().graceful_shutdown();
                        let _ = connection.await;
                    }
                }
            }};
        }
        if speaks_http2 {
            carry!(self.http2.serve_connection(stream, service));
        } else {
            carry!(self.http1.serve_connection(stream, service));
        }
    }
}

/// Looks at the first bytes and leaves them where they are.
async fn begins_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; HTTP2.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if length == HTTP2.len() || !HTTP2.starts_with(&first[..length]) {
            return Ok(first == HTTP2);
        }
        // What is there already would be shown again at once.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
