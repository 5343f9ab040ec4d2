//! What all commands share that make a run: their flags, and the way from its options to the end.

use super::Global;
use super::error::{CliError, reason};
use super::exit;
use super::signals::{self, Signals};
use crate::bus::Subscription;
use crate::display::{Display, Mode, Progress, Typed, Wishes, closing, lacking, mode, next_steps};
use crate::event::{RecordState, RunId, RunResult};
use crate::provider::WireTap;
use crate::recorder::SqliteRecorder;
use crate::report::{Format, Page, json, page, terminal};
use crate::run::{RunHandle, StartOptions, Supervisor};
use crate::spec::{Council, OnPartial, parse_duration};
use crate::store::{NewRun, Writer};
use crate::ui::{Line, NARROWEST, Streams, Tone, Ui};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// How a run is named, limited, shown and kept.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// The run's own id instead of a drawn one
    #[arg(long, value_name = "ID")]
    run_id: Option<RunId>,
    /// What is printed on standard output
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// Write to FILE what standard output would get, whole or not at all; a run without an answer
    /// leaves it empty
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How progress is shown on standard error
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressArg,
    /// Fail the run when it takes longer, such as 90s or 10m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    deadline: Option<Duration>,
    /// What a degraded run exits with: 3 (report), 0 (accept) or 1 (fail)
    #[arg(long, value_enum, value_name = "WHAT")]
    on_partial: Option<OnPartialArg>,
    /// Fail the run when it cannot be recorded
    #[arg(long)]
    require_record: bool,
    /// Keep nothing of the run
    #[arg(long, conflicts_with = "require_record")]
    no_record: bool,
}

/// What `run` and `show` print.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum FormatArg {
    /// The answer
    #[default]
    Text,
    /// A document with the answers and how each round came out
    Markdown,
    /// One object
    Json,
    /// The events, one a line
    Ndjson,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Text => Self::Text,
            FormatArg::Markdown => Self::Markdown,
            FormatArg::Json => Self::Json,
            FormatArg::Ndjson => Self::Ndjson,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum ProgressArg {
    /// Rows on a terminal, lines elsewhere
    #[default]
    Auto,
    /// Rows that move
    Bars,
    /// A line for each thing that happens
    Plain,
    /// Nothing while the run goes on
    None,
}

impl From<ProgressArg> for Progress {
    fn from(progress: ProgressArg) -> Self {
        match progress {
            ProgressArg::Auto => Self::Auto,
            ProgressArg::Bars => Self::Bars,
            ProgressArg::Plain => Self::Plain,
            ProgressArg::None => Self::None,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnPartialArg {
    /// Exit code 3
    Report,
    /// Exit code 0
    Accept,
    /// Exit code 1
    Fail,
}

impl From<OnPartialArg> for OnPartial {
    fn from(on_partial: OnPartialArg) -> Self {
        match on_partial {
            OnPartialArg::Report => Self::Report,
            OnPartialArg::Accept => Self::Accept,
            OnPartialArg::Fail => Self::Fail,
        }
    }
}

impl Flags {
    /// Refuses an output file that cannot be written. Told before anything else is read; the file
    /// itself is made when the run begins.
    pub(super) fn check_output(&self, ui: &Ui) -> Result<(), CliError> {
        // A pipe is opened once: whoever reads it would take the first end for the end.
        let is_pipe = |path: &&Path| path.metadata().is_ok_and(|file| file.file_type().is_fifo());
        if let Some(path) = self.output().filter(|path| !is_pipe(path)) {
            open_output(ui, path)?.abandon();
        }
        Ok(())
    }

    fn output(&self) -> Option<&Path> {
        let path = self.output.as_deref();
        path.filter(|path| *path != Path::new("-"))
    }

    fn wishes(&self, global: &Global) -> Wishes {
        Wishes {
            progress: self.progress.into(),
            quiet: global.quiet,
            verbosity: global.verbose,
            format: self.format.into(),
        }
    }
}

struct Prepared {
    mode: Mode,
    format: Format,
    on_partial: OnPartial,
    typed: Option<Typed>,
}

/// Makes the run of `options` as `flags` want it, and gives the exit code that it ends with.
pub(super) fn make(
    global: &Global,
    flags: &Flags,
    mut options: StartOptions,
    typed: Option<Typed>,
    ui: &Ui,
) -> Result<u8, CliError> {
    ui.detach();
    let runtime = runtime()?;
    {
        let _inside = runtime.enter();
        signals::survive_file_limits();
    }
    let on_partial = flags.on_partial.map(OnPartial::from);
    let prepared = Prepared {
        mode: mode::decide(&flags.wishes(global), &streams_of(ui, flags.output())),
        format: flags.format.into(),
        on_partial: on_partial.unwrap_or(options.council.on_partial),
        typed,
    };
    if let Some(run_id) = &flags.run_id {
        options.run_id = run_id.clone();
    }
    options.deadline = flags.deadline.or(options.deadline);
    if prepared.mode.wire {
        options.context = options.context.with_wire(wire_to(ui));
    }
    options.require_record = flags.require_record;
    crate::run::check(&options)?;
    let writer = if flags.no_record {
        None
    } else {
        Some(Writer::open(&global.store_path()?)?)
    };
    if let Some(writer) = &writer {
        for file in writer.left() {
            ui.warning(file.clone());
        }
        let row = row_of(&options);
        let cancel = options.cancel_requested.clone();
        options.recorder = Some(Box::new(SqliteRecorder::new(writer.clone(), row, cancel)));
    }
    let code = runtime.block_on(execute(
        options,
        writer.clone(),
        &prepared,
        flags.output(),
        ui,
    ));
    // A run that never began leaves no journal beside the store.
    if let (Err(_), Some(writer)) = (&code, &writer) {
        writer.close();
    }
    // A call that blocks its thread must not hold up the end.
    runtime.shutdown_background();
    code
}

/// Shows the wire as lines among those of the timeline, each with its time and its call.
fn wire_to(ui: &Ui) -> WireTap {
    let (ui, began) = (ui.clone(), Instant::now());
    Arc::new(move |call, line| {
        let ms = began.elapsed().as_millis();
        let head = format!("{:>4}.{:03} ", ms / 1000, ms % 1000);
        let call = format!("{call} ");
        let told = Line::new().with(Tone::Faint, head).with(Tone::Strong, call);
        ui.line(told.with(Tone::Faint, line));
    })
}

/// Where output goes: with `--output` none of the data goes to a terminal.
fn streams_of(ui: &Ui, output: Option<&Path>) -> Streams {
    Streams {
        stdout_is_terminal: ui.streams().stdout_is_terminal && output.is_none(),
        ..*ui.streams()
    }
}

/// What the spec names, and what is attached.
fn files_of(options: &StartOptions) -> BTreeMap<String, Vec<u8>> {
    let attached = (1..).zip(&options.attachments);
    let attached = attached.map(|(place, file)| (file.stored_as(place), file.text.clone().into()));
    let mut files = options.council.source.files.clone();
    files.extend(attached);
    files
}

/// What tasks of a run run on.
pub(super) fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::bug(format_args!("no runtime can be started: {error}")))
}

/// The row of the run: all that it takes to make it again.
fn row_of(options: &StartOptions) -> NewRun {
    let Council { name, source, .. } = &*options.council;
    let deadline_ms = options.deadline.map(|length| length.as_millis() as u64);
    NewRun {
        run_id: options.run_id.clone(),
        council: name.clone(),
        input: options.input.clone(),
        labels: options.labels.clone(),
        seed: options.seed,
        parent: options.parent.clone(),
        origin: options.origin.clone(),
        spec: source.bytes.clone(),
        resolved: source.resolved.clone(),
        spec_hash: source.hash.clone(),
        files: files_of(options),
        limits: serde_json::json!({ "deadline_ms": deadline_ms }),
    }
}

async fn execute(
    options: StartOptions,
    writer: Option<Writer>,
    prepared: &Prepared,
    output: Option<&Path>,
    ui: &Ui,
) -> Result<u8, CliError> {
    // Before signals are taken: to open a pipe that nobody reads waits, and a signal ends that.
    let out = match output {
        Some(path) => open_output(ui, path)?,
        None => ui.clone(),
    };
    let mut signals = Signals::listen()
        .map_err(|error| CliError::bug(format_args!("signals cannot be received: {error}")))?;
    let supervisor = Supervisor::new();
    let events = options.subscribe();
    // Until the run has started there is nothing to end: a signal leaves at once.
    let handle = tokio::select! {
        started = supervisor.start_run(options) => match started {
            Ok(handle) => handle,
            Err(refusal) => return Err(refusal.into()),
        },
        signal = signals.next() => {
            out.abandon();
            return Ok(exit::of_signal(signal));
        }
    };
    let mut watcher = Watcher {
        display: Display::start(prepared.mode, ui),
        out,
        typed: prepared.typed.clone(),
    };
    let tell = |text: &str| {
        if prepared.mode.closing {
            ui.text(text);
        }
    };
    let result = tokio::select! {
        result = watcher.watch(events, &handle, prepared.format) => result?,
        never = signals.end(handle.clone(), tell) => match never {},
    };
    let by = handle.cancelled_by();
    let code = exit::of_run(&result, by.as_ref(), prepared.on_partial);
    let (format, closes, own) = (prepared.format, prepared.mode.closing, ui.clone());
    // Whoever holds the terminal, the pipe or the store's lock may hold it for long: waiting for
    // them is done beside the signals, any of which ends it.
    let ending = tokio::task::spawn_blocking(move || {
        let printed = watcher.print(&result, format, closes, &own);
        if let Some(writer) = writer {
            writer.close();
        }
        printed
    });
    Ok(tokio::select! {
        printed = ending => if printed.unwrap_or(false) { code } else { exit::of_unprinted(code) },
        _ = signals.next() => code,
    })
}

/// A place for data at `path`, which appears whole at the end or not at all.
fn open_output(ui: &Ui, path: &Path) -> Result<Ui, CliError> {
    Ui::with_output(*ui.streams(), path).map_err(|error| {
        CliError::usage(format_args!(
            "{} cannot be written: {}",
            path.display(),
            reason(&error)
        ))
        .hint("`--output` names a file in a folder that is there and can be written")
    })
}

/// Shows a run while it goes on, and prints what it came to.
struct Watcher {
    display: Display,
    /// Where data goes.
    out: Ui,
    typed: Option<Typed>,
}

impl Watcher {
    async fn watch(
        &mut self,
        mut events: Subscription,
        handle: &RunHandle,
        format: Format,
    ) -> Result<Arc<RunResult>, CliError> {
        while let Some(event) = events.recv().await {
            if format == Format::Ndjson {
                self.out.data(&json::event(&event));
            }
            self.display.event(event);
        }
        handle.result(None).await.map_err(|dead| {
            CliError::bug(dead).hint("`council show` tells what is recorded of the run")
        })
    }

    /// Prints the result and the lines that close a run; whether all data was written.
    fn print(self, result: &RunResult, format: Format, closes: bool, ui: &Ui) -> bool {
        let limits = self.display.finish();
        let streams = *self.out.streams();
        match (page(format, result), self.out.data_columns()) {
            (Some(Page::Data(_)), Some(columns)) if format == Format::Text => {
                let colour = streams.stdout_takes_colour();
                self.out.data_drawn(terminal::text(result, columns, colour));
            }
            (Some(Page::Data(text)), _) => self.out.data(&text),
            (Some(Page::Account(_)), _) if ui.streams().stderr_is_terminal => {
                let columns = ui.streams().width.map_or(80, usize::from).max(NARROWEST);
                let colour = ui.streams().stderr_takes_colour();
                ui.drawn(terminal::text(result, columns, colour));
            }
            (Some(Page::Account(text)), _) => ui.text(text),
            (None, _) => {}
        }
        // First the answer, then the line that closes it, also where both go to one terminal.
        let failed = self.out.deliver().failed;
        if closes {
            limits.into_iter().for_each(|line| ui.line(line));
            ui.line(closing(result, ui.columns()));
            for step in next_steps(result, self.typed.as_ref()) {
                ui.hint(step);
            }
        } else if let Some(lack) = lacking(&result.record) {
            // The exit code says that something is wrong; this says what, however quiet it is.
            ui.warning(format!("run {} is {lack}", result.run_id));
        }
        if closes && result.record.path.is_some() {
            ui.hint("the next run with this store takes it back into it");
        }
        if let Some(error) = &failed {
            ui.error(format!("the result could not be written: {error}"));
            if result.record.state != RecordState::Off {
                ui.hint(format!("`council show {}` prints it again", result.run_id));
            }
        }
        let _rest = ui.finish();
        failed.is_none()
    }
}
