//! Runs made of real events, for the tests of all that shows runs.

use crate::event::{
    Aggregate, At, Ballot, CallKey, CastBallot, Draft, End, ErrorKind, Event, EventKind, Fold,
    MemberCompleted, MemberId, MemberRetry, MemberStarted, MemberStatus, MemberToken, Message,
    MessageRole, Plan, PlannedMember, PlannedRound, Purpose, RejectedReply, RoundCompleted,
    RoundRef, RoundStarted, RunError, RunId, RunResult, RunStarted, Usage,
};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What a model may send to hurt a terminal, or to break a table.
pub(crate) const HOSTILE: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}desrever\r\n漢字 👩‍👩‍👧 e\u{301}\u{200b}\ttab";

/// A run so far.
pub(crate) struct Run {
    events: Vec<Event>,
    fold: Fold,
    at: Timestamp,
    round: Option<RoundRef>,
}

impl Run {
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn result(&self) -> RunResult {
        self.fold.result()
    }

    fn new() -> Self {
        let id: RunId = "019aa0f0-1111-7222-8333-444455556666"
            .parse()
            .expect("an id");
        Self {
            events: Vec::new(),
            fold: Fold::new(id),
            at: "2026-11-20T10:00:00Z".parse().expect("a time"),
            round: None,
        }
    }

    /// A council of `a`, `b`, `c` and a chair that holds `rounds`.
    fn begun(input: &str, rounds: &[(&str, &str)]) -> Self {
        let mut run = Self::new();
        let planned = |id: &str| PlannedMember {
            id: member(id),
            role: None,
            model: format!("lab/{id}-1"),
            weight: None,
        };
        let plan = Plan {
            members: ["a", "b", "c"].map(planned).into(),
            chair: Some(planned("chair")),
            rounds: rounds
                .iter()
                .map(|&(name, kind)| PlannedRound {
                    name: name.to_owned(),
                    kind: kind.to_owned(),
                    members: ["a", "b", "c"].map(member).into(),
                    rounds: Vec::new(),
                    max_iterations: None,
                })
                .collect(),
        };
        run.push(Draft::of_run(EventKind::RunStarted(RunStarted {
            council: "design-review".to_owned(),
            spec_hash: "00ff".to_owned(),
            input: input.to_owned(),
            attachments: Vec::new(),
            seed: 7,
            labels: [("team".to_owned(), "infra".to_owned())].into(),
            parent: None,
            origin: None,
            plan,
        })));
        run
    }

    fn push(&mut self, draft: Draft) {
        let id = self.fold.peek().run_id.clone();
        let event = draft.stamp(id, self.fold.next_seq(), At::from_timestamp(self.at));
        self.fold.apply(&event);
        self.events.push(event);
    }

    fn wait(&mut self, ms: i64) {
        self.at += SignedDuration::from_millis(ms);
    }

    fn open(&mut self, name: &str, kind: &str, members: &[&str]) {
        let index = self.round.as_ref().map_or(0, |round| round.index + 1);
        let round = RoundRef {
            index,
            name: name.to_owned(),
            kind: kind.to_owned(),
            iteration: 0,
        };
        self.round = Some(round.clone());
        let members = members.iter().map(|id| member(id)).collect();
        self.push(Draft::of_round(
            round,
            EventKind::RoundStarted(RoundStarted { members }),
        ));
    }

    fn of_call(&mut self, id: &str, purpose: Purpose, body: EventKind) {
        let round = self.round.clone().expect("a round is open");
        let call = CallKey {
            round: round.index,
            member: member(id),
            purpose,
        };
        self.push(Draft::of_call(round, call, body));
    }

    fn ask(&mut self, id: &str, purpose: Purpose, prompt: &str) {
        let started = MemberStarted {
            model: format!("lab/{id}-1"),
            messages: vec![
                Message::new(MessageRole::System, format!("You are {id}.")),
                Message::new(MessageRole::User, prompt),
            ],
            label_map: (purpose == Purpose::Ballot).then(|| {
                let others = ["a", "b", "c"].into_iter().filter(|other| *other != id);
                ["Response A", "Response B"]
                    .map(str::to_owned)
                    .into_iter()
                    .zip(others.map(member))
                    .collect()
            }),
            request_hash: "beef".to_owned(),
            sub_run_id: None,
        };
        self.of_call(id, purpose, EventKind::MemberStarted(started));
    }

    fn piece(&mut self, id: &str, purpose: Purpose, text: &str) {
        let token = MemberToken {
            attempt: 1,
            text: text.to_owned(),
        };
        self.of_call(id, purpose, EventKind::MemberToken(token));
    }

    fn reply(&mut self, id: &str, purpose: Purpose, text: &str) {
        self.completed(id, purpose, Some(text), |done| {
            done.usage = Some(Usage {
                input_tokens: Some(400),
                output_tokens: Some(132),
                ..Usage::default()
            });
            done.cost_usd = Some(0.0011);
        });
    }

    fn fail(&mut self, id: &str, purpose: Purpose, status: MemberStatus, error: RunError) {
        let round = self.round.as_ref().map(|round| round.index);
        let error = RunError {
            provider: Some("lab".to_owned()),
            model: Some(format!("lab/{id}-1")),
            member: Some(member(id)),
            round,
            ..error
        };
        self.completed(id, purpose, None, |done| {
            done.status = status;
            done.attempts = 3;
            done.error = Some(error);
        });
    }

    fn retry(&mut self, id: &str, purpose: Purpose, discarded: Option<&str>) {
        let retry = MemberRetry {
            attempt: 1,
            error: RunError {
                http_status: Some(429),
                ..RunError::new(ErrorKind::RateLimited, "slow\ndown")
            },
            wait_ms: 500,
            discarded: discarded.map(|text| RejectedReply {
                text: text.to_owned(),
                usage: None,
                cost_usd: None,
            }),
        };
        self.of_call(id, purpose, EventKind::MemberRetry(retry));
    }

    fn completed(
        &mut self,
        id: &str,
        purpose: Purpose,
        text: Option<&str>,
        change: impl FnOnce(&mut MemberCompleted),
    ) {
        let mut done = MemberCompleted {
            status: MemberStatus::Ok,
            text: text.map(str::to_owned),
            parsed: None,
            ballot: None,
            confidence: None,
            usage: None,
            cost_usd: None,
            attempts: 1,
            duration_ms: 812,
            error: None,
            from_tape: false,
        };
        change(&mut done);
        self.of_call(id, purpose, EventKind::MemberCompleted(done));
    }

    fn close(&mut self, statuses: &[(&str, MemberStatus)], ballots: Option<(Aggregate, f64)>) {
        let round = self.round.clone().expect("a round is open");
        let (aggregate, agreement) = ballots.unzip();
        let completed = RoundCompleted {
            statuses: statuses
                .iter()
                .map(|(id, status)| (member(id), *status))
                .collect(),
            aggregate,
            agreement,
        };
        self.push(Draft::of_round(round, EventKind::RoundCompleted(completed)));
    }

    fn notice(&mut self, code: &str, text: &str) {
        self.push(Draft::notice(self.round.clone(), code, text));
    }

    fn end(mut self, end: &End) -> Self {
        self.wait(1_489);
        let draft = self.fold.conclude(end);
        self.push(draft);
        self
    }

    /// The first round: all three answer.
    fn all_answer(&mut self) {
        self.open(
            "independent_analysis",
            "independent_analysis",
            &["a", "b", "c"],
        );
        for id in ["a", "b", "c"] {
            self.ask(id, Purpose::Answer, "Shall we adopt the new queue?");
        }
        self.wait(812);
        for id in ["a", "b", "c"] {
            self.reply(
                id,
                Purpose::Answer,
                &format!("{id} says yes.\n\nIt has *reasons*."),
            );
        }
        self.close(&[("a", OK), ("b", OK), ("c", OK)], None);
    }

    /// The first round: `a` needs two attempts, `b` fails.
    fn b_fails(&mut self) {
        self.open(
            "independent_analysis",
            "independent_analysis",
            &["a", "b", "c"],
        );
        for id in ["a", "b", "c"] {
            self.ask(id, Purpose::Answer, "Shall we adopt the new queue?");
        }
        self.retry("a", Purpose::Answer, Some("half a rep"));
        self.wait(812);
        self.reply("a", Purpose::Answer, "a says yes.");
        self.fail("b", Purpose::Answer, MemberStatus::Error, upstream());
        self.reply("c", Purpose::Answer, "c says no.");
        self.close(&[("a", OK), ("b", MemberStatus::Error), ("c", OK)], None);
    }

    fn chair_speaks(&mut self, parsed: Option<Value>) {
        self.open("synthesis", "synthesis", &["chair"]);
        self.ask("chair", Purpose::Synthesis, "Decide.");
        self.completed(
            "chair",
            Purpose::Synthesis,
            Some("Adopt it.\n\nIn spring."),
            |done| {
                done.parsed = parsed;
            },
        );
        self.close(&[("chair", OK)], None);
    }
}

const OK: MemberStatus = MemberStatus::Ok;

const TWO: &[(&str, &str)] = &[
    ("independent_analysis", "independent_analysis"),
    ("synthesis", "synthesis"),
];

const THREE: &[(&str, &str)] = &[
    ("independent_analysis", "independent_analysis"),
    ("review", "anonymized_peer_review"),
    ("synthesis", "synthesis"),
];

const QUESTION: &str = "Shall we adopt the new queue?";

pub(crate) fn member(id: &str) -> MemberId {
    id.parse().expect("an id")
}

fn upstream() -> RunError {
    RunError {
        http_status: Some(500),
        ..RunError::new(ErrorKind::Transient, "upstream\nfailed")
    }
}

fn ranked(by: &str, ranking: [&str; 2], rationale: &str) -> CastBallot {
    CastBallot {
        member: member(by),
        candidates: ranking.map(str::to_owned).into(),
        ranking: ranking.map(str::to_owned).into(),
        choice: None,
        confidence: None,
        weight: None,
        rationale: Some(rationale.to_owned()),
    }
}

/// Three answers, a review that `c` dissents from, a synthesis.
pub(crate) fn whole() -> Run {
    let mut run = Run::begun(QUESTION, THREE);
    run.all_answer();
    run.open("review", "anonymized_peer_review", &["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        run.ask(id, Purpose::Ballot, "Rank Response A and Response B.");
    }
    run.wait(700);
    let ballots = vec![
        ranked("a", ["b", "c"], "b is clearer"),
        ranked("b", ["a", "c"], "a it is"),
        ranked("c", ["a", "b"], "b forgets\nthe *cost*"),
    ];
    for cast in &ballots {
        let id = cast.member.to_string();
        let read = Ballot {
            candidates: cast.candidates.clone(),
            ranking: cast.ranking.clone(),
            rationale: cast.rationale.clone(),
            ..Ballot::default()
        };
        run.completed(&id, Purpose::Ballot, Some("{\"ranking\": […]}"), |done| {
            done.ballot = Some(read);
        });
    }
    let scores: IndexMap<String, f64> = [("b", 0.5), ("a", 1.0), ("c", 0.0)]
        .map(|(id, score)| (id.to_owned(), score))
        .into();
    let aggregate = Aggregate {
        method: "borda".to_owned(),
        winner: Some("b".to_owned()),
        scores,
        order: ["b", "a", "c"].map(str::to_owned).into(),
        ballots,
        ..Aggregate::default()
    };
    run.close(&[("a", OK), ("b", OK), ("c", OK)], Some((aggregate, 0.83)));
    run.notice("token_limit", "the answer of `a` was cut at its limit");
    run.chair_speaks(None);
    run.end(&End::Completed)
}

/// The chair's answer comes in pieces, at its second attempt.
pub(crate) fn streamed_synthesis() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.open("synthesis", "synthesis", &["chair"]);
    run.ask("chair", Purpose::Synthesis, "Decide.");
    run.piece("chair", Purpose::Synthesis, "half");
    run.retry("chair", Purpose::Synthesis, None);
    run.piece("chair", Purpose::Synthesis, "Adopt");
    run.piece("chair", Purpose::Synthesis, " it.");
    run.reply("chair", Purpose::Synthesis, "Adopt it.");
    run.close(&[("chair", OK)], None);
    run.end(&End::Completed)
}

/// `b` fails, the chair speaks all the same.
pub(crate) fn degraded() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.b_fails();
    run.chair_speaks(None);
    run.end(&End::Completed)
}

/// The chair fails; the answers stand under their ids.
pub(crate) fn without_chair() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.open("synthesis", "synthesis", &["chair"]);
    run.ask("chair", Purpose::Synthesis, "Decide.");
    let late = RunError::new(ErrorKind::Timeout, "no reply within 120 s");
    run.fail("chair", Purpose::Synthesis, MemberStatus::Timeout, late);
    run.close(&[("chair", MemberStatus::Timeout)], None);
    run.end(&End::Completed)
}

/// A jury without a majority.
pub(crate) fn hung() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.notice("hung_jury", "the jury is hung:\nno majority in 3 votes");
    run.chair_speaks(None);
    run.end(&End::Completed)
}

/// The chair has a schema.
pub(crate) fn object() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.chair_speaks(Some(
        json!({"decision": "approve", "conditions": ["in spring"]}),
    ));
    run.end(&End::Completed)
}

/// Too few answers.
pub(crate) fn failed() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.b_fails();
    run.end(&End::Failed {
        reason: "2 of 3 members have answered, and the council needs 3".to_owned(),
        error: None,
    })
}

/// Ended by a user in its first round.
pub(crate) fn cancelled() -> Run {
    running().end(&End::Cancelled {
        reason: "cancelled by Ctrl-C".to_owned(),
    })
}

/// Its process died in its first round.
pub(crate) fn crashed() -> Run {
    running().end(&End::Crashed {
        reason: "its process died".to_owned(),
        error: Some(RunError::new(ErrorKind::Internal, "the process is gone")),
    })
}

/// `a` has answered, `b` is speaking, `c` waits for its second attempt.
pub(crate) fn running() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.open(
        "independent_analysis",
        "independent_analysis",
        &["a", "b", "c"],
    );
    for id in ["a", "b", "c"] {
        run.ask(id, Purpose::Answer, "Shall we adopt the new queue?");
    }
    run.wait(400);
    run.piece("b", Purpose::Answer, "b says that ");
    run.retry("c", Purpose::Answer, None);
    run.wait(412);
    run.reply("a", Purpose::Answer, "a says yes.");
    run.piece("b", Purpose::Answer, "it depends");
    run
}

/// Nothing has happened.
pub(crate) fn pending() -> Run {
    Run::new()
}

/// Everything foreign is hostile, and `b` fails with it.
pub(crate) fn hostile() -> Run {
    foreign(HOSTILE)
}

/// Everything foreign is `text`, and `b` fails with it.
pub(crate) fn foreign(text: &str) -> Run {
    let mut run = Run::begun(text, TWO);
    run.open(text, "independent_analysis", &["a", "b"]);
    run.ask("a", Purpose::Answer, text);
    run.ask("b", Purpose::Answer, text);
    run.piece("a", Purpose::Answer, text);
    run.retry("b", Purpose::Answer, Some(text));
    run.wait(812);
    run.reply("a", Purpose::Answer, text);
    let refused = RunError::new(ErrorKind::InvalidRequest, text);
    run.fail("b", Purpose::Answer, MemberStatus::Error, refused);
    run.notice("odd", text);
    run.close(&[("a", OK), ("b", MemberStatus::Error)], None);
    run.end(&End::Completed)
}
