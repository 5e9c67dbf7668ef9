//! [`Bedrock`] as a [`Model`].
//!
//! # Invariants
//! - What the client knows of its model, learned facts included, is what a session pins when it opens.

use futures::{StreamExt, TryStreamExt};
use outcrop_core::{Fact, Profile, Request};

use crate::model::{Model, ModelError, ModelStream};

pub use outcrop_bedrock::{Bedrock, BedrockBuilder, ConfigError, Error as BedrockError};

impl Model for Bedrock {
    fn id(&self) -> &str {
        self.model_id()
    }

    fn profile(&self) -> Profile {
        self.model_profile()
    }

    fn stream(&self, request: Request) -> ModelStream {
        let bedrock = self.clone();
        let begun = async move { Self::stream(&bedrock, &request).await };
        Box::pin(futures::stream::once(begun).try_flatten().map(|event| event.map_err(ModelError::from)))
    }

    fn learn(&self, fact: Fact) {
        self.teach(fact);
    }
}

impl From<outcrop_bedrock::Error> for ModelError {
    fn from(error: outcrop_bedrock::Error) -> Self {
        let (code, message) = (error.code().map(str::to_owned), error.message().map(str::to_owned));
        let (request_id, retryable) = (error.request_id().map(str::to_owned), error.is_retryable());
        let mut model_error = Self::new(error).with_retryable(retryable);
        if let Some(code) = code {
            model_error = model_error.with_code(code);
        }
        if let Some(message) = message {
            model_error = model_error.with_message(message);
        }
        if let Some(request_id) = request_id {
            model_error = model_error.with_request_id(request_id);
        }
        model_error
    }
}
