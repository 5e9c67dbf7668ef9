//! Answers from a recording: a folder with the requests and responses of one conversation with the service.
//!
//! The folder holds `01-meta.json`, `01-response.json` or `01-response.eventstream`, then `02-…`, and so on. Of a
//! meta file are read: `path`, `status`, `content_type`, `response_headers`, `chunk_sizes`; all but the path
//! may be missing. Other files, such as
//! `01-request.json`, are for whoever compares.
//!
//! # Invariants
//! - Status, content type, headers and body are those that were recorded; nothing is added unless asked for. Only
//!   `x-amzn-requestid`, which the service always sends, is made up where the recorder dropped it.
//! - Answers are given in order, and only to a request for the recorded path. Another request gets a
//!   `ValidationException` that names the path that was expected, and uses up nothing.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use bytes::Bytes;
use serde::Deserialize;

use crate::{
    Cut, Delivery, ReplayError,
    received::{Call, decode},
    reply::Reply,
    wire,
};

/// A recorded conversation, to be answered again.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use outcrop_local::{Local, Replay};
/// let local = Local::replay(Replay::from_dir("recordings/weather")?).start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Replay {
    interactions: Vec<Interaction>,
    repeating: bool,
    assumes_error_type: bool,
    delivery: Option<Delivery>,
    cut: Option<Cut>,
}

#[derive(Clone, Debug)]
struct Interaction {
    /// Decoded.
    path: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    chunk_sizes: Option<Vec<usize>>,
}

#[derive(Deserialize)]
struct Meta {
    path: String,
    status: Option<u16>,
    content_type: Option<String>,
    response_headers: Option<BTreeMap<String, Option<String>>>,
    chunk_sizes: Option<Vec<usize>>,
}

impl Replay {
    /// All interactions of the folder `dir`, by their numbers.
    ///
    /// # Errors
    /// A file cannot be read or describes no interaction, or there is none.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ReplayError> {
        let dir = dir.as_ref();
        let numbers = numbers(dir).map_err(|source| ReplayError::File { path: dir.to_path_buf(), source })?;
        if numbers.is_empty() {
            return Err(ReplayError::Empty { path: dir.to_path_buf() });
        }
        let interactions = numbers.values().map(|number| Interaction::read(dir, number));
        Ok(Self::of(interactions.collect::<Result<_, _>>()?))
    }

    /// One interaction of the folder `dir`; `number` is its file names' first part, such as `01`.
    ///
    /// # Errors
    /// As [`Replay::from_dir`].
    pub fn interaction(dir: impl AsRef<Path>, number: &str) -> Result<Self, ReplayError> {
        Interaction::read(dir.as_ref(), number).map(|interaction| Self::of(vec![interaction]))
    }

    fn of(interactions: Vec<Interaction>) -> Self {
        Self { interactions, repeating: false, assumes_error_type: false, delivery: None, cut: None }
    }

    /// Begins again after the last interaction, any number of times.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeating = true;
        self
    }

    /// Adds `x-amzn-errortype: ValidationException` to an answer of status 400 whose recorder dropped that header.
    #[must_use]
    pub fn assume_error_type(mut self) -> Self {
        self.assumes_error_type = true;
        self
    }

    /// How bodies are cut into chunks. Otherwise as they were recorded, or frame by frame where that is not known.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = Some(delivery);
        self
    }

    /// Where each body ends too early.
    #[must_use]
    pub fn cut(mut self, cut: Cut) -> Self {
        self.cut = Some(cut);
        self
    }
}

/// The numbers in `dir`, as they are written, by their value.
fn numbers(dir: &Path) -> io::Result<BTreeMap<u64, String>> {
    let mut numbers = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix("-meta.json"));
        if let Some(number) = number
            && let Ok(value) = number.parse()
        {
            numbers.insert(value, number.to_owned());
        }
    }
    Ok(numbers)
}

impl Interaction {
    fn read(dir: &Path, number: &str) -> Result<Self, ReplayError> {
        let path = dir.join(format!("{number}-meta.json"));
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ReplayError::Empty { path }),
            Err(source) => return Err(ReplayError::File { path, source }),
        };
        let meta: Meta =
            serde_json::from_slice(&text).map_err(|source| ReplayError::Meta { path, source })?;
        let body = match response_file(dir, number) {
            Ok(Some(path)) => fs::read(&path).map_err(|source| ReplayError::File { path, source })?,
            Ok(None) => Vec::new(),
            Err(source) => return Err(ReplayError::File { path: dir.to_path_buf(), source }),
        };
        let recorded = meta.response_headers.unwrap_or_default();
        let mut headers: Vec<(String, String)> = recorded
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.unwrap_or_default()))
            .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
            .collect();
        if let Some(content_type) = meta.content_type
            && !headers.iter().any(|(name, _)| name == "content-type")
        {
            headers.push(("content-type".to_owned(), content_type));
        }
        Ok(Self {
            path: decode(&meta.path),
            status: meta.status.unwrap_or(200),
            headers,
            body: body.into(),
            chunk_sizes: meta.chunk_sizes,
        })
    }
}

/// Headers that this connection sets itself.
const OF_THE_CONNECTION: [&str; 6] =
    ["content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "date"];

fn response_file(dir: &Path, number: &str) -> io::Result<Option<PathBuf>> {
    let prefix = format!("{number}-response.");
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// A recording and how far it is.
#[derive(Debug)]
pub(crate) struct Replayer {
    replay: Replay,
    next: Mutex<usize>,
}

impl Replayer {
    pub(crate) fn new(replay: Replay) -> Self {
        Self { replay, next: Mutex::new(0) }
    }

    pub(crate) fn reply(&self, call: &Call) -> Reply {
        let replay = &self.replay;
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(interaction) = replay.interactions.get(*next) else {
            let count = replay.interactions.len();
            let message = format!("The recording is at its end: it has {count} interactions, all answered.");
            return Reply::error(400, "ValidationException", &message);
        };
        if interaction.path != call.decoded_path {
            let message =
                format!("The recording expects {} here, not {}.", interaction.path, call.decoded_path);
            return Reply::error(400, "ValidationException", &message);
        }
        *next += 1;
        if replay.repeating {
            *next %= replay.interactions.len();
        }
        replay.answer(interaction)
    }
}

impl Replay {
    fn answer(&self, interaction: &Interaction) -> Reply {
        let mut headers = interaction.headers.clone();
        let typed = headers.iter().any(|(name, _)| name == wire::ERROR_TYPE);
        if self.assumes_error_type && interaction.status == 400 && !typed {
            headers.push((wire::ERROR_TYPE.to_owned(), wire::error_type_header("ValidationException")));
        }
        let recorded = interaction.chunk_sizes.clone().map(Delivery::Sizes);
        Reply {
            headers,
            delivery: self.delivery.clone().or(recorded).unwrap_or_default(),
            cut: self.cut,
            ..Reply::new(interaction.status, "", interaction.body.clone())
        }
    }
}
