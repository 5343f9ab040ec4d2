//! Recorded runs as real ones are: prompts of a page, replies in pieces, three members and a chair.

use council::event::{
    At, CallKey, Draft, End, Event, EventKind, Fold, MemberCompleted, MemberId, MemberStarted,
    MemberStatus, MemberToken, Message, MessageRole, Plan, PlannedMember, Purpose, RoundCompleted,
    RoundRef, RoundStarted, RunId, RunStarted,
};
use council::store::{NewRun, Waits, Writer};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const MEMBERS: [&str; 3] = ["optimist", "skeptic", "pragmatist"];

/// Three rounds of three calls, and the chair's.
const CALLS: u64 = 10;

/// The events beside pieces: start and end, and two for each round and call.
const FRAME: u64 = 2 + 2 * 4 + 2 * CALLS;

/// The row of a run.
pub(crate) fn row(run_id: &str) -> NewRun {
    NewRun {
        run_id: run_id.parse().expect("a run id"),
        council: "bench".to_owned(),
        input: "Should a small team adopt Rust?".to_owned(),
        labels: BTreeMap::new(),
        seed: 7,
        parent: None,
        origin: None,
        spec: vec![b' '; 2_000],
        resolved: " ".repeat(2_000),
        spec_hash: "0".repeat(64),
        files: BTreeMap::new(),
        limits: serde_json::json!({}),
    }
}

/// The events of a completed run, `count` in all, the first and the last among them.
pub(crate) fn events(row: &NewRun, count: u64) -> Vec<Arc<Event>> {
    let mut run = Run {
        fold: Fold::new(row.run_id.clone()),
        run_id: row.run_id.clone(),
        at: "2026-11-20T10:00:00.123456Z".parse().expect("a time"),
        events: Vec::new(),
    };
    let planned = |id: &str| PlannedMember {
        id: member(id),
        role: None,
        model: "lab/model".to_owned(),
        weight: None,
    };
    run.push(Draft::of_run(EventKind::RunStarted(RunStarted {
        council: row.council.clone(),
        spec_hash: row.spec_hash.clone(),
        input: row.input.clone(),
        attachments: Vec::new(),
        seed: row.seed,
        labels: row.labels.clone(),
        parent: None,
        origin: None,
        plan: Plan {
            members: MEMBERS.map(planned).to_vec(),
            chair: Some(planned("chair")),
            rounds: Vec::new(),
        },
    })));
    let pieces = count.checked_sub(FRAME).expect("more than the frame");
    let mut calls = 0;
    for index in 0..4 {
        let (members, kind, purpose) = match index {
            3 => (&["chair"][..], "synthesis", Purpose::Synthesis),
            _ => (&MEMBERS[..], "independent_analysis", Purpose::Answer),
        };
        let round = RoundRef {
            index,
            name: kind.to_owned(),
            kind: kind.to_owned(),
            iteration: 0,
        };
        let asked: Vec<MemberId> = members.iter().map(|id| member(id)).collect();
        let start = EventKind::RoundStarted(RoundStarted {
            members: asked.clone(),
        });
        run.push(Draft::of_round(round.clone(), start));
        for id in &asked {
            let share = (pieces * (calls + 1)) / CALLS - (pieces * calls) / CALLS;
            calls += 1;
            run.call(&round, id, purpose.clone(), share);
        }
        let end = EventKind::RoundCompleted(RoundCompleted {
            statuses: asked.into_iter().map(|id| (id, MemberStatus::Ok)).collect(),
            ..RoundCompleted::default()
        });
        run.push(Draft::of_round(round, end));
    }
    let end = run.fold.conclude(&End::Completed);
    run.push(end);
    assert_eq!(run.events.len() as u64, count);
    run.events
}

/// Writes completed runs of `count` events each into the store at `path`.
pub(crate) fn write<'a>(path: &Path, runs: impl IntoIterator<Item = &'a str>, count: u64) {
    let writer = Writer::open(path).expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    for run_id in runs {
        let row = row(run_id);
        let mut events = events(&row, count);
        let end = events.pop().expect("a last event");
        runtime.block_on(async {
            writer.begin(row).await.expect("the row is written");
            for event in events {
                writer.event(event).await.expect("the event is queued");
            }
            let mut settling = writer.finish(&end).expect("the end is queued");
            let waits = Waits::within(Duration::from_secs(60));
            settling.record(waits).await.expect("the run is stored");
        });
    }
    writer.close();
}

struct Run {
    fold: Fold,
    run_id: RunId,
    at: At,
    events: Vec<Arc<Event>>,
}

impl Run {
    fn push(&mut self, draft: Draft) {
        let event = draft.stamp(self.run_id.clone(), self.fold.next_seq(), self.at);
        self.fold.apply(&event);
        self.events.push(Arc::new(event));
    }

    /// A call that is answered in `pieces`.
    fn call(&mut self, round: &RoundRef, id: &MemberId, purpose: Purpose, pieces: u64) {
        let key = CallKey {
            round: round.index,
            member: id.clone(),
            purpose,
        };
        let mut push = |body| self.push(Draft::of_call(round.clone(), key.clone(), body));
        let prompt = "A paragraph of a prompt, \"quoted\" and with a line feed.\n".repeat(25);
        push(EventKind::MemberStarted(MemberStarted {
            model: "lab/model".to_owned(),
            messages: vec![
                Message::new(MessageRole::System, "You look for what could go wrong."),
                Message::new(MessageRole::User, prompt),
            ],
            label_map: None,
            request_hash: "0".repeat(64),
            sub_run_id: None,
        }));
        let piece = "Some words of a reply, as they come in fifty milliseconds. ";
        for _ in 0..pieces {
            push(EventKind::MemberToken(MemberToken {
                attempt: 1,
                text: piece.to_owned(),
            }));
        }
        push(EventKind::MemberCompleted(MemberCompleted {
            status: MemberStatus::Ok,
            text: Some(piece.repeat(usize::try_from(pieces).unwrap_or(1).clamp(1, 100))),
            parsed: None,
            ballot: None,
            confidence: None,
            usage: None,
            cost_usd: None,
            attempts: 1,
            duration_ms: 812,
            error: None,
            from_tape: false,
        }));
    }
}

fn member(id: &str) -> MemberId {
    id.parse().expect("an id")
}
