//! [`Bedrock`] as a [`Model`].
//!
//! # Invariants
//! - What the client knows of its model, learned facts included, is what a session pins when it opens.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use outcrop_bedrock::EventStream;
use outcrop_core::{Fact, Profile, StreamEvent};

use crate::model::{Model, ModelCall, ModelError, ModelStream};

pub use outcrop_bedrock::{Bedrock, BedrockBuilder, ConfigError, Error as BedrockError};

impl Model for Bedrock {
    fn id(&self) -> &str {
        self.model_id()
    }

    fn profile(&self) -> Profile {
        self.model_profile()
    }

    fn call(&self, call: ModelCall) -> ModelStream {
        let ModelCall { request, context, .. } = call;
        let bedrock = if context.single_attempt { self.single_attempt() } else { self.clone() };
        Box::pin(Call::Asking(async move { bedrock.stream(&request).await }.boxed()))
    }

    fn learn(&self, fact: Fact) {
        self.teach(fact);
    }
}

/// One call. Every event goes through here: nothing is moved more often than it must be.
enum Call {
    Asking(BoxFuture<'static, Result<EventStream, BedrockError>>),
    Answering(EventStream),
    Over,
}

impl Stream for Call {
    type Item = Result<StreamEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match &mut *self {
                Self::Answering(events) => return events.poll_next_unpin(cx).map_err(ModelError::from),
                Self::Asking(asking) => match ready!(asking.poll_unpin(cx)) {
                    Ok(events) => *self = Self::Answering(events),
                    Err(error) => {
                        *self = Self::Over;
                        return Poll::Ready(Some(Err(error.into())));
                    }
                },
                Self::Over => return Poll::Ready(None),
            }
        }
    }
}

impl From<outcrop_bedrock::Error> for ModelError {
    fn from(error: outcrop_bedrock::Error) -> Self {
        let (failure, message) = (error.to_failure(), error.message().map(str::to_owned));
        let retryable = error.is_retryable();
        let model_error = Self::new(error).with_failure(failure).with_retryable(retryable);
        match message {
            Some(message) => model_error.with_message(message),
            None => model_error,
        }
    }
}
