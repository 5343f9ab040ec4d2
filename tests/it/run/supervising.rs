//! The supervisor over its runs.

use super::stage::{Act, Diary, Memory, council, on_stage};
use async_trait::async_trait;
use council::event::{Event, Record, RunId, RunStatus};
use council::recorder::{Finalize, Recorder, RecorderError};
use council::run::{CancelledBy, StartError, Supervisor};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const GRACE: Duration = Duration::from_secs(10);

/// "Runs in it survive their caller and end with it."
#[tokio::test(start_paused = true)]
async fn runs_survive_their_caller_and_end_with_the_supervisor() {
    let supervisor = Arc::new(Supervisor::new());
    let theirs = Arc::clone(&supervisor);
    let caller = tokio::spawn(async move {
        let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
        theirs
            .start_run(options)
            .await
            .expect("it starts")
            .run_id()
            .clone()
    });
    let run_id = caller.await.expect("no panic");
    let child = supervisor.which_children().pop().expect("the run lives on");
    assert_eq!(child.run_id, run_id);
    let handle = child.handle.expect("it has started");
    drop(supervisor);
    let result = handle.result(None).await.expect("a result");
    assert_eq!(result.status, RunStatus::Cancelled);
    assert_eq!(handle.cancelled_by(), Some(CancelledBy::Supervisor));
}

/// "`start_run` (same options and meaning as `start`, recorder included)."
#[tokio::test(start_paused = true)]
async fn a_supervised_run_is_recorded_like_any_other() {
    let supervisor = Supervisor::new();
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let handle = supervisor.start_run(options).await.expect("it starts");
    let result = handle.result(None).await.expect("a result");
    assert_eq!(result.answer, Some("north".into()));
    assert_eq!(
        memory.all().last().map(String::as_str),
        Some("finalize completed 1")
    );
    assert!(supervisor.registry().lookup(handle.run_id()).is_ok());
}

/// "`which_children` (id, status, handle; waiting ones too)."
#[tokio::test(start_paused = true)]
async fn children_are_those_that_have_not_ended() {
    let supervisor = Supervisor::new();
    let (one, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    let (two, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    let one = supervisor.start_run(one).await.expect("it starts");
    let two = supervisor.start_run(two).await.expect("it starts");
    two.result(None).await.expect("a result");
    tokio::time::sleep(Duration::from_millis(1)).await;
    let children = supervisor.which_children();
    let ids: Vec<&RunId> = children.iter().map(|child| &child.run_id).collect();
    assert_eq!(ids, [one.run_id()]);
    assert_eq!(children[0].status, RunStatus::Running);
}

/// "`terminate_all` (all at once …; returns when each has its recorded outcome, …; the supervisor
/// stays open)." "Teardown is recorded as `cancelled`."
#[tokio::test(start_paused = true)]
async fn terminate_all_waits_for_recorded_outcomes_and_stays_open() {
    let supervisor = Supervisor::new();
    let memory = Memory::default();
    let mut handles = Vec::new();
    for _ in 0..5 {
        let (mut options, _) = on_stage(council(2, "", ""), |_, _| Act::Never);
        options.recorder = Some(Box::new(Diary::new(&memory)));
        handles.push(supervisor.start_run(options).await.expect("it starts"));
    }
    assert_eq!(supervisor.terminate_all(GRACE).await, [], "nobody is late");
    assert_eq!(memory.count("finalize cancelled"), 5, "{:?}", memory.all());
    assert!(supervisor.which_children().is_empty());
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    supervisor.start_run(options).await.expect("it stays open");
}

/// "… or after the grace with the names of the late."
#[tokio::test(start_paused = true)]
async fn terminate_all_names_the_late() {
    let supervisor = Supervisor::new();
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    let slow = Duration::from_secs(60);
    options.recorder = Some(Box::new(Diary {
        slow,
        back_pressure: true,
        ..Diary::new(&memory)
    }));
    let handle = supervisor.start_run(options).await.expect("it starts");
    assert_eq!(
        supervisor.terminate_all(GRACE).await,
        [handle.run_id().clone()]
    );
    let result = handle
        .result(None)
        .await
        .expect("late, and recorded all the same");
    assert_eq!(result.status, RunStatus::Cancelled);
}

/// A recorder whose `init` waits until it is let go.
struct Gate {
    open: Arc<Notify>,
    diary: Diary,
}

#[async_trait]
impl Recorder for Gate {
    async fn init(&mut self, run_id: &RunId) -> Result<(), RecorderError> {
        self.open.notified().await;
        self.diary.init(run_id).await
    }

    async fn handle_event(&mut self, event: Arc<Event>) -> Result<(), RecorderError> {
        self.diary.handle_event(event).await
    }

    async fn handle_finalize(&mut self, outcome: Finalize) -> Result<Record, RecorderError> {
        self.diary.handle_finalize(outcome).await
    }
}

/// "… those being started too": a run whose start goes on is ended as well.
#[tokio::test(start_paused = true)]
async fn terminate_all_ends_runs_that_are_being_started() {
    let supervisor = Arc::new(Supervisor::new());
    let memory = Memory::default();
    let open = Arc::new(Notify::new());
    let (mut options, seen) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    options.recorder = Some(Box::new(Gate {
        open: Arc::clone(&open),
        diary: Diary::new(&memory),
    }));
    let theirs = Arc::clone(&supervisor);
    let starting = tokio::spawn(async move { theirs.start_run(options).await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let child = supervisor
        .which_children()
        .pop()
        .expect("it is being started");
    assert_eq!(
        (child.status, child.handle.is_none()),
        (RunStatus::Pending, true)
    );
    let all = Arc::clone(&supervisor);
    let ending = tokio::spawn(async move { all.terminate_all(GRACE).await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    open.notify_one();
    assert_eq!(ending.await.expect("no panic"), []);
    starting
        .await
        .expect("no panic")
        .expect("it starts, and is cancelled at once");
    assert_eq!(seen.calls(), [""; 0], "nothing was asked");
    assert_eq!(
        memory.all().last().map(String::as_str),
        Some("finalize cancelled 0")
    );
}

/// "`stop` (refuse new ones, then terminate_all)."
#[tokio::test(start_paused = true)]
async fn a_stopped_supervisor_takes_no_more_runs() {
    let supervisor = Supervisor::new();
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    let handle = supervisor.start_run(options).await.expect("it starts");
    assert_eq!(supervisor.stop(GRACE).await, []);
    assert_eq!(handle.state().status, RunStatus::Cancelled);
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    let refused = supervisor.start_run(options).await.expect_err("stopped");
    assert!(matches!(refused, StartError::SupervisorStopped));
}

/// "Children are never restarted." "One bad child never touches its siblings."
#[tokio::test(start_paused = true)]
async fn one_bad_child_touches_nobody_else() {
    let supervisor = Supervisor::new();
    let (good, _) = on_stage(council(1, "", ""), |_, _| {
        Act::After(Duration::from_secs(5), "north")
    });
    let (bad, seen) = on_stage(council(1, "", ""), |_, _| Act::Panic("down with it"));
    let good = supervisor.start_run(good).await.expect("it starts");
    let bad = supervisor.start_run(bad).await.expect("it starts");
    assert_eq!(
        bad.result(None).await.expect("a result").status,
        RunStatus::Failed
    );
    assert_eq!(
        good.result(None).await.expect("a result").status,
        RunStatus::Completed
    );
    assert_eq!(seen.calls().len(), 1, "never restarted");
}

/// "A value, any number of them, no global": the same id may run in two supervisors.
#[tokio::test(start_paused = true)]
async fn supervisors_know_nothing_of_each_other() {
    let (one, two) = (Supervisor::new(), Supervisor::new());
    for supervisor in [&one, &two] {
        let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
        options.run_id = "same".parse().expect("an id");
        supervisor.start_run(options).await.expect("it starts");
    }
    assert_eq!(one.stop(GRACE).await, []);
    assert_eq!(two.which_children().len(), 1);
}
