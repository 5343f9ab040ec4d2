//! What happened in a run, step by step, without the long texts: from its events alone, so of a
//! run that goes on or that crashed there is as much as was written.

use super::super::{lack, words};
use super::{short, title};
use crate::event::{
    CallKey, Event, EventKind, Fold, MemberCompleted, MemberId, MemberRetry, MemberStatus, Outcome,
    Purpose, RoundCompleted, RoundRef, RunId, RunStarted,
};

/// The longest sentence that is shown, in columns.
const SENTENCE: usize = 200;

/// A run.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) council: String,
    pub(super) run_id: Option<RunId>,
    /// Who could be asked, in the spec's order, the chair last.
    pub(super) cast: Vec<MemberId>,
    pub(super) steps: Vec<Step>,
}

/// One thing that happened.
#[derive(Debug)]
pub(super) enum Step {
    /// Something that concerns everybody: a round, a result, the end.
    All(String),
    /// A round begins.
    Round(String),
    /// Somebody is asked.
    Asked(MemberId, String),
    /// A reply that can be used.
    Replied(MemberId, String),
    /// A call that failed.
    Failed(MemberId, String),
    /// Something about one of them.
    Of(MemberId, String),
}

impl Story {
    /// The story that `events` tell.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut story = Self::default();
        let mut open: Vec<&CallKey> = Vec::new();
        for event in events {
            story.run_id.get_or_insert_with(|| event.run_id.clone());
            if let Some(call) = &event.call {
                story.meet(&call.member);
                match &event.body {
                    EventKind::MemberStarted(_) => {
                        open.push(call);
                        let asked = Step::Asked(call.member.clone(), purpose(&call.purpose));
                        story.steps.push(asked);
                    }
                    EventKind::MemberRetry(retry) => {
                        story.push_of(&call.member, &retried(retry));
                    }
                    EventKind::MemberCompleted(done) => {
                        open.retain(|other| *other != call);
                        story.steps.push(ended(call, done));
                    }
                    _ => {}
                }
            }
            match &event.body {
                EventKind::RunStarted(started) => story.begin(started),
                EventKind::RoundStarted(_) => story.steps.extend(event.round.as_ref().map(begun)),
                EventKind::RoundCompleted(done) => story.steps.push(Step::All(result(done))),
                EventKind::Notice(notice) => {
                    let text = format!("{}: {}", notice.code, notice.text);
                    story.push_all(&text);
                }
                EventKind::RunCompleted(outcome) | EventKind::RunFailed(outcome) => {
                    for call in std::mem::take(&mut open) {
                        story.push_of(&call.member, "no reply was recorded");
                    }
                    let lack = Fold::of(events).and_then(|fold| lack::lack(&fold.result()));
                    story.push_all(&end(outcome, lack.as_deref()));
                }
                _ => {}
            }
        }
        if !events.last().is_some_and(Event::is_terminal) {
            for call in open {
                story.push_of(&call.member, "no reply so far");
            }
            story.push_all("so far: the run has not ended");
        }
        story
    }

    fn begin(&mut self, started: &RunStarted) {
        self.council = short(&started.council);
        for member in started.plan.members.iter().chain(&started.plan.chair) {
            self.meet(&member.id);
        }
        if let Some(origin) = &started.origin {
            self.push_all(&format!("plays back replies of {origin}"));
        }
    }

    fn meet(&mut self, who: &MemberId) {
        if !self.cast.contains(who) {
            self.cast.push(who.clone());
        }
    }

    fn push_of(&mut self, who: &MemberId, text: &str) {
        self.steps.push(Step::Of(who.clone(), sentence(text)));
    }

    fn push_all(&mut self, text: &str) {
        self.steps.push(Step::All(sentence(text)));
    }
}

fn sentence(text: &str) -> String {
    words::clip(&words::tidy(text), SENTENCE)
}

fn purpose(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Pair(left, right) => format!("pair: {left} or {right}"),
        other => other.to_string(),
    }
}

fn begun(round: &RoundRef) -> Step {
    let title = title(
        &format!("round {}: ", round.index),
        &round.name,
        &round.kind,
    );
    Step::Round(match round.iteration {
        0 => title,
        more => format!("{title}, iteration {}", more + 1),
    })
}

fn retried(retry: &MemberRetry) -> String {
    let wait = words::seconds(retry.wait_ms);
    let error = words::clip(&words::sentence(&retry.error), 64);
    format!("attempt {} failed, {error}; waits {wait}", retry.attempt)
}

fn ended(call: &CallKey, done: &MemberCompleted) -> Step {
    let mut parts = vec![purpose(&call.purpose)];
    if done.status == MemberStatus::Ok {
        parts.extend(brought(call, done));
    } else {
        parts.push(done.status.name().to_owned());
        parts.extend(done.error.as_ref().map(words::sentence));
    }
    if done.from_tape {
        parts.insert(1, "played back".to_owned());
    } else if done.attempts > 1 {
        parts.insert(1, format!("attempt {}", done.attempts));
    }
    let text = sentence(&parts.join(", "));
    match done.status {
        MemberStatus::Ok => Step::Replied(call.member.clone(), text),
        _ => Step::Failed(call.member.clone(), text),
    }
}

/// What a usable reply brought, where that is short.
fn brought(call: &CallKey, done: &MemberCompleted) -> Option<String> {
    if let Some(ballot) = &done.ballot {
        return match &ballot.choice {
            Some(choice) => Some(format!("for {}", short(choice))),
            None => Some(ballot.ranking.join(" > ")),
        };
    }
    let kept = || match done.answer(&call.purpose) {
        Some(_) => "revised".to_owned(),
        None => "kept".to_owned(),
    };
    (call.purpose == Purpose::Revise).then(kept)
}

/// What a round came to.
fn result(done: &RoundCompleted) -> String {
    let mut parts = Vec::new();
    if let Some(aggregate) = &done.aggregate {
        parts.push(aggregate.winner.as_ref().map_or_else(
            || format!("{}: no winner", short(&aggregate.method)),
            |winner| format!("{}: {} wins", short(&aggregate.method), short(winner)),
        ));
    }
    let agreement = done.agreement.map(words::share);
    parts.extend(agreement.map(|share| format!("agreement {share}")));
    let others: Vec<String> = done
        .statuses
        .iter()
        .filter(|(_, status)| **status != MemberStatus::Ok)
        .map(|(id, status)| format!("{id} {status}"))
        .collect();
    if others.is_empty() {
        parts.push("all ok".to_owned());
    } else {
        parts.push(super::gathered(others).join(", "));
    }
    parts.join("; ")
}

fn end(outcome: &Outcome, lack: Option<&str>) -> String {
    let mut parts = vec![outcome.status.name().to_owned()];
    let by = outcome.answer_by.as_ref();
    parts.extend(by.map(|by| format!("the answer is by {by}")));
    parts.extend(outcome.reason.clone());
    parts.extend(lack.map(ToOwned::to_owned));
    parts.join("; ")
}
