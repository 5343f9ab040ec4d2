//! `council schema`: the formats, for editors and for programs that read runs.

use super::error::CliError;
use super::exit;
use crate::event::Event;
use crate::spec;
use crate::ui::Ui;
use clap::ValueEnum;
use schemars::schema_for;

/// Print the JSON Schema of a format
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council schema spec > council.schema.json
  council schema events | jq '.oneOf[].properties.kind.const'

With `#:schema ./council.schema.json` as its first line, editors that know Taplo check a spec and complete its keys. An event is one line of `--format ndjson`.")]
pub(super) struct Args {
    /// Which format
    #[arg(value_enum, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A council's spec, read as JSON
    Spec,
    /// One event, a line of `--format ndjson`
    Events,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let schema = match args.format {
        Format::Spec => spec::schema(),
        Format::Events => schema_for!(Event).to_value(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| CliError::bug(format_args!("the schema has no JSON: {error}")))?;
    ui.data(&format!("{text}\n"));
    Ok(exit::OK)
}
