//! `council diagram`: a council or a run as a picture.

use super::Global;
use super::error::CliError;
use super::exit;
use super::flags::Changes;
use crate::report::diagram;
use crate::spec::{self, LoadError};
use crate::ui::Ui;
use clap::{ArgGroup, ValueEnum};

/// Draw a council, who is asked and who sees what; or a run, as it went
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("drawn").required(true).args(["spec", "run"]))]
#[command(after_help = "Examples:
  council diagram karpathy                  # as text
  council diagram ./team.toml --format mermaid > team.mmd
  council diagram jury --format mermaid | mmdc -i - -o jury.svg
  council diagram --run latest              # a sequence of what happened
  council diagram --run latest --format text

Mermaid comes without a fence. In Markdown, put it between ```mermaid and ```.

Exit codes: 0 it was drawn; 1 there is no such run; 2 the spec has faults.")]
pub(super) struct Args {
    /// A spec's path (with a `/` or ending in `.toml`), or the name of a shipped council
    #[arg(value_name = "SPEC")]
    spec: Option<String>,
    /// Draw this run instead: its id, the beginning of one, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["model", "set", "only"])]
    run: Option<String>,
    /// What is printed [default: text of a council, mermaid of a run]
    #[arg(long, value_enum)]
    format: Option<FormatArg>,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    /// Lines for people, in a terminal or a review
    Text,
    /// The text of a Mermaid diagram
    Mermaid,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let columns = ui.data_columns();
    let drawn = match (&args.run, &args.spec) {
        (Some(run), _) => {
            let (reader, run_id) = global.find(run)?;
            let events = reader.events(&run_id)?;
            match args.format {
                Some(FormatArg::Text) => diagram::account(&events, columns),
                Some(FormatArg::Mermaid) | None => diagram::sequence(&events),
            }
        }
        (None, spec) => {
            let spec = spec.as_deref().unwrap_or_default();
            let council = spec::load(spec, &args.changes.overrides())
                .map_err(|fault| no_council(spec, fault))?;
            match args.format {
                Some(FormatArg::Mermaid) => diagram::flowchart(&council),
                Some(FormatArg::Text) | None => diagram::outline(&council, columns),
            }
        }
    };
    ui.data(&drawn);
    Ok(exit::OK)
}

/// Why there is no council `spec`; what looks like a run is drawn by another flag.
fn no_council(spec: &str, fault: LoadError) -> CliError {
    let is_of_id = |c: char| c == '-' || c.is_ascii_hexdigit();
    let is_run = spec == "latest" || (spec.len() >= 4 && spec.chars().all(is_of_id));
    match fault {
        LoadError::Unknown { .. } if is_run => {
            CliError::usage(fault.message()).hint(format!("a run is drawn by --run {spec}"))
        }
        fault => fault.into(),
    }
}
