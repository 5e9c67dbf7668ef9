//! How much one client may send, for how long, and how many may do so at once.
//!
//! # Invariants
//! - A head that is too long, too slow or no HTTP is answered or dropped by the HTTP library before anything here runs.
//! - A body is never held beyond its limit; past it, some is read on and thrown away, since many clients look for an
//!   answer only after they sent everything.

use std::{net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{
    StartError,
    reply::{Refused, Reply},
};

/// The limits of an endpoint. The defaults suit a test machine.
///
/// ```
/// use outcrop_local::{Bounds, Local, Script};
///
/// let mut bounds = Bounds::default();
/// bounds.connections = 8;
/// let local = Local::script(Script::new()).bounds(bounds);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bounds {
    /// The longest body in bytes: 25,000,000, as the service has it for InvokeModel. A longer one gets status 413.
    pub body_bytes: usize,
    /// The longest head in bytes, from the first line to the empty one: 64 KiB. A longer one gets status 431.
    pub head_bytes: usize,
    /// The most headers: 100. More get status 431.
    pub headers: usize,
    /// The longest path with its query in bytes: 8 KiB. A longer one gets status 414.
    pub path_bytes: usize,
    /// How many connections are served at once: 256. Further ones wait.
    pub connections: usize,
    /// How long a connection may take for the head of a request, idle time included: 30 s. Then it is closed.
    pub head_time: Duration,
    /// How long a client may take for the body: 60 s. Then it gets status 408.
    pub body_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes: 25_000_000,
            head_bytes: 64 * 1024,
            headers: 100,
            path_bytes: 8 * 1024,
            connections: 256,
            head_time: Duration::from_secs(30),
            body_time: Duration::from_secs(60),
        }
    }
}

/// How far beyond a body's limit is read: so many times the limit in all.
const READ_ON: usize = 4;

impl Bounds {
    /// The body of a request within the bounds.
    pub(super) async fn read(&self, head: &Parts, body: Incoming) -> Result<Bytes, Refused> {
        let path = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
        if path > self.path_bytes {
            let message = format!("The path is longer than {} bytes.", self.path_bytes);
            return Err(Reply::error(414, "RequestUriTooLongException", &message).closing().into());
        }
        match tokio::time::timeout(self.body_time, read_body(body, self.body_bytes)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(Unread::TooLong { all_read })) => {
                let message = format!("The body is longer than {} bytes.", self.body_bytes);
                let reply = Reply::error(413, "RequestEntityTooLargeException", &message);
                Err(if all_read { reply } else { reply.closing() }.into())
            }
            Ok(Err(Unread::Broken)) => {
                Err(Reply::error(400, "ValidationException", "The body did not arrive whole.")
                    .closing()
                    .into())
            }
            Err(_) => {
                let message = format!("The body took longer than {:?}.", self.body_time);
                Err(Reply::error(408, "RequestTimeoutException", &message).closing().into())
            }
        }
    }
}

enum Unread {
    TooLong { all_read: bool },
    Broken,
}

async fn read_body(mut body: Incoming, limit: usize) -> Result<Bytes, Unread> {
    let mut whole = BytesMut::new();
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        length = length.saturating_add(chunk.len());
        if length <= limit {
            whole.extend_from_slice(&chunk);
        } else if length > limit.saturating_mul(READ_ON) {
            return Err(Unread::TooLong { all_read: false });
        } else {
            whole = BytesMut::new();
        }
    }
    if length <= limit { Ok(whole.freeze()) } else { Err(Unread::TooLong { all_read: true }) }
}

/// Whether the endpoint may listen there.
pub(super) fn check_address(address: SocketAddr, allows_remote: bool) -> Result<(), StartError> {
    if allows_remote || address.ip().to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(StartError::NotLoopback { address })
    }
}
