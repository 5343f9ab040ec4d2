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
    /// Whether flags had changed its spec, which another one now takes the place of.
    pub(super) was_changed: bool,
}

/// What a recorded run is made again on. By default that is its own council, as recorded.
#[derive(Default)]
pub(super) struct Basis<'a> {
    /// The path or name of a spec to use in place of the one that is recorded.
    pub(super) spec: Option<&'a str>,
    /// What is changed in the spec.
    pub(super) changes: Overrides,
    /// Whether it may be another council than the one that is recorded.
    pub(super) may_differ: bool,
}

impl Recorded {
    /// The run as the store has it.
    pub(super) fn of_store(
        reader: &Reader,
        run_id: &RunId,
        basis: &Basis<'_>,
    ) -> Result<Self, CliError> {
        let recipe = reader.recipe(run_id)?;
        let council = match basis.spec {
            Some(spec) => council_instead(spec, basis, run_id, &recipe.spec_hash)?,
            None => council_of(&recipe, &basis.changes, run_id)?,
        };
        let deadline = recipe.limits.get("deadline_ms").and_then(Value::as_u64);
        let attached = recipe.files.iter();
        let attached = attached.filter_map(|(name, content)| Attachment::of_stored(name, content));
        Ok(Self {
            council: Arc::new(council),
            run_id: run_id.clone(),
            events: reader.events(run_id)?,
            // Asked only where another spec takes its place: it checks the recorded one anew.
            was_changed: basis.spec.is_some()
                && spec::was_changed(&recipe.spec, &recipe.resolved, &recipe.files),
            attachments: attached.collect(),
            input: recipe.input,
            labels: recipe.labels,
            seed: recipe.seed,
            deadline: deadline.map(Duration::from_millis),
        })
    }

    /// The run whose events are `events`, on the council of `spec`.
    pub(super) fn of_events(
        events: Vec<Event>,
        spec: &str,
        basis: &Basis<'_>,
    ) -> Result<Self, CliError> {
        let (run_id, started) = beginning(&events)?;
        let (run_id, started) = (run_id.clone(), started.clone());
        let council = council_instead(spec, basis, &run_id, &started.spec_hash)?;
        Ok(Self {
            deadline: council.deadline,
            council: Arc::new(council),
            run_id,
            events,
            was_changed: false,
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

    /// Whether a call ended without a usable reply.
    pub(super) fn has_failures(&self) -> bool {
        self.events.iter().any(
            |event| matches!(&event.body, EventKind::MemberCompleted(done) if done.error.is_some()),
        )
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

/// The council that the run was made with, from what its row keeps, with `changes`.
fn council_of(recipe: &Recipe, changes: &Overrides, run_id: &RunId) -> Result<Council, CliError> {
    let name = format!("the spec of run {run_id}");
    let made = spec::reload(&name, &recipe.resolved, &recipe.files, changes);
    let mut council = made.map_err(|fault| {
        let error = CliError::from(fault);
        if *changes == Overrides::default() {
            error.hint("another version of council may have recorded it")
        } else {
            error
        }
    })?;
    council.source.bytes.clone_from(&recipe.spec);
    Ok(council)
}

fn council_instead(
    spec: &str,
    basis: &Basis<'_>,
    run_id: &RunId,
    hash: &str,
) -> Result<Council, CliError> {
    let council = spec::load(spec, &basis.changes)?;
    if council.source.hash != hash && !basis.may_differ {
        return Err(CliError::usage(format_args!(
            "{spec} is not the spec of run {run_id}: their hashes differ"
        ))
        .hint("--force takes it all the same"));
    }
    Ok(council)
}
