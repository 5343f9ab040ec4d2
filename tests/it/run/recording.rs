//! The recorder and its process: the four rules.

use super::stage::{Act, Diary, Memory, Mood, council, on_stage};
use async_trait::async_trait;
use council::bus::Delivery;
use council::event::{
    At, Draft, ErrorKind, Event, EventKind, Fold, Notice, Record, RecordState, RunId, RunStatus,
};
use council::recorder::{Finalize, Recorder, RecorderError, RecorderProcess, SqliteRecorder};
use council::run::{CancelledBy, Registry, StartError, run, start};
use council::store::{NewRun, Reader, Writer};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

const GRACE: Duration = Duration::from_secs(10);

fn id() -> RunId {
    "r".parse().expect("an id")
}

fn event(run_id: RunId, seq: u64) -> Delivery {
    let body = EventKind::Notice(Notice {
        code: "test".into(),
        text: String::new(),
    });
    Delivery::Event(Arc::new(Draft::of_run(body).stamp(run_id, seq, At::now())))
}

/// The process of `recorder`, whose `init` went well.
async fn begun(recorder: impl Recorder + 'static) -> mpsc::Sender<Delivery> {
    RecorderProcess::start(Box::new(recorder), id(), GRACE, CancellationToken::new())
        .await
        .expect("init")
}

fn finalize() -> (Delivery, oneshot::Receiver<Record>) {
    let (kept, answer) = oneshot::channel();
    let mut result = Fold::new(id()).result();
    result.status = RunStatus::Completed;
    (
        Delivery::Finalize {
            result: Box::new(result),
            kept,
        },
        answer,
    )
}

/// Rule 2: "Each event reaches `handle_event` in order, terminal events too, none dropped."
/// Rule 3: "`handle_finalize` is called exactly once … Nothing comes after finalize."
#[tokio::test(start_paused = true)]
async fn every_event_reaches_the_recorder_in_order() {
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(3, "", "[chair]\n"), |_, _| Act::Say("north"));
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let mut events = options.subscribe();
    let result = run(options).await.expect("it starts");
    assert_eq!(result.record.state, RecordState::Complete);
    let mut expected = vec![format!("init {}", result.run_id)];
    while let Some(event) = events.recv().await {
        expected.push(format!("event {} {}", event.seq, event.body.name()));
    }
    expected.push("finalize completed 3".to_owned());
    assert_eq!(memory.all(), expected);
}

/// Rule 2: "Events of another run are ignored."
#[tokio::test(start_paused = true)]
async fn events_of_another_run_are_ignored() {
    let memory = Memory::default();
    let queue = begun(Diary::new(&memory)).await;
    queue.send(event(id(), 0)).await.expect("it lives");
    queue
        .send(event("other".parse().expect("an id"), 1))
        .await
        .expect("it lives");
    let (last, kept) = finalize();
    queue.send(last).await.expect("it lives");
    assert_eq!(kept.await.expect("an answer").state, RecordState::Complete);
    assert_eq!(
        memory.all(),
        ["init r", "event 0 notice", "finalize completed 0"]
    );
}

/// Rule 3: "`Completed`, `Failed`, `Cancelled` (each with the result so far) or `Crashed(reason)`."
#[tokio::test(start_paused = true)]
async fn finalize_names_the_outcome() {
    for (act, word) in [
        (Act::Say("north"), "completed 1"),
        (Act::Panic("no"), "failed 0"),
    ] {
        let memory = Memory::default();
        let (mut options, _) = on_stage(council(1, "", ""), move |_, _| act.clone());
        options.recorder = Some(Box::new(Diary::new(&memory)));
        run(options).await.expect("it starts");
        assert_eq!(memory.all().last(), Some(&format!("finalize {word}")));
    }
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let handle = start(options, &Registry::default())
        .await
        .expect("it starts");
    handle.cancel(CancelledBy::Supervisor);
    handle.result(None).await.expect("a result");
    assert_eq!(
        memory.all().last().map(String::as_str),
        Some("finalize cancelled 0")
    );
}

/// Rule 3: "After an error delivery goes on; after a panic or a hang only finalize follows."
#[tokio::test(start_paused = true)]
async fn a_recorder_that_fails_goes_on_and_one_that_breaks_does_not() {
    for (mood, seen) in [(Mood::Fails, 4), (Mood::Panics, 2), (Mood::Hangs, 2)] {
        let memory = Memory::default();
        let diary = Diary {
            event: (1, mood),
            ..Diary::new(&memory)
        };
        let queue = begun(diary).await;
        for seq in 0..4 {
            queue.send(event(id(), seq)).await.expect("it lives");
        }
        let (last, kept) = finalize();
        queue.send(last).await.expect("it lives");
        assert_eq!(
            kept.await.expect("an answer"),
            Record::incomplete(1),
            "{mood:?}"
        );
        assert_eq!(memory.count("event"), seen, "{mood:?}: {:?}", memory.all());
        assert_eq!(memory.count("finalize"), 1, "{mood:?}");
    }
}

/// Rule 3: "Each method runs inside a panic guard and a time limit (`record_grace`); a hung call is
/// dropped": finalize too.
#[tokio::test(start_paused = true)]
async fn a_bad_finalize_is_told() {
    for mood in [Mood::Fails, Mood::Panics, Mood::Hangs] {
        let memory = Memory::default();
        let diary = Diary {
            finalize: mood,
            ..Diary::new(&memory)
        };
        let queue = begun(diary).await;
        queue.send(event(id(), 0)).await.expect("it lives");
        let (last, kept) = finalize();
        queue.send(last).await.expect("it lives");
        let record = kept.await.expect("an answer, whatever the recorder does");
        assert_eq!(record.state, RecordState::Incomplete, "{mood:?}");
        assert_eq!(memory.count("finalize"), 1, "exactly once");
    }
}

/// A recorder whose last call never ends, and which knows what it has kept.
struct Knowing;

#[async_trait]
impl Recorder for Knowing {
    async fn init(&mut self, _: &RunId) -> Result<(), RecorderError> {
        Ok(())
    }

    async fn handle_event(&mut self, _: Arc<Event>) -> Result<(), RecorderError> {
        Ok(())
    }

    async fn handle_finalize(&mut self, _: Finalize) -> Result<Record, RecorderError> {
        std::future::pending().await
    }

    fn give_up(&mut self) -> Option<Record> {
        Some(Record::incomplete(1))
    }
}

/// A recorder is asked before anything is said of what its dropped call has kept.
#[tokio::test(start_paused = true)]
async fn a_recorder_whose_last_call_is_dropped_says_what_is_kept() {
    let queue = begun(Knowing).await;
    for seq in 0..4 {
        queue.send(event(id(), seq)).await.expect("it lives");
    }
    let (last, kept) = finalize();
    queue.send(last).await.expect("it lives");
    assert_eq!(kept.await.expect("an answer"), Record::incomplete(1));
}

/// What is said of a record is what is read of it, however short the recorder's grace is.
#[tokio::test]
async fn a_short_grace_and_a_lock_leave_a_record_that_is_as_it_was_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("runs.db");
    let writer = Writer::open(&store).expect("a store");
    let other = Mutex::new(Connection::open(&store).expect("the file"));
    let lock = Arc::new(other);
    let taken = Arc::clone(&lock);
    let (mut options, _) = on_stage(council(1, "", ""), move |_, _| {
        let other = taken.lock().expect("one call");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        Act::Say("north")
    });
    let row = NewRun {
        run_id: options.run_id.clone(),
        council: "lab".to_owned(),
        input: options.input.clone(),
        labels: BTreeMap::new(),
        seed: options.seed,
        parent: None,
        origin: None,
        spec: Vec::new(),
        resolved: "{}".to_owned(),
        spec_hash: String::new(),
        files: BTreeMap::new(),
        limits: serde_json::json!({}),
    };
    let recorder = SqliteRecorder::new(writer.clone(), row, CancellationToken::new());
    options.recorder = Some(Box::new(recorder));
    options.record_grace = Duration::from_millis(100);
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(result.record.state, RecordState::Spilled);
    let reader = Reader::open(&store).expect("it opens").expect("a store");
    let shown = || reader.result(&result.run_id).expect("its result");
    assert_eq!(shown(), *result);
    lock.lock()
        .expect("nobody else")
        .execute_batch("COMMIT")
        .expect("the lock is free");
    writer.close();
    assert_eq!(shown(), *result, "until it is taken back");
    Writer::open(&store).expect("the next process").close();
    assert_eq!(shown().record, Record::of(RecordState::Complete));
}

/// "If a step after `init` fails, finalize is called with `Crashed`."
#[tokio::test(start_paused = true)]
async fn an_abandoned_recorder_is_finalized_as_crashed() {
    let memory = Memory::default();
    let queue = begun(Diary::new(&memory)).await;
    drop(queue);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(memory.all(), ["init r", "finalize crashed 0"]);
}

/// "Waiting for room there is back-pressure, not a hang."
#[tokio::test(start_paused = true)]
async fn back_pressure_is_no_hang() {
    for (back_pressure, seen) in [(true, 2), (false, 1)] {
        let memory = Memory::default();
        let slow = GRACE * 3;
        let diary = Diary {
            slow,
            back_pressure,
            ..Diary::new(&memory)
        };
        let queue = begun(diary).await;
        queue.send(event(id(), 0)).await.expect("it lives");
        queue.send(event(id(), 1)).await.expect("it lives");
        let (last, kept) = finalize();
        queue.send(last).await.expect("it lives");
        kept.await.expect("an answer");
        assert_eq!(memory.count("event"), seen, "{:?}", memory.all());
    }
}

const BAD: [Mood; 3] = [Mood::Fails, Mood::Panics, Mood::Hangs];

/// Members that take longer than a recorder needs to count as hung.
fn slow(diary: Diary) -> (council::run::StartOptions, Arc<super::stage::Seen>) {
    let rounds = "[chair]\n[[round]]\nkind = \"independent_analysis\"\n\
        [[round]]\nkind = \"synthesis\"\n";
    let (mut options, seen) = on_stage(council(2, "", rounds), |_, _| {
        Act::After(Duration::from_secs(60), "north")
    });
    options.recorder = Some(Box::new(diary));
    (options, seen)
}

/// What the recorder went through from its first event on, checked against rule 3: in order, then
/// finalize once, and nothing after it. Gives how many events it saw.
#[track_caller]
fn assert_in_order(memory: &Memory, outcome: &str) -> u64 {
    let all = memory.all();
    let events = all.len() - 2;
    assert!(all[0].starts_with("init "), "{all:?}");
    for (seq, entry) in all[1..=events].iter().enumerate() {
        assert!(entry.starts_with(&format!("event {seq} ")), "{all:?}");
    }
    assert!(
        all[events + 1].starts_with(&format!("finalize {outcome} ")),
        "{all:?}"
    );
    events as u64
}

/// Rule 1: "`init` may refuse: then the run does not start." A panic or a hang is a refusal too.
#[tokio::test(start_paused = true)]
async fn a_recorder_that_does_not_start_starts_no_run() {
    for mood in BAD {
        let memory = Memory::default();
        let (options, seen) = slow(Diary {
            init: mood,
            ..Diary::new(&memory)
        });
        let run_id = options.run_id.clone();
        let registry = Registry::default();
        let refused = start(options, &registry).await.expect_err("it is refused");
        assert!(
            matches!(refused, StartError::RecorderRefused(_)),
            "{refused}"
        );
        assert_eq!(memory.all(), [format!("init {run_id}")], "{mood:?}");
        assert!(seen.calls().is_empty());
        assert!(registry.lookup(&run_id).is_err(), "the id is free again");
    }
}

/// Rule 3, at each event of a run; and rule 4: "A failing recorder never kills a run."
#[tokio::test(start_paused = true)]
async fn wherever_a_recorder_fails_the_run_goes_on_and_finalize_comes_once_and_last() {
    let memory = Memory::default();
    let (options, _) = slow(Diary::new(&memory));
    run(options).await.expect("it starts");
    let whole = assert_in_order(&memory, "completed");
    for (mood, from) in BAD
        .into_iter()
        .flat_map(|mood| (0..whole).map(move |n| (mood, n)))
    {
        let memory = Memory::default();
        let (options, seen) = slow(Diary {
            event: (from, mood),
            ..Diary::new(&memory)
        });
        let result = run(options).await.expect("it starts");
        assert_eq!(result.status, RunStatus::Completed, "{mood:?} at {from}");
        assert!(!result.degraded && seen.calls().len() == 3);
        assert_eq!(result.record, Record::incomplete(from), "{mood:?}");
        let delivered = if mood == Mood::Fails { whole } else { from + 1 };
        assert_eq!(
            assert_in_order(&memory, "completed"),
            delivered,
            "{mood:?} at {from}"
        );
    }
}

/// Rule 3 for finalize itself, and for a recorder that breaks before it and in it.
#[tokio::test(start_paused = true)]
async fn finalize_is_called_once_however_it_ends() {
    for (mood, before) in BAD
        .into_iter()
        .flat_map(|mood| BAD.map(|before| (mood, before)))
    {
        let memory = Memory::default();
        let (options, _) = slow(Diary {
            event: (2, before),
            finalize: mood,
            ..Diary::new(&memory)
        });
        let result = run(options).await.expect("it starts");
        assert_eq!(result.status, RunStatus::Completed);
        assert_eq!(result.record, Record::incomplete(2), "{before:?} {mood:?}");
        assert_in_order(&memory, "completed");
    }
}

/// Rule 4: "(`--require-record` makes it)": the run ends as failed, with one error of that kind.
#[tokio::test(start_paused = true)]
async fn a_run_that_must_be_recorded_fails_with_its_recorder() {
    // Each event before the first answer.
    let failures = (0..4).flat_map(|from| {
        let bad = BAD.map(|mood| (from, Some(mood)));
        bad.into_iter().chain([(from, None)])
    });
    for (from, mood) in failures {
        let memory = Memory::default();
        let diary = Diary::new(&memory);
        let (mut options, seen) = slow(match mood {
            Some(mood) => Diary {
                event: (from, mood),
                ..diary
            },
            None => Diary {
                failing_from: Some(from),
                ..diary
            },
        });
        options.require_record = true;
        let result = run(options).await.expect("it starts");
        let what = format!("{mood:?} from {from}");
        assert_eq!(result.status, RunStatus::Failed, "{what}");
        let kinds: Vec<ErrorKind> = result.errors.iter().map(|error| error.kind).collect();
        assert_eq!(kinds, [ErrorKind::Record], "{what}");
        let reason = result.reason.as_deref().expect("a reason");
        assert!(reason.contains("cannot be recorded"), "{reason}");
        assert!(seen.calls().len() <= 2, "nobody else is asked: {what}");
        assert_in_order(&memory, "failed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_must_be_recorded_and_is_comes_to_its_end() {
    let memory = Memory::default();
    let (mut options, _) = slow(Diary::new(&memory));
    options.require_record = true;
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(result.record.state, RecordState::Complete);
}

/// What is found out with the last event changes the record; the answer is there.
#[tokio::test(start_paused = true)]
async fn a_record_that_fails_after_the_last_round_takes_no_answer_away() {
    let memory = Memory::default();
    let (mut options, _) = slow(Diary {
        finalize: Mood::Fails,
        ..Diary::new(&memory)
    });
    options.require_record = true;
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(result.record.state, RecordState::Incomplete);
}
