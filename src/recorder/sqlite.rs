//! The recorder that keeps a run in the store.

use super::{Finalize, Recorder, RecorderError};
use crate::event::{Event, Record, RunId};
use crate::store::{NewRun, Settling, StoreError, Waits, Writer};
use async_trait::async_trait;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often the row is looked at for a wish to end the run.
const LOOK: Duration = Duration::from_millis(250);

/// How long the last call may take where nobody says.
const GRACE: Duration = Duration::from_secs(10);

/// Keeps one run in the store.
///
/// Events are handed over to the store's thread; the terminal event is held back until the run is
/// finalized, and then goes into one transaction with the outcome. What cannot be written there is
/// spilled into a file beside the store.
pub struct SqliteRecorder {
    writer: Writer,
    run_id: RunId,
    /// Until its row is asked for.
    run: Option<NewRun>,
    /// Until the row is written. Outlives a call of `init` that is dropped; when it is dropped
    /// itself, there is no row.
    beginning: Option<Beginning>,
    terminal: Option<Arc<Event>>,
    waits: Waits,
    /// From the queueing of its end on. Outlives a call of `handle_finalize` that is dropped.
    settling: Option<Settling>,
    cancel: CancellationToken,
    watch: Option<JoinHandle<()>>,
    is_waiting: bool,
}

type Beginning = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

impl fmt::Debug for SqliteRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteRecorder").field(&self.run_id).finish()
    }
}

impl SqliteRecorder {
    /// A recorder of `run` that ends `cancel` when the row says `cancel_requested`.
    #[must_use]
    pub fn new(writer: Writer, run: NewRun, cancel: CancellationToken) -> Self {
        Self {
            writer,
            run_id: run.run_id.clone(),
            run: Some(run),
            beginning: None,
            terminal: None,
            waits: Waits::within(GRACE),
            settling: None,
            cancel,
            watch: None,
            is_waiting: false,
        }
    }

    fn stop_watching(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
    }
}

#[async_trait]
impl Recorder for SqliteRecorder {
    fn set_grace(&mut self, grace: Duration) {
        self.waits = Waits::within(grace);
    }

    async fn init(&mut self, run_id: &RunId) -> Result<(), RecorderError> {
        if let Some(run) = self.run.take_if(|run| run.run_id == *run_id) {
            let writer = self.writer.clone();
            self.beginning = Some(Box::pin(async move { writer.begin(run).await }));
        }
        let Some(beginning) = &mut self.beginning else {
            let own = &self.run_id;
            return Err(RecorderError::Other(format!(
                "the recorder of run `{own}` was started for run `{run_id}`, or twice"
            )));
        };
        self.is_waiting = true;
        let begun = beginning.await;
        self.is_waiting = false;
        self.beginning = None;
        begun?;
        self.watch = Some(tokio::spawn(watch(
            self.writer.clone(),
            self.run_id.clone(),
            self.cancel.clone(),
        )));
        Ok(())
    }

    async fn handle_event(&mut self, event: Arc<Event>) -> Result<(), RecorderError> {
        if event.run_id != self.run_id {
            return Ok(());
        }
        if event.is_terminal() {
            self.terminal = Some(event);
            return Ok(());
        }
        self.is_waiting = true;
        let handed_over = self.writer.event(event).await;
        self.is_waiting = false;
        Ok(handed_over?)
    }

    async fn handle_finalize(&mut self, outcome: Finalize) -> Result<Record, RecorderError> {
        self.stop_watching();
        self.is_waiting = false;
        let (writer, run_id) = (&self.writer, &self.run_id);
        let queued = match (self.terminal.take(), outcome) {
            (Some(terminal), _) => writer.finish(&terminal),
            (None, Finalize::Crashed(reason)) => writer.crash(run_id, &reason),
            (None, Finalize::Completed(_) | Finalize::Failed(_) | Finalize::Cancelled(_)) => {
                writer.crash(run_id, "the run ended without its last event")
            }
        };
        let kept = match queued {
            Ok(settling) => self.settling.insert(settling).record(self.waits).await,
            Err(fault) => Err(fault),
        };
        Ok(kept.unwrap_or_else(|_| Record::incomplete(writer.durable_to(run_id))))
    }

    fn give_up(&mut self) -> Option<Record> {
        self.settling.as_ref().map(Settling::give_up)
    }

    fn is_waiting_for_room(&self) -> bool {
        self.is_waiting && self.writer.is_alive()
    }

    fn is_failing(&self) -> bool {
        self.writer.is_failing(&self.run_id)
    }
}

impl Drop for SqliteRecorder {
    fn drop(&mut self) {
        self.stop_watching();
    }
}

async fn watch(writer: Writer, run_id: RunId, cancel: CancellationToken) {
    loop {
        tokio::time::sleep(LOOK).await;
        match writer.cancel_requested(&run_id).await {
            Ok(false) => {}
            Ok(true) => return cancel.cancel(),
            // Nothing more can be read there.
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        At, Draft, End, EventKind, Fold, Plan, RecordState, RunResult, RunStarted, RunStatus,
    };
    use crate::store::Reader;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    struct Fixture {
        _dir: tempfile::TempDir,
        store: PathBuf,
        writer: Writer,
        cancel: CancellationToken,
    }

    impl Fixture {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            let store = dir.path().join("runs.db");
            Self {
                writer: Writer::open(&store).expect("a store"),
                _dir: dir,
                store,
                cancel: CancellationToken::new(),
            }
        }

        fn recorder(&self) -> SqliteRecorder {
            SqliteRecorder::new(self.writer.clone(), run(), self.cancel.clone())
        }

        fn result(&self) -> RunResult {
            let reader = Reader::open(&self.store).expect("it opens");
            let reader = reader.expect("a store");
            reader.result(&run().run_id).expect("its result")
        }
    }

    fn run() -> NewRun {
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
            files: BTreeMap::new(),
            limits: serde_json::json!({}),
        }
    }

    /// A first and a last event, and the result that they make.
    fn whole_run() -> (Arc<Event>, Arc<Event>, RunResult) {
        let start = EventKind::RunStarted(RunStarted {
            council: "trio".to_owned(),
            spec_hash: String::new(),
            input: "why?".to_owned(),
            attachments: Vec::new(),
            seed: 7,
            labels: BTreeMap::new(),
            parent: None,
            origin: None,
            plan: Plan::default(),
        });
        let mut fold = Fold::new(run().run_id);
        let first = Draft::of_run(start).stamp(run().run_id, 0, At::now());
        fold.apply(&first);
        let last = fold
            .conclude(&End::Completed)
            .stamp(run().run_id, 1, At::now());
        fold.apply(&last);
        (Arc::new(first), Arc::new(last), fold.result())
    }

    #[tokio::test]
    async fn the_terminal_event_and_the_outcome_come_together_at_the_end() {
        let fixture = Fixture::new();
        let mut recorder = fixture.recorder();
        let (first, last, result) = whole_run();
        recorder
            .init(&run().run_id)
            .await
            .expect("it takes the run");
        assert_eq!(fixture.result().status, RunStatus::Pending);
        recorder.handle_event(first).await.expect("it is kept");
        recorder.handle_event(last).await.expect("it is kept");
        assert!(!fixture.result().status.is_ended());
        let end = Finalize::Completed(Box::new(result.clone()));
        let record = recorder.handle_finalize(end).await.expect("it is kept");
        assert_eq!(record, Record::of(RecordState::Complete));
        assert_eq!(fixture.result(), result);
    }

    #[tokio::test]
    async fn a_taken_id_is_told_from_other_refusals() {
        let fixture = Fixture::new();
        let mut first = fixture.recorder();
        first.init(&run().run_id).await.expect("it takes the run");
        let fault = fixture.recorder().init(&run().run_id).await;
        assert!(matches!(fault, Err(RecorderError::TakenRunId(_))));
        fixture.writer.close();
        let fault = fixture.recorder().init(&run().run_id).await;
        assert!(matches!(fault, Err(RecorderError::Store(_))));
    }

    #[tokio::test]
    async fn a_run_that_never_started_is_recorded_as_crashed_with_its_reason() {
        let fixture = Fixture::new();
        let mut recorder = fixture.recorder();
        recorder
            .init(&run().run_id)
            .await
            .expect("it takes the run");
        let end = Finalize::Crashed("its subscribers failed".to_owned());
        let record = recorder.handle_finalize(end).await.expect("it is kept");
        assert_eq!(record.state, RecordState::Complete);
        let result = fixture.result();
        assert_eq!(result.status, RunStatus::Crashed);
        assert_eq!(result.reason.as_deref(), Some("its subscribers failed"));
    }

    #[tokio::test]
    async fn events_of_another_run_are_ignored() {
        let fixture = Fixture::new();
        let mut recorder = fixture.recorder();
        let (first, last, result) = whole_run();
        recorder
            .init(&run().run_id)
            .await
            .expect("it takes the run");
        let mut other = (*first).clone();
        other.run_id = "other".parse().expect("an id");
        recorder
            .handle_event(Arc::new(other))
            .await
            .expect("ignored");
        recorder.handle_event(first).await.expect("it is kept");
        recorder.handle_event(last).await.expect("it is kept");
        let end = Finalize::Completed(Box::new(result));
        let record = recorder.handle_finalize(end).await.expect("it is kept");
        assert_eq!(record.state, RecordState::Complete);
    }

    #[tokio::test]
    async fn a_wish_in_the_row_ends_the_token() {
        let fixture = Fixture::new();
        let mut recorder = fixture.recorder();
        recorder
            .init(&run().run_id)
            .await
            .expect("it takes the run");
        let reader = Reader::open(&fixture.store).expect("it opens");
        let reader = reader.expect("a store");
        assert!(!fixture.cancel.is_cancelled());
        reader.request_cancel(&run().run_id).expect("it is written");
        fixture.cancel.cancelled().await;
    }

    #[tokio::test]
    async fn a_writer_that_is_gone_leaves_a_record_that_says_from_where() {
        let fixture = Fixture::new();
        let mut recorder = fixture.recorder();
        let (first, last, result) = whole_run();
        recorder
            .init(&run().run_id)
            .await
            .expect("it takes the run");
        recorder.handle_event(first).await.expect("it is queued");
        fixture.writer.close();
        recorder.handle_event(last).await.expect("it is held back");
        let end = Finalize::Completed(Box::new(result));
        let record = recorder.handle_finalize(end).await.expect("it says so");
        assert_eq!(record, Record::incomplete(1));
    }
}
