//! Rounds that are repeated, when the run ends in the midst of them.

use super::stage::{Act, council, on_stage};
use council::event::{EventKind, Purpose, RunResult, RunStatus};
use council::run::{CancelledBy, Registry, StartOptions, start};
use std::time::Duration;

const LOOP: &str = "[[round]]\nkind = \"independent_analysis\"\n[[round]]\nkind = \"iterate\"\n\
                    rounds = [{ kind = \"critique\" }]\nuntil = { stable = true }\n[chair]\n";

/// Two members who revise without end; in the second pass b says nothing any more.
fn endless(head: &str) -> StartOptions {
    let (options, _) = on_stage(council(2, head, LOOP), |call, _| match call.purpose {
        Purpose::Revise => Act::Say(r#"{"revised": true, "answer": "north-east"}"#),
        _ if call.round == 2 && call.member.as_str() == "b" => Act::Never,
        _ => Act::Say("north"),
    });
    options
}

fn assert_kept(result: &RunResult) {
    let last = result.rounds.last().expect("rounds");
    assert_eq!((last.index, last.iteration), (2, 1));
    assert_eq!(result.rounds.len(), 3);
    let answers: Vec<_> = result
        .members
        .values()
        .map(|m| m.answer.as_deref())
        .collect();
    assert_eq!(answers, [Some("north-east"); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_a_repetition_at_once_and_keeps_what_was_said() {
    let options = endless("");
    let mut events = options.subscribe();
    let run = start(options, &Registry::default())
        .await
        .expect("it starts");
    while let Some(event) = events.recv().await {
        if matches!(event.body, EventKind::RoundStarted(_))
            && event
                .round
                .as_ref()
                .is_some_and(|round| round.iteration == 1)
        {
            run.cancel(CancelledBy::User("the test".into()));
        }
    }
    let result = run
        .result(Some(Duration::from_secs(60)))
        .await
        .expect("it ends");
    assert_eq!(result.status, RunStatus::Cancelled);
    assert_kept(&result);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_repetition() {
    let run = start(endless("deadline = \"5s\""), &Registry::default())
        .await
        .expect("it starts");
    let result = run
        .result(Some(Duration::from_secs(60)))
        .await
        .expect("it ends");
    assert_eq!(result.status, RunStatus::Failed);
    assert_eq!(result.reason.as_deref(), Some("the deadline of 5s passed"));
    assert_kept(&result);
}
