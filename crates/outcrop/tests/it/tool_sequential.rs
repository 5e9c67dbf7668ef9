//! Sequential tools are alone, in the order in which the model called.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use expect_test::{Expect, expect};
use outcrop::{State, serde_json::json, tool, tools};

use crate::support::results;

/// What happened, in order.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn tell(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

/// Runs beside others.
#[tool]
async fn beside(id: &str, millis: u64, log: State<Arc<Log>>) {
    log.tell(format!("{id}["));
    tokio::time::sleep(Duration::from_millis(millis)).await;
    log.tell(format!("]{id}"));
}

/// Runs alone.
#[tool(sequential, timeout = "50ms")]
async fn alone(id: &str, millis: u64, log: State<Arc<Log>>) {
    log.tell(format!("{id}["));
    if millis == 13 {
        panic!("bad luck");
    }
    tokio::time::sleep(Duration::from_millis(millis)).await;
    log.tell(format!("]{id}"));
}

/// Checks what happened in one step; a call is its tool's first letter, an id, and how long it takes.
async fn check(calls: &[(char, &str, u64)], parallel: usize, expected: Expect) {
    let log = Arc::new(Log::default());
    let calls: Vec<_> = calls
        .iter()
        .map(|(tool, id, millis)| {
            let name = if *tool == 'a' { "alone" } else { "beside" };
            (name, json!({ "id": id, "millis": millis }))
        })
        .collect();
    let shared = Arc::clone(&log);
    results(tools![beside, alone], &calls, |agent| agent.state(shared).max_parallel_tools(parallel)).await;
    let told = log.0.lock().unwrap().join(" ");
    expected.assert_eq(&told);
}

#[test]
fn it_is_data_too() {
    let [beside, alone] = &tools![beside, alone][..] else { panic!() };
    assert!(alone.is_sequential() && !beside.is_sequential());
}

#[tokio::test(start_paused = true)]
async fn a_call_alone_is_a_barrier() {
    let calls = [
        ('b', "1", 30),
        ('b', "2", 10),
        ('a', "3", 5),
        ('b', "4", 10),
        ('b', "5", 5),
        ('a', "6", 1),
        ('a', "7", 1),
    ];
    check(&calls, 8, expect!["1[ 2[ ]2 ]1 3[ ]3 4[ 5[ ]5 ]4 6[ ]6 7[ ]7"]).await;
    check(&calls, 2, expect!["1[ 2[ ]2 ]1 3[ ]3 4[ 5[ ]5 ]4 6[ ]6 7[ ]7"]).await;
}

/// The order is that of the calls also where many threads run them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn order_does_not_hang_on_threads() {
    let calls: Vec<_> = ["1", "2", "3", "4", "5", "6", "7", "8"].map(|id| ('a', id, 0)).into();
    for _ in 0..50 {
        let expected = expect!["1[ ]1 2[ ]2 3[ ]3 4[ ]4 5[ ]5 6[ ]6 7[ ]7 8[ ]8"];
        check(&calls, 8, expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_lets_others_go_on() {
    let calls = [('a', "1", 13), ('b', "2", 1), ('a', "3", 60_000), ('b', "4", 1)];
    check(&calls, 8, expect!["1[ 2[ ]2 3[ 4[ ]4"]).await;
}
