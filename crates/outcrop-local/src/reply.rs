//! One answer on its way to HTTP: status, headers, and a body that leaves in chunks, in time, perhaps not whole.
//!
//! # Invariants
//! - Every answer carries `x-amzn-requestid`, a gateway's page aside.
//! - A chunk leaves when all of its bytes are due.
//! - A break comes after the bytes before it were handed to the connection.

use std::{io, time::Duration, vec};

use bytes::Bytes;
use futures::TryStreamExt;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};

use crate::{
    delivery::{Cut, Delivery},
    received::Watch,
    wire,
};

/// What leaves over HTTP.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer that stands in place of the one asked for. Boxed: it is the seldom way.
pub(crate) type Refused = Box<Reply>;

/// An answer before it is HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// How long to wait before the byte at an offset, offsets rising.
    pub(crate) pauses: Vec<(usize, Duration)>,
    pub(crate) delivery: Delivery,
    pub(crate) cut: Option<Cut>,
    /// A wait before each chunk.
    pub(crate) drip: Duration,
    /// It never ends; where it is no stream, it never begins.
    pub(crate) falls_silent: bool,
    /// Whether it carries a request id.
    pub(crate) carries_id: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE.to_string(), content_type.to_owned())],
            body: body.into(),
            pauses: Vec::new(),
            delivery: Delivery::default(),
            cut: None,
            drip: Duration::ZERO,
            falls_silent: false,
            carries_id: true,
        }
    }

    pub(crate) fn json(status: u16, body: String) -> Self {
        Self::new(status, wire::JSON, body)
    }

    pub(crate) fn stream(body: Vec<u8>) -> Self {
        Self::new(200, wire::EVENT_STREAM, body)
    }

    pub(crate) fn error(status: u16, error_type: &str, message: &str) -> Self {
        let mut reply = Self::json(status, wire::message_body(message));
        reply.headers.push((wire::ERROR_TYPE.to_owned(), wire::error_type_header(error_type)));
        reply
    }

    pub(crate) fn unknown_operation() -> Self {
        let message = "This endpoint has POST /model/{modelId}/converse, converse-stream and count-tokens.";
        Self::error(404, "UnknownOperationException", message)
    }

    /// The connection ends with it.
    pub(crate) fn closing(mut self) -> Self {
        self.headers.push((header::CONNECTION.to_string(), "close".to_owned()));
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_stream(&self) -> bool {
        let content_type = self.header(header::CONTENT_TYPE.as_str());
        content_type.is_some_and(|value| value.starts_with(wire::EVENT_STREAM))
    }

    /// `request_id` is for an answer that has none of its own.
    pub(crate) async fn into_http(mut self, request_id: String, watch: Watch) -> Response<Body> {
        if self.carries_id && self.header(wire::REQUEST_ID).is_none() {
            self.headers.push((wire::REQUEST_ID.to_owned(), request_id));
        }
        let streams = self.is_stream();
        if !streams {
            // Without a stream nothing is sent before the answer is there, not even headers.
            let due = self.pauses.drain(..).map(|(_, pause)| pause).sum();
            tokio::time::sleep(due).await;
            if self.falls_silent {
                std::future::pending::<()>().await;
            }
        }
        let length = (!streams && self.cut.is_none()).then_some(self.body.len());
        let (status, headers) = (self.status, std::mem::take(&mut self.headers));
        let mut response = Response::new(self.into_body(watch));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in headers {
            // What HTTP does not take as a header cannot have been one.
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        if let Some(length) = length {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        response
    }

    fn into_body(self, watch: Watch) -> Body {
        let ends = self.delivery.chunk_ends(&self.body, self.cut);
        let breaks = matches!(self.cut, Some(Cut::Break(limit)) if limit < self.body.len());
        if ends.is_empty() && !breaks && !self.falls_silent {
            // An empty body is not asked for its bytes.
            watch.done();
        }
        let sending = Sending {
            body: self.body,
            sent: 0,
            ends: ends.into_iter(),
            pauses: self.pauses.into_iter().peekable(),
            breaks,
            drip: self.drip,
            falls_silent: self.falls_silent,
            watch,
        };
        let chunks = futures::stream::unfold(sending, Sending::next);
        StreamBody::new(chunks.map_ok(hyper::body::Frame::data)).boxed_unsync()
    }
}

struct Sending {
    body: Bytes,
    sent: usize,
    ends: vec::IntoIter<usize>,
    pauses: std::iter::Peekable<vec::IntoIter<(usize, Duration)>>,
    breaks: bool,
    drip: Duration,
    falls_silent: bool,
    watch: Watch,
}

impl Sending {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        match self.ends.next() {
            Some(end) => {
                while let Some((_, pause)) = self.pauses.next_if(|(offset, _)| *offset < end) {
                    tokio::time::sleep(pause).await;
                }
                if !self.drip.is_zero() {
                    tokio::time::sleep(self.drip).await;
                }
                let chunk = self.body.slice(self.sent..end);
                self.sent = end;
                if self.ends.len() == 0 && !self.breaks && !self.falls_silent {
                    self.watch.done();
                }
                Some((Ok(chunk), self))
            }
            None if self.breaks => {
                self.breaks = false;
                self.watch.done();
                // While this waits, the connection writes what it holds.
                tokio::time::sleep(Duration::from_millis(1)).await;
                Some((Err(io::Error::other("the script breaks the connection here")), self))
            }
            None if self.falls_silent => std::future::pending().await,
            None => {
                self.watch.done();
                None
            }
        }
    }
}
