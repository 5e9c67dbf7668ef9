//! A server for one test: keeps each request's bytes and plays scripted answers, one per request.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The path as it was sent, still encoded.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("requests are UTF-8")
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    UntilHangUp,
    Reset,
}

/// One scripted answer. Without [`Reply::end`] or a whole body the connection is closed after the last step.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    steps: Vec<Step>,
    keep_alive: bool,
}

impl Reply {
    /// A whole answer with a `content-length`.
    pub(crate) fn whole(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        Self { steps: vec![Step::Send(format!("{head}\r\n{body}").into_bytes())], keep_alive: true }
    }

    /// A whole answer of JSON with a request id.
    pub(crate) fn json(body: &str) -> Self {
        Self::whole(200, &[("content-type", "application/json"), ("x-amzn-requestid", "req-1")], body)
    }

    /// A refusal in the form that Bedrock gives it.
    pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Self {
        let kind = format!("{code}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        let body = serde_json::json!({ "message": message }).to_string();
        Self::whole(status, &[("x-amzn-errortype", &kind), ("x-amzn-requestid", "req-1")], &body)
    }

    /// The head of a chunked answer.
    pub(crate) fn chunked(content_type: &str) -> Self {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nx-amzn-requestid: req-1\r\n\
             transfer-encoding: chunked\r\n\r\n"
        );
        Self { steps: vec![Step::Send(head.into_bytes())], keep_alive: false }
    }

    /// The head of an event stream.
    pub(crate) fn events() -> Self {
        Self::chunked("application/vnd.amazon.eventstream")
    }

    /// Nothing yet: not even the status.
    pub(crate) fn silence() -> Self {
        Self { steps: Vec::new(), keep_alive: false }
    }

    /// A chunk of the body.
    pub(crate) fn chunk(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.steps.push(Step::Send(chunk));
        self
    }

    pub(crate) fn pause(mut self, length: Duration) -> Self {
        self.steps.push(Step::Pause(length));
        self
    }

    /// The proper end of a chunked body; the connection stays.
    pub(crate) fn end(mut self) -> Self {
        self.steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
        self.keep_alive = true;
        self
    }

    /// Sends nothing more and waits for the client to close.
    pub(crate) fn until_hang_up(mut self) -> Self {
        self.steps.push(Step::UntilHangUp);
        self
    }

    /// Resets the connection.
    pub(crate) fn reset(mut self) -> Self {
        self.steps.push(Step::Reset);
        self
    }
}

#[derive(Debug)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    replies: Mutex<VecDeque<Reply>>,
    connections: Mutex<usize>,
    hang_ups: watch::Sender<usize>,
}

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            replies: Mutex::new(replies.into_iter().collect()),
            connections: Mutex::default(),
            hang_ups: watch::Sender::new(0),
        });
        let accepting = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *accepting.connections.lock().unwrap() += 1;
                tokio::spawn(serve(stream, Arc::clone(&accepting)));
            }
        });
        Self { address, shared, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The one request.
    pub(crate) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "one request");
        seen.into_iter().next().unwrap()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    /// Waits until a client has closed a connection that was waiting for it.
    pub(crate) async fn hung_up(&self) {
        let mut hang_ups = self.shared.hang_ups.subscribe();
        let closed = hang_ups.wait_for(|count| *count > 0);
        let in_time = tokio::time::timeout(Duration::from_secs(5), closed).await;
        assert!(in_time.is_ok(), "the client has not closed the connection");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap();
    while let Some(seen) = read_request(&mut stream).await {
        shared.seen.lock().unwrap().push(seen);
        let next = shared.replies.lock().unwrap().pop_front();
        let reply = next.unwrap_or_else(|| Reply::whole(418, &[], "no answer was scripted"));
        for step in reply.steps {
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Step::Pause(length) => tokio::time::sleep(length).await,
                Step::UntilHangUp => {
                    let mut rest = [0; 64];
                    while !matches!(stream.read(&mut rest).await, Ok(0) | Err(_)) {}
                    shared.hang_ups.send_modify(|count| *count += 1);
                    return;
                }
                Step::Reset => {
                    // What was sent before must have left.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let _ = stream.set_zero_linger();
                    return;
                }
            }
        }
        if !reply.keep_alive {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_len].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, path) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect::<Vec<_>>();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse::<usize>().unwrap());
    let mut body = bytes.split_off(head_len + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { method, path, headers, body })
}
