//! The endpoint: HTTP on a port of 127.0.0.1, for as long as [`Running`] lives.
//!
//! # Invariants
//! - It listens on 127.0.0.1 only.
//! - No request makes it panic: what cannot be read is answered in the service's form.
//! - When [`Running`] is dropped the port and every connection are closed; nothing goes on in the background.
//! - When a client leaves, the work on its answer ends.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Method, Request, Response},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    Cut, Delivery, ReceivedRequest, Replay, Script, StartError,
    received::{Call, Operation, Tracker, decode, read_path},
    replay::Replayer,
    reply::Reply,
    script::Player,
};

mod connection;

use connection::Connections;

/// The service's limit for a request's body.
const MAX_BODY_BYTES: usize = 25_000_000;

/// An endpoint that is not running yet.
#[derive(Debug)]
pub struct Local {
    source: Source,
    max_body_bytes: usize,
}

/// Where answers come from.
#[derive(Debug)]
enum Source {
    Script(Script),
    Replay(Replay),
}

impl Local {
    /// An endpoint that plays a script.
    pub fn script(script: Script) -> Self {
        Self::of(Source::Script(script))
    }

    /// An endpoint that answers as recorded.
    pub fn replay(replay: Replay) -> Self {
        Self::of(Source::Replay(replay))
    }

    fn of(source: Source) -> Self {
        Self { source, max_body_bytes: MAX_BODY_BYTES }
    }

    /// The longest body that is taken, 25 MB if not set. A longer one is answered with status 413.
    #[must_use]
    pub fn max_body_bytes(mut self, max_body_bytes: usize) -> Self {
        self.max_body_bytes = max_body_bytes;
        self
    }

    /// Starts on a free port.
    ///
    /// # Errors
    /// The script cannot be played, or no port can be had.
    pub async fn start(self) -> Result<Running, StartError> {
        let model = match self.source {
            Source::Script(script) => {
                script.check()?;
                Model::Script(Player::new(script))
            }
            Source::Replay(replay) => Model::Replay(Replayer::new(replay)),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(StartError::Bind)?;
        let address = listener.local_addr().map_err(StartError::Bind)?;
        let shared = Arc::new(Shared {
            model,
            max_body_bytes: self.max_body_bytes,
            answered: AtomicU64::new(0),
            requests: Mutex::default(),
            delivery: Mutex::default(),
        });
        let (open, closed) = watch::channel(());
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().fallback(handle).with_state(shared.clone());
        let serving = axum::serve(Connections::new(listener, closed), router).with_graceful_shutdown(async {
            // A dropped sender stops it too.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move {
            // It accepts for ever; it has no error to tell.
            let _ = serving.await;
        });
        let url = format!("http://{address}");
        Ok(Running { address, url, shared, task: Some(task), stop: Some(stop), _open: open })
    }
}

/// A running endpoint; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    url: String,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
    /// Every connection watches it; when it is gone they close.
    _open: watch::Sender<()>,
}

impl Running {
    /// What a client takes as its endpoint, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was received by now, in order.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests().clone()
    }

    /// As [`Running::requests`], and forgets them.
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut self.shared.requests())
    }

    /// From the next answer on, cuts every body thus, whatever script or recording say.
    pub fn deliver(&self, delivery: Delivery, cut: Option<Cut>) {
        *self.shared.delivery.lock().unwrap_or_else(PoisonError::into_inner) = Some((delivery, cut));
    }

    /// Takes no more requests, finishes the answers that are on their way, and stops.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            // An error means that it panicked or was cancelled with the runtime: stopped in any case.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

#[derive(Debug)]
struct Shared {
    model: Model,
    max_body_bytes: usize,
    answered: AtomicU64,
    requests: Mutex<Vec<ReceivedRequest>>,
    delivery: Mutex<Option<(Delivery, Option<Cut>)>>,
}

/// What makes the answers.
#[derive(Debug)]
enum Model {
    Script(Player),
    Replay(Replayer),
}

impl Shared {
    fn requests(&self) -> MutexGuard<'_, Vec<ReceivedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the request and makes its answer, in one step: so both are in the same order.
    fn answer(&self, request: ReceivedRequest) -> Reply {
        let call = Call {
            decoded_path: decode(&request.path),
            operation: request.operation,
            body: request.body.clone(),
        };
        let is_post = request.method == Method::POST.as_str();
        let mut requests = self.requests();
        requests.push(request);
        let mut reply = match &self.model {
            Model::Script(player) if is_post => player.reply(&call),
            Model::Script(_) => Reply::unknown_operation(),
            Model::Replay(replayer) => replayer.reply(&call),
        };
        drop(requests);
        if let Some((delivery, cut)) = self.delivery.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            reply.delivery = delivery;
            reply.cut = cut;
        }
        reply
    }

    /// Looks random to no one, and repeats.
    fn request_id(&self) -> String {
        let number = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
        format!("00000000-0000-4000-8000-{number:012x}")
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let progress = Tracker::default();
    let watch = progress.watch();
    let reply = match read_body(body, shared.max_body_bytes).await {
        Ok(body) => {
            let path = head.uri.path().to_owned();
            let (model_id, operation) = read_path(&path).unwrap_or((String::new(), Operation::Other));
            let (method, headers) = (head.method.to_string(), head.headers);
            shared.answer(ReceivedRequest { method, path, model_id, operation, headers, body, progress })
        }
        Err(Unread::TooLong) => {
            let message = format!("The body is longer than {} bytes.", shared.max_body_bytes);
            Reply::error(413, "RequestEntityTooLargeException", &message)
        }
        Err(Unread::Broken) => Reply::error(400, "ValidationException", "The body did not arrive whole."),
    };
    let request_id = shared.request_id();
    reply.into_http(request_id, watch).await
}

enum Unread {
    TooLong,
    Broken,
}

/// Reads on for a while beyond the limit, since many clients look for an answer only after they sent everything.
async fn read_body(body: Body, limit: usize) -> Result<Bytes, Unread> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    let mut length = 0usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            whole.extend_from_slice(&chunk);
        } else if length > limit.saturating_mul(4) {
            break;
        }
    }
    if length <= limit { Ok(whole.freeze()) } else { Err(Unread::TooLong) }
}
