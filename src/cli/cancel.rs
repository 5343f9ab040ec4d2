//! `council cancel`: ends runs of other processes, by a word in the store.

use super::Global;
use super::error::CliError;
use super::exit;
use crate::ui::Ui;

/// End a run that goes on in another process
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The run ends as `cancelled` within a moment, and keeps what has come.

Examples:
  council cancel latest
  council cancel --all"
)]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(
        value_name = "RUN",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    run: Option<String>,
    /// All runs that go on
    #[arg(long)]
    all: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let Some(run) = &args.run else {
        return all(global, ui);
    };
    let (reader, run_id) = global.find(run)?;
    let status = reader.result(&run_id)?.status;
    if !status.is_ended() && reader.request_cancel(&run_id)? {
        ui.text(format!("asked run {run_id} to end"));
        return Ok(exit::OK);
    }
    let status = reader.result(&run_id)?.status;
    Err(CliError::failed(format_args!(
        "run {run_id} has ended already: it is {status}"
    )))
}

fn all(global: &Global, ui: &Ui) -> Result<u8, CliError> {
    let mut asked = 0;
    if let Some(reader) = global.reader()? {
        for summary in reader.summaries(usize::MAX, true)? {
            if !summary.status.is_ended() && reader.request_cancel(&summary.run_id)? {
                ui.text(format!("asked run {} to end", summary.run_id));
                asked += 1;
            }
        }
    }
    if asked == 0 && !global.quiet {
        ui.text("no run goes on");
    }
    Ok(exit::OK)
}
