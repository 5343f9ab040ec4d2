//! The one place where order is made: every event of a run passes one inbox, gets its `seq` and
//! its time there, and goes to every subscriber in that order.
//!
//! The bus guarantees the end. It writes exactly one terminal event, last: the one its owner asked
//! for with [`Bus::end`], or, when the owner is gone without having asked, a `run_failed` with
//! status `crashed`. The keeper (a recorder) gets that event first and has kept it, or given up,
//! before anybody else sees it: who sees a terminal event can read the run back.

use crate::event::{
    At, Draft, End, ErrorKind, Event, Fold, Record, RecordState, RunError, RunId, RunResult,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard, PollSender};

/// Events that may wait in the inbox before those who send them wait too.
const INBOX: usize = 256;

/// What the bus hands to the keeper of a run.
#[derive(Debug)]
pub enum Delivery {
    /// The next event.
    Event(Arc<Event>),
    /// The run is over; nothing follows.
    Finalize {
        /// The whole result; its `record` is for the keeper to say.
        result: Box<RunResult>,
        /// Where the keeper says what it has kept.
        kept: oneshot::Sender<Record>,
    },
}

/// A subscriber's events, in order, without a gap; ends after the terminal event.
pub type Subscription = mpsc::UnboundedReceiver<Arc<Event>>;

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every post is a draft")]
enum Post {
    Draft(Draft),
    End(End),
}

/// Sends events into a run's inbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    inbox: mpsc::Sender<Post>,
}

impl Bus {
    /// Sends `draft`, waiting for room. After the end it is dropped in silence.
    pub async fn post(&self, draft: Draft) {
        let _closed = self.inbox.send(Post::Draft(draft)).await;
    }

    /// Asks for the end of the run; what is sent after this is dropped.
    pub async fn end(&self, end: End) {
        let _closed = self.inbox.send(Post::End(end)).await;
    }

    /// A sender that keeps its place in the queue while it does something else.
    #[must_use]
    pub fn patient(&self) -> PatientSender {
        PatientSender(PollSender::new(self.inbox.clone()))
    }
}

/// Sends events without ever making its owner wait: see [`PatientSender::ready`].
#[derive(Debug)]
pub struct PatientSender(PollSender<Post>);

impl PatientSender {
    /// Waits for room. Dropping the future keeps the place in the queue for the next call.
    pub async fn ready(&mut self) {
        let _closed = futures::future::poll_fn(|cx| self.0.poll_reserve(cx)).await;
    }

    /// Sends `draft` into the room that [`Self::ready`] has found.
    pub fn send(&mut self, draft: Draft) {
        let _closed = self.0.send_item(Post::Draft(draft));
    }
}

/// Held by whoever must end the run: when it is dropped without an end, the run has crashed.
#[derive(Debug)]
pub struct Owner {
    last_words: Arc<Mutex<Option<String>>>,
    _gone: DropGuard,
}

impl Owner {
    /// Says why the owner dies, for the record.
    pub fn dies_of(&self, reason: String) {
        *lock(&self.last_words) = Some(reason);
    }
}

/// Those who watch a run. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Subscribers(Arc<Mutex<Audience>>);

#[derive(Debug, Default)]
struct Audience {
    ended: bool,
    senders: Vec<mpsc::UnboundedSender<Arc<Event>>>,
}

impl Subscribers {
    /// All events from now on: lossless and unbounded. After the end it gives nothing.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        let (sender, events) = mpsc::unbounded_channel();
        let mut audience = lock(&self.0);
        if !audience.ended {
            audience.senders.push(sender);
        }
        events
    }

    fn publish(&self, event: &Arc<Event>) {
        lock(&self.0)
            .senders
            .retain(|sender| sender.send(Arc::clone(event)).is_ok());
    }

    fn close(&self) {
        let mut audience = lock(&self.0);
        audience.ended = true;
        audience.senders.clear();
    }
}

/// The task that makes the order.
pub struct Pump<F> {
    inbox: mpsc::Receiver<Post>,
    owner_gone: CancellationToken,
    last_words: Arc<Mutex<Option<String>>>,
    keeper: Option<mpsc::Sender<Delivery>>,
    /// The first event that the keeper did not take.
    lost_from: Option<u64>,
    subscribers: Subscribers,
    observe: F,
    run_id: RunId,
    fold: Fold,
    /// The wall clock.
    now: fn() -> At,
}

/// Opens the bus of one run. `observe` sees each event as soon as it has its place; it must be quick.
pub fn open<F: FnMut(&Event)>(
    run_id: RunId,
    keeper: Option<mpsc::Sender<Delivery>>,
    subscribers: Subscribers,
    observe: F,
) -> (Bus, Owner, Pump<F>) {
    let (sender, inbox) = mpsc::channel(INBOX);
    let owner_gone = CancellationToken::new();
    let last_words = Arc::new(Mutex::new(None));
    let owner = Owner {
        last_words: Arc::clone(&last_words),
        _gone: owner_gone.clone().drop_guard(),
    };
    let fold = Fold::new(run_id.clone());
    let pump = Pump {
        inbox,
        owner_gone,
        last_words,
        keeper,
        lost_from: None,
        subscribers,
        observe,
        run_id,
        fold,
        now: At::now,
    };
    (Bus { inbox: sender }, owner, pump)
}

impl<F: FnMut(&Event)> Pump<F> {
    /// Carries events until the end of the run, and gives its result.
    pub async fn run(mut self) -> RunResult {
        let end = loop {
            match self.next().await {
                Some(Post::Draft(draft)) => self.pass_on(draft).await,
                Some(Post::End(end)) => break end,
                None => break self.crash(),
            }
        };
        self.inbox.close();
        self.conclude(&end).await
    }

    /// The next post; none when nobody is left who could send an end.
    async fn next(&mut self) -> Option<Post> {
        tokio::select! {
            biased;
            post = self.inbox.recv() => post,
            // What the owner sent before it went has its place already: the inbox was empty.
            () = self.owner_gone.cancelled() => None,
        }
    }

    async fn pass_on(&mut self, draft: Draft) {
        let event = self.stamp(draft);
        self.keep(&event).await;
        self.subscribers.publish(&event);
    }

    async fn conclude(mut self, end: &End) -> RunResult {
        let draft = self.fold.conclude(end);
        let event = self.stamp(draft);
        self.keep(&event).await;
        let mut result = self.fold.result();
        result.record = self.finalize(&result).await;
        self.subscribers.publish(&event);
        self.subscribers.close();
        result
    }

    fn stamp(&mut self, draft: Draft) -> Arc<Event> {
        // The wall clock may be set back while a run goes on; the record's order may not.
        let at = self
            .fold
            .last_at()
            .map_or_else(self.now, |last| (self.now)().max(last));
        let event = draft.stamp(self.run_id.clone(), self.fold.next_seq(), at);
        self.fold.apply(&event);
        (self.observe)(&event);
        Arc::new(event)
    }

    async fn keep(&mut self, event: &Arc<Event>) {
        let Some(keeper) = &self.keeper else { return };
        if keeper
            .send(Delivery::Event(Arc::clone(event)))
            .await
            .is_err()
        {
            self.lost_from.get_or_insert(event.seq);
        }
    }

    async fn finalize(&mut self, result: &RunResult) -> Record {
        let Some(keeper) = self.keeper.take() else {
            return Record::of(RecordState::Off);
        };
        let lost_from = self.lost_from.unwrap_or_else(|| self.fold.next_seq() - 1);
        let (kept, answer) = oneshot::channel();
        let finalize = Delivery::Finalize {
            result: Box::new(result.clone()),
            kept,
        };
        if keeper.send(finalize).await.is_err() {
            return Record::incomplete(lost_from);
        }
        answer
            .await
            .unwrap_or_else(|_gone| Record::incomplete(lost_from))
    }

    fn crash(&self) -> End {
        let reason = lock(&self.last_words)
            .take()
            .unwrap_or_else(|| "the run's own task died without an outcome".to_owned());
        let error = RunError::new(ErrorKind::Internal, reason.clone());
        End::Crashed {
            reason,
            error: Some(error),
        }
    }
}

/// A panic while the lock was held leaves plain data behind, whole enough to go on with.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RunStatus;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn id() -> RunId {
        "r".parse().expect("a run id")
    }

    fn notice(text: &str) -> Draft {
        Draft::notice(None, "test", text)
    }

    async fn seen(mut events: Subscription) -> Vec<(u64, &'static str)> {
        let mut seen = Vec::new();
        while let Some(event) = events.recv().await {
            let mut names = crate::event::EventKind::NAMES.iter();
            let name = names.find(|name| **name == event.body.name());
            seen.push((event.seq, *name.expect("a known kind")));
        }
        seen
    }

    #[tokio::test]
    async fn events_are_numbered_without_gaps_and_end_once() {
        let subscribers = Subscribers::default();
        let events = subscribers.subscribe();
        let (bus, _owner, pump) = open(id(), None, subscribers.clone(), |_| {});
        bus.post(notice("one")).await;
        bus.post(notice("two")).await;
        bus.end(End::Cancelled {
            reason: "enough".into(),
        })
        .await;
        bus.post(notice("too late")).await;
        let result = pump.run().await;
        assert_eq!(result.status, RunStatus::Cancelled);
        assert_eq!(result.record.state, RecordState::Off);
        assert_eq!(
            seen(events).await,
            [(0, "notice"), (1, "notice"), (2, "run_failed")]
        );
        assert_eq!(
            seen(subscribers.subscribe()).await,
            [],
            "after the end there is nothing"
        );
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_never_sets_the_record_back() {
        /// An hour earlier each time it is asked.
        fn backwards() -> At {
            static HOURS: AtomicI64 = AtomicI64::new(500_000);
            let hours = HOURS.fetch_sub(1, Ordering::Relaxed);
            let time = jiff::Timestamp::from_second(hours * 3_600);
            At::from_timestamp(time.expect("a time"))
        }
        let subscribers = Subscribers::default();
        let mut events = subscribers.subscribe();
        let (bus, _owner, mut pump) = open(id(), None, subscribers, |_| {});
        pump.now = backwards;
        for text in ["one", "two", "three"] {
            bus.post(notice(text)).await;
        }
        bus.end(End::Completed).await;
        let result = pump.run().await;
        let first = events.recv().await.expect("the first").at;
        while let Some(event) = events.recv().await {
            assert_eq!(
                event.at, first,
                "it stands still until the clock is there again"
            );
        }
        assert_eq!(result.ended_at, Some(first));
    }

    #[tokio::test]
    async fn an_owner_that_goes_without_an_end_leaves_a_crash() {
        let (bus, owner, pump) = open(id(), None, Subscribers::default(), |_| {});
        bus.post(notice("sent before the owner went")).await;
        owner.dies_of("it panicked".into());
        drop(owner);
        // `bus` lives on: whoever still holds a sender can't keep the run open.
        let result = pump.run().await;
        assert_eq!(result.status, RunStatus::Crashed);
        assert_eq!(result.reason.as_deref(), Some("it panicked"));
        assert_eq!(result.errors[0].kind, ErrorKind::Internal);
        assert_eq!(result.notices.len(), 1);
    }

    #[tokio::test]
    async fn nobody_sees_the_terminal_event_before_it_is_kept() {
        let subscribers = Subscribers::default();
        let mut events = subscribers.subscribe();
        let (keeper, mut deliveries) = mpsc::channel(1);
        let (bus, _owner, pump) = open(id(), Some(keeper), subscribers, |_| {});
        bus.end(End::Completed).await;
        let pump = tokio::spawn(pump.run());
        let terminal = deliveries.recv().await.expect("the terminal event");
        assert!(matches!(terminal, Delivery::Event(event) if event.is_terminal()));
        let Some(Delivery::Finalize { result, kept }) = deliveries.recv().await else {
            panic!("finalize follows the terminal event");
        };
        assert_eq!(result.status, RunStatus::Completed);
        assert!(events.try_recv().is_err(), "not kept yet");
        kept.send(Record::of(RecordState::Complete))
            .expect("the bus waits");
        assert!(events.recv().await.is_some_and(|event| event.is_terminal()));
        assert_eq!(
            pump.await.expect("no panic").record.state,
            RecordState::Complete
        );
    }

    #[tokio::test]
    async fn a_keeper_that_is_gone_makes_the_record_incomplete() {
        let (keeper, deliveries) = mpsc::channel(1);
        drop(deliveries);
        let (bus, _owner, pump) = open(id(), Some(keeper), Subscribers::default(), |_| {});
        bus.post(notice("nobody keeps this")).await;
        bus.end(End::Completed).await;
        assert_eq!(pump.run().await.record, Record::incomplete(0));
    }
}
