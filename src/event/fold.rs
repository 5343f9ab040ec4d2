//! The result of a run as a fold over its events.
//!
//! Live results, stored runs, partial results and crashed runs all come from here. The outcome
//! that a terminal event names is computed from the events before it, by [`Fold::conclude`].

mod conclude;
mod cost;
mod cut;

pub use conclude::{End, HUNG_JURY};
pub use cut::TOKEN_LIMIT;

use super::{
    Aggregate, At, CallKey, CastBallot, Dissent, Event, EventKind, MemberCompleted, MemberId,
    MemberResult, MemberStarted, MemberStatus, Missing, Outcome, Purpose, RoundCompleted, RoundRef,
    RoundResult, RunError, RunId, RunResult, RunStarted, RunStatus, Usage,
};
use cost::Cost;
use cut::Cut;
use indexmap::IndexMap;
use serde_json::Value;

/// The state of a run after some of its events.
#[derive(Debug, Clone)]
pub struct Fold {
    result: RunResult,
    totals: Cost,
    /// What replies that were played back cost when they were made.
    then: Cost,
    per_member: IndexMap<MemberId, Cost>,
    /// The last reply to a call of purpose `synthesis` that could be used, and whose it is.
    synthesis: Option<(Value, MemberId)>,
    cut: Cut,
    last_seq: Option<u64>,
    last_at: Option<At>,
}

impl Fold {
    /// A run of which nothing has happened yet.
    #[must_use]
    pub fn new(run_id: RunId) -> Self {
        Self {
            result: RunResult::pending(run_id),
            totals: Cost::default(),
            then: Cost::default(),
            per_member: IndexMap::new(),
            synthesis: None,
            cut: Cut::default(),
            last_seq: None,
            last_at: None,
        }
    }

    /// The state after all of `events`; none without a first event.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut events = events.into_iter().peekable();
        let mut fold = Self::new(events.peek()?.run_id.clone());
        for event in events {
            fold.apply(event);
        }
        Some(fold)
    }

    /// The result so far. Its `record` says `complete`; who knows better sets it.
    #[must_use]
    pub fn result(&self) -> RunResult {
        self.result.clone()
    }

    /// The result, where nothing more comes.
    #[must_use]
    pub fn into_result(self) -> RunResult {
        self.result
    }

    /// The result so far, without a copy.
    #[must_use]
    pub fn peek(&self) -> &RunResult {
        &self.result
    }

    /// The `seq` that the next event of this run has.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.last_seq.map_or(0, |seq| seq + 1)
    }

    /// When the last event was stamped.
    #[must_use]
    pub fn last_at(&self) -> Option<At> {
        self.last_at
    }

    /// Takes in the next event. Events of other runs and events already seen change nothing.
    pub fn apply(&mut self, event: &Event) {
        if event.run_id != self.result.run_id || self.last_seq.is_some_and(|last| event.seq <= last)
        {
            return;
        }
        self.last_seq = Some(event.seq);
        self.last_at = Some(event.at);
        match &event.body {
            EventKind::RunStarted(started) => self.run_started(started, event.at),
            EventKind::RoundStarted(_) => {
                if let Some(round) = &event.round {
                    self.result.rounds.push(open_round(round));
                }
            }
            EventKind::RoundCompleted(completed) => {
                if let Some(round) = &event.round {
                    self.round_completed(round, completed);
                }
            }
            EventKind::MemberStarted(started) => {
                if let Some(call) = &event.call {
                    self.member_started(call, started);
                }
            }
            EventKind::MemberRetry(retry) => {
                let discarded = retry.discarded.as_ref();
                self.charge(event.member.as_ref(), |cost| {
                    cost.calls.retries += 1;
                    if let Some(reply) = discarded {
                        cost.reply(reply.usage.as_ref(), reply.cost_usd);
                    }
                });
            }
            EventKind::MemberCompleted(completed) => {
                if let Some(call) = &event.call {
                    self.member_completed(call, completed);
                }
            }
            EventKind::Notice(notice) => {
                self.cut.notice(event.call.as_ref(), notice);
                self.result.notices.push(notice.clone());
            }
            EventKind::RunCompleted(outcome) | EventKind::RunFailed(outcome) => {
                self.ended(outcome, event.at);
            }
            EventKind::MemberToken(_)
            | EventKind::ToolCallRequest(_)
            | EventKind::ToolCallResult(_)
            | EventKind::Unknown(_) => {}
        }
    }

    fn run_started(&mut self, started: &RunStarted, at: At) {
        let result = &mut self.result;
        result.status = RunStatus::Running;
        result.council.clone_from(&started.council);
        result.input.clone_from(&started.input);
        result.seed = started.seed;
        result.labels.clone_from(&started.labels);
        result.parent.clone_from(&started.parent);
        result.origin.clone_from(&started.origin);
        result.started_at = Some(at);
        result.members = started
            .plan
            .members
            .iter()
            .map(|member| (member.id.clone(), not_asked_yet(member.model.clone())))
            .collect();
    }

    fn member_started(&mut self, call: &CallKey, started: &MemberStarted) {
        if let Some(member) = self.result.members.get_mut(&call.member) {
            member.model.clone_from(&started.model);
            member.calls += 1;
        }
    }

    fn member_completed(&mut self, call: &CallKey, completed: &MemberCompleted) {
        if completed.from_tape {
            self.then
                .reply(completed.usage.as_ref(), completed.cost_usd);
        }
        self.charge(Some(&call.member), |cost| {
            if completed.from_tape {
                cost.calls.from_tape += 1;
                return;
            }
            cost.calls.made += 1;
            cost.reply(completed.usage.as_ref(), completed.cost_usd);
        });
        if let Some(error) = &completed.error
            && completed.status != MemberStatus::Cancelled
        {
            self.note_error(error.clone());
        }
        if completed.status == MemberStatus::Ok && call.purpose == Purpose::Synthesis {
            let text = completed
                .parsed
                .clone()
                .or_else(|| completed.text.clone().map(Value::String));
            self.synthesis = text.map(|text| (text, call.member.clone()));
            self.cut.synthesis(call);
        }
        let Some(member) = self.result.members.get_mut(&call.member) else {
            return;
        };
        member.status = Some(completed.status);
        member.duration_ms += completed.duration_ms;
        if let Some(answer) = completed.answer(&call.purpose) {
            member.answer = Some(answer.to_owned());
            self.cut.answer(call);
        }
    }

    /// Keeps errors in the order of rounds and, within one, of members: which call failed first
    /// depends on the clock alone.
    fn note_error(&mut self, error: RunError) {
        let members = &self.result.members;
        let place = |error: &RunError| {
            let member = error.member.as_ref();
            let member = member.and_then(|id| members.get_index_of(id));
            (error.round, member.unwrap_or(usize::MAX))
        };
        let own = place(&error);
        let errors = &mut self.result.errors;
        let at = errors.partition_point(|before| place(before) <= own);
        errors.insert(at, error);
    }

    fn charge(&mut self, member: Option<&MemberId>, add: impl Fn(&mut Cost)) {
        add(&mut self.totals);
        self.result.usage = self.totals.usage;
        self.result.cost_usd = self.totals.known_cost();
        self.result.calls = self.totals.calls;
        let Some(id) = member else { return };
        let Some(member) = self.result.members.get_mut(id) else {
            return;
        };
        let cost = self.per_member.entry(id.clone()).or_default();
        add(cost);
        member.usage = cost.usage;
        member.cost_usd = cost.known_cost();
    }

    fn round_completed(&mut self, round: &RoundRef, completed: &RoundCompleted) {
        for (id, status) in &completed.statuses {
            self.note_missing(round, id, *status);
            if *status == MemberStatus::Eliminated
                && let Some(member) = self.result.members.get_mut(id)
            {
                member.status = Some(*status);
            }
        }
        let entry = match self.result.rounds.last_mut() {
            Some(last) if last.index == round.index => last,
            _ => {
                self.result.rounds.push(open_round(round));
                self.result.rounds.last_mut().expect("one was just pushed")
            }
        };
        entry.statuses.clone_from(&completed.statuses);
        entry.agreement = completed.agreement;
        let Some(aggregate) = &completed.aggregate else {
            return;
        };
        entry.winner.clone_from(&aggregate.winner);
        entry.scores = Some(aggregate.scores.clone());
        entry.order = Some(aggregate.order.clone()).filter(|order| !order.is_empty());
        entry.ballots.clone_from(&aggregate.ballots);
        self.result.vote.clone_from(&aggregate.winner);
        self.result.is_level = aggregate.tie_at_the_top().is_some();
        self.result.scores = Some(aggregate.scores.clone());
        self.result.agreement = completed.agreement;
        self.result.dissent = dissent(aggregate);
    }

    /// The first cause counts: a member that is skipped for an earlier fault is missing for that
    /// fault.
    fn note_missing(&mut self, round: &RoundRef, id: &MemberId, status: MemberStatus) {
        let result = &mut self.result;
        if !status.is_missing() {
            return;
        }
        // Of the chair the last cause counts: it is why the answer is not its own.
        if id.is_chair() {
            result.missing.retain(|missing| missing.member != *id);
        } else if result.missing.iter().any(|missing| missing.member == *id) {
            return;
        }
        let own = |error: &&RunError| error.member.as_ref() == Some(id);
        let mut errors = result.errors.iter().filter(own);
        let error = errors
            .find(|error| error.round == Some(round.index))
            .or_else(|| result.errors.iter().rev().find(own))
            .cloned();
        result.missing.push(Missing {
            member: id.clone(),
            status,
            error,
        });
    }

    fn ended(&mut self, outcome: &Outcome, at: At) {
        let is_answer_cut = outcome.answer.is_some() && self.is_answer_cut();
        let outcome = outcome.clone();
        let result = &mut self.result;
        result.status = outcome.status;
        result.degraded = outcome.degraded;
        result.reason = outcome.reason;
        result.answer = outcome.answer;
        result.answer_by = outcome.answer_by;
        result.is_answer_cut = is_answer_cut;
        result.missing = outcome.missing;
        result.vote = outcome.vote;
        result.scores = outcome.scores;
        result.agreement = outcome.agreement;
        result.dissent = outcome.dissent;
        result.gate = outcome.gate;
        result.errors = outcome.errors;
        result.usage = outcome.totals.usage;
        result.cost_usd = outcome.totals.cost_usd;
        result.calls = outcome.totals.calls;
        result.ended_at = Some(at);
        result.duration_ms = result.started_at.map(|started| at.ms_since(started));
    }
}

fn not_asked_yet(model: String) -> MemberResult {
    MemberResult {
        status: None,
        answer: None,
        model,
        usage: Usage::default(),
        cost_usd: None,
        calls: 0,
        duration_ms: 0,
    }
}

fn open_round(round: &RoundRef) -> RoundResult {
    RoundResult {
        index: round.index,
        name: round.name.clone(),
        kind: round.kind.clone(),
        iteration: round.iteration,
        statuses: IndexMap::new(),
        winner: None,
        scores: None,
        order: None,
        ballots: Vec::new(),
        agreement: None,
    }
}

/// Of votes, who chose otherwise; of rankings, who put the winner below the middle.
fn dissent(aggregate: &Aggregate) -> Vec<Dissent> {
    let Some(winner) = &aggregate.winner else {
        return Vec::new();
    };
    let disagrees = |ballot: &CastBallot| match &ballot.choice {
        Some(choice) => choice != winner,
        None => ballot
            .ranking
            .iter()
            .position(|candidate| candidate == winner)
            .is_some_and(|place| 2 * (place + 1) > ballot.ranking.len() + 1),
    };
    aggregate
        .ballots
        .iter()
        .filter(|ballot| disagrees(ballot))
        .map(|ballot| Dissent {
            member: ballot.member.clone(),
            choice: ballot
                .choice
                .clone()
                .or_else(|| ballot.ranking.first().cloned()),
            text: ballot.rationale.clone(),
        })
        .collect()
}
