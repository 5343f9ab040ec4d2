//! The `RunServer`: takes a council's rounds one after another and comes to one end.
//!
//! It decides; it records nothing and prints nothing. All that it does reaches others as events.

use super::call::{Call, Endpoint};
use super::clock::Clock;
use super::progress::{Progress, Sitting};
use super::stop::{CancelledBy, Cause, Stop};
use super::tasks::Tasks;
use crate::bus::Bus;
use crate::event::{
    Ask, Attachment, CHAIR, Draft, End, ErrorKind, EventKind, MemberId, Notice, RoundCompleted,
    RoundRef, RoundStarted, RunError, RunId, RunStarted,
};
use crate::round::{self, Close, FailureMode, Reply, RoundPlan, Step, Table};
use crate::spec::{Council, Profile, write_duration};
use crate::tape::{Mode, Tape};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) struct RunServer {
    pub(super) council: Arc<Council>,
    pub(super) input: String,
    pub(super) seed: u64,
    pub(super) attachments: Vec<Attachment>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) parent: Option<RunId>,
    pub(super) origin: Option<RunId>,
    pub(super) deadline: Option<Duration>,
    /// Calls that are played instead of made.
    pub(super) tape: Option<Tape>,
    pub(super) endpoints: HashMap<String, Endpoint>,
    pub(super) bus: Bus,
    pub(super) stop: Stop,
    pub(super) clock: Clock,
    /// Ended by whoever finds that the run is to be cancelled, such as its recorder.
    pub(super) cancel_requested: CancellationToken,
}

/// What a round came to.
#[derive(Default)]
struct Sat {
    /// Whether anybody was asked: a round in which nobody was is not held.
    held: bool,
    replies: Vec<Reply>,
    close: Close,
}

/// Why the rounds stop before the last.
pub(super) enum Halt {
    Stopped,
    Failed(String, Option<RunError>),
}

impl RunServer {
    /// Holds all rounds, and says how the run ends. Every task has ended, or was aborted, by then.
    pub(super) async fn run(self) -> End {
        let deadline = self.deadline.map(|length| self.clock.now() + length);
        let mut progress = Progress::new(&self.council, deadline);
        self.bus
            .post(Draft::of_run(EventKind::RunStarted(self.started())))
            .await;
        let halted = tokio::select! {
            biased;
            halted = self.rounds(&mut progress) => halted,
            never = self.watch() => match never {},
        };
        self.end(halted, &progress)
    }

    fn end(&self, halted: Result<(), Halt>, progress: &Progress) -> End {
        match (halted, self.stop.cause()) {
            (Ok(()), _) if progress.has_answer() => End::Completed,
            (Ok(()), _) => End::Failed {
                reason: "no answer came out of it".to_owned(),
                error: None,
            },
            (Err(Halt::Failed(reason, error)), _) => End::Failed { reason, error },
            (Err(Halt::Stopped), Some(Cause::Cancelled(by))) => End::Cancelled {
                reason: by.to_string(),
            },
            (Err(Halt::Stopped), Some(Cause::Unrecorded)) => {
                let reason = "the run cannot be recorded, and --require-record was given";
                End::Failed {
                    reason: reason.to_owned(),
                    error: Some(RunError::new(ErrorKind::Record, reason)),
                }
            }
            (Err(Halt::Stopped), _) => {
                let length = self.deadline.unwrap_or_default();
                let reason = format!("the deadline of {} passed", write_duration(length));
                let error = RunError::new(ErrorKind::Deadline, reason.clone());
                End::Failed {
                    reason,
                    error: Some(error),
                }
            }
        }
    }

    fn started(&self) -> RunStarted {
        RunStarted {
            council: self.council.name.clone(),
            spec_hash: self.council.source.hash.clone(),
            input: self.input.clone(),
            attachments: self.attachments.iter().map(Attachment::named).collect(),
            seed: self.seed,
            labels: self.labels.clone(),
            parent: self.parent.clone(),
            origin: self.origin.clone(),
            plan: self.council.planned(),
        }
    }

    /// Looks out for what ends a run from outside its rounds, which then end by themselves.
    async fn watch(&self) -> Infallible {
        let deadline = async {
            match self.deadline {
                Some(length) => self.clock.sleep(length).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = deadline => self.stop.ask(Cause::Deadline),
            () = self.cancel_requested.cancelled() => {
                self.stop.ask(Cause::Cancelled(CancelledBy::Request));
            }
        }
        std::future::pending().await
    }

    async fn rounds(&self, progress: &mut Progress) -> Result<(), Halt> {
        for plan in &self.council.rounds {
            if self.stop.is_asked() {
                return Err(Halt::Stopped);
            }
            match &plan.repeat {
                None => self.hold(plan, 0, progress).await?,
                Some(repeat) => self.repeat(plan, repeat, progress).await?,
            }
        }
        Ok(())
    }

    /// Holds one round, if there is anything to ask in it.
    pub(super) async fn hold(
        &self,
        plan: &RoundPlan,
        iteration: u32,
        progress: &mut Progress,
    ) -> Result<(), Halt> {
        let round = RoundRef {
            index: progress.index,
            name: plan.name.clone(),
            kind: plan.kind.name().to_owned(),
            iteration,
        };
        let sitting = progress.sitting(plan);
        let (sat, mut halt) = self.sit(plan, &round, &sitting, progress).await;
        let there = sat.held.then(|| round.clone());
        for notice in sat.close.notices.iter().cloned() {
            if !sat.held && !progress.is_new(plan, &notice.text) {
                continue;
            }
            let text = match &there {
                Some(RoundRef { name, index, .. }) => {
                    format!("{name} in round {index}: {}", notice.text)
                }
                None => notice.text,
            };
            let draft = Draft {
                round: there.clone(),
                ..Draft::of_run(EventKind::Notice(Notice { text, ..notice }))
            };
            self.bus.post(draft).await;
        }
        if sat.held {
            let table = self.table(plan, &round, &sitting, progress);
            let asked = round::statuses(&table, &sat.replies, &sat.close);
            let usable = round::usable(&table, &sat.replies);
            let completed = EventKind::RoundCompleted(RoundCompleted {
                statuses: progress.with_skipped(&sitting, &asked),
                aggregate: sat.close.aggregate.clone(),
                agreement: sat.close.agreement,
            });
            self.bus
                .post(Draft::of_round(round.clone(), completed))
                .await;
            progress.hold(plan, &sitting, &round, &sat.replies, &sat.close);
            halt = halt.or_else(|| too_few(plan, usable));
        }
        match halt.or_else(|| self.quorum(plan, progress)) {
            Some(halt) => Err(halt),
            None => Ok(()),
        }
    }

    /// Asks what a round wants to ask, step by step, until it is done or the run must halt.
    async fn sit(
        &self,
        plan: &RoundPlan,
        round: &RoundRef,
        sitting: &Sitting,
        progress: &Progress,
    ) -> (Sat, Option<Halt>) {
        let mut sat = Sat::default();
        loop {
            let table = self.table(plan, round, sitting, progress);
            let asks = match plan.kind.step(&table, &sat.replies) {
                Ok(Step::Ask(asks)) => asks,
                Ok(Step::Done(close)) => {
                    sat.close = close;
                    return (sat, None);
                }
                Err(error) => {
                    let error = RunError::new(ErrorKind::InvalidRequest, error.to_string());
                    return (sat, Some(Halt::Failed(error.message.clone(), Some(error))));
                }
            };
            let calls: Vec<Call> = asks
                .into_iter()
                .map(|ask| self.call(ask, round, progress))
                .collect();
            let fail_fast = plan.failure_mode == FailureMode::FailFast;
            if let Some(halt) = self.off_the_tape(&calls, fail_fast) {
                return (sat, Some(halt));
            }
            if !sat.held {
                sat.held = true;
                let started = RoundStarted {
                    members: sitting.present(),
                };
                let body = EventKind::RoundStarted(started);
                self.bus.post(Draft::of_round(round.clone(), body)).await;
            }
            let tasks = Tasks {
                bus: &self.bus,
                stop: &self.stop,
                round,
                fail_fast,
            };
            let ended = tasks.make(calls).await;
            sat.replies.extend(ended.replies);
            if let Some(failed) = ended.failed {
                return (sat, Some(fail_fast_halt(plan, &failed)));
            }
            if self.stop.is_asked() {
                return (sat, Some(Halt::Stopped));
            }
        }
    }

    fn table<'a>(
        &'a self,
        plan: &'a RoundPlan,
        round: &'a RoundRef,
        sitting: &'a Sitting,
        progress: &'a Progress,
    ) -> Table<'a> {
        Table {
            council: &self.council.name,
            input: &self.input,
            input_mode: self.council.input,
            attachments: &self.attachments,
            seed: self.seed,
            plan,
            round,
            seats: &sitting.seats,
            all: &progress.members,
            chair: sitting.chair.as_ref(),
            fallback: self.council.fallback(),
            minutes: &progress.minutes,
        }
    }

    fn call(&self, ask: Ask, round: &RoundRef, progress: &Progress) -> Call {
        let profile = self.profile(&ask.call.member).clone();
        let endpoint = self.endpoints[&profile.model.provider].clone();
        let mut call = Call {
            ask,
            round: round.clone(),
            profile,
            endpoint,
            seed: self.seed,
            bus: self.bus.clone(),
            stop: self.stop.clone(),
            clock: self.clock.clone(),
            deadline: progress.deadline,
            played: None,
        };
        if let Some(tape) = &self.tape {
            call.look_up(tape);
        }
        call
    }

    /// Why a replay cannot go on: it makes no calls, and its tape lacks some of these. Where the
    /// first failure ends a step, those that it ended are not missed.
    fn off_the_tape(&self, calls: &[Call], fail_fast: bool) -> Option<Halt> {
        let tape = self.tape.as_ref()?;
        if tape.mode() != Mode::Replay || (fail_fast && calls.iter().any(Call::plays_a_failure)) {
            return None;
        }
        let missed = calls.iter().find(|call| call.played.is_none())?;
        let key = &missed.ask.call;
        let reason = format!("the tape has no reply to {key}, and a replay makes no calls");
        let error = RunError {
            member: Some(key.member.clone()),
            round: Some(key.round),
            ..RunError::new(ErrorKind::NotFound, reason.clone())
        };
        Some(Halt::Failed(reason, Some(error)))
    }

    /// A round asks members of the council and its chair, nobody else.
    fn profile(&self, id: &MemberId) -> &Profile {
        let member = self.council.members.iter().find(|member| member.id == *id);
        let chair = self.council.chair.as_ref().filter(|_| id.as_str() == CHAIR);
        member
            .map(|member| &member.profile)
            .or_else(|| chair.map(|chair| &chair.profile))
            .expect("a round asks only members and the chair")
    }

    /// Whether enough members have given an answer, after a round that gathers answers.
    fn quorum(&self, plan: &RoundPlan, progress: &Progress) -> Option<Halt> {
        let (there, needed) = (progress.minutes.answers.len(), self.council.min_members);
        if !plan.kind.gathers_answers() || there >= needed {
            return None;
        }
        let all = self.council.members.len();
        let reason = format!("{there} of {all} members answered, {needed} needed (min_members)");
        Some(Halt::Failed(reason, None))
    }
}

fn too_few(plan: &RoundPlan, usable: usize) -> Option<Halt> {
    let needed = plan.min_members.filter(|needed| usable < *needed)?;
    let reason = format!(
        "round `{}` has {usable} usable replies, {needed} needed (its min_members)",
        plan.name
    );
    Some(Halt::Failed(reason, None))
}

fn fail_fast_halt(plan: &RoundPlan, failed: &Reply) -> Halt {
    let why = failed
        .done
        .error
        .as_ref()
        .map_or_else(|| failed.done.status.to_string(), ToString::to_string);
    Halt::Failed(
        format!(
            "`{}` failed in round `{}`, which must lose nobody: {why}",
            failed.call.member, plan.name
        ),
        None,
    )
}
