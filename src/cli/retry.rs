//! `council retry`: a run again, with what failed in it asked again.

use super::Global;
use super::again::{Basis, Recorded};
use super::error::CliError;
use super::execute::{self, Flags};
use super::resume::goes_on;
use crate::tape::Mode;
use crate::ui::Ui;

/// Make a run again and ask again what failed in it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A new run is made. Calls that ended in an error, a timeout or a reply that could not be read are made again; so are those whose prompt a new answer changes. All others are played back. The spec is the one that was recorded; `council run --from RUN SPEC` takes a changed one.

Example:
  council retry latest

Exit codes: as of `council run`, for the new run; 2 where the run still goes on."
)]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let (reader, run_id) = global.find(&args.run)?;
    if !reader.result(&run_id)?.status.is_ended() {
        return Err(goes_on(&run_id));
    }
    args.flags.check_output(ui)?;
    let recorded = Recorded::of_store(&reader, &run_id, &Basis::default())?;
    if !recorded.has_failures() {
        ui.warning(format!(
            "nothing failed in run {run_id}: every reply is played back"
        ));
    }
    execute::make(global, &args.flags, recorded.options(Mode::Retry), None, ui)
}
