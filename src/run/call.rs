//! One question to one member: a permit, attempts, waits between them, and the reply as read.

use super::attempt::{self, Ended, Limits, Received};
use super::clock::{Clock, Running};
use super::gather::Gatherer;
use super::stop::{Cause, Stop};
use crate::bus::Bus;
use crate::event::{
    Ask, CallKey, Draft, ErrorKind, EventKind, MemberCompleted, MemberRetry, MemberStarted,
    MemberStatus, Message, RejectedReply, RoundRef, RunError, TOKEN_LIMIT, Usage, hex,
};
use crate::provider::{CallError, Provider, Request, Sampling, Stop as StopReason};
use crate::round::{self, Unreadable};
use crate::spec::{Effort, Profile, write_duration};
use crate::tape::{Played, REQUEST_DIFFERS, Tape};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A provider asks for a longer wait than this: the call is given up at once.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// The first wait between attempts; each further one is twice as long, with jitter.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait that is not the provider's own wish.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(30);

/// An open provider and how many calls it takes at a time.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) permits: Arc<Semaphore>,
}

impl Endpoint {
    /// A provider that takes `places` calls at a time.
    pub(super) fn new(provider: Arc<dyn Provider>, places: usize) -> Self {
        let permits = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { provider, permits }
    }
}

/// All that one call needs; owned, so that it can be a task of its own.
pub(super) struct Call {
    pub(super) ask: Ask,
    pub(super) round: RoundRef,
    pub(super) profile: Profile,
    pub(super) endpoint: Endpoint,
    pub(super) seed: u64,
    pub(super) bus: Bus,
    pub(super) stop: Stop,
    pub(super) clock: Clock,
    /// When the run's deadline is.
    pub(super) deadline: Option<Running>,
    /// What is played instead of making the call.
    pub(super) played: Option<Played>,
}

/// What is left to a call between its attempts.
struct Left {
    /// The waits before further attempts; none when they are used up.
    waits: ExponentialBackoff,
    /// What the next attempt sends.
    messages: Vec<Message>,
    /// Whether a reply that cannot be read may be asked for anew.
    may_ask_again: bool,
}

/// What follows on an attempt.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
enum Next {
    /// The call is over.
    End(MemberCompleted),
    /// It is made again, after this long.
    Retry(MemberRetry, Duration),
}

impl Next {
    fn retry(attempt: u32, received: Received, error: RunError, wait: Duration) -> Self {
        let retry = MemberRetry {
            attempt,
            error,
            wait_ms: millis(wait),
            discarded: discarded(received),
        };
        Self::Retry(retry, wait)
    }
}

impl Call {
    /// Looks the call up on the tape: what is found there is played.
    pub(super) fn look_up(&mut self, tape: &Tape) {
        self.played = tape.look(&self.ask.call, &self.request_hash());
    }

    /// Whether a failure is played.
    pub(super) fn plays_a_failure(&self) -> bool {
        let played = self.played.as_ref();
        played.is_some_and(|played| played.done.status.is_missing())
    }

    /// Makes or plays the call, from `member_started` to `member_completed`. With it comes its place
    /// among the provider's calls: as long as that is held, nobody takes it.
    pub(super) async fn make(mut self) -> (MemberCompleted, Option<OwnedSemaphorePermit>) {
        // A call that waits for its turn has not begun, and nobody's time is counted.
        let place = match self.played {
            Some(_) => None,
            None => self.place().await,
        };
        let started = self.clock.now();
        self.post(EventKind::MemberStarted(MemberStarted {
            model: self.profile.model.to_string(),
            messages: self.ask.messages.clone(),
            label_map: self.ask.labels.clone(),
            request_hash: self.request_hash(),
            sub_run_id: None,
        }))
        .await;
        let (done, place) = match self.played.take() {
            Some(played) => (self.play(played).await, None),
            None => self.attempts(started, place).await,
        };
        self.post(EventKind::MemberCompleted(done.clone())).await;
        (done, place)
    }

    async fn play(&self, played: Played) -> MemberCompleted {
        if played.differs {
            let text = "the reply is played back, and was recorded for another request";
            self.notice(REQUEST_DIFFERS, text).await;
        }
        for notice in played.notices {
            self.post(EventKind::Notice(notice)).await;
        }
        played.done
    }

    /// A place among the calls that the provider takes at a time; none where the run ends first.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let permits = Arc::clone(&self.endpoint.permits);
        tokio::select! {
            biased;
            () = self.stop.asked() => None,
            permit = permits.acquire_owned() => permit.ok(),
        }
    }

    async fn attempts(
        &self,
        started: Running,
        mut place: Option<OwnedSemaphorePermit>,
    ) -> (MemberCompleted, Option<OwnedSemaphorePermit>) {
        let mut gatherer = Gatherer::new(&self.bus, self.round.clone(), self.ask.call.clone());
        let mut left = Left {
            waits: waits(self.profile.retries),
            messages: self.ask.messages.clone(),
            may_ask_again: true,
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut received = Received::default();
            if place.is_none() {
                place = self.place().await;
            }
            let ended = match place {
                Some(_) => {
                    self.attempt(attempt, &left.messages, &mut gatherer, &mut received)
                        .await
                }
                None => Ended::Stopped,
            };
            // What comes after the last byte is this program's time, not the model's.
            let read_at = received.read_at.unwrap_or_else(|| self.clock.now());
            received.took = read_at.saturating_sub(started);
            for (code, text) in received.notices.drain(..) {
                self.notice(code, &text).await;
            }
            let next = match ended {
                Ended::Stopped => Next::End(self.stopped(attempt, received)),
                Ended::Whole => self.read(attempt, received, &mut left).await,
                Ended::Failed(fault) => self.give_up_or_wait(attempt, received, fault, &mut left),
            };
            let (retry, wait) = match next {
                Next::End(done) => return (done, place),
                Next::Retry(retry, wait) => (retry, wait),
            };
            drop(place.take());
            self.post(EventKind::MemberRetry(retry)).await;
            tokio::select! {
                biased;
                () = self.stop.asked() => {
                    let took = self.clock.now().saturating_sub(started);
                    let received = Received { took, ..Received::default() };
                    return (self.stopped(attempt, received), None);
                }
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    /// A reply that came whole ends the call; one that cannot be read is asked for anew, once.
    async fn read(&self, attempt: u32, received: Received, left: &mut Left) -> Next {
        let is_cut = received.stop == Some(StopReason::TokenLimit);
        let fault = match round::read(&self.ask, &received.text) {
            Ok(reading) => {
                if is_cut {
                    self.notice(TOKEN_LIMIT, "the reply was cut at its token limit")
                        .await;
                }
                return Next::End(MemberCompleted {
                    status: MemberStatus::Ok,
                    parsed: reading.parsed,
                    ballot: reading.ballot,
                    confidence: reading.confidence,
                    ..completed(attempt, received)
                });
            }
            Err(fault) if is_cut => cut_short(&fault, received.usage.as_ref()),
            Err(fault) => fault,
        };
        let error = self.error(CallError::new(ErrorKind::InvalidOutput, fault.0.clone()));
        if !std::mem::take(&mut left.may_ask_again) {
            return Next::End(failed(attempt, received, error));
        }
        left.messages = round::ask_again(&self.ask, &received.text, &fault);
        Next::retry(attempt, received, error, Duration::ZERO)
    }

    fn give_up_or_wait(
        &self,
        attempt: u32,
        received: Received,
        fault: CallError,
        left: &mut Left,
    ) -> Next {
        match self.wait_after(&fault, &mut left.waits) {
            Ok(wait) => Next::retry(attempt, received, self.error(fault), wait),
            Err(why) => {
                let mut error = self.error(fault);
                error.message.push_str(&why);
                Next::End(failed(attempt, received, error))
            }
        }
    }

    async fn attempt(
        &self,
        attempt: u32,
        messages: &[Message],
        gatherer: &mut Gatherer,
        received: &mut Received,
    ) -> Ended {
        let request = Request {
            call: self.ask.call.clone(),
            attempt,
            model: self.profile.model.model.clone(),
            messages: messages.to_vec(),
            expect: self.ask.expect.clone(),
            sampling: sampling(&self.profile),
            seed: self.seed,
        };
        let limits = Limits {
            timeout: self.profile.timeout,
            idle: self.profile.idle_timeout,
        };
        let provider = &*self.endpoint.provider;
        attempt::make(
            provider,
            request,
            limits,
            &self.clock,
            &self.stop,
            gatherer,
            received,
        )
        .await
    }

    /// How long to wait before the next attempt, or, as words to add, why there is none.
    fn wait_after(
        &self,
        fault: &CallError,
        waits: &mut ExponentialBackoff,
    ) -> Result<Duration, String> {
        if !fault.kind.may_pass() {
            return Err(String::new());
        }
        let Some(own) = waits.next() else {
            return Err(match self.profile.retries {
                0 => String::new(),
                n => format!(" (given up after {} attempts)", n + 1),
            });
        };
        let wait = fault
            .retry_after
            .map_or(own, |asked| asked.max(own.min(FIRST_WAIT)));
        if wait > LONGEST_WAIT {
            return Err(format!(
                " (it asks to wait {}: given up)",
                write_duration(wait)
            ));
        }
        if self
            .deadline
            .is_some_and(|deadline| self.clock.now() + wait >= deadline)
        {
            return Err(format!(
                " (the next attempt, in {}, is past the deadline: given up)",
                write_duration(wait)
            ));
        }
        Ok(wait)
    }

    fn error(&self, fault: CallError) -> RunError {
        RunError {
            kind: fault.kind,
            message: fault.message,
            provider: Some(self.profile.model.provider.clone()),
            model: Some(self.profile.model.model.clone()),
            http_status: fault.http_status,
            url: fault.url,
            member: Some(self.ask.call.member.clone()),
            round: Some(self.round.index),
        }
    }

    fn stopped(&self, attempts: u32, received: Received) -> MemberCompleted {
        let fault = match self.stop.cause() {
            Some(Cause::Deadline) => {
                CallError::new(ErrorKind::Deadline, "the run's deadline passed")
            }
            _ => CallError::new(ErrorKind::Cancelled, "the run ended first"),
        };
        MemberCompleted {
            status: MemberStatus::Cancelled,
            error: Some(self.error(fault)),
            ..completed(attempts, received)
        }
    }

    async fn post(&self, body: EventKind) {
        let (round, call) = (self.round.clone(), self.ask.call.clone());
        self.bus.post(Draft::of_call(round, call, body)).await;
    }

    async fn notice(&self, code: &str, text: &str) {
        let call = &self.ask.call;
        // A result keeps the text alone: it tells of which of the member's calls it speaks.
        let text = format!(
            "{}, {} in round {}: {text}",
            call.member, call.purpose, call.round
        );
        let mut draft = Draft::notice(Some(self.round.clone()), code, text);
        draft.member = Some(call.member.clone());
        draft.call = Some(call.clone());
        self.bus.post(draft).await;
    }

    /// SHA-256 over what decides the reply; no credentials, no times.
    fn request_hash(&self) -> String {
        let sampling = sampling(&self.profile);
        let request = json!({
            "model": self.profile.model.to_string(),
            "messages": self.ask.messages,
            "sampling": {
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "max_output_tokens": sampling.max_output_tokens,
                "effort": sampling.effort.map(Effort::name),
                "stop": sampling.stop,
            },
            "schema": self.ask.expect.schema(),
        });
        hex(Sha256::digest(request.to_string()))
    }
}

/// What is recorded of a call whose task panicked or had to be aborted.
pub(super) fn lost(
    call: &CallKey,
    profile: &Profile,
    status: MemberStatus,
    kind: ErrorKind,
    message: String,
) -> MemberCompleted {
    let error = RunError {
        provider: Some(profile.model.provider.clone()),
        model: Some(profile.model.model.clone()),
        member: Some(call.member.clone()),
        round: Some(call.round),
        ..RunError::new(kind, message)
    };
    MemberCompleted {
        status,
        error: Some(error),
        ..completed(1, Received::default())
    }
}

/// Why a reply that ended at its token limit cannot be used: most often it is no more than half of
/// one.
fn cut_short(fault: &Unreadable, usage: Option<&Usage>) -> Unreadable {
    let tokens = usage.and_then(|usage| usage.output_tokens);
    let limit = tokens.map_or(String::new(), |tokens| format!(" ({tokens} tokens)"));
    Unreadable(format!(
        "it was cut at its token limit{limit}, which `max_output_tokens` sets: {}",
        fault.0
    ))
}

fn completed(attempts: u32, received: Received) -> MemberCompleted {
    MemberCompleted {
        text: Some(received.text).filter(|text| !text.is_empty()),
        usage: received.usage,
        attempts,
        duration_ms: millis(received.took),
        ..MemberCompleted::new(MemberStatus::Ok)
    }
}

fn failed(attempts: u32, received: Received, error: RunError) -> MemberCompleted {
    let status = match error.kind {
        ErrorKind::Timeout => MemberStatus::Timeout,
        ErrorKind::InvalidOutput => MemberStatus::InvalidOutput,
        _ => MemberStatus::Error,
    };
    MemberCompleted {
        status,
        error: Some(error),
        ..completed(attempts, received)
    }
}

fn discarded(received: Received) -> Option<RejectedReply> {
    let there = !received.text.is_empty() || received.usage.is_some();
    there.then_some(RejectedReply {
        text: received.text,
        usage: received.usage,
        cost_usd: None,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn sampling(profile: &Profile) -> Sampling {
    Sampling {
        temperature: profile.temperature,
        top_p: profile.top_p,
        max_output_tokens: profile.max_output_tokens,
        effort: profile.effort,
        stop: profile.stop.clone(),
    }
}

fn waits(retries: u32) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LONGEST_OWN_WAIT)
        .with_max_times(retries as usize)
        .with_jitter()
        .build()
}
