//! The events of one answer, as they come.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::Stream;
use http_body::Body;
use outcrop_core::{
    StreamEvent,
    wire::{EventError, FrameDecoder},
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use crate::{
    alarm::Alarm,
    client::ResponseMeta,
    error::{Error, ServiceError, StreamError, StreamErrorKind, TimeoutError, TimeoutKind},
    transport::{Answer, Head},
};

/// The events of one answer. [`Bedrock::stream`](crate::Bedrock::stream) makes it.
///
/// - Events come in the order of the wire; those of a kind that this version does not know come as
///   [`StreamEvent::Unknown`].
/// - A stream that ends, breaks or falls silent before [`StreamEvent::MessageStop`] gives an error: what came is a
///   fragment. After `MessageStop` the message is final: `Metadata` is waited for
///   [`METADATA_WAIT`](Self::METADATA_WAIT), and whatever happens then is an ordinary end.
/// - After an error or the end it gives `None`.
/// - Dropping it ends the exchange: the connection is closed, nothing is read on behind the scenes.
///
/// Time limits run while the stream is being polled and nothing comes, so a slow reader never runs into them.
///
/// ```no_run
/// use futures::StreamExt;
/// use outcrop_bedrock::Bedrock;
/// use outcrop_core::{Message, Request, StreamEvent};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let bedrock = Bedrock::from_env("us.anthropic.claude-sonnet-4-6").await?;
/// let mut events = bedrock.stream(&Request::new().messages([Message::user("Hello")])).await?;
/// while let Some(event) = events.next().await {
///     if let StreamEvent::MessageStop(stop) = event? {
///         println!("{:?}", stop.stop_reason);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "an answer comes only while its stream is polled"]
pub struct EventStream {
    meta: ResponseMeta,
    source: Source,
}

enum Source {
    Wire(Box<Wire>),
    Whole(std::vec::IntoIter<StreamEvent>),
    Over,
}

impl EventStream {
    /// How long `Metadata` is waited for after `MessageStop`: 5 s. The answer is complete without it, only its usage
    /// is then unknown.
    pub const METADATA_WAIT: Duration = Duration::from_secs(5);

    /// How long the end of the body is waited for after `MessageStop` and `Metadata`, so that the connection can be
    /// used again.
    const CLOSE_WAIT: Duration = Duration::from_millis(200);

    /// `first` is what is left of the time for the first event.
    pub(crate) fn of_wire(
        Answer { head, body }: Answer,
        first: Option<(Duration, Duration)>,
        idle: Option<Duration>,
        alarm: Alarm,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let meta = ResponseMeta::of(&head);
        let wire = Wire {
            body,
            decoder: FrameDecoder::default(),
            head,
            first,
            idle,
            events: 0,
            stopped: false,
            metadata: false,
            alarm,
            until: None,
            _permit: permit,
        };
        Self { meta, source: Source::Wire(Box::new(wire)) }
    }

    pub(crate) fn of_whole(events: Vec<StreamEvent>, meta: ResponseMeta) -> Self {
        Self { meta, source: Source::Whole(events.into_iter()) }
    }

    /// The service's id of the request, from `x-amzn-requestid`.
    pub fn request_id(&self) -> Option<&str> {
        self.meta.request_id.as_deref()
    }

    /// What is known of the answer besides its events.
    pub fn meta(&self) -> &ResponseMeta {
        &self.meta
    }
}

impl Stream for EventStream {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match &mut self.source {
            Source::Wire(wire) => ready!(wire.poll_event(cx)),
            Source::Whole(events) => events.next().map(Ok),
            Source::Over => None,
        };
        if !matches!(item, Some(Ok(_))) {
            self.source = Source::Over;
        }
        Poll::Ready(item)
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("meta", &self.meta).finish_non_exhaustive()
    }
}

/// A stream that is still on the wire.
struct Wire {
    body: SdkBody,
    decoder: FrameDecoder,
    head: Head,
    /// The limit for the first event, and what is left of it.
    first: Option<(Duration, Duration)>,
    idle: Option<Duration>,
    /// How many events were handed out.
    events: usize,
    stopped: bool,
    metadata: bool,
    alarm: Alarm,
    /// When the wait ends, once the reader has asked since the last event and nothing was there.
    until: Option<Instant>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Wire {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<StreamEvent, Error>>> {
        loop {
            match self.decoder.next_frame_ref() {
                Ok(Some(frame)) => match StreamEvent::from_frame_ref(frame) {
                    Ok(event) => {
                        self.note(&event);
                        return Poll::Ready(Some(Ok(event)));
                    }
                    Err(error) => {
                        let payload = Bytes::copy_from_slice(frame.payload());
                        return Poll::Ready(self.on_event_error(error, &payload));
                    }
                },
                Ok(None) => {}
                Err(error) => return Poll::Ready(self.broken(StreamErrorKind::BadFrame(error))),
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.decoder.push_bytes(bytes);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(self.broken(StreamErrorKind::Broken(error)));
                }
                Poll::Ready(None) => {
                    let cut = self.decoder.buffered() > 0;
                    let kind = if cut { StreamErrorKind::CutInFrame } else { StreamErrorKind::Ended };
                    return Poll::Ready(self.broken(kind));
                }
                Poll::Pending => return self.poll_silence(cx),
            }
        }
    }

    fn on_event_error(&self, error: EventError, payload: &[u8]) -> Option<Result<StreamEvent, Error>> {
        let EventError::Exception(exception) = error else {
            return self.broken(StreamErrorKind::BadEvent(error));
        };
        let (request_id, attempts) = (self.head.request_id.clone(), self.head.attempts);
        self.failed(ServiceError::from_exception(exception, payload, request_id, attempts).into())
    }

    /// An event is handed out.
    fn note(&mut self, event: &StreamEvent) {
        let before = (self.stopped, self.metadata);
        self.events += 1;
        self.stopped |= matches!(event, StreamEvent::MessageStop(_));
        self.metadata |= is_metadata(event);
        // Once the message is final, other events do not prolong the wait.
        if !self.stopped || before != (self.stopped, self.metadata) {
            self.until = None;
        }
    }

    /// Nothing is there: waits, or gives up.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<StreamEvent, Error>>> {
        let (kind, length, left) = match (self.stopped, self.metadata, self.events) {
            (true, true, _) => (TimeoutKind::Idle, EventStream::CLOSE_WAIT, EventStream::CLOSE_WAIT),
            (true, false, _) => (TimeoutKind::Idle, EventStream::METADATA_WAIT, EventStream::METADATA_WAIT),
            (false, _, 0) => match self.first {
                Some((length, left)) => (TimeoutKind::FirstEvent, length, left),
                None => return Poll::Pending,
            },
            (false, ..) => match self.idle {
                Some(length) => (TimeoutKind::Idle, length, length),
                None => return Poll::Pending,
            },
        };
        let until = match self.until {
            Some(until) => until,
            None => {
                // A length beyond what the clock can tell is no limit.
                let Some(until) = Instant::now().checked_add(left) else { return Poll::Pending };
                self.until = Some(until);
                if self.stopped {
                    // The rest is mostly there as soon as the connection's task has run. To let it run and ask once
                    // more costs less than to set the alarm.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                until
            }
        };
        ready!(self.alarm.poll(cx, until));
        let late = TimeoutError::new(kind, Some(length), self.head.attempts);
        Poll::Ready(self.failed(late.with_request_id(self.head.request_id.clone()).into()))
    }

    fn broken(&self, kind: StreamErrorKind) -> Option<Result<StreamEvent, Error>> {
        let (request_id, attempts) = (self.head.request_id.clone(), self.head.attempts);
        self.failed(StreamError { kind, events: self.events, request_id, attempts }.into())
    }

    /// `error`, unless the message is already final.
    fn failed(&self, error: Error) -> Option<Result<StreamEvent, Error>> {
        if self.stopped {
            tracing::trace!(end = %error, metadata = self.metadata, "the answer was final before the stream ended");
            return None;
        }
        Some(Err(error))
    }
}

/// Metadata that cannot be read comes as an unknown event of that name.
fn is_metadata(event: &StreamEvent) -> bool {
    match event {
        StreamEvent::Metadata(_) => true,
        StreamEvent::Unknown(event) => event.event_type == "metadata",
        _ => false,
    }
}
