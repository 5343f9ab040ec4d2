//! What the store's tests share: runs to store, and processes of their own to kill.

use super::spill::Spills;
use super::{NewRun, StoreError, Waits, Writer};
use crate::event::{At, Draft, End, Event, EventKind, Fold, Plan, Record, RunId, RunStarted};
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Says to a process that was started by [`child`] where its store is.
const STORE: &str = "COUNCIL_TEST_CHILD_STORE";
/// Says after how many statements it dies.
const DIES_AFTER: &str = "COUNCIL_TEST_CHILD_DIES_AFTER";

/// Longer than any commit here takes.
pub(super) const AGES: Duration = Duration::from_secs(600);

pub(super) fn run(id: &str) -> NewRun {
    NewRun {
        run_id: id.parse().expect("a run id"),
        council: "trio".to_owned(),
        input: "why?".to_owned(),
        labels: BTreeMap::from([("team".to_owned(), "infra".to_owned())]),
        seed: (1 << 53) - 1,
        parent: None,
        origin: None,
        spec: b"name = \"trio\"".to_vec(),
        resolved: "{\"name\":\"trio\"}".to_owned(),
        spec_hash: "00ff".to_owned(),
        files: BTreeMap::from([("a.txt".to_owned(), b"\xff\x00".to_vec())]),
        limits: serde_json::json!({ "deadline_ms": 60_000 }),
    }
}

/// The events of a run, `count` of them before the last one.
pub(super) fn events(run: &NewRun, count: u64) -> Vec<Arc<Event>> {
    let at: At = "2026-11-20T10:00:00.123456Z".parse().expect("a time");
    let start = EventKind::RunStarted(RunStarted {
        council: run.council.clone(),
        spec_hash: run.spec_hash.clone(),
        input: run.input.clone(),
        attachments: Vec::new(),
        seed: run.seed,
        labels: run.labels.clone(),
        parent: run.parent.clone(),
        origin: run.origin.clone(),
        plan: Plan::default(),
    });
    let mut fold = Fold::new(run.run_id.clone());
    let mut events = Vec::new();
    let mut push = |fold: &mut Fold, draft: Draft| {
        let event = draft.stamp(run.run_id.clone(), fold.next_seq(), at);
        fold.apply(&event);
        events.push(Arc::new(event));
    };
    push(&mut fold, Draft::of_run(start));
    for index in 1..count {
        push(
            &mut fold,
            Draft::notice(None, "news", format!("number {index}")),
        );
    }
    let end = fold.conclude(&End::Completed);
    push(&mut fold, end);
    events
}

/// Writes a whole run.
pub(super) async fn write_whole(writer: &Writer, run: NewRun, count: u64) -> Record {
    let mut all = events(&run, count);
    let terminal = all.pop().expect("a last event");
    writer.begin(run).await.expect("the row is written");
    for event in all {
        writer.event(event).await.expect("the event is queued");
    }
    finish(writer, terminal, AGES)
        .await
        .expect("the run is ended")
}

/// Ends a run and waits for its commit for `wait`, and then a second for it to be spilled.
pub(super) async fn finish(
    writer: &Writer,
    terminal: Arc<Event>,
    wait: Duration,
) -> Result<Record, StoreError> {
    writer.finish(&terminal)?.record(waits(wait)).await
}

/// The same for a run without a terminal event.
pub(super) async fn crash(
    writer: &Writer,
    run_id: &RunId,
    reason: &str,
    wait: Duration,
) -> Result<Record, StoreError> {
    writer.crash(run_id, reason)?.record(waits(wait)).await
}

fn waits(commit: Duration) -> Waits {
    Waits {
        commit,
        spill: Duration::from_secs(1),
    }
}

/// Writes a run that does not end, and waits until its `count` events are on disk.
pub(super) async fn write_open(writer: &Writer, run: NewRun, count: u64) -> RunId {
    let run_id = run.run_id.clone();
    let mut all = events(&run, count);
    all.pop();
    writer.begin(run).await.expect("the row is written");
    for event in all {
        writer.event(event).await.expect("the event is queued");
    }
    while writer.durable_to(&run_id) < count {
        writer
            .cancel_requested(&run_id)
            .await
            .expect("the thread looks, and works on");
    }
    run_id
}

/// Files where folders of spilled events would be, so that nothing can be spilled.
pub(super) struct Blocked(Vec<PathBuf>);

impl Blocked {
    /// Stands in the way of the first `places` of `store`.
    pub(super) fn new(store: &Path, places: usize) -> Self {
        let store = std::fs::canonicalize(store).expect("a store");
        let places = Spills::of(&store).places()[..places].to_vec();
        for place in &places {
            std::fs::write(place, "in the way").expect("a file");
        }
        Self(places)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        for place in &self.0 {
            drop(std::fs::remove_file(place));
        }
    }
}

pub(super) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// Runs the test `name` again in a process of its own, where [`is_child`] gives it `store`.
pub(super) fn child(name: &str, store: &Path, dies_after: Option<usize>) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", name, "--nocapture"])
        .env(STORE, store)
        .env_remove(DIES_AFTER);
    if let Some(statements) = dies_after {
        command.env(DIES_AFTER, statements.to_string());
    }
    command
}

/// Where the store is, in a process that [`child`] started.
pub(super) fn is_child() -> Option<std::path::PathBuf> {
    std::env::var_os(STORE).map(Into::into)
}

pub(super) fn output(mut command: Command) -> Output {
    command.output().expect("the process ends")
}

/// Dies at once, as a killed process does, after as many statements as it was told.
pub(super) fn tick() {
    static STATEMENTS: AtomicUsize = AtomicUsize::new(0);
    static LAST: LazyLock<Option<usize>> =
        LazyLock::new(|| std::env::var(DIES_AFTER).ok()?.parse().ok());
    if let Some(last) = *LAST
        && STATEMENTS.fetch_add(1, Ordering::Relaxed) == last
    {
        std::process::abort();
    }
}
