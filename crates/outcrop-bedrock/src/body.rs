//! Bodies of answers, read under a limit of silence and of size.

use std::{future::poll_fn, pin::Pin, time::Duration};

use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http_body::Body;

use crate::{
    error::{Error, TimeoutError, TimeoutKind, TransportError, TransportKind},
    transport::{Head, Limit},
};

/// The longest answer of Converse that is read: 256 MiB, far above what the service sends.
const MAX_BODY_BYTES: usize = 256 << 20;

/// The bytes shown of an answer that is not what was due, and how long they are waited for.
const EXCERPT_BYTES: usize = 2048;
const EXCERPT_WAIT: Duration = Duration::from_secs(2);

/// The next bytes of `body`, or `None` at its end.
pub(crate) async fn next_bytes(body: &mut SdkBody) -> Option<Result<Bytes, aws_smithy_types::body::Error>> {
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        // Trailers are of no use here.
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(bytes)) => return Some(Ok(bytes)),
            Ok(Err(_trailers)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

/// Reads the body whole; `idle` bounds each wait for more of it, `whole` all of them together.
pub(crate) async fn read_whole(
    mut body: SdkBody,
    head: &Head,
    idle: Option<Duration>,
    whole: Option<Limit>,
) -> Result<Bytes, Error> {
    let broken = |source| {
        TransportError::new(TransportKind::Io, head.attempts, source).with_request_id(head.request_id.clone())
    };
    let late = |kind, length| {
        TimeoutError::new(kind, Some(length), head.attempts).with_request_id(head.request_id.clone())
    };
    let mut read = BytesMut::new();
    loop {
        let idle = idle.and_then(|length| Limit::new(TimeoutKind::Idle, length));
        let limit = [idle, whole].into_iter().flatten().min_by_key(|limit| limit.until);
        let next = match limit {
            None => next_bytes(&mut body).await,
            Some(limit) => tokio::time::timeout_at(limit.until, next_bytes(&mut body))
                .await
                .map_err(|_| late(limit.kind, limit.length))?,
        };
        match next {
            None => return Ok(read.freeze()),
            Some(Err(error)) => return Err(broken(error).into()),
            Some(Ok(bytes)) if read.len() + bytes.len() > MAX_BODY_BYTES => {
                return Err(broken(format!("the answer is longer than {MAX_BODY_BYTES} bytes").into()).into());
            }
            Some(Ok(bytes)) => read.extend_from_slice(&bytes),
        }
    }
}

/// The first bytes of the body of an answer that is not what was due.
pub(crate) async fn read_excerpt(mut body: SdkBody) -> Vec<u8> {
    let mut start = Vec::new();
    let read = async {
        while let Some(Ok(bytes)) = next_bytes(&mut body).await {
            start.extend_from_slice(&bytes);
            if start.len() >= EXCERPT_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(EXCERPT_WAIT, read).await;
    start
}
