//! `council run`: one question before one council.

use super::Global;
use super::error::CliError;
use super::exit;
use super::flags;
use super::signals::Signals;
use crate::bus::Subscription;
use crate::display::{Display, Mode, Progress, RateLimits, Wishes, closing, mode};
use crate::event::{RunId, RunResult};
use crate::input;
use crate::provider::Context;
use crate::recorder::SqliteRecorder;
use crate::report::{Format, Page, json, page, terminal};
use crate::run::{RunHandle, StartOptions, Supervisor};
use crate::spec::{self, Council, OnPartial, Overrides, Setting, parse_duration};
use crate::store::{NewRun, Writer};
use crate::ui::{Streams, Ui};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Put a question before a council
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "council run [OPTIONS] SPEC --input [TEXT | @FILE | -]",
    after_help = "Examples:
  council run quickstart --input \"Should a small team adopt Rust?\"
  council run councils/karpathy.toml --input @question.md --format markdown
  git diff | council run ./review.toml --input --format json | jq .answer
  council run ./team.toml --input \"Is it sound?\" --attach plan.md --attach costs.csv
  council run ./team.toml --input \"…\" --model rehearsal/any      (needs no key)
  council run ./team.toml --input \"…\" --set member.cost.model=openai/gpt-5
  council run ./team.toml --input \"…\" --only security --set defaults.timeout=30s
  council run ./team.toml --input \"…\" --label team=infra --label ticket=4711

A path for --set is one as messages have it, member[0].model from 0, or has a member's id,
member.cost.model. It goes over the spec and over --model before anything is checked; then
--only leaves members out.

Exit codes: 0 whole, 1 failed, 2 nothing was started, 3 degraded, 5 not wholly recorded,
6 cancelled (130 Ctrl-C, 143 SIGTERM, 129 SIGHUP), 70 a bug."
)]
pub(super) struct Args {
    /// A spec's path (with a `/` or ending in `.toml`), or the name of a shipped council
    #[arg(value_name = "SPEC")]
    spec: Option<String>,
    /// The question: TEXT, @FILE, or - for standard input, as without a value
    #[arg(long, value_name = "TEXT | @FILE | -", num_args = 0..=1, default_missing_value = "-")]
    input: Option<String>,
    /// Show this text file to the members beside the question; may be given again (16 files, 1 MiB each, 4 MiB in all)
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The run's own id instead of a drawn one
    #[arg(long, value_name = "ID")]
    run_id: Option<RunId>,
    /// What is printed on standard output
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// Write to FILE what standard output would get, whole or not at all
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
    /// Ask this model, PROVIDER/MODEL, in place of every member's and the chair's
    #[arg(long, value_name = "REF")]
    model: Option<String>,
    /// Ask only this member; may be given again. Rounds and fallbacks that name others go on without them
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Set a value of the spec, such as min_members=2 or member.security.model=openai/gpt-5-mini; may be given again
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<Setting>,
    /// Give the run a label, to find it by; may be given again
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = flags::label)]
    labels: Vec<(String, String)>,
    /// Keep nothing of the run
    #[arg(long)]
    no_record: bool,
}

/// What `run` and `show` print.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum FormatArg {
    /// The answer
    #[default]
    Text,
    /// A document with all that was said
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
enum ProgressArg {
    /// Rows on a terminal, lines elsewhere
    #[default]
    Auto,
    /// Rows that move
    Bars,
    /// A line for each thing that happens
    Plain,
    /// Nothing
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

impl Args {
    fn overrides(&self) -> Overrides {
        Overrides {
            model: self.model.clone(),
            set: self.set.clone(),
            only: self.only.clone(),
        }
    }
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let labels = flags::labels(&args.labels)?;
    let spec = spec_of(args)?;
    let council = spec::load(spec, &args.overrides())?;
    let output = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    if let Some(path) = output {
        // Told before the question is read; the file itself is made when the run begins.
        open_output(ui, path)?.abandon();
    }
    let attachments = input::attach(&args.attach)?;
    let Some(input) = &args.input else {
        return Err(
            CliError::usage("there is no question: `--input` is missing").hint(format!(
                "council run {spec} --input \"…\", or `--input` alone to read standard input"
            )),
        );
    };
    if input == "-" && io::stdin().is_terminal() && !global.quiet {
        ui.text("reading the question from this terminal; Ctrl-D ends it");
    }
    let question = input::read(Some(input), io::stdin().lock())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::bug(format_args!("no runtime can be started: {error}")))?;
    let prepared = Prepared {
        mode: mode::decide(&wishes(global, args), &streams_of(ui, output)),
        format: args.format.into(),
        on_partial: args.on_partial.map_or(council.on_partial, OnPartial::from),
    };
    let mut options = StartOptions::new(Arc::new(council), question);
    options.context = Context::of_process();
    options.labels = labels;
    options.attachments = attachments;
    if let Some(run_id) = &args.run_id {
        options.run_id = run_id.clone();
    }
    options.deadline = args.deadline.or(options.deadline);
    crate::run::check(&options)?;
    let writer = if args.no_record {
        None
    } else {
        Some(Writer::open(&global.store_path()?)?)
    };
    if let Some(writer) = &writer {
        let row = row_of(&options);
        let cancel = options.cancel_requested.clone();
        options.recorder = Some(Box::new(SqliteRecorder::new(writer.clone(), row, cancel)));
    }
    let code = runtime.block_on(execute(options, writer, &prepared, output, ui));
    // A call that blocks its thread must not hold up the end.
    runtime.shutdown_background();
    code
}

/// What the spec names, and what is attached.
fn files_of(options: &StartOptions) -> BTreeMap<String, Vec<u8>> {
    let attached = (1..).zip(&options.attachments);
    let attached = attached.map(|(place, file)| (file.stored_as(place), file.text.clone().into()));
    let mut files = options.council.source.files.clone();
    files.extend(attached);
    files
}

struct Prepared {
    mode: Mode,
    format: Format,
    on_partial: OnPartial,
}

fn wishes(global: &Global, args: &Args) -> Wishes {
    Wishes {
        progress: args.progress.into(),
        quiet: global.quiet,
        verbosity: global.verbose,
        format: args.format.into(),
    }
}

/// Where output goes: with `--output` none of the data goes to a terminal.
fn streams_of(ui: &Ui, output: Option<&Path>) -> Streams {
    Streams {
        stdout_is_terminal: ui.streams().stdout_is_terminal && output.is_none(),
        ..*ui.streams()
    }
}

/// The spec; or what went wrong where `--input` has swallowed it.
fn spec_of(args: &Args) -> Result<&str, CliError> {
    if let Some(spec) = &args.spec {
        return Ok(spec);
    }
    Err(match &args.input {
        Some(taken) if taken != "-" => CliError::usage(format_args!(
            "there is no SPEC: `--input` took `{taken}` as the question"
        ))
        .hint(format!("the spec comes first: council run {taken} --input")),
        _ => CliError::usage(
            "there is no SPEC: name a file, such as ./council.toml, or a shipped council",
        )
        .hint("council run quickstart --input \"…\""),
    })
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
    let mut signals = Signals::listen()
        .map_err(|error| CliError::bug(format_args!("signals cannot be received: {error}")))?;
    let supervisor = Supervisor::new();
    let events = options.subscribe();
    let out = match output {
        Some(path) => open_output(ui, path)?,
        None => ui.clone(),
    };
    // Until the run has started there is nothing to end: a signal leaves at once.
    let handle = tokio::select! {
        started = supervisor.start_run(options) => match started {
            Ok(handle) => handle,
            Err(refusal) => {
                if let Some(writer) = writer {
                    writer.close();
                }
                return Err(refusal.into());
            }
        },
        signal = signals.next() => {
            out.abandon();
            return Ok(exit::of_signal(signal));
        }
    };
    let mut watcher = Watcher {
        display: Display::start(prepared.mode, ui),
        limits: RateLimits::default(),
        out,
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
            "{} cannot be written: {error}",
            path.display()
        ))
        .hint("`--output` names a file in a folder that is there and can be written")
    })
}

/// Shows a run while it goes on, and prints what it came to.
struct Watcher {
    display: Display,
    limits: RateLimits,
    /// Where data goes.
    out: Ui,
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
            self.limits.observe(&event);
            self.display.event(event);
        }
        handle.result(None).await.map_err(|dead| {
            CliError::bug(dead).hint("`council show` tells what is recorded of the run")
        })
    }

    /// Prints the result and the lines that close a run; whether all data was written.
    fn print(self, result: &RunResult, format: Format, closes: bool, ui: &Ui) -> bool {
        self.display.finish();
        let streams = *self.out.streams();
        match (page(format, result), self.out.data_columns()) {
            (Some(Page::Data(_)), Some(columns)) if format == Format::Text => {
                let colour = streams.stdout_takes_colour();
                self.out.data_drawn(terminal::text(result, columns, colour));
            }
            (Some(Page::Data(text)), _) => self.out.data(&text),
            (Some(Page::Account(text)), _) => ui.text(text),
            (None, _) => {}
        }
        // First the answer, then the line that closes it, also where both go to one terminal.
        let failed = self.out.deliver().failed;
        if closes {
            if let Some(line) = self.limits.line() {
                ui.line(line);
            }
            ui.line(closing(result));
        }
        if let Some(error) = &failed {
            ui.error(format!("the result could not be written: {error}"));
            ui.hint(format!("`council show {}` prints it again", result.run_id));
        }
        let _rest = ui.finish();
        failed.is_none()
    }
}
