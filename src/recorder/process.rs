//! The task that hosts a recorder: one task, one run, never restarted.
//!
//! Whatever the recorder does, the run goes on, and `handle_finalize` is called exactly once after
//! a successful `init`. Each call runs inside a panic guard and a time limit; a call that hangs is
//! dropped. After an error delivery goes on; after a panic or a hang only finalize follows.

use super::{Finalize, Recorder, RecorderError};
use crate::bus::Delivery;
use crate::event::{Event, Record, RecordState, RunId, RunResult, RunStatus};
use futures::FutureExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Events that wait for the recorder before the bus waits for it.
const QUEUE: usize = 64;

/// A limit is waited for in this many parts, each of which a pause of the whole program
/// (Ctrl-Z, a laptop's sleep) can shorten, so that a pause alone never looks like a hang.
const PARTS: u32 = 20;

/// How often a recorder that is not called is asked whether it fails.
const LOOK: Duration = Duration::from_millis(250);

/// The last call has this long at least: a store that is locked is asked a few times a second
/// whether it is free, and a run is spilled only after that.
const LEAST_FINALIZE: Duration = Duration::from_secs(2);

/// The host of one run's recorder.
pub struct RecorderProcess {
    recorder: Box<dyn Recorder>,
    run_id: RunId,
    grace: Duration,
    /// Ended when something of the run was not kept as it should be.
    failed: CancellationToken,
    /// Set by a panic or a hang: the recorder's state can't be relied on any more.
    broken: bool,
    /// The first event that the recorder did not take.
    lost_from: Option<u64>,
    /// The last event that was delivered.
    last_seq: Option<u64>,
}

/// How a guarded call ended.
enum Call<T> {
    Returned(T),
    Panicked,
    Hung,
}

impl RecorderProcess {
    /// Starts the task and calls `init`. Gives the queue that the bus delivers into. `failed` is
    /// ended at the first error, panic or hang after that, or when the recorder says that it fails.
    /// Each call may take `grace`, the one of `handle_finalize` 2 s at least.
    ///
    /// # Errors
    /// What `init` refused with; a panic or a hang in it is a refusal too.
    pub async fn start(
        recorder: Box<dyn Recorder>,
        run_id: RunId,
        grace: Duration,
        failed: CancellationToken,
    ) -> Result<mpsc::Sender<Delivery>, RecorderError> {
        let (sender, deliveries) = mpsc::channel(QUEUE);
        let (ready, answer) = oneshot::channel();
        let process = Self {
            recorder,
            run_id,
            grace,
            failed,
            broken: false,
            lost_from: None,
            last_seq: None,
        };
        tokio::spawn(process.run(deliveries, ready));
        match answer.await {
            Ok(Ok(())) => Ok(sender),
            Ok(Err(refusal)) => Err(refusal),
            Err(_gone) => Err(RecorderError::Other("the recorder's task died".to_owned())),
        }
    }

    async fn run(
        mut self,
        mut deliveries: mpsc::Receiver<Delivery>,
        mut ready: oneshot::Sender<Result<(), RecorderError>>,
    ) {
        let init = tokio::select! {
            biased;
            init = self.init() => init,
            // Nobody wants the run any more: what is dropped here keeps nothing.
            () = ready.closed() => return,
        };
        let refused = init.is_err();
        let abandoned = ready.send(init).is_err();
        if refused {
            return;
        }
        if abandoned {
            self.finalize(Finalize::Crashed("its start was given up".to_owned()))
                .await;
            return;
        }
        while let Some(delivery) = self.next(&mut deliveries).await {
            match delivery {
                Delivery::Event(event) => self.handle(event).await,
                Delivery::Finalize { result, kept } => {
                    let record = self.finalize(outcome_of(result)).await;
                    let _nobody_waits = kept.send(record);
                    return;
                }
            }
        }
        self.finalize(Finalize::Crashed(
            "the run's own task died without an outcome".to_owned(),
        ))
        .await;
    }

    async fn next(&mut self, deliveries: &mut mpsc::Receiver<Delivery>) -> Option<Delivery> {
        loop {
            if !self.broken && self.asked(|recorder| recorder.is_failing()) {
                self.failed.cancel();
            }
            tokio::select! {
                biased;
                delivery = deliveries.recv() => return delivery,
                () = tokio::time::sleep(LOOK), if !self.failed.is_cancelled() => {}
            }
        }
    }

    fn finalize_grace(&self) -> Duration {
        self.grace.max(LEAST_FINALIZE)
    }

    async fn init(&mut self) -> Result<(), RecorderError> {
        let refused = |what: &str| Err(RecorderError::Other(format!("the recorder {what}")));
        let grace = self.finalize_grace();
        let set = || self.recorder.set_grace(grace);
        if catch_unwind(AssertUnwindSafe(set)).is_err() {
            return refused("panicked when it was started");
        }
        loop {
            match guarded(self.grace, self.recorder.init(&self.run_id)).await {
                Call::Returned(result) => return result,
                Call::Panicked => return refused("panicked when it was started"),
                Call::Hung if self.is_waiting() => {}
                Call::Hung => return refused("did not start in time"),
            }
        }
    }

    fn is_waiting(&mut self) -> bool {
        self.asked(|recorder| recorder.is_waiting_for_room())
    }

    /// What the recorder says of itself; nothing where it panics.
    fn asked(&mut self, question: fn(&dyn Recorder) -> bool) -> bool {
        let recorder = &*self.recorder;
        catch_unwind(AssertUnwindSafe(|| question(recorder))).unwrap_or(false)
    }

    async fn handle(&mut self, event: Arc<Event>) {
        if event.run_id != self.run_id {
            return;
        }
        let seq = event.seq;
        self.last_seq = Some(seq);
        while !self.broken {
            let call = guarded(self.grace, self.recorder.handle_event(Arc::clone(&event))).await;
            match call {
                Call::Returned(Ok(())) => return,
                Call::Returned(Err(_)) => break,
                // Back-pressure: the dropped call has kept nothing, and is made again.
                Call::Hung if self.is_waiting() => {}
                Call::Panicked | Call::Hung => self.broken = true,
            }
        }
        self.lost_from.get_or_insert(seq);
        self.failed.cancel();
    }

    async fn finalize(&mut self, outcome: Finalize) -> Record {
        let grace = self.finalize_grace();
        let call = guarded(grace, self.recorder.handle_finalize(outcome)).await;
        let known = match call {
            Call::Returned(record) => record.ok(),
            Call::Panicked | Call::Hung => self.given_up(),
        };
        match (known, self.lost_from) {
            (Some(record), Some(seq)) if record.state != RecordState::Incomplete => {
                let path = record.path;
                Record {
                    path,
                    ..Record::incomplete(seq)
                }
            }
            (Some(record), _) => record,
            // The terminal event is what finalize keeps; it is the one that is surely missing.
            (None, lost_from) => Record {
                state: RecordState::Incomplete,
                path: None,
                from_seq: lost_from.or(self.last_seq),
            },
        }
    }

    /// What the recorder says of its record after its last call was dropped.
    fn given_up(&mut self) -> Option<Record> {
        let recorder = &mut *self.recorder;
        catch_unwind(AssertUnwindSafe(|| recorder.give_up())).unwrap_or(None)
    }
}

fn outcome_of(result: Box<RunResult>) -> Finalize {
    match result.status {
        RunStatus::Completed => Finalize::Completed(result),
        RunStatus::Cancelled => Finalize::Cancelled(result),
        RunStatus::Crashed => Finalize::Crashed(
            result
                .reason
                .unwrap_or_else(|| "the run died without an outcome".to_owned()),
        ),
        RunStatus::Pending | RunStatus::Running | RunStatus::Failed => Finalize::Failed(result),
    }
}

/// Runs `call` for at most `grace`.
async fn guarded<T>(grace: Duration, call: impl Future<Output = T>) -> Call<T> {
    let limit = async {
        for _ in 0..PARTS {
            tokio::time::sleep(grace / PARTS).await;
        }
    };
    tokio::select! {
        biased;
        done = AssertUnwindSafe(call).catch_unwind() => match done {
            Ok(value) => Call::Returned(value),
            Err(_panic) => Call::Panicked,
        },
        () = limit => Call::Hung,
    }
}
