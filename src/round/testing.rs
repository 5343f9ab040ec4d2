//! A council for tests of rounds: members a, b, c, … and a chair that answer by script.

use super::{
    Close, FailureMode, Fallback, InputMode, Minutes, Reply, RoundPlan, Seat, Step, Table,
    TieBreak, kind, read, statuses, usable,
};
use crate::event::{
    Ask, Attachment, ErrorKind, Expect, MemberCompleted, MemberId, MemberStatus, RoundRef, RunError,
};
use crate::prompt::Template;
use indexmap::IndexMap;

/// A council before one round.
pub(super) struct House {
    pub(super) plan: RoundPlan,
    pub(super) index: u32,
    pub(super) all: Vec<Seat>,
    pub(super) seats: Vec<Seat>,
    pub(super) chair: Option<Seat>,
    pub(super) fallback: Vec<Fallback>,
    pub(super) minutes: Minutes,
    pub(super) is_material: bool,
    pub(super) attachments: Vec<Attachment>,
}

/// A round that was held: what was asked, in order, and what came of it.
pub(super) struct HeldRound {
    pub(super) batches: Vec<Vec<Ask>>,
    pub(super) replies: Vec<Reply>,
    pub(super) close: Close,
    pub(super) statuses: IndexMap<MemberId, MemberStatus>,
}

impl HeldRound {
    pub(super) fn asks(&self) -> Vec<&Ask> {
        self.batches.iter().flatten().collect()
    }

    pub(super) fn ask(&self, key: &str) -> &Ask {
        let found = self
            .asks()
            .into_iter()
            .find(|ask| ask.call.to_string() == key);
        found.expect("it was asked")
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.asks().iter().map(|ask| ask.call.to_string()).collect()
    }

    pub(super) fn codes(&self) -> Vec<&str> {
        let notices = self.close.notices.iter();
        notices.map(|notice| notice.code.as_str()).collect()
    }

    pub(super) fn statuses_text(&self) -> String {
        let each: Vec<String> = self
            .statuses
            .iter()
            .map(|(id, status)| format!("{id} {status}"))
            .collect();
        each.join(", ")
    }
}

/// A call that gave this text.
pub(super) fn ok(text: &str) -> MemberCompleted {
    MemberCompleted {
        text: Some(text.to_owned()),
        duration_ms: 1,
        ..MemberCompleted::new(MemberStatus::Ok)
    }
}

/// A call that failed.
pub(super) fn failed(kind: ErrorKind) -> MemberCompleted {
    let status = match kind {
        ErrorKind::Timeout => MemberStatus::Timeout,
        ErrorKind::InvalidOutput => MemberStatus::InvalidOutput,
        ErrorKind::Cancelled => MemberStatus::Cancelled,
        _ => MemberStatus::Error,
    };
    MemberCompleted {
        duration_ms: 1,
        error: Some(RunError::new(kind, "it failed")),
        ..MemberCompleted::new(status)
    }
}

pub(super) fn seat(id: &str) -> Seat {
    Seat {
        id: id.parse().expect("an id"),
        role: None,
        prompt: None,
        weight: None,
    }
}

impl House {
    pub(super) fn id(at: usize) -> String {
        char::from(b'a' + at as u8).to_string()
    }

    /// A round of this kind with this many members; its index is 0.
    pub(super) fn new(name: &str, size: usize) -> Self {
        let all: Vec<Seat> = (0..size).map(|at| seat(&Self::id(at))).collect();
        Self {
            plan: RoundPlan {
                name: name.to_owned(),
                kind: kind(name).expect("a kind"),
                members: None,
                prompt: None,
                aggregator: None,
                choices: Vec::new(),
                tie_break: TieBreak::First,
                min_members: None,
                failure_mode: FailureMode::Continue,
                repeat: None,
            },
            index: 0,
            seats: all.clone(),
            all,
            chair: Some(Seat {
                id: MemberId::chair(),
                ..seat("x")
            }),
            fallback: Vec::new(),
            minutes: Minutes::default(),
            is_material: false,
            attachments: Vec::new(),
        }
    }

    /// The next round, after the first `answers` members gave one.
    pub(super) fn with_answers(mut self, answers: usize) -> Self {
        self.index = 1;
        for seat in &self.all[..answers] {
            let text = format!("answer of {}", seat.id);
            self.minutes.answers.insert(seat.id.clone(), text);
        }
        self
    }

    pub(super) fn with_prompt(mut self, source: &str) -> Self {
        self.plan.prompt = Some(Template::compile(source).expect("a template"));
        self
    }

    /// Puts a member out, as a lost pair does.
    pub(super) fn eliminate(&mut self, id: &str) {
        self.seats.retain(|seat| seat.id.as_str() != id);
        let id = id.parse().expect("an id");
        self.minutes.eliminated.insert(id);
    }

    /// Takes the round of the next kind.
    pub(super) fn go_on_with(&mut self, name: &str) {
        self.index += 1;
        self.plan.name = name.to_owned();
        self.plan.kind = kind(name).expect("a kind");
    }

    fn round(&self) -> RoundRef {
        RoundRef {
            index: self.index,
            name: self.plan.name.clone(),
            kind: self.plan.kind.name().to_owned(),
            iteration: 0,
        }
    }

    fn table<'a>(&'a self, round: &'a RoundRef) -> Table<'a> {
        Table {
            council: "test",
            input: "What is best?",
            input_mode: if self.is_material {
                InputMode::Material
            } else {
                InputMode::Task
            },
            attachments: &self.attachments,
            seed: 7,
            plan: &self.plan,
            round,
            seats: &self.seats,
            all: &self.all,
            chair: self.chair.as_ref(),
            fallback: &self.fallback,
            minutes: &self.minutes,
        }
    }

    pub(super) fn usable(&self, held: &HeldRound) -> usize {
        usable(&self.table(&self.round()), &held.replies)
    }

    /// Holds the round: who has no scripted reply gives the tamest one there is.
    pub(super) fn hold(&mut self, scripted: &[(&str, MemberCompleted)]) -> HeldRound {
        let round = self.round();
        let table = self.table(&round);
        let mut batches = Vec::new();
        let mut replies: Vec<Reply> = Vec::new();
        let close = loop {
            match self.plan.kind.step(&table, &replies).expect("a step") {
                Step::Done(close) => break close,
                Step::Ask(asks) => {
                    assert!(!asks.is_empty(), "a round never asks nobody");
                    for ask in &asks {
                        let key = ask.call.to_string();
                        let script = scripted.iter().find(|(call, _)| *call == key);
                        let done = script.map_or_else(|| ok(&tame(ask)), |(_, done)| done.clone());
                        replies.push(Reply {
                            call: ask.call.clone(),
                            done: as_read(ask, done),
                        });
                    }
                    batches.push(asks);
                }
            }
        };
        let statuses = statuses(&table, &replies, &close);
        self.minutes.hold(
            &self.all,
            &self.plan,
            self.all.len(),
            &round,
            &replies,
            &close,
        );
        HeldRound {
            batches,
            replies,
            close,
            statuses,
        }
    }
}

/// A reply as the run keeps it.
fn as_read(ask: &Ask, mut done: MemberCompleted) -> MemberCompleted {
    let Some(text) = done.text.as_deref() else {
        return done;
    };
    match read(ask, text) {
        Ok(reading) => {
            done.parsed = reading.parsed;
            done.ballot = reading.ballot;
            done.confidence = reading.confidence;
        }
        Err(fault) => {
            done.status = MemberStatus::InvalidOutput;
            done.error = Some(RunError::new(ErrorKind::InvalidOutput, fault.to_string()));
        }
    }
    done
}

fn tame(ask: &Ask) -> String {
    match &ask.expect {
        Expect::Ranking { labels, .. } => {
            let mut labels = labels.clone();
            if let Some(real) = &ask.labels {
                labels.sort_by_key(|label| real[label].clone());
            }
            serde_json::json!({ "rationale": "why", "ranking": labels }).to_string()
        }
        Expect::Choice { choices } => format!("Choice: {}", choices[0]),
        Expect::Pair { left, .. } => format!("Choice: {left}"),
        Expect::Revision => r#"{"revised": false, "answer": ""}"#.to_owned(),
        _ => format!("{} by {}", ask.call.purpose, ask.call.member),
    }
}
