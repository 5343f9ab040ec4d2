//! `council list`: the newest runs.

use super::Global;
use super::error::CliError;
use super::exit;
use super::flags;
use crate::event::At;
use crate::report::list::{Row, table};
use crate::store::{Label, Summary};
use crate::ui::Ui;

/// List the newest runs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council list
  council list --limit 100
  council list --label team=infra --label ticket
  council list --json | jq -r '.[] | select(.degraded) | .run_id'
  council list --json --label team=infra | jq -r '.[].input'")]
pub(super) struct Args {
    /// How many runs at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Only runs that have this label, whatever its value where none is given; may be given again, and each must be there
    #[arg(long = "label", value_name = "KEY[=VALUE]", value_parser = flags::label_sought)]
    labels: Vec<Label>,
    /// Runs of sub-councils too
    #[arg(long)]
    all: bool,
    /// One array, newest first
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let summaries = match global.reader()? {
        Some(reader) => reader.labelled(args.limit, args.all, &args.labels)?,
        None => {
            if !args.json && !global.quiet {
                let path = global.store_path()?;
                ui.hint(format!("there is no store at {} yet", path.display()));
            }
            Vec::new()
        }
    };
    if args.json {
        let array = serde_json::to_string_pretty(&summaries)
            .map_err(|error| CliError::bug(format_args!("the list has no JSON: {error}")))?;
        ui.data(&format!("{array}\n"));
        return Ok(exit::OK);
    }
    if summaries.is_empty() && !args.labels.is_empty() && !global.quiet {
        ui.hint("`council list` without --label shows all runs");
    }
    let rows: Vec<Row> = summaries.into_iter().map(row).collect();
    ui.data(&table(&rows, At::now(), ui.streams().data_columns()));
    Ok(exit::OK)
}

fn row(summary: Summary) -> Row {
    Row {
        run_id: summary.run_id,
        origin: summary.origin,
        council: summary.council,
        status: summary.status,
        degraded: summary.degraded,
        unverified: !summary.verified,
        input: summary.input,
        started_at: summary.started_at,
        duration_ms: summary.duration_ms,
    }
}
