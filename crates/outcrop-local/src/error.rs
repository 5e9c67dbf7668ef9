//! What can be wrong before the endpoint runs. While it runs, everything wrong is an answer in the service's form.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::FaultError;

/// Why the endpoint did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The script cannot be played.
    #[error("the script cannot be played")]
    Script(#[from] ScriptError),
    /// The address could not be had.
    #[error("{address} cannot be listened on")]
    Bind {
        /// Which one.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address can be reached from other machines, and nobody said that this is meant.
    #[error("{address} can be reached from other machines: allow remote clients if that is meant")]
    NotLoopback {
        /// Which one.
        address: SocketAddr,
    },
    /// A fault cannot be understood.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

/// Why a script cannot be read or played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("script file {path:?} cannot be read")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is no JSON, or not that of a script; unknown members are refused too.
    #[error("this is no script")]
    Json(#[source] serde_json::Error),
    /// A block has no form on the wire.
    #[error("answers[{answer}].content[{block}]: {reason}")]
    Block {
        /// Which answer, from 0.
        answer: usize,
        /// Which of its blocks, from 0.
        block: usize,
        /// What is wrong.
        reason: String,
    },
    /// An answer contradicts itself.
    #[error("answers[{answer}]: {reason}")]
    Answer {
        /// Which answer, from 0.
        answer: usize,
        /// What is wrong.
        reason: String,
    },
}

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A file or the folder cannot be read.
    #[error("{path:?} cannot be read")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A meta file is no JSON, or lacks `path`.
    #[error("{path:?} describes no interaction")]
    Meta {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// There is no recorded interaction, or not the one asked for.
    #[error("{path:?} holds no such interaction")]
    Empty {
        /// The folder, or the meta file asked for.
        path: PathBuf,
    },
}
