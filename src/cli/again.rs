//! A recorded run, to be made again with its tape.

use super::error::CliError;
use super::execute;
use crate::event::{Attachment, ErrorKind, Event, EventKind, RunError, RunId, RunStarted};
use crate::run::{self, StartError, StartOptions};
use crate::spec::{self, Council, Overrides};
use crate::store::{Reader, Recipe};
use crate::tape::{Mode, Tape};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A recorded run: what it was made of, and what came of it.
pub(super) struct Recorded {
    council: Arc<Council>,
    run_id: RunId,
    events: Vec<Event>,
    input: String,
    attachments: Vec<Attachment>,
    labels: BTreeMap<String, String>,
    seed: u64,
    deadline: Option<Duration>,
}

/// A spec to use in place of the one that is recorded.
pub(super) struct Instead<'a> {
    /// Its path or name.
    pub(super) spec: &'a str,
    /// Whether it may be another one.
    pub(super) force: bool,
}

impl Recorded {
    /// The run as the store has it, on its own council or the one `instead`.
    pub(super) fn of_store(
        reader: &Reader,
        run_id: &RunId,
        instead: Option<&Instead<'_>>,
    ) -> Result<Self, CliError> {
        let recipe = reader.recipe(run_id)?;
        let council = match instead {
            Some(instead) => council_instead(instead, run_id, &recipe.spec_hash)?,
            None => council_of(&recipe, run_id)?,
        };
        let deadline = recipe.limits.get("deadline_ms").and_then(Value::as_u64);
        let attached = recipe.files.iter();
        let attached = attached.filter_map(|(name, content)| Attachment::of_stored(name, content));
        Ok(Self {
            council: Arc::new(council),
            run_id: run_id.clone(),
            events: reader.events(run_id)?,
            attachments: attached.collect(),
            input: recipe.input,
            labels: recipe.labels,
            seed: recipe.seed,
            deadline: deadline.map(Duration::from_millis),
        })
    }

    /// The run whose events are `events`, on the council `instead`.
    pub(super) fn of_events(events: Vec<Event>, instead: &Instead<'_>) -> Result<Self, CliError> {
        let (run_id, started) = beginning(&events)?;
        let (run_id, started) = (run_id.clone(), started.clone());
        let council = council_instead(instead, &run_id, &started.spec_hash)?;
        Ok(Self {
            deadline: council.deadline,
            council: Arc::new(council),
            run_id,
            events,
            input: started.input,
            // Events name attachments and do not hold them; a replay shows them to nobody.
            attachments: Vec::new(),
            labels: started.labels,
            seed: started.seed,
        })
    }

    /// The same run with other events of it.
    pub(super) fn with_events(self, events: Vec<Event>) -> Self {
        Self { events, ..self }
    }

    /// A new run that plays what `mode` says.
    pub(super) fn options(&self, mode: Mode) -> StartOptions {
        let tape = Tape::of(mode, &self.events);
        let mut options = StartOptions::new(Arc::clone(&self.council), self.input.clone());
        options.labels = self.labels.clone();
        options.attachments = self.attachments.clone();
        options.seed = self.seed;
        options.deadline = self.deadline;
        options.origin = Some(self.run_id.clone());
        options.tape = Some(tape);
        options
    }

    /// As [`Self::options`] of a resume. A run whose calls are all recorded just ends: where a key
    /// is missing that nobody would be asked with, it is not asked for either.
    pub(super) fn to_resume(&self) -> Result<StartOptions, CliError> {
        let options = self.options(Mode::Resume);
        if let Err(StartError::MissingKey(_)) = run::check(&options)
            && self.is_whole()?
        {
            return Ok(self.options(Mode::Replay));
        }
        Ok(options)
    }

    /// Whether the tape holds every reply that the run comes to want: found by playing it.
    fn is_whole(&self) -> Result<bool, CliError> {
        let mut options = self.options(Mode::Replay);
        options.deadline = None;
        let result = execute::runtime()?.block_on(run::run(options))?;
        // An error of a call names its provider; this one is the run's own.
        let is_miss =
            |error: &RunError| error.kind == ErrorKind::NotFound && error.provider.is_none();
        Ok(!result.errors.first().is_some_and(is_miss))
    }
}

/// The run that `events` are of, and how it began.
pub(super) fn beginning(events: &[Event]) -> Result<(&RunId, &RunStarted), CliError> {
    match events.first().map(|event| (&event.run_id, &event.body)) {
        Some((run_id, EventKind::RunStarted(started))) => Ok((run_id, started)),
        _ => Err(CliError::usage(
            "the run has not begun: nothing can be played",
        )),
    }
}

/// The council that the run was made with, from what its row keeps; no file is read.
fn council_of(recipe: &Recipe, run_id: &RunId) -> Result<Council, CliError> {
    let made = Council::from_resolved(&recipe.resolved, &recipe.files);
    let mut council = made.map_err(|faults| {
        let first = faults.0.first().map(|fault| fault.message.clone());
        CliError::usage(format_args!(
            "the council of run {run_id} cannot be made again: {}",
            first.unwrap_or_default()
        ))
        .hint("another version of council may have recorded it")
    })?;
    council.source.bytes.clone_from(&recipe.spec);
    Ok(council)
}

fn council_instead(instead: &Instead<'_>, run_id: &RunId, hash: &str) -> Result<Council, CliError> {
    let council = spec::load(instead.spec, &Overrides::default())?;
    if council.source.hash != hash && !instead.force {
        return Err(CliError::usage(format_args!(
            "{} is not the spec of run {run_id}: their hashes differ",
            instead.spec
        ))
        .hint("--force takes it all the same"));
    }
    Ok(council)
}
