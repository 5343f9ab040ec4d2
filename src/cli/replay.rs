//! `council replay`: a run again from its record alone.

use super::Global;
use super::again::{Basis, Recorded, beginning};
use super::error::{CliError, reason};
use super::execute::{self, Flags};
use super::resume::goes_on;
use crate::event::Event;
use crate::store::{Reader, StoreError};
use crate::tape::{self, Mode};
use crate::ui::Ui;
use std::fs;

/// Make a run again from its record alone, without keys or network
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A new run is made of recorded replies. A reply that is not on the tape fails it; nobody is asked.

A FILE is what `--format ndjson` of one run has written. It holds no spec: that comes from the store where it has the run, else from --spec.

Examples:
  council replay latest
  council replay ./run.ndjson --spec ./council.toml

Exit codes: as of `council run`, for the new run; 1 where the tape lacks a reply."
)]
pub(super) struct Args {
    /// A run (its id, the beginning of one, or `latest`), or a FILE (with a `/` or ending in `.ndjson`)
    #[arg(value_name = "RUN | FILE")]
    run: String,
    /// The spec of the run; the recorded one is used without it
    #[arg(long, value_name = "SPEC")]
    spec: Option<String>,
    /// Take the spec also where it is not the one that the run was made with
    #[arg(long, requires = "spec")]
    force: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let basis = Basis {
        spec: args.spec.as_deref(),
        may_differ: args.force,
        ..Basis::default()
    };
    let recorded = if args.run.contains('/') || args.run.ends_with(".ndjson") {
        of_file(global, &args.run, &basis)?
    } else {
        let (reader, run_id) = global.find(&args.run)?;
        if !reader.result(&run_id)?.status.is_ended() {
            return Err(goes_on(&run_id));
        }
        Recorded::of_store(&reader, &run_id, &basis)?
    };
    args.flags.check_output(ui)?;
    execute::make(
        global,
        &args.flags,
        recorded.options(Mode::Replay),
        None,
        ui,
    )
}

fn of_file(global: &Global, path: &str, basis: &Basis<'_>) -> Result<Recorded, CliError> {
    let events = read(path)?;
    if let Some(spec) = basis.spec {
        return Recorded::of_events(events, spec, basis);
    }
    let (run_id, started) = beginning(&events)?;
    let reader = global.reader()?;
    let has = |reader: &Reader| match reader.recipe(run_id) {
        Err(StoreError::UnknownRun(_)) => Ok(false),
        Err(fault) => Err(fault),
        // An id that somebody chose may be that of another run there.
        Ok(recipe) => Ok(recipe.spec_hash == started.spec_hash),
    };
    match reader {
        Some(reader) if has(&reader)? => {
            let recorded = Recorded::of_store(&reader, run_id, basis)?;
            Ok(recorded.with_events(events))
        }
        _ => Err(CliError::usage(format_args!(
            "{path} holds no spec, and the store does not have its run {run_id}"
        ))
        .hint("--spec names the spec that the run was made with")),
    }
}

/// The events of a run that a file holds.
fn read(path: &str) -> Result<Vec<Event>, CliError> {
    let text = fs::read_to_string(path).map_err(|error| {
        CliError::usage(format_args!("{path} cannot be read: {}", reason(&error)))
    })?;
    tape::parse(&text).map_err(|fault| {
        CliError::usage(format_args!("{path} is not the record of a run: {fault}"))
            .hint("`council show RUN --format ndjson > FILE` writes one")
    })
}
