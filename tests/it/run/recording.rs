//! The recorder and its process: the four rules.

use super::stage::{Act, Diary, Memory, Mood, council, on_stage};
use council::bus::Delivery;
use council::event::{At, Draft, EventKind, Fold, Notice, Record, RecordState, RunId, RunStatus};
use council::recorder::RecorderProcess;
use council::run::{CancelledBy, Registry, run, start};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

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
    let queue = RecorderProcess::start(Box::new(Diary::new(&memory)), id(), GRACE)
        .await
        .expect("init");
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
        let queue = RecorderProcess::start(Box::new(diary), id(), GRACE)
            .await
            .expect("init");
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
        let queue = RecorderProcess::start(Box::new(diary), id(), GRACE)
            .await
            .expect("init");
        queue.send(event(id(), 0)).await.expect("it lives");
        let (last, kept) = finalize();
        queue.send(last).await.expect("it lives");
        let record = kept.await.expect("an answer, whatever the recorder does");
        assert_eq!(record.state, RecordState::Incomplete, "{mood:?}");
        assert_eq!(memory.count("finalize"), 1, "exactly once");
    }
}

/// "If a step after `init` fails, finalize is called with `Crashed`."
#[tokio::test(start_paused = true)]
async fn an_abandoned_recorder_is_finalized_as_crashed() {
    let memory = Memory::default();
    let queue = RecorderProcess::start(Box::new(Diary::new(&memory)), id(), GRACE)
        .await
        .expect("init");
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
        let queue = RecorderProcess::start(Box::new(diary), id(), GRACE)
            .await
            .expect("init");
        queue.send(event(id(), 0)).await.expect("it lives");
        queue.send(event(id(), 1)).await.expect("it lives");
        let (last, kept) = finalize();
        queue.send(last).await.expect("it lives");
        kept.await.expect("an answer");
        assert_eq!(memory.count("event"), seen, "{:?}", memory.all());
    }
}
