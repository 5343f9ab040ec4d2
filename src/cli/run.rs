//! `council run`: one question before one council.

use super::Global;
use super::again::{Basis, Recorded};
use super::error::CliError;
use super::execute::{self, Flags};
use super::flags::{self, Changes};
use super::resume::goes_on;
use crate::display::Typed;
use crate::input;
use crate::run::StartOptions;
use crate::spec::{self, Overrides};
use crate::tape::Mode;
use crate::ui::Ui;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;

/// Put a question before a council
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "council run [OPTIONS] SPEC --input [TEXT | @FILE | -]\n       council run [OPTIONS] --from RUN",
    after_help = "Examples:
  council run quickstart --input \"Should a small team adopt Rust?\"
  council run karpathy --input @question.md --format markdown
  git diff | council run ./review.toml --input --format json | jq .answer
  council run ./team.toml --input @q.md --attach plan.md --attach costs.csv
  council run ./team.toml --input \"…\" --set member.cost.model=openai/gpt-5
  council run ./team.toml --input \"…\" --only cost --set defaults.timeout=30s
  council run ./team.toml --input \"…\" --label team=infra --label ticket=4711
  council run ./team.toml --input \"…\" --model rehearsal/any  # needs no key
  council run --from latest --set chair.model=openai/gpt-5    # asks the chair

A path for --set is one as messages have it, member[0].model from 0, or has a member's id, member.cost.model. It goes over the spec and over --model before anything is checked; then --only leaves members out.

Exit codes: 0 whole, 1 failed, 2 nothing was started, 3 degraded, 5 not wholly recorded, 6 cancelled (130 Ctrl-C, 143 SIGTERM, 129 SIGHUP), 70 a bug."
)]
pub(super) struct Args {
    /// A spec's path (with a `/` or ending in `.toml`), or the name of a shipped council
    #[arg(value_name = "SPEC")]
    spec: Option<String>,
    /// The question: TEXT, @FILE, or - for standard input, as without a value
    #[arg(long, value_name = "TEXT | @FILE | -", num_args = 0..=1, default_missing_value = "-")]
    input: Option<String>,
    /// Begin with what RUN has recorded: its spec, question and attachments where none are given, and every reply whose question is still the same
    #[arg(long, value_name = "RUN")]
    from: Option<String>,
    /// Show this text file to the members beside the question; may be given again (16 files, 1 MiB each, 4 MiB in all)
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// As --attach, also where the file looks like it holds a secret
    #[arg(long, value_name = "FILE")]
    attach_secret: Vec<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    /// Keep a label with the run, for `list --label` and `show`; may be given again
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = flags::label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let labels = flags::labels(&args.labels)?;
    if let Some(from) = &args.from {
        let mut options = changed(global, args, from, ui)?;
        options.labels.extend(labels);
        return execute::make(global, &args.flags, options, typed(args), ui);
    }
    let spec = spec_of(args)?;
    let council = spec::load(spec, &args.changes.overrides())?;
    args.flags.check_output(ui)?;
    let attachments = input::attach(&args.attach, &args.attach_secret)?;
    let Some(input) = &args.input else {
        return Err(
            CliError::usage("there is no question: `--input` is missing").hint(format!(
                "council run {spec} --input \"…\", or `--input` alone to read standard input"
            )),
        );
    };
    let question = question(global, input, ui)?;
    let mut options = StartOptions::new(Arc::new(council), question);
    options.labels = labels;
    options.attachments = attachments;
    execute::make(global, &args.flags, options, typed(args), ui)
}

/// The file of the spec and what changes it, to be typed again; none where there is no file.
fn typed(args: &Args) -> Option<Typed> {
    let file = args.spec.as_deref().filter(|spec| spec::is_path(spec))?;
    Some(Typed {
        file: flags::quoted(file),
        flags: args.changes.typed(),
    })
}

fn question(global: &Global, input: &str, ui: &Ui) -> Result<String, CliError> {
    if input == "-" && io::stdin().is_terminal() && !global.quiet {
        ui.text("reading the question from this terminal; Ctrl-D ends it");
    }
    Ok(input::read(Some(input), io::stdin().lock())?)
}

/// The run `from` with what `args` changes; what stays the same is played back.
fn changed(global: &Global, args: &Args, from: &str, ui: &Ui) -> Result<StartOptions, CliError> {
    let (reader, run_id) = global.find(from)?;
    if !reader.result(&run_id)?.status.is_ended() {
        return Err(goes_on(&run_id));
    }
    let basis = Basis {
        spec: args.spec.as_deref(),
        changes: args.changes.overrides(),
        may_differ: true,
    };
    let recorded = Recorded::of_store(&reader, &run_id, &basis)?;
    if let Some(spec) = &args.spec
        && basis.changes == Overrides::default()
        && recorded.was_changed
        && !global.quiet
    {
        ui.warning(format!(
            "run {run_id} was made with --model, --set or --only; with {spec} they hold no more, \
             unless they are given again"
        ));
    }
    args.flags.check_output(ui)?;
    let mut options = recorded.options(Mode::Retry);
    // A limit that a flag gave the old run is none of the new one's.
    options.deadline = options.council.deadline;
    options.seed = options.council.seed.unwrap_or(options.seed);
    let attachments = input::attach(&args.attach, &args.attach_secret)?;
    if !attachments.is_empty() {
        options.attachments = attachments;
    }
    if let Some(input) = &args.input {
        options.input = question(global, input, ui)?;
    }
    Ok(options)
}

/// Whether `text` names a spec rather than asks something.
fn is_spec(text: &str) -> bool {
    let is_path = text.ends_with(".toml") || text.contains('/');
    (is_path && !text.contains(char::is_whitespace)) || spec::Shipped::find(text).is_some()
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
        .hint(if is_spec(taken) {
            format!("the spec comes first: council run {taken} --input")
        } else {
            "the spec comes first: council run SPEC --input \"…\"".to_owned()
        }),
        _ => CliError::usage(
            "there is no SPEC: name a file, such as ./council.toml, or a shipped council",
        )
        .hint("council run quickstart --input \"…\""),
    })
}
