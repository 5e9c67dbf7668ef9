//! The other side of the wire: bodies made beforehand, over HTTP/1.1, as fast as they are taken.
//!
//! The path says what is played: `/{script}/{cut}/model/{id}/converse-stream`. The step is told by the tool results
//! in the request.
//!
//! # Invariants
//! - It runs in a process of its own and ends with it, or once its stdin is closed.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    Failure,
    measure::allow_many_files,
    script::{Answer, Script},
};

/// After so many bytes it is the turn of the other clients.
const SLICE: usize = 64 * 1024;

/// How a body is cut into HTTP chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cut {
    /// One frame a chunk.
    Frames,
    /// 16 KiB a chunk.
    Blocks,
    /// One frame a chunk, and a time between two of them.
    Paced,
}

impl Cut {
    pub(crate) const ALL: [Self; 3] = [Self::Blocks, Self::Frames, Self::Paced];
    /// As fast as they are taken.
    pub(crate) const FAST: [Self; 2] = [Self::Blocks, Self::Frames];
    /// Under which the bars hold: with large chunks what is measured is the reading of events, not hyper's reading
    /// of chunks, which is the same for all.
    pub(crate) const BARS: Self = Self::Blocks;

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Blocks => "blocks",
            Self::Paced => "paced",
        }
    }

    /// What its chunks are, for a reader of tables.
    pub(crate) fn means(self) -> &'static str {
        match self {
            Self::Frames => "one frame a chunk",
            Self::Blocks => "chunks of 16 KiB",
            Self::Paced => "one frame a chunk, paced",
        }
    }

    /// `answer` as it stands on the wire, head included, in the parts that are written at once.
    fn response(self, answer: &Answer) -> Vec<Vec<u8>> {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\
            x-amzn-requestid: 00000000-0000-4000-8000-000000000000\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        let chunks: Vec<Vec<u8>> = match self {
            Self::Blocks => answer.frames.concat().chunks(16 * 1024).map(chunk).collect(),
            Self::Frames | Self::Paced => answer.frames.iter().map(|frame| chunk(frame)).collect(),
        };
        let end = b"0\r\n\r\n";
        match self {
            Self::Paced => [vec![head.to_vec()], chunks, vec![end.to_vec()]].concat(),
            Self::Blocks | Self::Frames => vec![[head.as_slice(), &chunks.concat(), end].concat()],
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Deltas of a long answer.
    #[arg(long)]
    deltas: usize,
    /// Milliseconds between the frames of a paced answer.
    #[arg(long)]
    pace: u64,
}

/// A server in a process of its own. Dropping it ends that process.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// A server whose long answers have so many deltas, and whose paced ones so much time between two frames.
    pub(crate) fn start(deltas: usize, pace: Duration) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--deltas", &deltas.to_string(), "--pace", &pace.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout: ChildStdout = process.stdout.take().ok_or("the server has no stdout")?;
        let mut server = Self { process, address: String::new() };
        BufReader::new(stdout).read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        match server.address.is_empty() {
            true => Err("the server did not start".into()),
            false => Ok(server),
        }
    }

    /// The endpoint that plays `script`.
    pub(crate) fn url(&self, script: Script, cut: Cut) -> String {
        format!("http://{}/{}/{}", self.address, script.name(), cut.name())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to do about a process that does not end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Responses by the beginning of the path: one a step, each in the parts that are written at once.
struct Responses {
    by_path: HashMap<String, Vec<Vec<Vec<u8>>>>,
    pace: Duration,
}

/// Serves until stdin is closed.
pub(crate) fn serve(options: Options) -> Result<(), Failure> {
    allow_many_files()?;
    let pace = Duration::from_millis(options.pace.max(1));
    let mut responses = Responses { by_path: HashMap::new(), pace };
    for script in Script::ALL {
        let answers = script.answers(options.deltas)?;
        for cut in Cut::ALL {
            let wire = answers.iter().map(|answer| cut.response(answer)).collect();
            responses.by_path.insert(format!("/{}/{}/", script.name(), cut.name()), wire);
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let responses = Arc::new(responses);
        let (mut stdin, mut nothing) = (tokio::io::stdin(), [0]);
        let mut closed = std::pin::pin!(stdin.read(&mut nothing));
        loop {
            let (socket, _) = tokio::select! {
                accepted = listener.accept() => accepted?,
                _ = &mut closed => return Ok(()),
            };
            let responses = Arc::clone(&responses);
            tokio::spawn(async move {
                if let Err(error) = converse(socket, &responses).await {
                    eprintln!("{error}");
                }
            });
        }
    })
}

/// Answers request after request.
async fn converse(mut socket: TcpStream, responses: &Responses) -> Result<(), Failure> {
    socket.set_nodelay(true)?;
    let mut received = Vec::new();
    while let Some((path, body)) = request(&mut socket, &mut received).await? {
        let step = occurrences(&body, b"\"toolResult\"");
        let steps = responses.by_path.iter().find(|(prefix, _)| path.starts_with(prefix.as_str()));
        let (_, steps) = steps.ok_or_else(|| format!("nothing is played at {path}"))?;
        let parts = steps.get(step.min(steps.len() - 1)).ok_or("no answer")?;
        let mut pace = tokio::time::interval(responses.pace);
        for part in parts {
            if parts.len() > 1 {
                pace.tick().await;
            }
            for slice in part.chunks(SLICE) {
                // A client that has seen enough goes away.
                if socket.write_all(slice).await.is_err() {
                    return Ok(());
                }
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(())
}

/// The next request: its path and its body; `None` once the client has gone.
async fn request(
    socket: &mut TcpStream,
    received: &mut Vec<u8>,
) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let head = loop {
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if !matches!(socket.read_buf(received).await, Ok(1..)) {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&received[..head]).into_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    };
    let length = text.lines().find_map(header).ok_or("a request without content-length")??;
    while received.len() < head + length {
        if !matches!(socket.read_buf(received).await, Ok(1..)) {
            return Ok(None);
        }
    }
    let body = received[head..head + length].to_vec();
    received.drain(..head + length);
    let path = text.split(' ').nth(1).unwrap_or_default();
    Ok(Some((path.to_owned(), body)))
}

fn occurrences(body: &[u8], word: &[u8]) -> usize {
    body.windows(word.len()).filter(|bytes| *bytes == word).count()
}
