//! Locks that other processes hold on the store, for longer than a recorder's call may take.

use crate::common::TestEnv;
use async_trait::async_trait;
use council::event::{Event, Record, RecordState, RunId, RunStatus};
use council::recorder::{Finalize, Recorder, RecorderError, RecorderProcess, SqliteRecorder};
use council::store::{NewRun, Reader, Writer};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How long one call of the recorder may take here.
const GRACE: Duration = Duration::from_millis(20);

fn row() -> NewRun {
    NewRun {
        run_id: "r".parse().expect("an id"),
        council: "trio".to_owned(),
        input: "why?".to_owned(),
        labels: BTreeMap::new(),
        seed: 7,
        parent: None,
        origin: None,
        spec: Vec::new(),
        resolved: String::new(),
        spec_hash: String::new(),
        files: BTreeMap::from([("a.txt".to_owned(), b"x".to_vec())]),
        limits: serde_json::json!({}),
    }
}

/// The recorder of a run, on a store that another connection holds the lock of.
struct Locked {
    recorder: SqliteRecorder,
    lock: Option<Connection>,
    /// Calls of `init` so far.
    calls: u32,
    /// At which of them the lock is freed.
    frees_at: u32,
    gone: Option<oneshot::Sender<u32>>,
}

impl Locked {
    fn new(store: &Path, writer: &Writer, frees_at: u32) -> (Self, oneshot::Receiver<u32>) {
        let lock = Connection::open(store).expect("the file");
        lock.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let (gone, is_gone) = oneshot::channel();
        let recorder = SqliteRecorder::new(writer.clone(), row(), CancellationToken::new());
        let locked = Self {
            recorder,
            lock: Some(lock),
            calls: 0,
            frees_at,
            gone: Some(gone),
        };
        (locked, is_gone)
    }
}

#[async_trait]
impl Recorder for Locked {
    async fn init(&mut self, run_id: &RunId) -> Result<(), RecorderError> {
        self.calls += 1;
        if self.calls == self.frees_at {
            self.lock = None;
        }
        self.recorder.init(run_id).await
    }

    async fn handle_event(&mut self, event: Arc<Event>) -> Result<(), RecorderError> {
        self.recorder.handle_event(event).await
    }

    async fn handle_finalize(&mut self, outcome: Finalize) -> Result<Record, RecorderError> {
        self.recorder.handle_finalize(outcome).await
    }

    fn is_waiting_for_room(&self) -> bool {
        self.recorder.is_waiting_for_room()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(gone) = self.gone.take() {
            let _nobody_waits = gone.send(self.calls);
        }
    }
}

fn store() -> (TestEnv, std::path::PathBuf, Writer) {
    let env = TestEnv::new();
    let store = env.path("runs.db");
    let writer = Writer::open(&store).expect("a store");
    (env, store, writer)
}

#[tokio::test]
async fn a_lock_at_the_start_is_waited_for_through_several_calls() {
    let (_env, store, writer) = store();
    let (recorder, gone) = Locked::new(&store, &writer, 4);
    let queue = RecorderProcess::start(
        Box::new(recorder),
        row().run_id,
        GRACE,
        CancellationToken::new(),
    )
    .await
    .expect("a lock is no refusal");
    let reader = Reader::open(&store).expect("it opens").expect("a store");
    let result = reader.result(&row().run_id).expect("its row");
    assert_eq!(result.status, RunStatus::Pending);
    // The run never came to be.
    drop(queue);
    assert!(gone.await.expect("it ends") >= 4);
    writer.close();
    let listed = reader.summaries(20, true).expect("the list");
    assert_eq!(listed.len(), 1, "one row, however many calls");
    assert_eq!(listed[0].status, RunStatus::Crashed);
    assert_eq!(listed[0].record, Record::of(RecordState::Complete));
}

#[tokio::test]
async fn a_start_that_is_given_up_behind_a_lock_leaves_no_run() {
    let (_env, store, writer) = store();
    let (mut recorder, gone) = Locked::new(&store, &writer, u32::MAX);
    let lock = recorder.lock.take();
    let start = RecorderProcess::start(
        Box::new(recorder),
        row().run_id,
        GRACE,
        CancellationToken::new(),
    );
    assert!(tokio::time::timeout(3 * GRACE, start).await.is_err());
    gone.await.expect("nobody wants it any more");
    drop(lock);
    writer.close();
    let reader = Reader::open(&store).expect("it opens").expect("a store");
    assert!(reader.summaries(20, true).expect("the list").is_empty());
}
