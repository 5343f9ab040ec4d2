//! `council resume`: a run that did not come to its end, taken up where it stopped.

use super::Global;
use super::again::{Basis, Recorded};
use super::error::CliError;
use super::execute::{self, Flags};
use crate::event::{RunId, RunStatus};
use crate::tape::Tape;
use crate::ui::Ui;

/// Take up a run that crashed, failed or was cancelled
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A new run is made, and nothing that is recorded is paid for again: every call that ended is played back, failed ones too, and only the others are made: `council retry` asks again what failed. The deadline starts anew.

Examples:
  council resume latest
  council resume 0198 ./changed.toml --force

Exit codes: as of `council run`, for the new run; 2 where there is nothing to resume."
)]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// The spec of the run; the recorded one is used without it
    #[arg(value_name = "SPEC")]
    spec: Option<String>,
    /// Take SPEC also where it is not the spec that the run was made with
    #[arg(long, requires = "spec")]
    force: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let (reader, run_id) = global.find(&args.run)?;
    match reader.result(&run_id)?.status {
        RunStatus::Crashed | RunStatus::Cancelled | RunStatus::Failed => {}
        RunStatus::Completed => {
            return Err(CliError::usage(format_args!(
                "run {run_id} is completed: there is nothing to resume"
            ))
            .hint(format!(
                "`council run --from {run_id} --set …` makes it again with a change, `council retry {run_id}` asks again what failed in it"
            )));
        }
        RunStatus::Pending | RunStatus::Running => return Err(goes_on(&run_id)),
    }
    args.flags.check_output(ui)?;
    let basis = Basis {
        spec: args.spec.as_deref(),
        may_differ: args.force,
        ..Basis::default()
    };
    let recorded = Recorded::of_store(&reader, &run_id, &basis)?;
    let options = recorded.to_resume()?;
    let plays_failures = options.tape.as_ref().is_some_and(Tape::has_failures);
    if plays_failures && !global.quiet {
        ui.hint(format!(
            "what failed in it is played back too; `council retry {run_id}` asks that again"
        ));
    }
    execute::make(global, &args.flags, options, None, ui)
}

/// What is said of a run that has not ended.
pub(super) fn goes_on(run_id: &RunId) -> CliError {
    CliError::usage(format_args!("run {run_id} still goes on"))
        .hint(format!("`council watch {run_id}` shows how"))
}
