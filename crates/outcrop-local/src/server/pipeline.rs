//! The way of a request to its answer: bounds, auth, operation, rules, parse, faults in place of an answer, model,
//! faults in the answer, delivery.
//!
//! # Invariants
//! - Each stage either lets the request pass or answers in its stead; no later stage sees what an earlier one refused.
//! - A request is noted in one step with taking its answer from script or recording: both have the same order.
//! - A recording answers whatever was recorded, so the stages that know operations leave it alone.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header::HOST, request::Parts};
use hyper::body::Incoming;

use super::{Bounds, parse::Asked};
use crate::{
    Auth, Cut, Delivery, Demo, FaultError, Log, ReceivedRequest,
    auth::Signed,
    faults::{self, Fault},
    log::Entry,
    received::{Call, Operation, Tracker, decode, read_path},
    replay::Replayer,
    reply::{Body, Refused, Reply},
    rules::{Refusal, judge},
    script::Player,
    wire,
};

/// The header by which a request asks for faults.
const FAULT_HEADER: &str = "x-outcrop-fault";

/// What makes the answers.
#[derive(Debug)]
pub(super) enum Model {
    Script(Player),
    Replay(Replayer),
    Demo(Demo),
}

/// What does not change while it runs.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) rules: bool,
    pub(super) auth: Auth,
    pub(super) faults_by_header: bool,
    pub(super) log: Log,
    pub(super) forgets_requests: bool,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    model: Model,
    settings: Settings,
    bounds: Bounds,
    began: Instant,
    received: AtomicU64,
    answered: AtomicU64,
    requests: Mutex<Vec<ReceivedRequest>>,
    pub(super) delivery: Mutex<Option<(Delivery, Option<Cut>)>>,
    pub(super) faults: Mutex<Vec<Fault>>,
}

impl Shared {
    pub(super) fn new(model: Model, settings: Settings, bounds: Bounds, faults: Vec<Fault>) -> Self {
        Self {
            model,
            settings,
            bounds,
            began: Instant::now(),
            received: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            requests: Mutex::default(),
            delivery: Mutex::default(),
            faults: Mutex::new(faults),
        }
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<ReceivedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub(super) async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        let started = Instant::now();
        let number = self.received.fetch_add(1, Ordering::Relaxed) + 1;
        let (mut head, body) = request.into_parts();
        // HTTP/2 has the host elsewhere; those who sign it call it by its old name.
        if !head.headers.contains_key(HOST)
            && let Some(Ok(host)) = head.uri.authority().map(|host| HeaderValue::from_str(host.as_str()))
        {
            head.headers.insert(HOST, host);
        }
        let progress = Tracker::default();
        let mut watch = progress.watch();
        let call = Call::new(&head);
        let (body, (reply, faults)) = match self.bounds.read(&head, body).await {
            Ok(body) => (body.clone(), self.answer(number, Call { body, ..call.clone() }, head, progress)),
            Err(refused) => (Bytes::new(), (*refused, Vec::new())),
        };
        let (what, told) = (call.describe(), faults.iter().map(Fault::to_string).collect::<Vec<_>>());
        watch.entry = Entry::new(self.settings.log, started, &what, &body, &reply, &told.join(","));
        reply.into_http(self.request_id(), watch).await
    }

    /// Notes the request and gives its answer, and which faults are in it.
    fn answer(&self, number: u64, call: Call, head: Parts, progress: Tracker) -> (Reply, Vec<Fault>) {
        let passed = self.authorize(&call, &head).and_then(|()| self.faults_for(number, &head));
        let (judged, faults) = match passed {
            Ok(faults) => (self.examine(&call, &head, &faults), faults),
            Err(refused) => (Err(refused), Vec::new()),
        };
        let mut requests = self.requests();
        if !self.settings.forgets_requests {
            requests.push(ReceivedRequest::new(&call, head, progress));
        }
        let answer = judged.map(|asked| match (&self.model, asked) {
            (Model::Script(player), Some(asked)) => player.reply(&call, &asked),
            (Model::Replay(replayer), _) => replayer.reply(&call),
            (Model::Demo(demo), Some(asked)) => {
                // It takes a while and has no order to keep.
                drop(requests);
                self.demo_reply(demo, number, &call, asked)
            }
            (_, None) => Reply::unknown_operation(),
        });
        let reply = match answer {
            Ok(reply) => self.deliver(faults::put_into(&faults, reply)),
            Err(refused) => self.deliver(*refused),
        };
        (reply, faults)
    }

    fn authorize(&self, call: &Call, head: &Parts) -> Result<(), Refused> {
        self.settings.auth.check(&Signed {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &call.body,
        })
    }

    /// The faults of the endpoint and of the request's header that are for this request.
    fn faults_for(&self, number: u64, head: &Parts) -> Result<Vec<Fault>, Refused> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.settings.faults_by_header {
            for value in head.headers.get_all(FAULT_HEADER) {
                let specs = String::from_utf8_lossy(value.as_bytes()).into_owned();
                for spec in specs.split(',') {
                    faults.push(spec.parse().map_err(|error: FaultError| {
                        let message = format!("The header {FAULT_HEADER} cannot be obeyed: {error}.");
                        Reply::error(400, "ValidationException", &message)
                    })?);
                }
            }
        }
        faults.retain(|fault| fault.is_for(number));
        Ok(faults)
    }

    /// Operation, rules, parse, and faults in place of an answer.
    fn examine(&self, call: &Call, head: &Parts, faults: &[Fault]) -> Result<Option<Asked>, Refused> {
        let asked = if let Model::Replay(_) = self.model {
            self.judge(call)?;
            None
        } else {
            if head.method != Method::POST || call.operation == Operation::Other {
                return Err(Reply::unknown_operation().into());
            }
            self.judge(call)?;
            Some(Asked::read(call)?)
        };
        match faults::in_place(faults, call.operation) {
            Some(reply) => Err(faults::put_into(faults, reply).into()),
            None => Ok(asked),
        }
    }

    fn judge(&self, call: &Call) -> Result<(), Refused> {
        if !self.settings.rules || call.operation == Operation::Other {
            return Ok(());
        }
        judge(&call.model_id, call.operation, &call.body).map_err(|refusal| refusal.reply().into())
    }

    fn demo_reply(&self, demo: &Demo, number: u64, call: &Call, asked: Asked) -> Reply {
        let count = match asked {
            Asked::Answer(request) => {
                let now = self.began.elapsed();
                let answer = demo.answer(&call.model_id, call.operation, &call.body, &request, now);
                return answer.reply(usize::try_from(number).unwrap_or_default(), call);
            }
            Asked::Count { request: Some(request), .. } => demo.count_tokens(&request),
            Asked::Count { counted, request: None } => counted.as_str().len().div_ceil(4) as u64,
        };
        Reply::json(200, serde_json::json!({ "inputTokens": count }).to_string())
    }

    fn deliver(&self, mut reply: Reply) -> Reply {
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

impl Call {
    /// What the head asks for.
    fn new(head: &Parts) -> Self {
        let path = head.uri.path();
        let (model_id, operation) = read_path(path).unwrap_or((String::new(), Operation::Other));
        Self { decoded_path: decode(path), model_id, operation, body: Bytes::new() }
    }

    /// For people.
    fn describe(&self) -> String {
        match self.operation {
            Operation::Other => self.decoded_path.clone(),
            operation => format!("{} {}", operation.name(), self.model_id),
        }
    }
}

impl ReceivedRequest {
    fn new(call: &Call, head: Parts, progress: Tracker) -> Self {
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            model_id: call.model_id.clone(),
            operation: call.operation,
            headers: head.headers,
            body: call.body.clone(),
            progress,
        }
    }
}

impl Refusal {
    fn reply(&self) -> Reply {
        if !self.in_stream {
            return Reply::error(self.status, self.code, &self.message);
        }
        let mut body = Vec::new();
        match wire::exception_frame(self.code, &self.message).encode(&mut body) {
            Ok(()) => Reply::stream(body),
            Err(_) => Reply::error(400, self.code, &self.message),
        }
    }
}
