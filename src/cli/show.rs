//! `council show`: a run, read back.

use super::Global;
use super::error::CliError;
use super::execute::FormatArg;
use super::exit;
use crate::event::MemberId;
use crate::report::{Format, Page, detail, page};
use crate::ui::Ui;

/// Show a run: its answer, or what there is of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council show latest
  council show 0198 --format markdown
  council show latest --format ndjson | jq -c 'select(.kind == \"member_completed\")'
  council show latest --round 1 --member security --prompts")]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// Show the calls of this round, by its index
    #[arg(long, value_name = "N", conflicts_with = "format")]
    round: Option<u32>,
    /// Show the calls of this member, or of `chair`
    #[arg(long, value_name = "ID", conflicts_with = "format")]
    member: Option<MemberId>,
    /// Show the prompts too
    #[arg(long, conflicts_with = "format")]
    prompts: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let (reader, run_id) = global.find(&args.run)?;
    if args.round.is_some() || args.member.is_some() || args.prompts {
        let filter = detail::Filter {
            round: args.round,
            member: args.member.clone(),
            prompts: args.prompts,
        };
        ui.data(&detail::calls(&reader.events(&run_id)?, &filter));
        return Ok(exit::OK);
    }
    let format = Format::from(args.format);
    if format == Format::Ndjson {
        for body in reader.bodies(&run_id)? {
            ui.data(&format!("{body}\n"));
        }
        return Ok(exit::OK);
    }
    let result = reader.result(&run_id)?;
    if !result.status.is_ended() && !reader.is_verified(&run_id)? {
        ui.warning("whether its process still lives cannot be told: file locks are refused here");
    }
    match page(format, &result) {
        Some(Page::Data(text) | Page::Account(text)) => ui.data(&text),
        None => {}
    }
    Ok(exit::OK)
}
