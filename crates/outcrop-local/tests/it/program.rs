//! The program: what it prints, how it ends.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::client::{post, post_with, read, send};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
const CONVERSE: &str = "/model/amazon.nova-lite-v1%3A0/converse";

/// A program that runs; killed at the end of the test.
struct Program {
    child: Child,
    address: SocketAddr,
    stdout: BufReader<std::process::ChildStdout>,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop-local"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = command(args).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('\n'));
        let address = address.unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        Self { child, address, stdout }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for the end; gives the exit code and what was on stderr. Nothing more may be on stdout.
    fn end(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let (mut more, mut log) = (String::new(), String::new());
        self.stdout.read_to_string(&mut more).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert_eq!(more, "");
        (status.code(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of its own in the system's place for such; gone at the end of the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("outcrop-local-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_it_well() {
    for signal in ["-INT", "-TERM"] {
        let program = Program::start(&["demo"]);
        assert!(program.address.ip().is_loopback());
        assert_eq!(post(program.address, CONVERSE, HELLO).await.status, 200);
        program.signal(signal);
        assert_eq!(program.end(), (Some(0), String::new()));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn answers_on_their_way_are_finished() {
    let program = Program::start(&["demo", "--delay-before", "400"]);
    let socket = send(program.address, "/model/m/converse-stream", HELLO).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    program.signal("-TERM");
    assert!(read(socket).await.whole);
    assert_eq!(program.end().0, Some(0));

    // An endless one is broken off: here by the second signal.
    let program = Program::start(&["demo", "--fault", "silence"]);
    let _socket = send(program.address, "/model/m/converse-stream", HELLO).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    program.signal("-TERM");
    tokio::time::sleep(Duration::from_millis(150)).await;
    program.signal("-TERM");
    assert_eq!(program.end().0, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn exchanges_are_shown() {
    let script = File::new(
        "shown.json",
        r#"{"answers": [
            {"content": [{"text": "Hello!"}], "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheReadInputTokens": 9}},
            {"content": [{"text": "Hello!"}], "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}},
            {"error": {"status": 429, "type": "ThrottlingException", "message": "Wait."}}
        ]}"#,
    );
    let durations = |log: &str| {
        let word = |word: &str| match word.strip_suffix("ms") {
            Some(number) if number.parse::<u64>().is_ok() => "#ms".to_owned(),
            _ => word.to_owned(),
        };
        let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        log.lines().map(line).collect::<Vec<_>>()
    };
    let run = async |log: &str| {
        let program = Program::start(&["script", script.path(), log]);
        post(program.address, "/model/a.b-v1%3A0/converse", HELLO).await;
        post_with(
            program.address,
            "/model/m/converse-stream",
            &[("x-outcrop-fault", "no-metadata@2")],
            HELLO,
        )
        .await;
        post(program.address, "/model/m/converse", HELLO).await;
        post(program.address, "/%1b", "").await;
        // The last line is written after its answer.
        tokio::time::sleep(Duration::from_millis(100)).await;
        program.signal("-INT");
        durations(&program.end().1)
    };
    assert_eq!(
        run("--log").await,
        [
            "converse a.b-v1:0 200 #ms end_turn in=3 out=2 cache=9r/0w",
            "converse-stream m 200 #ms end_turn events=4 fault=no-metadata@2",
            "converse m 429 #ms ThrottlingException: Wait.",
            "/\\u{1b} 404 #ms UnknownOperationException: This endpoint has POST /model/{modelId}/converse, converse-stream and count-tokens.",
        ]
    );
    let full = run("--log=full").await;
    assert!(full.contains(&format!("  > {HELLO}")), "{full:#?}");
    assert!(full.iter().any(|line| line.starts_with("  < contentBlockDelta {")), "{full:#?}");
    assert!(run("--log=off").await.is_empty());
}

#[test]
fn what_is_wrong_is_told_before_it_listens() {
    let wrong = File::new("wrong.json", r#"{"answers": [{"content": [{"video": {}}]}]}"#);
    let good = File::new("good.json", r#"{"answers": []}"#);
    let check = |args: &[&str], expected: &str| {
        let Output { status, stdout, stderr } = command(args).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), stdout), (Some(2), Vec::new()), "{args:?} {stderr}");
        assert!(stderr.contains(expected), "{args:?} {stderr}");
    };
    check(&[], "Usage: outcrop-local");
    check(&["play"], "unrecognized subcommand");
    check(
        &["script", "/nowhere/script.json"],
        "outcrop-local: script file \"/nowhere/script.json\" cannot be read: ",
    );
    check(&["script", wrong.path()], "outcrop-local: answers[0].content[0]: ");
    check(&["replay", "/nowhere"], "outcrop-local: \"/nowhere\" cannot be read: ");
    check(&["demo", "--fault", "odd"], "outcrop-local: fault \"odd\": there is no such kind");
    check(&["demo", "--auth", "basic:x"], "auth is `off`, `bearer:TOKEN` or `sigv4:ACCESS:SECRET[:REGION]`");
    check(&["demo", "--listen", "nowhere"], "invalid value 'nowhere' for '--listen <ADDRESS>'");
    let open = "outcrop-local: 0.0.0.0:0 can be reached from other machines";
    check(&["script", good.path(), "--listen", "0.0.0.0:0"], open);
}

#[cfg(unix)]
#[tokio::test]
async fn settings_hold() {
    let program =
        Program::start(&["demo", "--auth", "bearer:t", "--fault", "throttling@2", "--fault-header", "no"]);
    let ask = async |token: &str, body: &str| {
        let headers = [("authorization", token), ("x-outcrop-fault", "unavailable")];
        post_with(program.address, CONVERSE, &headers, body).await.status
    };
    assert_eq!(ask("Bearer x", HELLO).await, 403);
    assert_eq!(ask("Bearer t", HELLO).await, 429);
    assert_eq!(ask("Bearer t", HELLO).await, 200);
    let shy = r#"{"messages":[{"role":"user","content":[]}]}"#;
    assert_eq!(ask("Bearer t", shy).await, 400);
    program.signal("-INT");
    assert_eq!(program.end(), (Some(0), String::new()));

    let open = Program::start(&["demo", "--listen", "0.0.0.0:0", "--allow-remote", "--rules", "no"]);
    let address = SocketAddr::from(([127, 0, 0, 1], open.address.port()));
    let headers = [("x-outcrop-fault", "unavailable")];
    assert_eq!(post_with(address, CONVERSE, &headers, shy).await.status, 200);
}
