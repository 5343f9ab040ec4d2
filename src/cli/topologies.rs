//! `council topologies`: ready-made lists of rounds.

use super::error::CliError;
use super::exit;
use crate::report::topologies::{Topology as Line, table};
use crate::spec::{TOPOLOGIES, Topology, meant};
use crate::ui::Ui;

/// List the ready-made lists of rounds, or print what one stands for
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council topologies                            # their names and rounds
  council topologies karpathy >> ./team.toml    # the rounds, to change them

A spec takes one by its name: topology = \"karpathy\".")]
pub(super) struct Args {
    /// A topology: its rounds are printed as a spec would write them
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let Some(name) = &args.name else {
        let lines: Vec<Line> = TOPOLOGIES.iter().map(line).collect();
        ui.data(&table(&lines, ui.data_columns()));
        return Ok(exit::OK);
    };
    let topology = Topology::find(name).ok_or_else(|| {
        let error = CliError::usage(format_args!("there is no topology `{name}`"));
        error.hint(
            match meant(name, TOPOLOGIES.iter().map(|known| known.name)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`council topologies` lists them".to_owned(),
            },
        )
    })?;
    ui.data(topology.as_toml());
    Ok(exit::OK)
}

fn line(topology: &Topology) -> Line {
    Line {
        name: topology.name.to_owned(),
        rounds: topology.outline(),
    }
}
