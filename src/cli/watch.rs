//! `council watch`: a run of another process, shown as it goes on.

use super::Global;
use super::error::CliError;
use super::execute::{self, ProgressArg};
use super::signals::Signals;
use super::{exit, show};
use crate::display::{Display, Wishes, closing, mode};
use crate::event::{Event, RunId};
use crate::report::Format;
use crate::store::Reader;
use crate::ui::Ui;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often the store is looked at: about as often as a screen is drawn.
const LOOK: Duration = Duration::from_millis(50);

/// Watch a run that goes on in another process
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It shows what the run's own terminal shows, from the first event on, and at the end the answer. Ctrl-C ends the watching, not the run: `council cancel` does that.

Examples:
  council watch latest
  council watch 0198 --progress plain

Exit code 0: the run has ended and was printed, however it ended."
)]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// How progress is shown on standard error
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressArg,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let (reader, run_id) = global.find(&args.run)?;
    ui.detach();
    let wishes = Wishes {
        progress: args.progress.into(),
        quiet: global.quiet,
        verbosity: global.verbose,
        format: Format::Text,
    };
    let mode = mode::decide(&wishes, ui.streams());
    let display = Display::start(mode, ui);
    let runtime = execute::runtime()?;
    let stopped = runtime.block_on(async {
        let mut signals = Signals::listen()
            .map_err(|error| CliError::bug(format_args!("signals cannot be received: {error}")))?;
        tokio::select! {
            biased;
            signal = signals.next() => Ok(Some(signal)),
            followed = follow(&reader, &run_id, &display) => followed.map(|()| None),
        }
    });
    display.finish();
    if let Some(signal) = stopped? {
        if mode.closing {
            ui.text(format!(
                "run {run_id} goes on; `council cancel {run_id}` ends it"
            ));
        }
        return Ok(exit::of_signal(signal));
    }
    let result = reader.result(&run_id)?;
    show::print(ui, Format::Text, &result, false);
    let delivery = ui.deliver();
    if mode.closing {
        ui.line(closing(&result, ui.columns()));
    }
    Ok(if delivery.failed.is_some() {
        exit::FAILED
    } else {
        exit::OK
    })
}

/// Hands the events of a run to `display` as they are recorded, until it has ended.
async fn follow(reader: &Reader, run_id: &RunId, display: &Display) -> Result<(), CliError> {
    let mut seen = 0;
    loop {
        let news = reader.since(run_id, seen)?;
        for body in &news.bodies {
            let event: Event = serde_json::from_str(body).map_err(|error| {
                CliError::usage(format_args!(
                    "event {seen} of run {run_id} cannot be read: {error}"
                ))
            })?;
            display.event(Arc::new(event));
            seen += 1;
        }
        if news.over {
            return Ok(());
        }
        sleep(LOOK).await;
    }
}
