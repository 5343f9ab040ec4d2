//! `council events`: the events of a run as they were written, one a line.

use super::Global;
use super::error::CliError;
use super::exit;
use crate::ui::Ui;
use std::thread::sleep;
use std::time::Duration;

/// How often a run that goes on is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Print the events of a run, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council events latest | jq -c 'select(.kind == \"notice\") | .data'
  council events latest --follow")]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// Go on until the run has ended
    #[arg(long)]
    follow: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let (reader, run_id) = global.find(&args.run)?;
    if !args.follow {
        for body in reader.bodies(&run_id)? {
            ui.data(&format!("{body}\n"));
        }
        return Ok(exit::OK);
    }
    ui.detach();
    let mut seen = 0;
    loop {
        let news = reader.since(&run_id, seen)?;
        for body in &news.bodies {
            ui.data(&format!("{body}\n"));
        }
        seen += news.bodies.len() as u64;
        if news.over || ui.data_is_closed() {
            return Ok(exit::OK);
        }
        sleep(LOOK);
    }
}
