//! `council watch`: a run of another process, shown as it goes on.

use super::Global;
use super::error::CliError;
use super::execute::{self, ProgressArg};
use super::signals::Signals;
use super::{exit, show};
use crate::display::{Display, Wishes, closing, mode};
use crate::event::{Event, RunId};
use crate::report::Format;
use crate::run::Signal;
use crate::store::Reader;
use crate::ui::Ui;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
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
    let mut display = Display::start(mode, ui);
    let runtime = execute::runtime()?;
    let stopped = runtime.block_on(async {
        let mut signals = Signals::listen()
            .map_err(|error| CliError::bug(format_args!("signals cannot be received: {error}")))?;
        tokio::select! {
            biased;
            signal = signals.next() => Ok(Followed::Until(signal)),
            followed = follow(reader, &run_id, &mut display) => followed.map(|reader| Followed::ToItsEnd(Box::new(reader))),
        }
    });
    let limits = display.finish();
    // A look that waits for the store's lock must not hold up the end.
    runtime.shutdown_background();
    let reader = match stopped? {
        Followed::ToItsEnd(reader) => reader,
        Followed::Until(signal) => {
            if mode.closing {
                ui.text(format!(
                    "run {run_id} goes on; `council cancel {run_id}` ends it"
                ));
            }
            return Ok(exit::of_signal(signal));
        }
    };
    let result = reader.result(&run_id)?;
    show::print(ui, Format::Text, &result, &[], false);
    let delivery = ui.deliver();
    if mode.closing {
        limits.into_iter().for_each(|line| ui.line(line));
        ui.line(closing(&result, ui.columns()));
    }
    Ok(if delivery.failed.is_some() {
        exit::FAILED
    } else {
        exit::OK
    })
}

/// How the watching ended.
enum Followed {
    /// With the run; the store is as it was.
    ToItsEnd(Box<Reader>),
    /// With a signal.
    Until(Signal),
}

/// Hands the events of a run to `display` as they are recorded, until it has ended. The store is
/// looked at beside the signals: a look may wait for a lock.
async fn follow(
    mut reader: Reader,
    run_id: &RunId,
    display: &mut Display,
) -> Result<Reader, CliError> {
    let mut seen = 0;
    loop {
        let run_id = run_id.clone();
        let look = spawn_blocking(move || (reader.since(&run_id, seen), reader)).await;
        let (news, again) = look.map_err(CliError::bug)?;
        reader = again;
        let news = news?;
        for body in &news.bodies {
            let event: Event = serde_json::from_str(body).map_err(|error| {
                CliError::usage(format_args!(
                    "event {seen} of the run cannot be read: {error}"
                ))
            })?;
            display.event(Arc::new(event));
            seen += 1;
        }
        if news.over {
            return Ok(reader);
        }
        sleep(LOOK).await;
    }
}
