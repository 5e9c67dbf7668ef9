//! Recorded cases as they lie on disk.
//!
//! # Invariants
//! - Only `path` must stand in a meta file; what is missing beside it is made out from the path, or not checked.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use outcrop_core::wire::{Frame, FrameDecoder};
use serde::Deserialize;

use super::json::Json;

/// One recorded conversation.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) folder: PathBuf,
    pub(super) interactions: Vec<Interaction>,
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Interaction {
    /// As the file names have it, such as `01`.
    pub(super) number: String,
    /// `None` for operations other than Converse and ConverseStream.
    pub(super) operation: Option<Operation>,
    pub(super) model_id: String,
    pub(super) meta: Meta,
    pub(super) request: Option<Vec<u8>>,
    pub(super) response: Option<Vec<u8>>,
    pub(super) expected: Option<Json>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Converse,
    ConverseStream,
}

#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    path: String,
    status: Option<u16>,
    response_headers: Option<BTreeMap<String, Option<String>>>,
    pub(super) chunk_sizes: Option<Vec<usize>>,
}

/// All folders in `dir`, itself included, that hold a recorded case.
pub(super) fn find(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    let mut folders = Vec::new();
    let mut is_case = false;
    for path in entries.flatten().map(|entry| entry.path()) {
        is_case |= number_of(&path).is_some();
        if path.is_dir() {
            folders.push(path);
        }
    }
    if is_case {
        found.push(dir.to_path_buf());
    }
    folders.sort();
    found.extend(folders.iter().flat_map(|folder| find(folder)));
    found
}

/// `01` of `…/01-meta.json`.
fn number_of(path: &Path) -> Option<(u64, String)> {
    let number = path.file_name()?.to_str()?.strip_suffix("-meta.json")?;
    Some((number.parse().ok()?, number.to_owned()))
}

impl Case {
    pub(super) fn read(folder: &Path) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            files.push(entry?.path());
        }
        let numbers: BTreeMap<u64, String> = files.iter().filter_map(|path| number_of(path)).collect();
        let read = |number: String| Interaction::read(folder, &files, number);
        let interactions = numbers.into_values().map(read).collect::<Result<_, _>>()?;
        Ok(Self { folder: folder.to_path_buf(), interactions })
    }
}

impl Interaction {
    fn read(
        folder: &Path,
        files: &[PathBuf],
        number: String,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let optional = |name: &str| match fs::read(folder.join(format!("{number}-{name}"))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let meta: Meta = serde_json::from_slice(&fs::read(folder.join(format!("{number}-meta.json")))?)?;
        let prefix = format!("{number}-response.");
        let is_response = |path: &&PathBuf| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
        };
        let response = files.iter().find(is_response).map(fs::read).transpose()?;
        let (model_id, operation) = read_path(&meta.path);
        let expected = optional("expected.json")?.map(|text| Json::parse(&text)).transpose()?;
        Ok(Self { request: optional("request.json")?, number, operation, model_id, meta, response, expected })
    }

    /// As recorded, percent signs included.
    pub(super) fn path(&self) -> &str {
        &self.meta.path
    }

    pub(super) fn status(&self) -> u16 {
        self.meta.status.unwrap_or(200)
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status())
    }

    pub(super) fn streams(&self) -> bool {
        self.operation == Some(Operation::ConverseStream)
    }

    /// A recorded header of the response.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.meta.response_headers.as_ref()?;
        headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_deref()
    }

    /// The recorded error type of a refusal, such as `ValidationException`: from the header, else from the body.
    pub(super) fn error_type(&self) -> Option<String> {
        let body = Json::parse(self.body()).unwrap_or(Json::Null);
        let in_body = || ["code", "__type"].iter().find_map(|key| body.get(key)?.as_str());
        let code = self.header("x-amzn-errortype").or_else(in_body)?;
        // A header may add a URI after a colon, a body may put a namespace before a hash sign.
        let code = code.split(':').next().unwrap_or_default();
        Some(code.rsplit('#').next().unwrap_or_default().to_owned()).filter(|code| !code.is_empty())
    }

    /// The bytes of the response.
    pub(super) fn body(&self) -> &[u8] {
        self.response.as_deref().unwrap_or_default()
    }

    /// The frames of the response and where each ends; `None` where it is no whole event stream.
    pub(super) fn frames(&self) -> Option<Vec<(Frame, usize)>> {
        let mut decoder = FrameDecoder::default();
        let body = self.body();
        decoder.push(body);
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next_frame().ok()? {
            frames.push((frame, body.len() - decoder.buffered()));
        }
        decoder.finish().ok()?;
        Some(frames)
    }
}

fn read_path(path: &str) -> (String, Option<Operation>) {
    let path = decode(path);
    let parts = path.strip_prefix("/model/").and_then(|rest| rest.rsplit_once('/'));
    match parts {
        Some((model_id, "converse")) => (model_id.to_owned(), Some(Operation::Converse)),
        Some((model_id, "converse-stream")) => (model_id.to_owned(), Some(Operation::ConverseStream)),
        _ => (String::new(), None),
    }
}

pub(super) fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        match rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[at + 3..];
            }
            None => {
                bytes.push(b'%');
                rest = &rest[at + 1..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
