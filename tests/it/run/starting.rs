//! Starts, handles, the registry.

use super::stage::{Act, Diary, Memory, Mood, council, on_stage};
use council::event::{EventKind, RunStatus};
use council::provider::Context;
use council::run::{
    CancelledBy, LookupError, NoResult, Registry, StartError, StartOptions, run, start,
    start_linked,
};
use std::sync::Arc;
use std::time::Duration;

/// "Check options, keys, prices; reserve the id in the registry; recorder `init`; bus with recorder
/// and subscribers attached; RunServer; `run_started` (seq 0)."
#[tokio::test(start_paused = true)]
async fn a_run_starts_in_order() {
    let memory = Memory::default();
    let script = memory.clone();
    let (mut options, _) = on_stage(council(1, "", ""), move |call, _| {
        script.add(format!("asked {call}"));
        Act::Say("north")
    });
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let mut events = options.subscribe();
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    let all = memory.all();
    assert!(all[0].starts_with("init "), "{all:?}");
    let recorded: Vec<&String> = all
        .iter()
        .filter(|entry| entry.starts_with("event"))
        .collect();
    assert_eq!(recorded[0], "event 0 run_started");
    assert!(all.contains(&"asked 0.a.answer".to_owned()), "{all:?}");
    let first = events.recv().await.expect("an event");
    assert!(first.seq == 0 && matches!(first.body, EventKind::RunStarted(_)));
}

/// "A refusal gives the id back, nothing started, and `start` returns the reason."
#[tokio::test(start_paused = true)]
async fn a_refusing_recorder_leaves_nothing() {
    for mood in [Mood::Fails, Mood::Panics, Mood::Hangs] {
        let registry = Registry::default();
        let memory = Memory::default();
        let (mut options, seen) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
        options.recorder = Some(Box::new(Diary {
            init: mood,
            ..Diary::new(&memory)
        }));
        let run_id = options.run_id.clone();
        let refused = start(options, &registry)
            .await
            .expect_err("the recorder refuses");
        assert!(
            matches!(refused, StartError::RecorderRefused(_)),
            "{refused}"
        );
        assert_eq!(
            registry.lookup(&run_id).err(),
            Some(LookupError::UnknownRun(run_id.clone()))
        );
        assert_eq!(seen.calls(), [""; 0], "nothing was asked");
        assert_eq!(
            memory.all().len(),
            1,
            "after a refused init nothing comes: {:?}",
            memory.all()
        );
        let (mut again, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
        again.run_id = run_id;
        start(again, &registry).await.expect("the id is free again");
    }
}

/// "`StartError` is `TakenRunId | MissingKey | …`": an id that is taken starts nothing.
#[tokio::test(start_paused = true)]
async fn an_id_is_taken_while_its_run_goes_on() {
    let registry = Registry::default();
    let (mut first, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    first.run_id = "mine".parse().expect("an id");
    let handle = start(first, &registry).await.expect("it starts");
    let (mut second, seen) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    second.run_id = "mine".parse().expect("an id");
    let refused = start(second, &registry).await.expect_err("taken");
    assert!(matches!(refused, StartError::TakenRunId(_)));
    assert_eq!(seen.calls(), [""; 0]);
    handle.cancel(CancelledBy::User("the test".into()));
}

/// "`validate` judges the file alone: a missing key variable is … exit 2 in `run`": the start says
/// which variable of which provider is missing.
#[tokio::test]
async fn a_missing_key_refuses_the_start() {
    let document = "name = \"k\"\n[[member]]\nid = \"a\"\nmodel = \"openai/gpt-x\"\n";
    let council = Arc::new(super::super::common::check(document));
    let mut options = StartOptions::new(council, "Which way?".to_owned());
    options.context = Context::isolated(|_| None);
    let memory = Memory::default();
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let refused = start(options, &Registry::default())
        .await
        .expect_err("no key");
    assert_eq!(
        refused.to_string(),
        "provider `openai` needs the environment variable `OPENAI_API_KEY`, which is not set: export it, or change the provider in the spec"
    );
    assert_eq!(memory.all(), [""; 0], "checked before anything is recorded");
}

/// "`start_linked` gives a `LinkedRun` that cancels on drop."
#[tokio::test(start_paused = true)]
async fn a_linked_run_ends_with_its_owner() {
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    let linked = start_linked(options, &Registry::default())
        .await
        .expect("it starts");
    let handle = linked.handle().clone();
    drop(linked);
    let result = handle.result(None).await.expect("a result");
    assert_eq!(result.status, RunStatus::Cancelled);
    assert_eq!(handle.cancelled_by(), Some(CancelledBy::Unlinked));
}

/// "`RunHandle` is Clone and never cancels by being dropped."
#[tokio::test(start_paused = true)]
async fn dropping_handles_cancels_nothing() {
    let (options, _) = on_stage(council(1, "", ""), |_, _| {
        Act::After(Duration::from_secs(5), "north")
    });
    let mut events = options.subscribe();
    let handle = start(options, &Registry::default())
        .await
        .expect("it starts");
    drop(handle.clone());
    drop(handle);
    let mut last = None;
    while let Some(event) = events.recv().await {
        last = Some(event);
    }
    let outcome = last
        .expect("events")
        .outcome()
        .cloned()
        .expect("a terminal event, last");
    assert_eq!(outcome.status, RunStatus::Completed);
}

/// "`subscribe()` (lossless and unbounded: a subscriber that stops reading costs memory, never the
/// run)."
#[tokio::test(start_paused = true)]
async fn a_subscriber_that_does_not_read_holds_up_nothing() {
    let (options, _) = on_stage(council(3, "", ""), |_, _| Act::Drip {
        every: Duration::from_millis(60),
        pieces: 200,
    });
    let mut lazy = options.subscribe();
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    let mut seq = 0;
    while let Some(event) = lazy.recv().await {
        assert_eq!(event.seq, seq, "nothing is missing");
        seq += 1;
    }
    assert!(seq > 300, "all the pieces are there: {seq}");
}

/// "`result(timeout)` -> result | `StillRunning`."
#[tokio::test(start_paused = true)]
async fn a_result_is_waited_for_as_long_as_one_likes() {
    let (options, _) = on_stage(council(1, "", ""), |_, _| {
        Act::After(Duration::from_secs(5), "north")
    });
    let handle = start(options, &Registry::default())
        .await
        .expect("it starts");
    let early = handle.result(Some(Duration::from_secs(1))).await;
    assert_eq!(early.err(), Some(NoResult::StillRunning));
    let result = handle
        .result(Some(Duration::from_secs(60)))
        .await
        .expect("a result");
    assert_eq!(result.answer, Some("north".into()));
    let again = handle
        .result(None)
        .await
        .expect("a result, as often as one asks");
    assert_eq!(again, result);
}

/// "`lookup(run_id)` -> handle | `UnknownRun` | `RunnerDead`; it keeps an ended run while a handle
/// lives."
#[tokio::test(start_paused = true)]
async fn the_registry_knows_a_run_while_a_handle_lives() {
    let registry = Registry::default();
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    let handle = start(options, &registry).await.expect("it starts");
    let run_id = handle.run_id().clone();
    handle.result(None).await.expect("a result");
    let found = registry
        .lookup(&run_id)
        .expect("it has ended, and a handle lives");
    assert_eq!(found.state().status, RunStatus::Completed);
    drop((handle, found));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        registry.lookup(&run_id).err(),
        Some(LookupError::UnknownRun(run_id))
    );
}

/// "`RunnerDead`": the task that carries the run is gone without a result.
#[test]
fn a_run_whose_runtime_is_gone_has_a_dead_runner() {
    let registry = Registry::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    let handle = runtime
        .block_on(start(options, &registry))
        .expect("it starts");
    drop(runtime);
    let run_id = handle.run_id().clone();
    assert_eq!(
        registry.lookup(&run_id).err(),
        Some(LookupError::RunnerDead(run_id))
    );
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    assert_eq!(
        other.block_on(handle.result(None)).err(),
        Some(NoResult::RunnerDead)
    );
}

/// "`state()`: run id, council, status, current round (name, index), rounds completed, start time;
/// never blocks on the run."
#[tokio::test(start_paused = true)]
async fn the_state_tells_where_the_run_stands() {
    let chair = "[chair]\n[[round]]\nkind = \"independent_analysis\"\nname = \"opening\"\n[[round]]\nkind = \"synthesis\"\nname = \"closing\"\n";
    let (options, _) = on_stage(council(2, "", chair), |_, _| {
        Act::After(Duration::from_secs(5), "north")
    });
    let handle = start(options, &Registry::default())
        .await
        .expect("it starts");
    assert_eq!(handle.state().status, RunStatus::Pending);
    assert_eq!(handle.state().started_at, None);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let state = handle.state();
    assert_eq!(
        (state.status, state.council.as_str()),
        (RunStatus::Running, "stage")
    );
    assert_eq!(
        (state.round, state.rounds_completed),
        (Some(("opening".to_owned(), 0)), 0)
    );
    assert!(state.started_at.is_some() && state.run_id == *handle.run_id());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let state = handle.state();
    assert_eq!(
        (state.round, state.rounds_completed),
        (Some(("closing".to_owned(), 1)), 1)
    );
    handle.result(None).await.expect("a result");
    let state = handle.state();
    assert_eq!(
        (state.status, state.round, state.rounds_completed),
        (RunStatus::Completed, None, 2)
    );
}
