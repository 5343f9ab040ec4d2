//! A stage for runs: members that do as they are told, and a recorder that remembers.

use async_trait::async_trait;
use council::event::{
    CallKey, ErrorKind, Event, MemberStatus, Record, RecordState, RunId, RunResult,
};
use council::provider::{self, CallError, Context, Piece, Pieces, Provider, Request, Stop};
use council::recorder::{Finalize, Recorder, RecorderError};
use council::run::StartOptions;
use council::spec::Council;
use futures::StreamExt as _;
use futures::stream;
use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// What a member does when it is asked.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers as a rehearsal does: whatever is asked for, well.
    Rehearse,
    /// Answers at once.
    Say(&'static str),
    /// Answers after a while.
    After(Duration, &'static str),
    /// Says a piece every so often, then ends.
    Drip { every: Duration, pieces: usize },
    /// Shows signs of life every so often, then answers.
    Ping {
        every: Duration,
        times: usize,
        text: &'static str,
    },
    /// Says something, then nothing for ever.
    Stall(&'static str),
    /// Never says anything.
    Never,
    /// Fails.
    Fail(CallError),
    /// Says a whole reply, and the stream breaks after it.
    BreakAfter(&'static str),
    /// Says something, and the stream just ends.
    EndEarly(&'static str),
    /// Panics.
    Panic(&'static str),
    /// Replies with this many bytes.
    Flood(usize),
    /// Blocks its thread until the lock is free, whatever anybody asks of it.
    Block(Arc<Mutex<()>>),
}

/// What was asked of the members, as the provider saw it.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) sent: Mutex<Vec<(String, u32)>>,
    pub(crate) dropped: Mutex<Vec<String>>,
    now: Mutex<(usize, usize)>,
}

impl Seen {
    pub(crate) fn calls(&self) -> Vec<String> {
        self.sent
            .lock()
            .expect("seen")
            .iter()
            .map(|(call, _)| call.clone())
            .collect()
    }

    pub(crate) fn dropped(&self) -> Vec<String> {
        self.dropped.lock().expect("seen").clone()
    }

    /// The most calls that were open at a time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.now.lock().expect("seen").1
    }
}

struct Open {
    seen: Arc<Seen>,
    call: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.seen
            .dropped
            .lock()
            .expect("seen")
            .push(self.call.clone());
        self.seen.now.lock().expect("seen").0 -= 1;
    }
}

type Script = dyn Fn(&CallKey, u32) -> Act + Send + Sync;

struct Troupe {
    script: Box<Script>,
    rehearsal: Arc<dyn Provider>,
    seen: Arc<Seen>,
}

#[async_trait]
impl Provider for Troupe {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        let call = request.call.to_string();
        self.seen
            .sent
            .lock()
            .expect("seen")
            .push((call.clone(), request.attempt));
        {
            let mut now = self.seen.now.lock().expect("seen");
            now.0 += 1;
            now.1 = now.1.max(now.0);
        }
        let open = Open {
            seen: Arc::clone(&self.seen),
            call,
        };
        let pieces = match (self.script)(&request.call, request.attempt) {
            Act::Rehearse => self.rehearsal.send(request).await?,
            other => act(other).await?,
        };
        Ok(pieces
            .map(move |piece| {
                let _held_while_read = &open;
                piece
            })
            .boxed())
    }
}

async fn act(act: Act) -> Result<Pieces, CallError> {
    let text = |text: &str| Ok(Piece::Text(text.to_owned()));
    let done = || Ok(Piece::Stop(Stop::Done));
    Ok(match act {
        Act::Rehearse => unreachable!("the troupe does it itself"),
        Act::Say(words) => stream::iter([text(words), done()]).boxed(),
        Act::After(wait, words) => {
            sleep(wait).await;
            stream::iter([text(words), done()]).boxed()
        }
        Act::Drip { every, pieces } => stream::iter(0..pieces)
            .then(move |n| async move {
                sleep(every).await;
                Ok(Piece::Text(format!("{n} ")))
            })
            .chain(stream::iter([done()]))
            .boxed(),
        Act::Ping {
            every,
            times,
            text: words,
        } => stream::iter(0..times)
            .then(move |_| async move {
                sleep(every).await;
                Ok(Piece::Alive)
            })
            .chain(stream::iter([text(words), done()]))
            .boxed(),
        Act::Stall(words) => stream::iter([text(words)]).chain(stream::pending()).boxed(),
        Act::Never => pending().await,
        Act::Fail(error) => return Err(error),
        Act::BreakAfter(words) => {
            let broken = CallError::new(ErrorKind::Network, "connection reset");
            stream::iter([text(words), done(), Err(broken)]).boxed()
        }
        Act::EndEarly(words) => stream::iter([text(words)]).boxed(),
        Act::Panic(words) => panic!("{words}"),
        Act::Flood(bytes) => {
            let piece = "x".repeat(1 << 20);
            let pieces = bytes >> 20;
            stream::iter((0..pieces).map(move |_| Ok(Piece::Text(piece.clone()))))
                .chain(stream::iter([done()]))
                .boxed()
        }
        Act::Block(lock) => {
            // Its worker hands on what else it has to do, so that only this task is stuck.
            tokio::task::block_in_place(|| drop(lock.lock()));
            stream::iter([text("free at last"), done()]).boxed()
        }
    })
}

/// A council of members `a`, `b`, … on the stage, with `rest` as further lines of its spec.
pub(crate) fn council(members: usize, head: &str, rest: &str) -> Arc<Council> {
    let mut document = format!("name = \"stage\"\n{head}\n[defaults]\nmodel = \"rehearsal/any\"\n");
    for id in ids(members) {
        document.push_str(&format!("[[member]]\nid = \"{id}\"\n"));
    }
    document.push_str(rest);
    Arc::new(super::super::common::check(&document))
}

pub(crate) fn ids(members: usize) -> Vec<String> {
    (0..members)
        .map(|n| format!("{}", char::from(b'a' + u8::try_from(n).expect("few"))))
        .collect()
}

/// Options that put `council` on the stage.
pub(crate) fn on_stage(
    council: Arc<Council>,
    script: impl Fn(&CallKey, u32) -> Act + Send + Sync + 'static,
) -> (StartOptions, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let mut options = StartOptions::new(Arc::clone(&council), "Which way?".to_owned());
    options.seed = 7;
    let context = Context::isolated(|_| None);
    let rehearsal = provider::open(&council.providers["rehearsal"], &context);
    let troupe = Troupe {
        script: Box::new(script),
        rehearsal: rehearsal.expect("it is built in"),
        seen: Arc::clone(&seen),
    };
    options.providers = HashMap::from([(
        "rehearsal".to_owned(),
        Arc::new(troupe) as Arc<dyn Provider>,
    )]);
    (options, seen)
}

pub(crate) fn fault(kind: ErrorKind) -> CallError {
    CallError::new(kind, format!("the provider says {kind}"))
}

/// What a remembering recorder went through, call by call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<String>>>);

impl Memory {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.lock().expect("memory").push(what.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().expect("memory").clone()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.all()
            .iter()
            .filter(|entry| entry.starts_with(what))
            .count()
    }
}

/// What a recorder does in one of its methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    Fails,
    Panics,
    Hangs,
}

/// A recorder that remembers each call and misbehaves where it is told to.
pub(crate) struct Diary {
    pub(crate) memory: Memory,
    pub(crate) init: Mood,
    /// The mood from this event on.
    pub(crate) event: (u64, Mood),
    pub(crate) finalize: Mood,
    /// From which event on it says that it fails.
    pub(crate) failing_from: Option<u64>,
    pub(crate) is_failing: bool,
    /// How long each event takes.
    pub(crate) slow: Duration,
    /// Whether slowness is said to be back-pressure.
    pub(crate) back_pressure: bool,
    /// When there is room for the event that waits.
    pub(crate) room: Option<Instant>,
}

impl Diary {
    pub(crate) fn new(memory: &Memory) -> Self {
        Self {
            memory: memory.clone(),
            init: Mood::Good,
            event: (0, Mood::Good),
            finalize: Mood::Good,
            failing_from: None,
            is_failing: false,
            slow: Duration::ZERO,
            back_pressure: false,
            room: None,
        }
    }

    async fn behave(mood: Mood) -> Result<(), RecorderError> {
        match mood {
            Mood::Good => Ok(()),
            Mood::Fails => Err(RecorderError::Other("not today".to_owned())),
            Mood::Panics => panic!("the recorder's own bug"),
            Mood::Hangs => pending().await,
        }
    }
}

#[async_trait]
impl Recorder for Diary {
    async fn init(&mut self, run_id: &RunId) -> Result<(), RecorderError> {
        self.memory.add(format!("init {run_id}"));
        Self::behave(self.init).await
    }

    async fn handle_event(&mut self, event: Arc<Event>) -> Result<(), RecorderError> {
        if self.room.is_none() {
            self.memory
                .add(format!("event {} {}", event.seq, event.body.name()));
        }
        // A call that is made again goes on waiting for the same room.
        let room = *self.room.get_or_insert_with(|| Instant::now() + self.slow);
        sleep_until(room).await;
        self.room = None;
        self.is_failing |= self.failing_from.is_some_and(|from| event.seq >= from);
        let (from, mood) = self.event;
        Self::behave(if event.seq >= from { mood } else { Mood::Good }).await
    }

    async fn handle_finalize(&mut self, outcome: Finalize) -> Result<Record, RecorderError> {
        let (name, answers) = match &outcome {
            Finalize::Completed(result) => ("completed", answered(result)),
            Finalize::Failed(result) => ("failed", answered(result)),
            Finalize::Cancelled(result) => ("cancelled", answered(result)),
            Finalize::Crashed(_) => ("crashed", 0),
        };
        self.memory.add(format!("finalize {name} {answers}"));
        Self::behave(self.finalize).await?;
        Ok(Record::of(RecordState::Complete))
    }

    fn is_waiting_for_room(&self) -> bool {
        self.back_pressure
    }

    fn is_failing(&self) -> bool {
        self.is_failing
    }
}

fn answered(result: &RunResult) -> usize {
    result
        .members
        .values()
        .filter(|member| member.answer.is_some())
        .count()
}

/// The status of each member, in order.
pub(crate) fn statuses(result: &RunResult) -> Vec<Option<MemberStatus>> {
    result
        .members
        .values()
        .map(|member| member.status)
        .collect()
}
