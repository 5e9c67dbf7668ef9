//! A running endpoint against any bytes on its socket.
//!
//! It must neither panic nor hang, and what it answers must be HTTP. The first byte says how the rest is sent: as it is, or
//! as the body of a good head for one of the operations, which random bytes hardly find.

#![no_main]

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::OnceLock,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use outcrop_local::{Bounds, Local, Running};
use tokio::runtime::Runtime;

const MODELS: [&str; 4] = [
    "amazon.nova-lite-v1%3A0",
    "us.anthropic.claude-sonnet-4-6",
    "us.anthropic.claude-opus-5-5",
    "meta.llama3-1-8b-instruct-v1%3A0",
];

struct Endpoint {
    _runtime: Runtime,
    _running: Running,
    address: SocketAddr,
}

fn endpoint() -> &'static Endpoint {
    static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        // A panic of the endpoint would only end its own task.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            hook(info);
            std::process::abort();
        }));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let mut bounds = Bounds::default();
        bounds.head_time = Duration::from_secs(1);
        bounds.body_time = Duration::from_secs(1);
        let local = Local::demo().bounds(bounds).faults_by_header().forget_requests();
        let running = runtime.block_on(local.start()).expect("a free port");
        Endpoint { address: running.address(), _running: running, _runtime: runtime }
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((&how, rest)) = data.split_first() else { return };
    let mut socket = TcpStream::connect(endpoint().address).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let model = MODELS[usize::from(how >> 3) % MODELS.len()];
    let operation = match how % 8 {
        0 => "converse",
        1 => "converse-stream",
        2 => "count-tokens",
        _ => "",
    };
    let mut bytes = Vec::new();
    if !operation.is_empty() {
        let length = rest.len();
        let head = format!(
            "POST /model/{model}/{operation} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        bytes.extend_from_slice(head.as_bytes());
    }
    bytes.extend_from_slice(rest);
    // It may hang up before it has read everything; then the end comes at once.
    let mut sent = socket.write_all(&bytes);
    if operation.is_empty() {
        // The rest of a half request is not waited for. A client that closes behind a whole one has left.
        sent = sent.and_then(|()| socket.shutdown(Shutdown::Write));
    }
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("it hangs");
        }
        // HTTP/2 answers in frames.
        _ if bytes.starts_with(b"PRI ") => {}
        _ => assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{answer:?}"),
    }
    if !operation.is_empty() && sent.is_ok() {
        assert!(!answer.is_empty(), "a good head gets an answer");
    }
});
