//! Times, attempts, pieces: all on paused time.

use super::stage::{Act, Diary, Memory, council, fault, on_stage, statuses};
use council::event::{ErrorKind, EventKind, MemberStatus, RunStatus};
use council::provider::CallError;
use council::run::{Registry, run, start};
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// "`timeout`: one attempt, sending to last byte"; "a `timeout` is not [tried again]".
#[tokio::test(start_paused = true)]
async fn a_timeout_ends_the_call() {
    let council = council(2, "", "");
    let (options, seen) = on_stage(council, |call, _| match call.member.as_str() {
        "a" => Act::Never,
        // Never silent for long, and yet not done in time.
        _ => Act::Drip {
            every: SECOND,
            pieces: 500,
        },
    });
    let start = Instant::now();
    let result = run(options).await.expect("it starts");
    assert_eq!(statuses(&result), [Some(MemberStatus::Timeout); 2]);
    assert_eq!(seen.calls().len(), 2, "no second attempt");
    let took = start.elapsed();
    assert!(
        took >= 120 * SECOND && took < 122 * SECOND,
        "the default is 120s: {took:?}"
    );
    assert_eq!(
        result.missing[0].error.as_ref().map(|error| error.kind),
        Some(ErrorKind::Timeout)
    );
}

/// "`idle_timeout`: silence after the first byte (pings are life). A stall is a connection fault
/// and is tried again." "A stall that used up its retries is `error`, kind `network`."
#[tokio::test(start_paused = true)]
async fn a_stall_is_tried_again_and_pings_are_life() {
    let (options, seen) = on_stage(council(3, "", ""), |call, attempt| {
        match (call.member.as_str(), attempt) {
            ("a", 1) => Act::Stall("nor"),
            ("a", _) => Act::Say("north"),
            ("b", _) => Act::Ping {
                every: 50 * SECOND,
                times: 2,
                text: "alive",
            },
            _ => Act::Stall("ever"),
        }
    });
    let result = run(options).await.expect("it starts");
    use MemberStatus::{Error, Ok};
    assert_eq!(statuses(&result), [Some(Ok), Some(Ok), Some(Error)]);
    let sent = seen.sent.lock().expect("seen").clone();
    let of = |call: &str| sent.iter().filter(|(sent, _)| sent == call).count();
    assert_eq!(
        (of("0.a.answer"), of("0.b.answer"), of("0.c.answer")),
        (2, 1, 3)
    );
    assert_eq!(
        result.missing[0].error.as_ref().map(|error| error.kind),
        Some(ErrorKind::Network)
    );
    assert_eq!(result.calls.retries, 3);
}

/// "Timeouts and the deadline count the program's running time …, so Ctrl-Z or a laptop's sleep
/// times nothing out."
#[tokio::test(start_paused = true)]
async fn a_pause_of_the_program_times_nothing_out() {
    let (mut options, _) = on_stage(council(1, "", ""), |_, _| Act::After(5 * SECOND, "north"));
    options.deadline = Some(20 * SECOND);
    let handle = start(options, &Registry::default())
        .await
        .expect("it starts");
    tokio::time::sleep(SECOND).await;
    tokio::time::advance(3600 * SECOND).await;
    let result = handle.result(None).await.expect("a result");
    assert_eq!(result.status, RunStatus::Completed);
}

/// "Retries are ours: 408, 409, 425, 429, 5xx, stalls and connection faults; … Never: 400, 401, …".
#[tokio::test(start_paused = true)]
async fn passing_faults_are_tried_again_and_others_not() {
    for kind in [
        ErrorKind::Transient,
        ErrorKind::RateLimited,
        ErrorKind::Network,
    ] {
        let (options, seen) = on_stage(council(1, "", ""), move |_, attempt| match attempt {
            1 | 2 => Act::Fail(fault(kind)),
            _ => Act::Say("north"),
        });
        let result = run(options).await.expect("it starts");
        assert_eq!(
            (result.status, result.degraded),
            (RunStatus::Completed, false),
            "{kind}"
        );
        assert_eq!((seen.calls().len(), result.calls.retries), (3, 2), "{kind}");
    }
    let never = [
        ErrorKind::Auth,
        ErrorKind::Billing,
        ErrorKind::NotFound,
        ErrorKind::InvalidRequest,
        ErrorKind::ContextLength,
        ErrorKind::ContentFilter,
    ];
    for kind in never {
        let (options, seen) = on_stage(council(1, "", ""), move |_, _| Act::Fail(fault(kind)));
        let result = run(options).await.expect("it starts");
        assert_eq!(
            (result.status, seen.calls().len()),
            (RunStatus::Failed, 1),
            "{kind}"
        );
        assert_eq!(result.errors[0].kind, kind);
        assert_eq!(
            result.errors[0].message,
            format!("the provider says {kind}")
        );
    }
}

/// "`Retry-After` honoured, given up at once when the wait passes the deadline or 5 minutes."
#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_within_reason() {
    let asks = |wait: Duration| CallError {
        retry_after: Some(wait),
        ..fault(ErrorKind::RateLimited)
    };
    let (options, _) = on_stage(council(1, "", ""), move |_, attempt| match attempt {
        1 => Act::Fail(asks(40 * SECOND)),
        _ => Act::Say("north"),
    });
    let start = Instant::now();
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    assert!(start.elapsed() >= 40 * SECOND && start.elapsed() < 42 * SECOND);

    for (wait, deadline) in [(301 * SECOND, None), (40 * SECOND, Some(30 * SECOND))] {
        let (mut options, seen) = on_stage(council(1, "", ""), move |_, _| Act::Fail(asks(wait)));
        options.deadline = deadline;
        let start = Instant::now();
        let result = run(options).await.expect("it starts");
        assert_eq!((result.status, seen.calls().len()), (RunStatus::Failed, 1));
        assert!(start.elapsed() < SECOND, "at once: {:?}", start.elapsed());
        assert!(
            result.errors[0].message.contains("given up"),
            "{}",
            result.errors[0]
        );
    }
}

/// "A reply with a stop reason whose stream ended badly counts, with a notice."
#[tokio::test(start_paused = true)]
async fn a_whole_reply_counts_however_its_stream_ends() {
    let (options, seen) = on_stage(council(1, "", ""), |_, _| Act::BreakAfter("north"));
    let result = run(options).await.expect("it starts");
    assert_eq!(
        (result.status, result.degraded),
        (RunStatus::Completed, false)
    );
    assert_eq!(seen.calls().len(), 1);
    assert_eq!(result.notices[0].code, "stream_ended_badly");
    assert!(
        result.notices[0].text.contains("connection reset"),
        "{}",
        result.notices[0].text
    );
}

/// "An answer is complete only with a stop reason": an early clean end is a connection fault.
#[tokio::test(start_paused = true)]
async fn an_early_end_is_no_answer() {
    let (options, seen) = on_stage(council(1, "", ""), |_, _| Act::EndEarly("nor"));
    let result = run(options).await.expect("it starts");
    assert_eq!((result.status, seen.calls().len()), (RunStatus::Failed, 3));
    assert_eq!(result.errors[0].kind, ErrorKind::Network);
}

/// "Bounded by `max_reply_bytes` (8 MiB; more is `invalid_output`)."
#[tokio::test(start_paused = true)]
async fn a_reply_without_end_is_cut_off() {
    let (options, seen) = on_stage(council(2, "", ""), |call, _| match call.member.as_str() {
        "a" => Act::Flood(8 << 20),
        _ => Act::Flood(9 << 20),
    });
    let result = run(options).await.expect("it starts");
    use MemberStatus::{InvalidOutput, Ok};
    assert_eq!(statuses(&result), [Some(Ok), Some(InvalidOutput)]);
    assert_eq!(seen.calls().len(), 2);
}

/// "A call's reader never waits for the bus …; while the recorder's queue is full, a call's pieces
/// gather on (past 50 ms) into one event."
#[tokio::test(start_paused = true)]
async fn a_slow_recorder_slows_no_reader() {
    let memory = Memory::default();
    let drip = Act::Drip {
        every: Duration::from_millis(20),
        pieces: 500,
    };
    let act = drip.clone();
    let (mut options, _) = on_stage(council(2, "", ""), move |_, _| act.clone());
    options.recorder = Some(Box::new(Diary {
        slow: SECOND,
        back_pressure: true,
        ..Diary::new(&memory)
    }));
    let mut events = options.subscribe();
    let handle = start(options, &Registry::default())
        .await
        .expect("it starts");
    let result = handle.result(None).await.expect("a result");
    assert_eq!(
        (result.status, result.record.state),
        (RunStatus::Completed, council::event::RecordState::Complete)
    );
    // 500 pieces at 20 ms are 10 s; the calls' own time must not know of the recorder's.
    for member in result.members.values() {
        assert!(
            (10_000..11_000).contains(&member.duration_ms),
            "{}",
            member.duration_ms
        );
    }
    let (mut tokens, mut text) = (0, String::new());
    while let Some(event) = events.recv().await {
        if let EventKind::MemberToken(token) = &event.body
            && event.member.as_ref().is_some_and(|id| id.as_str() == "a")
        {
            tokens += 1;
            text.push_str(&token.text);
        }
    }
    assert_eq!(text.trim_end().split(' ').count(), 500, "no piece is lost");
    assert_eq!(result.members[0].answer.as_deref(), Some(text.as_str()));
    assert!(tokens < 500, "pieces gather: {tokens}");
}

/// "`member_token`: piece, gathered for 50 ms or more."
#[tokio::test(start_paused = true)]
async fn pieces_gather_for_fifty_milliseconds() {
    let drip = Act::Drip {
        every: Duration::from_millis(10),
        pieces: 100,
    };
    let (options, _) = on_stage(council(1, "", ""), move |_, _| drip.clone());
    let mut events = options.subscribe();
    run(options).await.expect("it starts");
    let mut tokens = 0;
    while let Some(event) = events.recv().await {
        tokens += usize::from(matches!(event.body, EventKind::MemberToken(_)));
    }
    assert!(
        (10..=22).contains(&tokens),
        "a second of pieces in twenty events or so: {tokens}"
    );
}

/// "`max_concurrency`": calls at a time of one provider; who waits for a place has not begun.
#[tokio::test(start_paused = true)]
async fn a_provider_takes_as_many_calls_as_it_may() {
    let lab = "[providers.rehearsal]\nkind = \"rehearsal\"\nmax_concurrency = 2\n";
    let (options, seen) = on_stage(council(5, "", lab), |_, _| {
        Act::After(100 * SECOND, "north")
    });
    let mut events = options.subscribe();
    let start = Instant::now();
    let result = run(options).await.expect("it starts");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(seen.most_at_once(), 2);
    let (mut open, mut most) = (0_i32, 0);
    while let Some(event) = events.recv().await {
        match &event.body {
            EventKind::MemberStarted(_) => open += 1,
            EventKind::MemberCompleted(done) => {
                open -= 1;
                assert_eq!(done.duration_ms, 100_000, "each has its own time alone");
            }
            _ => {}
        }
        most = most.max(open);
    }
    assert_eq!(most, 2, "an event tells that a call begins");
    assert!(
        start.elapsed() >= 300 * SECOND,
        "three waves, none of which times out"
    );
}

/// "`timeout` 120s, `idle_timeout` 60s, retries 2" are defaults; a member's own keys count.
#[tokio::test(start_paused = true)]
async fn a_members_own_times_count() {
    let document = "name = \"t\"\n[defaults]\nmodel = \"rehearsal/any\"\nretries = 1\n[[member]]\nid = \"a\"\ntimeout = \"3s\"\n[[member]]\nid = \"b\"\nidle_timeout = \"2s\"\n";
    let council = std::sync::Arc::new(super::super::common::check(document));
    let (options, seen) = on_stage(council, |call, _| match call.member.as_str() {
        "a" => Act::Never,
        _ => Act::Stall("so"),
    });
    let start = Instant::now();
    let result = run(options).await.expect("it starts");
    assert_eq!(
        statuses(&result),
        [Some(MemberStatus::Timeout), Some(MemberStatus::Error)]
    );
    assert_eq!(seen.calls().len(), 3);
    assert!(start.elapsed() < 8 * SECOND, "{:?}", start.elapsed());
}

/// "Exponential with jitter": members that meet the same fault at once do not come back at once.
#[tokio::test(start_paused = true)]
async fn waits_differ_from_call_to_call() {
    let (options, _) = on_stage(council(8, "", ""), |_, attempt| match attempt {
        1 => Act::Fail(fault(ErrorKind::Transient)),
        _ => Act::Say("north"),
    });
    let mut events = options.subscribe();
    run(options).await.expect("it starts");
    let mut waits = std::collections::BTreeSet::new();
    while let Some(event) = events.recv().await {
        if let EventKind::MemberRetry(retry) = &event.body {
            waits.insert(retry.wait_ms);
        }
    }
    assert!(waits.len() > 1, "{waits:?}");
}
