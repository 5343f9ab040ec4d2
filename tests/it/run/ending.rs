//! How runs end: cancel, terminate, deadlines, panics, quorum; and what they keep.

use super::stage::{Act, Diary, Memory, Mood, council, fault, on_stage, statuses};
use council::event::{CHAIR, ErrorKind, MemberStatus, Purpose, RunStatus};
use council::run::{CancelledBy, Registry, RunHandle, Signal, StartOptions, run, start};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

fn you() -> CancelledBy {
    CancelledBy::User("the test".into())
}

async fn begun(options: StartOptions) -> RunHandle {
    start(options, &Registry::default())
        .await
        .expect("it starts")
}

/// A runtime in which one task may block and the others go on.
fn two_threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// "Status: `pending -> running -> completed | failed | cancelled`": exactly one terminal event,
/// and it is the last.
#[tokio::test(start_paused = true)]
async fn a_run_ends_in_exactly_one_outcome() {
    let (options, _) = on_stage(council(2, "", ""), |_, _| Act::Say("north"));
    let mut events = options.subscribe();
    run(options).await.expect("it starts");
    let mut terminal = Vec::new();
    let mut count = 0;
    while let Some(event) = events.recv().await {
        count += 1;
        if event.is_terminal() {
            terminal.push(event.seq);
        }
    }
    assert_eq!(terminal, [count - 1]);
}

/// "Who sees a terminal event or an answer can `show` it": finalize is over before either.
#[tokio::test(start_paused = true)]
async fn the_outcome_is_recorded_before_anybody_sees_it() {
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    let slow = Duration::from_millis(100);
    options.recorder = Some(Box::new(Diary {
        slow,
        ..Diary::new(&memory)
    }));
    let mut events = options.subscribe();
    let watched = memory.clone();
    let watcher = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if event.is_terminal() {
                watched.add("seen");
            }
        }
    });
    run(options).await.expect("it starts");
    memory.add("result");
    watcher.await.expect("no panic");
    let all = memory.all();
    let place = |what: &str| {
        all.iter()
            .position(|entry| entry.starts_with(what))
            .expect("there")
    };
    assert!(place("finalize") < place("seen"), "{all:?}");
    assert!(place("finalize") < place("result"), "{all:?}");
}

/// "The bus guarantees the end: when the RunServer is gone without a terminal event, the bus writes
/// `run_failed` with status `crashed` and an `internal` error."
#[tokio::test(start_paused = true)]
async fn a_run_server_that_dies_leaves_a_crashed_run() {
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::Say("north"));
    // A provider that the council does not know makes the RunServer itself fail.
    options.providers = [(
        "elsewhere".to_owned(),
        options.providers["rehearsal"].clone(),
    )]
    .into();
    options.council = Arc::new({
        let mut council = (*options.council).clone();
        council.providers.clear();
        council
    });
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Crashed);
    assert_eq!(result.errors[0].kind, ErrorKind::Internal);
    assert_eq!(
        memory.all().last().map(String::as_str),
        Some("finalize crashed 0")
    );
}

/// "A run is `cancelled` by a user (handle, signal, `council cancel`) or a supervisor."
#[tokio::test(start_paused = true)]
async fn each_way_to_cancel_ends_in_cancelled() {
    for by in [
        you(),
        CancelledBy::Signal(Signal::Interrupt),
        CancelledBy::Supervisor,
    ] {
        let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
        let handle = begun(options).await;
        handle.cancel(by.clone());
        let result = handle.result(None).await.expect("a result");
        assert_eq!(result.status, RunStatus::Cancelled);
        assert_eq!(result.reason, Some(by.to_string()));
    }
    let (options, _) = on_stage(council(1, "", ""), |_, _| Act::Never);
    let request = options.cancel_requested.clone();
    let handle = begun(options).await;
    request.cancel();
    let result = handle.result(None).await.expect("a result");
    assert_eq!(result.status, RunStatus::Cancelled);
    assert_eq!(handle.cancelled_by(), Some(CancelledBy::Request));
}

/// "A deadline … end[s] it as `failed` with one error of that kind."
#[tokio::test(start_paused = true)]
async fn a_deadline_fails_the_run() {
    let (mut options, _) = on_stage(council(2, "", ""), |call, _| match call.member.as_str() {
        "a" => Act::Say("north"),
        _ => Act::Never,
    });
    options.deadline = Some(Duration::from_secs(30));
    let start = Instant::now();
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Failed);
    assert_eq!(result.reason.as_deref(), Some("the deadline of 30s passed"));
    let kinds: Vec<ErrorKind> = result.errors.iter().map(|error| error.kind).collect();
    assert_eq!(kinds, [ErrorKind::Deadline], "one error of that kind");
    assert!(start.elapsed() < Duration::from_secs(33));
    assert_eq!(
        result.members[0].answer.as_deref(),
        Some("north"),
        "what has come stays"
    );
}

/// "The first reason wins, and the class follows the run's own reason, never its members' errors."
#[tokio::test(start_paused = true)]
async fn the_first_reason_wins() {
    let (mut options, _) = on_stage(council(2, "", ""), |call, _| match call.member.as_str() {
        "a" => Act::Fail(fault(ErrorKind::Auth)),
        _ => Act::Never,
    });
    options.deadline = Some(Duration::from_secs(30));
    let handle = begun(options).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    handle.cancel(you());
    handle.cancel(CancelledBy::Supervisor);
    let result = handle.result(None).await.expect("a result");
    assert_eq!(result.status, RunStatus::Cancelled);
    assert_eq!(result.reason.as_deref(), Some("cancelled by the test"));
    assert_eq!(handle.cancelled_by(), Some(you()));
}

/// "Cancel drops calls in flight at once (the connection closes, billing stops); finished replies
/// stay."
#[tokio::test(start_paused = true)]
async fn cancel_drops_calls_in_flight_and_keeps_what_has_come() {
    let (options, seen) = on_stage(council(3, "", ""), |call, _| match call.member.as_str() {
        "a" => Act::Say("north"),
        "b" => Act::Stall("sou"),
        _ => Act::Never,
    });
    let handle = begun(options).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    handle.cancel(you());
    let result = handle.result(None).await.expect("a result");
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "at once: {:?}",
        start.elapsed()
    );
    assert!(
        seen.dropped().contains(&"0.b.answer".to_owned()),
        "its connection is closed"
    );
    use MemberStatus::{Cancelled, Ok};
    assert_eq!(
        statuses(&result),
        [Some(Ok), Some(Cancelled), Some(Cancelled)]
    );
    assert_eq!(result.members[0].answer.as_deref(), Some("north"));
    assert_eq!(result.answer, None, "a cancelled run has no answer");
}

/// "Tasks that have not ended after 2 s are aborted and named in a notice."
#[test]
fn a_task_that_ignores_the_cancel_is_left_behind_and_named() {
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().expect("free");
    let stuck = Arc::clone(&lock);
    // Dropped after the lock is freed: it waits for the task that is stuck.
    let runtime = two_threads();
    let result = runtime.block_on(async {
        let (options, seen) = on_stage(council(2, "", ""), move |call, _| {
            match call.member.as_str() {
                "a" => Act::Say("north"),
                _ => Act::Block(Arc::clone(&stuck)),
            }
        });
        let handle = begun(options).await;
        while seen.calls().len() < 2 {
            tokio::task::yield_now().await;
        }
        handle.cancel(you());
        handle.result(None).await.expect("a result")
    });
    assert_eq!(result.status, RunStatus::Cancelled);
    let notice = &result.notices[0];
    assert_eq!(notice.code, "aborted");
    assert!(notice.text.contains("0.b.answer"), "{}", notice.text);
    drop(held);
}

/// "`terminate` is cancel without waiting; the outcome is recorded all the same."
#[test]
fn terminate_does_not_wait_for_anybody() {
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().expect("free");
    let stuck = Arc::clone(&lock);
    let memory = Memory::default();
    let diary = Diary::new(&memory);
    // Dropped after the lock is freed: it waits for the task that is stuck.
    let runtime = two_threads();
    let result = runtime.block_on(async {
        let (mut options, seen) = on_stage(council(1, "", ""), move |_, _| {
            Act::Block(Arc::clone(&stuck))
        });
        options.recorder = Some(Box::new(diary));
        let handle = begun(options).await;
        while seen.calls().is_empty() {
            tokio::task::yield_now().await;
        }
        handle.terminate(you());
        handle
            .result(Some(Duration::from_secs(30)))
            .await
            .expect("a result")
    });
    assert_eq!(result.status, RunStatus::Cancelled);
    assert_eq!(memory.count("finalize cancelled"), 1);
    drop(held);
}

/// "A panic in a member's task is that member's `error`."
#[tokio::test(start_paused = true)]
async fn a_panic_is_its_members_error() {
    let (options, _) = on_stage(council(2, "", ""), |call, _| match call.member.as_str() {
        "a" => Act::Panic("a bug in the adapter"),
        _ => Act::Say("north"),
    });
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    assert!(result.degraded);
    assert_eq!(
        statuses(&result),
        [Some(MemberStatus::Error), Some(MemberStatus::Ok)]
    );
    let error = result.missing[0].error.as_ref().expect("why");
    assert_eq!(error.kind, ErrorKind::Internal);
    assert!(error.message.contains("a bug in the adapter"), "{error}");
}

/// "Every outcome carries the partial result."
#[tokio::test(start_paused = true)]
async fn a_failed_run_keeps_its_answers() {
    let memory = Memory::default();
    let (mut options, _) = on_stage(council(3, "min_members = 2\n", ""), |call, _| {
        match call.member.as_str() {
            "a" => Act::Say("north"),
            "b" => Act::Fail(fault(ErrorKind::Auth)),
            _ => Act::Fail(fault(ErrorKind::Billing)),
        }
    });
    options.recorder = Some(Box::new(Diary::new(&memory)));
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Failed);
    assert_eq!(
        result.reason.as_deref(),
        Some("1 of 3 members answered, 2 needed (min_members)")
    );
    assert_eq!(result.members[0].answer.as_deref(), Some("north"));
    assert_eq!(result.answer, None);
    assert_eq!(
        memory.all().last().map(String::as_str),
        Some("finalize failed 1")
    );
}

/// "No answer at all always fails."
#[tokio::test(start_paused = true)]
async fn no_answer_at_all_fails() {
    let (options, _) = on_stage(council(2, "", "[chair]\n"), |_, _| {
        Act::Fail(fault(ErrorKind::Auth))
    });
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Failed);
    assert_eq!(result.errors.len(), 2);
}

/// "`fail_fast`: the first failed member cancels the round and fails the run."
#[tokio::test(start_paused = true)]
async fn fail_fast_ends_the_round_at_the_first_failure() {
    let rounds = "[[round]]\nkind = \"independent_analysis\"\nfailure_mode = \"fail_fast\"\n";
    let (options, _) = on_stage(council(3, "", rounds), |call, _| {
        match call.member.as_str() {
            "a" => Act::Say("north"),
            "b" => Act::Fail(fault(ErrorKind::Auth)),
            _ => Act::Never,
        }
    });
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Failed);
    use MemberStatus::{Cancelled, Error, Ok};
    assert_eq!(statuses(&result), [Some(Ok), Some(Error), Some(Cancelled)]);
    let reason = result.reason.as_deref().expect("a reason");
    assert!(reason.contains('b') && reason.contains("auth"), "{reason}");
}

/// "`fail_fast`: the first failed member cancels the round": whoever waits for a place among its
/// provider's calls is not asked any more.
#[tokio::test(start_paused = true)]
async fn fail_fast_asks_nobody_who_waits_for_a_place() {
    let rounds = "[providers.rehearsal]\nkind = \"rehearsal\"\nmax_concurrency = 1\n[[round]]\nkind = \"independent_analysis\"\nfailure_mode = \"fail_fast\"\n";
    let (options, seen) = on_stage(council(3, "", rounds), |call, _| {
        match call.member.as_str() {
            "a" => Act::Say("north"),
            _ => Act::Fail(fault(ErrorKind::Auth)),
        }
    });
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Failed);
    assert_eq!(seen.calls().len(), 2, "{:?}", seen.calls());
}

/// "A member with a permanent fault (auth, billing, not_found) is skipped in later rounds; one with
/// a passing fault is asked again."
#[tokio::test(start_paused = true)]
async fn permanent_faults_are_skipped_and_passing_ones_asked_again() {
    let rounds = "retries = 0\n[[round]]\nkind = \"independent_analysis\"\n[[round]]\nkind = \"independent_analysis\"\nname = \"again\"\n";
    let rounds = rounds.replacen("retries = 0\n", "", 1);
    let council = council(3, "", &rounds);
    let (options, seen) = on_stage(council, |call, _| {
        match (call.member.as_str(), call.round) {
            ("a", _) => Act::Fail(fault(ErrorKind::NotFound)),
            ("b", 0) => Act::Fail(fault(ErrorKind::InvalidRequest)),
            _ => Act::Say("north"),
        }
    });
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    let calls = seen.calls();
    assert!(!calls.contains(&"1.a.answer".to_owned()), "{calls:?}");
    assert!(calls.contains(&"1.b.answer".to_owned()), "{calls:?}");
    let second: Vec<_> = result.rounds[1].statuses.values().copied().collect();
    assert_eq!(
        second,
        [MemberStatus::Skipped, MemberStatus::Ok, MemberStatus::Ok]
    );
    assert!(result.degraded);
    let missing: Vec<&str> = result
        .missing
        .iter()
        .map(|gone| gone.member.as_str())
        .collect();
    assert_eq!(missing, ["a", "b"]);
    assert_eq!(
        result.missing[0].status,
        MemberStatus::Error,
        "the first cause is told"
    );
}

/// "Chair fallbacks, in order, each a notice: `top_ranked` …; `member:ID` (that member, on its own
/// model, is asked the chair's question)"; degraded "when a fallback took the chair's place".
#[tokio::test(start_paused = true)]
async fn a_member_speaks_for_a_chair_that_fails() {
    let chair = "[chair]\nfallback = [\"top_ranked\", \"member:b\"]\n";
    let (options, seen) = on_stage(council(2, "", chair), |call, _| {
        match (call.member.as_str(), &call.purpose) {
            (CHAIR, _) => Act::Fail(fault(ErrorKind::ContentFilter)),
            (_, Purpose::Synthesis) => Act::Say("spoken for the chair"),
            _ => Act::Say("north"),
        }
    });
    let result = run(options).await.expect("it starts");
    assert!(
        seen.calls().contains(&"1.b.synthesis".to_owned()),
        "{:?}",
        seen.calls()
    );
    assert_eq!(result.answer, Some("spoken for the chair".into()));
    assert_eq!(result.answer_by.as_deref(), Some("b"));
    assert!(result.degraded);
    assert_eq!(result.missing[0].member.as_str(), CHAIR);
    assert!(
        result
            .notices
            .iter()
            .any(|notice| notice.code == "fallback")
    );
}

/// A chair that fails after its fallbacks: the answers themselves are the answer, and it is said.
#[tokio::test(start_paused = true)]
async fn a_chair_that_fails_leaves_the_answers() {
    let (options, _) = on_stage(council(2, "", "[chair]\n"), |call, _| {
        match call.member.as_str() {
            CHAIR => Act::Fail(fault(ErrorKind::ContentFilter)),
            "a" => Act::Say("north"),
            _ => Act::Say("south"),
        }
    });
    let result = run(options).await.expect("it starts");
    assert_eq!(
        (result.status, result.degraded),
        (RunStatus::Completed, true)
    );
    assert_eq!(result.answer, Some("## a\n\nnorth\n\n## b\n\nsouth".into()));
    assert_eq!(result.answer_by.as_deref(), Some("members"));
}

/// "(`--require-record` makes it)": without it, "a failing recorder never kills a run".
#[tokio::test(start_paused = true)]
async fn a_failing_recorder_never_kills_a_run() {
    for mood in [Mood::Fails, Mood::Panics, Mood::Hangs] {
        let memory = Memory::default();
        let (mut options, _) = on_stage(council(2, "", ""), |_, _| Act::Say("north"));
        options.recorder = Some(Box::new(Diary {
            event: (2, mood),
            ..Diary::new(&memory)
        }));
        let result = run(options).await.expect("it starts");
        assert_eq!(result.status, RunStatus::Completed);
        assert_eq!(
            result.record,
            council::event::Record::incomplete(2),
            "{mood:?}"
        );
        assert_eq!(memory.count("finalize"), 1, "{mood:?}: {:?}", memory.all());
    }
}
