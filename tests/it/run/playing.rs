//! Runs with a tape that was cut anywhere.

use super::stage::{Act, council, fault, on_stage};
use council::event::{Calls, ErrorKind, Event, EventKind, RunResult, Usage};
use council::run::{StartOptions, run};
use council::tape::{Mode, Tape};
use std::sync::Arc;

const ROUNDS: &str = "[chair]\n[[round]]\nkind = \"independent_analysis\"\n\
    [[round]]\nkind = \"peer_review\"\n[[round]]\nkind = \"synthesis\"\n";

fn options() -> (StartOptions, Arc<super::stage::Seen>) {
    on_stage(council(3, "", ROUNDS), |call, _| {
        match (call.member.as_str(), call.purpose.to_string().as_str()) {
            ("c", "answer") => Act::Fail(fault(ErrorKind::Auth)),
            (_, "critique") => Act::Say("Mind the dates."),
            (_, "revise") => Act::Say(r#"{"revised": true, "answer": "South."}"#),
            ("chair", _) => Act::Say("South it is."),
            _ => Act::Say("North."),
        }
    })
}

async fn made(options: StartOptions) -> (RunResult, Vec<Event>) {
    let mut events = options.subscribe();
    let result = run(options).await.expect("it runs");
    let mut all = Vec::new();
    while let Some(event) = events.recv().await {
        all.push(Event::clone(&event));
    }
    (RunResult::clone(&result), all)
}

/// A result without what a tape changes.
fn lasting(mut result: RunResult, like: &RunResult) -> RunResult {
    result.run_id = like.run_id.clone();
    (result.usage, result.cost_usd, result.calls) = (Usage::default(), None, Calls::default());
    (result.started_at, result.ended_at, result.duration_ms) = (None, None, None);
    for member in result.members.values_mut() {
        (member.usage, member.cost_usd, member.duration_ms) = (Usage::default(), None, 0);
    }
    result
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cut_anywhere_comes_to_the_same_end_and_pays_for_the_rest_alone() {
    let (options_, seen) = options();
    let (whole, events) = made(options_).await;
    let calls = seen.calls().len() as u64;
    assert!(whole.degraded && calls > 6, "{whole:?}");
    for cut in 0..=events.len() {
        let played = events[..cut]
            .iter()
            .filter(|event| matches!(event.body, EventKind::MemberCompleted(_)))
            .count() as u64;
        for mode in [Mode::Resume, Mode::Retry, Mode::Replay] {
            let (mut options, seen) = options();
            options.tape = Some(Tape::of(mode, &events[..cut]));
            let (result, _) = made(options).await;
            let asked = seen.calls().len() as u64;
            if mode == Mode::Replay {
                assert_eq!(asked, 0);
                if played < calls {
                    assert_eq!(result.errors[0].kind, ErrorKind::NotFound, "{cut}");
                    continue;
                }
            }
            assert_eq!(
                lasting(result.clone(), &whole),
                lasting(whole.clone(), &whole),
                "{mode:?} after {cut}"
            );
            // The one that failed is asked again by a retry, and fails again.
            let again = u64::from(mode == Mode::Retry && failed(&events[..cut]));
            assert_eq!(result.calls.from_tape, played - again, "{mode:?} {cut}");
            assert_eq!(asked, calls - played + again, "{mode:?} {cut}");
        }
    }
}

fn failed(events: &[Event]) -> bool {
    events.iter().any(
        |event| matches!(&event.body, EventKind::MemberCompleted(done) if done.error.is_some()),
    )
}
