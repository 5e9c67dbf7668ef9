//! What the service's refusals taught a handle about its models.
//!
//! Lessons live in the handle and its clones, never in a static: tenants and accounts differ. They expire, since
//! models are upgraded in place.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use outcrop_core::{Fact, wire::Statement};
use tokio::time::Instant;

use crate::error::{Error, ServiceError};

/// How long a lesson is believed: 1 h.
pub(crate) const BELIEVED_FOR: Duration = Duration::from_secs(60 * 60);

/// What a refusal said about a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lesson {
    /// What core knows to act upon.
    Fact(Fact),
    /// There are no streams at all.
    NoStreaming,
    /// Tokens cannot be counted.
    NoTokenCount,
}

impl Lesson {
    /// What the refusal of a call teaches about how to make calls. What it teaches about the conversation is decided by
    /// the turn, which knows what it asked for, and comes back by [`Bedrock::teach`](crate::Bedrock::teach).
    pub(crate) fn of(error: &Error) -> Option<Self> {
        let refusal = error.as_service().filter(|refusal| refusal.status == Some(400))?.refusal();
        const LESSONS: [(Statement, Lesson); 3] = [
            (Statement::NoToolStreaming, Lesson::Fact(Fact::NoToolStreaming)),
            (Statement::NoStreaming, Lesson::NoStreaming),
            (Statement::NoTokenCount, Lesson::NoTokenCount),
        ];
        LESSONS.into_iter().find(|(statement, _)| refusal.says(*statement)).map(|(_, lesson)| lesson)
    }
}

/// Lessons per model id.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    lessons: Mutex<HashMap<String, Vec<Known>>>,
}

#[derive(Debug)]
struct Known {
    lesson: Lesson,
    until: Instant,
    refusal: Option<ServiceError>,
}

impl Learned {
    /// Remembers `lesson`, and the refusal that told it.
    pub(crate) fn learn(&self, model_id: &str, lesson: Lesson, refusal: Option<ServiceError>) {
        let until = Instant::now() + BELIEVED_FOR;
        let mut lessons = self.lessons.lock().unwrap_or_else(PoisonError::into_inner);
        let of_model = lessons.entry(model_id.to_owned()).or_default();
        of_model.retain(|known| known.lesson != lesson);
        of_model.push(Known { lesson, until, refusal });
    }

    /// Whether `lesson` is believed, and the refusal that told it.
    pub(crate) fn recall(&self, model_id: &str, lesson: Lesson) -> Option<Option<ServiceError>> {
        self.believed(model_id, |known| (known.lesson == lesson).then(|| known.refusal.clone())).pop()
    }

    /// The facts that are believed, in the order in which they were learned.
    pub(crate) fn facts(&self, model_id: &str) -> Vec<Fact> {
        self.believed(model_id, |known| match known.lesson {
            Lesson::Fact(fact) => Some(fact),
            Lesson::NoStreaming | Lesson::NoTokenCount => None,
        })
    }

    fn believed<T>(&self, model_id: &str, pick: impl Fn(&Known) -> Option<T>) -> Vec<T> {
        let lessons = self.lessons.lock().unwrap_or_else(PoisonError::into_inner);
        if lessons.is_empty() {
            return Vec::new();
        }
        let now = Instant::now();
        let of_model = lessons.get(model_id).into_iter().flatten();
        of_model.filter(|known| known.until > now).filter_map(pick).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lessons_are_per_model_and_expire() {
        let learned = Learned::default();
        learned.learn("a", Lesson::Fact(Fact::NoToolStreaming), None);
        learned.learn("a", Lesson::NoStreaming, None);
        assert_eq!(learned.facts("a"), [Fact::NoToolStreaming]);
        assert!(learned.recall("a", Lesson::NoStreaming).is_some());
        assert!(learned.recall("a", Lesson::NoTokenCount).is_none());
        assert!(learned.recall("b", Lesson::NoStreaming).is_none());
        tokio::time::advance(BELIEVED_FOR).await;
        assert!(learned.recall("a", Lesson::NoStreaming).is_none());
        assert_eq!(learned.facts("a"), []);
    }

    #[test]
    fn only_the_very_texts_teach() {
        let lesson = |status, text: &str| {
            let body = serde_json::json!({ "message": text }).to_string();
            Lesson::of(&ServiceError::from_http(status, |_| None, body.into(), 1).into())
        };
        let no_tools = "This model doesn't support tool use in streaming mode.";
        let no_tool_streaming = Some(Lesson::Fact(Fact::NoToolStreaming));
        assert_eq!(lesson(400, no_tools), no_tool_streaming);
        assert_eq!(lesson(400, &no_tools.replace('\'', "’")), no_tool_streaming);
        assert_eq!(lesson(500, no_tools), None);
        assert_eq!(lesson(400, "This model doesn't support tool use."), None);
        assert_eq!(lesson(400, "The model is unsupported for streaming."), Some(Lesson::NoStreaming));
        let no_count = "The provided model doesn't support counting tokens.";
        assert_eq!(lesson(400, no_count), Some(Lesson::NoTokenCount));
    }
}
