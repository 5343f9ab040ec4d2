//! `council run`: one question before one council.

use super::Global;
use super::error::CliError;
use super::execute::{self, Flags};
use super::later::{Later, Names};
use crate::input;
use crate::run::StartOptions;
use crate::spec::{self, Overrides};
use crate::ui::Ui;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

/// Put a question before a council
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "council run [OPTIONS] SPEC --input [TEXT | @FILE | -]",
    after_help = "Examples:
  council run quickstart --input \"Should a small team adopt Rust?\"
  council run councils/karpathy.toml --input @question.md --format markdown
  git diff | council run ./review.toml --input --format json | jq .answer

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
    /// Ask this model, PROVIDER/MODEL, in place of every member's and the chair's
    #[arg(long, value_name = "REF")]
    model: Option<String>,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    later: Later<InputFlags>,
}

/// What a later version takes besides the question and the spec.
#[derive(Debug)]
struct InputFlags;

impl Names for InputFlags {
    const FLAGS: &[(&'static str, bool)] = &[
        ("attach", true),
        ("set", true),
        ("only", true),
        ("label", true),
        ("from", true),
        ("dry-run", false),
    ];
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    args.later.refuse()?;
    args.flags.refuse_later()?;
    let spec = spec_of(args)?;
    let council = spec::load(
        spec,
        &Overrides {
            model: args.model.clone(),
        },
    )?;
    args.flags.check_output(ui)?;
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
    let options = StartOptions::new(Arc::new(council), question);
    execute::make(global, &args.flags, options, ui)
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
