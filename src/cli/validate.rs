//! `council validate`: a spec judged by itself.

use super::error::CliError;
use super::exit;
use super::flags::Changes;
use crate::provider::{Context, missing_keys, unset_variables};
use crate::report::words::count;
use crate::spec;
use crate::ui::Ui;

/// Check a spec: all of its faults at once, with their places
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council validate ./team.toml
  council validate design-review            (a shipped council)
  council validate ./team.toml --set member.cost.model=openai/gpt-5
  for spec in specs/*.toml; do council validate \"$spec\" || exit; done

Nothing is called and nothing is stored. Keys that are missing are warnings.
Exit codes: 0 valid, 2 it has faults.")]
pub(super) struct Args {
    /// A spec's path (with a `/` or ending in `.toml`), or the name of a shipped council
    #[arg(value_name = "SPEC")]
    spec: String,
    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let council = spec::load(&args.spec, &args.changes.overrides())?;
    let context = Context::of_process();
    for missing in missing_keys(council.providers.values(), &context) {
        ui.warning(missing.to_string());
    }
    for unset in unset_variables(council.providers.values(), &context) {
        ui.warning(unset.to_string());
    }
    let members = count(council.members.len() as u64, "member", "members");
    let rounds = count(council.rounds.len() as u64, "round", "rounds");
    let chair = if council.chair.is_some() {
        ", a chair"
    } else {
        ""
    };
    ui.data(&format!(
        "{}: valid ({members}{chair}, {rounds})\n",
        council.name
    ));
    Ok(exit::OK)
}
