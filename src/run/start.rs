//! How a run begins: everything is checked and recorded before anything is asked.

use super::call::Endpoint;
use super::clock::Clock;
use super::handle::{LinkedRun, RunHandle, RunState, Shared};
use super::nobody::Nobody;
use super::registry::Registry;
use super::server::RunServer;
use super::stop::{Cause, Stop};
use super::tasks::words;
use crate::bus::{self, Bus, Delivery, Owner, Subscribers, Subscription};
use crate::event::{Attachment, Event, RunId, RunResult};
use crate::provider::{self, Context, MissingKey, OpenError, Provider};
use crate::recorder::{Recorder, RecorderError, RecorderProcess};
use crate::spec::Council;
use crate::tape::{Mode, Tape};
use futures::FutureExt as _;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long a recorder may take over one call before it counts as hung.
pub const RECORD_GRACE: Duration = Duration::from_secs(10);

/// What a run is started with.
pub struct StartOptions {
    /// The council that is asked.
    pub council: Arc<Council>,
    /// The question.
    pub input: String,
    /// The run's id; drawn where nobody sets another.
    pub run_id: RunId,
    /// What every draw follows from; the council's own, else drawn.
    pub seed: u64,
    /// Files that are shown to the members beside the question.
    pub attachments: Vec<Attachment>,
    /// Labels of the caller.
    pub labels: BTreeMap<String, String>,
    /// The run whose member this run is.
    pub parent: Option<RunId>,
    /// The run whose replies this run plays back.
    pub origin: Option<RunId>,
    /// Calls that are played back instead of made. In a replay no provider is opened and no key
    /// is asked for.
    pub tape: Option<Tape>,
    /// How long the run may take; the council's own where nobody sets another.
    pub deadline: Option<Duration>,
    /// Who keeps the run; nobody where absent.
    pub recorder: Option<Box<dyn Recorder>>,
    /// How long the recorder may take over one call; the last one may take 2 s at least.
    pub record_grace: Duration,
    /// Whether the run fails when something of it cannot be recorded where it belongs. What is
    /// found out only when the run has ended changes its record alone.
    pub require_record: bool,
    /// Ends the run as `cancelled` by request when it is cancelled.
    pub cancel_requested: CancellationToken,
    /// What providers get from their surroundings, such as keys.
    pub context: Context,
    /// Providers that stand in for those of the spec, by name.
    pub providers: HashMap<String, Arc<dyn Provider>>,
    subscribers: Subscribers,
    pub(super) stop: Stop,
}

impl StartOptions {
    /// A run of `council` on `input`, without a recorder.
    #[must_use]
    pub fn new(council: Arc<Council>, input: String) -> Self {
        let seed = council.seed.unwrap_or_else(draw_seed);
        Self {
            deadline: council.deadline,
            council,
            input,
            run_id: RunId::draw(),
            seed,
            attachments: Vec::new(),
            labels: BTreeMap::new(),
            parent: None,
            origin: None,
            tape: None,
            recorder: None,
            record_grace: RECORD_GRACE,
            require_record: false,
            cancel_requested: CancellationToken::new(),
            context: Context::of_process(),
            providers: HashMap::new(),
            subscribers: Subscribers::default(),
            stop: Stop::default(),
        }
    }

    /// All events of the run, from the first on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.subscribers.subscribe()
    }
}

/// Why a run was not started. Nothing was asked, and nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is a run of this id already.
    #[error("there is a run `{0}` already")]
    TakenRunId(RunId),
    /// A provider needs a key that is not there.
    #[error(transparent)]
    MissingKey(MissingKey),
    /// A provider can't be used as the spec describes it.
    #[error(transparent)]
    Provider(#[from] OpenError),
    /// The recorder refuses the run.
    #[error("the run cannot be recorded: {0}")]
    RecorderRefused(String),
    /// The run's own task died without telling how.
    #[error("the run was lost: {0}")]
    Lost(String),
    /// The supervisor takes no more runs.
    #[error("the supervisor is stopped and takes no more runs")]
    SupervisorStopped,
}

/// Whether the run could start as far as can be told before anything is recorded: that its
/// providers can be used and their keys are there.
///
/// # Errors
/// [`StartError::MissingKey`] or [`StartError::Provider`].
pub fn check(options: &StartOptions) -> Result<(), StartError> {
    endpoints(options).map(drop)
}

/// Starts a run.
///
/// # Errors
/// See [`StartError`]; the id is free again and nothing was asked.
pub async fn start(
    mut options: StartOptions,
    registry: &Registry,
) -> Result<RunHandle, StartError> {
    let endpoints = endpoints(&options)?;
    let run_id = options.run_id.clone();
    let place = registry
        .reserve(&run_id)
        .ok_or_else(|| StartError::TakenRunId(run_id.clone()))?;
    let unrecorded = CancellationToken::new();
    let keeper = match options.recorder.take() {
        None => None,
        Some(recorder) => Some(keep(recorder, &run_id, options.record_grace, &unrecorded).await?),
    };
    let (publish, result) = watch::channel(None);
    let shared = Arc::new(Shared {
        state: Mutex::new(RunState::pending(
            run_id.clone(),
            options.council.name.clone(),
        )),
        stop: options.stop.clone(),
        subscribers: options.subscribers.clone(),
        result,
        run_id: run_id.clone(),
    });
    let handle = RunHandle(Arc::clone(&shared));
    place.fill(&handle);
    let observe = move |event: &Event| {
        shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .observe(event);
    };
    let (bus, owner, pump) = bus::open(run_id, keeper, options.subscribers, observe);
    let server = RunServer {
        council: options.council,
        input: options.input,
        seed: options.seed,
        attachments: options.attachments,
        labels: options.labels,
        parent: options.parent,
        origin: options.origin,
        deadline: options.deadline,
        tape: options.tape,
        endpoints,
        bus: bus.clone(),
        stop: options.stop,
        clock: Clock::start(),
        cancel_requested: options.cancel_requested,
    };
    let required = options.require_record;
    let unrecorded = required.then(|| (unrecorded, handle.0.stop.clone()));
    tokio::spawn(serve(server, bus, owner));
    tokio::spawn(async move {
        let watch = stop_unrecorded(unrecorded);
        let result: RunResult = tokio::select! {
            biased;
            never = watch => match never {},
            result = pump.run() => result,
        };
        publish.send_replace(Some(Arc::new(result)));
    });
    Ok(handle)
}

/// Starts a run that is cancelled when what this gives is dropped.
///
/// # Errors
/// See [`start`].
pub async fn start_linked(
    options: StartOptions,
    registry: &Registry,
) -> Result<LinkedRun, StartError> {
    start(options, registry).await.map(LinkedRun::new)
}

/// Starts a run and waits for its result.
///
/// # Errors
/// See [`start`]. A run whose own task dies has a result too: it has crashed.
pub async fn run(options: StartOptions) -> Result<Arc<RunResult>, StartError> {
    let handle = start(options, &Registry::default()).await?;
    handle
        .result(None)
        .await
        .map_err(|dead| StartError::Lost(dead.to_string()))
}

/// Has the recorder take the run on; what it is to record is sent to where this leads.
async fn keep(
    recorder: Box<dyn Recorder>,
    run_id: &RunId,
    grace: Duration,
    unrecorded: &CancellationToken,
) -> Result<mpsc::Sender<Delivery>, StartError> {
    let process = RecorderProcess::start(recorder, run_id.clone(), grace, unrecorded.clone());
    process.await.map_err(|refusal| match refusal {
        RecorderError::TakenRunId(run_id) => StartError::TakenRunId(run_id),
        other => StartError::RecorderRefused(other.to_string()),
    })
}

/// Stops a run that must be recorded once it cannot be.
async fn stop_unrecorded(required: Option<(CancellationToken, Stop)>) -> Infallible {
    if let Some((unrecorded, stop)) = required {
        unrecorded.cancelled().await;
        stop.ask(Cause::Unrecorded);
    }
    std::future::pending().await
}

async fn serve(server: RunServer, bus: Bus, owner: Owner) {
    match AssertUnwindSafe(server.run()).catch_unwind().await {
        Ok(end) => bus.end(end).await,
        Err(panic) => owner.dies_of(format!("the RunServer panicked: {}", words(&*panic))),
    }
}

/// A seed that JSON numbers hold exactly: 53 of the random bits of a fresh id.
fn draw_seed() -> u64 {
    let (_, low) = uuid::Uuid::now_v7().as_u64_pair();
    low & ((1 << 53) - 1)
}

fn endpoints(options: &StartOptions) -> Result<HashMap<String, Endpoint>, StartError> {
    let StartOptions {
        council,
        providers,
        context,
        tape,
        ..
    } = options;
    if tape
        .as_ref()
        .is_some_and(|tape| tape.mode() == Mode::Replay)
    {
        let names = council.providers.keys().cloned();
        return Ok(names
            .map(|name| (name, Endpoint::new(Arc::new(Nobody), 1)))
            .collect());
    }
    let of_spec = || {
        council
            .providers
            .values()
            .filter(|spec| !providers.contains_key(&spec.name))
    };
    if let Some(missing) = provider::missing_keys(of_spec(), context)
        .into_iter()
        .next()
    {
        return Err(StartError::MissingKey(missing));
    }
    let mut endpoints = HashMap::new();
    for spec in of_spec() {
        let provider = provider::open(spec, context)?;
        endpoints.insert(
            spec.name.clone(),
            Endpoint::new(provider, spec.max_concurrency),
        );
    }
    for (name, provider) in providers {
        let places = council.providers.get(name).map(|spec| spec.max_concurrency);
        let places = places.unwrap_or(Semaphore::MAX_PERMITS);
        endpoints.insert(name.clone(), Endpoint::new(Arc::clone(provider), places));
    }
    Ok(endpoints)
}
