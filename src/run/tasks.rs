//! The calls of one step of a round, each a task: all at once, and none outlives its step.
//!
//! When the run is to stop, calls end by themselves at once; a task that has not ended after the
//! grace is aborted and named in a notice. A panic in a task is that member's error.

use super::call::{self, Call};
use super::stop::Stop;
use crate::bus::Bus;
use crate::event::{CallKey, Draft, ErrorKind, EventKind, MemberCompleted, MemberStatus, RoundRef};
use crate::round::Reply;
use crate::spec::Profile;
use std::any::Any;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};

/// How long a stopped task may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long aborted tasks are looked after.
const LAST_LOOK: Duration = Duration::from_millis(100);

pub(super) struct Tasks<'a> {
    pub(super) bus: &'a Bus,
    pub(super) stop: &'a Stop,
    pub(super) round: &'a RoundRef,
    /// Whether the first failure ends the others.
    pub(super) fail_fast: bool,
}

/// What came of the calls of a step.
pub(super) struct EndedCalls {
    /// One for each call, in the order in which they were asked.
    pub(super) replies: Vec<Reply>,
    /// The failure that ended the others, where one must.
    pub(super) failed: Option<Reply>,
}

type Tagged = (usize, MemberCompleted);

impl Tasks<'_> {
    /// Makes all calls at once and waits until every one has ended or was aborted.
    pub(super) async fn make(&self, calls: Vec<Call>) -> EndedCalls {
        let keys: Vec<(CallKey, Profile)> = calls
            .iter()
            .map(|call| (call.ask.call.clone(), call.profile.clone()))
            .collect();
        let mut places = HashMap::new();
        let mut tasks = JoinSet::new();
        // In a fail-fast round the calls have a stop of their own: the run itself goes on to its
        // end.
        let local = self.stop.child();
        if self.fail_fast && calls.iter().any(Call::plays_a_failure) {
            // The failure that ended the others is on the tape: they need not be asked.
            local.end_step();
        }
        for (place, mut call) in calls.into_iter().enumerate() {
            call.stop = local.clone();
            let (local, fail_fast) = (local.clone(), self.fail_fast);
            let handle = tasks.spawn(async move {
                let (done, held) = call.make().await;
                // Before its place goes to the next one, who must not be asked any more.
                if fail_fast && done.status.is_missing() {
                    local.end_step();
                }
                drop(held);
                (place, done)
            });
            places.insert(handle.id(), place);
        }
        let mut done: Vec<Option<MemberCompleted>> = vec![None; keys.len()];
        let mut failed = None;
        while !tasks.is_empty() {
            let joined = tokio::select! {
                biased;
                joined = tasks.join_next_with_id() => joined,
                () = self.impatient(&local) => break,
            };
            let Some(joined) = joined else { break };
            let (place, completed) = self.joined(joined, &places, &keys).await;
            if self.fail_fast && completed.status.is_missing() && failed.is_none() {
                failed = Some(place);
                local.end_step();
            }
            done[place] = Some(completed);
        }
        self.abort(tasks, &mut done, &keys).await;
        let replies: Vec<Reply> = keys
            .into_iter()
            .zip(done)
            .filter_map(|((call, _), done)| Some(Reply { call, done: done? }))
            .collect();
        let failed = failed.and_then(|place| replies.get(place).cloned());
        EndedCalls { replies, failed }
    }

    /// Resolves when tasks that should have ended have had their grace.
    async fn impatient(&self, local: &Stop) {
        local.asked().await;
        tokio::select! {
            () = tokio::time::sleep(GRACE) => {}
            () = self.stop.hurried() => {}
        }
    }

    async fn joined(
        &self,
        joined: Result<(Id, Tagged), JoinError>,
        places: &HashMap<Id, usize>,
        keys: &[(CallKey, Profile)],
    ) -> Tagged {
        match joined {
            Ok((_, tagged)) => tagged,
            Err(error) => {
                let place = places[&error.id()];
                let message = match error.try_into_panic() {
                    Ok(panic) => format!("the call panicked: {}", words(&*panic)),
                    Err(error) => format!("the call's task was lost: {error}"),
                };
                let (call, profile) = &keys[place];
                let status = MemberStatus::Error;
                let done = call::lost(call, profile, status, ErrorKind::Internal, message);
                self.complete(call, done.clone()).await;
                (place, done)
            }
        }
    }

    async fn abort(
        &self,
        mut tasks: JoinSet<Tagged>,
        done: &mut [Option<MemberCompleted>],
        keys: &[(CallKey, Profile)],
    ) {
        tasks.abort_all();
        // A task ends at its next await; one that blocks its thread can only be left behind.
        let last = tokio::time::sleep(LAST_LOOK);
        tokio::pin!(last);
        while let Some(joined) = tokio::select! {
            biased;
            joined = tasks.join_next() => joined,
            () = &mut last => None,
        } {
            if let Ok((place, completed)) = joined {
                done[place] = Some(completed);
            }
        }
        tasks.detach_all();
        for (place, slot) in done
            .iter_mut()
            .enumerate()
            .filter(|(_, slot)| slot.is_none())
        {
            let (call, profile) = &keys[place];
            let text = format!("{call} did not end in time and was aborted");
            self.bus
                .post(Draft::notice(
                    Some(self.round.clone()),
                    "aborted",
                    text.clone(),
                ))
                .await;
            let status = MemberStatus::Cancelled;
            let lost = call::lost(call, profile, status, ErrorKind::Cancelled, text);
            self.complete(call, lost.clone()).await;
            *slot = Some(lost);
        }
    }

    async fn complete(&self, call: &CallKey, done: MemberCompleted) {
        let body = EventKind::MemberCompleted(done);
        self.bus
            .post(Draft::of_call(self.round.clone(), call.clone(), body))
            .await;
    }
}

/// The words of a panic, where it has any.
pub(super) fn words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
