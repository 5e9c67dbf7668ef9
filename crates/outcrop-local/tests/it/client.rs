//! A client of forty lines: one request, one answer with its chunks as they were cut.

use std::net::SocketAddr;

use outcrop_core::wire::{Frame, FrameDecoder};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) chunks: Vec<Vec<u8>>,
    /// The body ended as HTTP says; false where the connection broke before.
    pub(crate) whole: bool,
}

pub(crate) async fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    let socket = send(address, path, body).await;
    read(socket).await
}

pub(crate) async fn send(address: SocketAddr, path: &str, body: &str) -> TcpStream {
    send_with(address, path, &[], body).await
}

pub(crate) async fn post_with(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let socket = send_with(address, path, headers, body).await;
    read(socket).await
}

async fn send_with(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n");
    socket.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.unwrap();
    socket
}

pub(crate) async fn read(socket: TcpStream) -> Answer {
    let mut reader = BufReader::new(socket);
    let mut answer = Answer::default();
    let mut line = String::new();
    reader.read_line(&mut line).await.unwrap();
    answer.status = line.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    while reader
        .read_line({
            line.clear();
            &mut line
        })
        .await
        .unwrap()
        > 2
    {
        let (name, value) = line.trim_end().split_once(": ").unwrap();
        answer.headers.push((name.to_owned(), value.to_owned()));
    }
    if let Some(length) = answer.header("content-length") {
        let mut chunk = vec![0; length.parse().unwrap()];
        answer.whole = reader.read_exact(&mut chunk).await.is_ok();
        answer.chunks.push(chunk);
        return answer;
    }
    while reader
        .read_line({
            line.clear();
            &mut line
        })
        .await
        .is_ok_and(|length| length > 0)
    {
        let mut chunk = vec![0; usize::from_str_radix(line.trim_end(), 16).unwrap() + 2];
        if reader.read_exact(&mut chunk).await.is_err() {
            break;
        }
        chunk.truncate(chunk.len() - 2);
        if chunk.is_empty() {
            answer.whole = true;
            break;
        }
        answer.chunks.push(chunk);
    }
    answer
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn body(&self) -> String {
        String::from_utf8(self.chunks.concat()).unwrap()
    }

    pub(crate) fn frames(&self) -> Vec<Frame> {
        let mut decoder = FrameDecoder::default();
        decoder.push(&self.chunks.concat());
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next_frame().unwrap() {
            frames.push(frame);
        }
        decoder.finish().unwrap();
        frames
    }

    /// Each frame in a line, padding left out.
    pub(crate) fn lines(&self) -> String {
        let mut lines = String::new();
        for frame in self.frames() {
            let kind = frame.header_str(":event-type").or_else(|| frame.header_str(":exception-type"));
            let mut payload: serde_json::Value = serde_json::from_slice(&frame.payload).unwrap();
            let padding = payload.as_object_mut().unwrap().remove("p");
            assert_eq!(padding.is_some(), frame.header_str(":message-type") == Some("event"));
            payload.sort_all_objects();
            lines.push_str(&format!("{} {payload}\n", kind.unwrap()));
        }
        lines
    }
}
