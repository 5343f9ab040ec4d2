//! Names that belong to the format and come with a later version: refused by name, never ignored,
//! and never suggested.

use super::error::CliError;
use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;

/// Commands.
const COMMANDS: &[&str] = &[
    "watch", "resume", "retry", "replay", "batch", "diff", "export", "stats", "search", "prune",
    "doctor", "diagram",
];

/// Flags of `run`, and whether they take a value.
const FLAGS: &[(&str, bool)] = &[
    ("from", true),
    ("max-calls", true),
    ("max-tokens", true),
    ("max-cost", true),
    ("gate", true),
    ("require-record", false),
    ("dry-run", false),
];

/// `command`, so that it takes these names too.
fn with_names(command: Command) -> Command {
    let rest = || {
        Arg::new("rest")
            .num_args(0..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
    };
    let commands = COMMANDS.iter().map(|name| {
        Command::new(*name)
            .hide(true)
            .disable_help_flag(true)
            .arg(rest())
    });
    let flags = FLAGS.iter().map(|(name, takes_value)| {
        let action = if *takes_value {
            ArgAction::Append
        } else {
            ArgAction::SetTrue
        };
        Arg::new(*name).long(*name).action(action).hide(true)
    });
    command
        .subcommands(commands)
        .mut_subcommand("run", |run| run.args(flags))
}

/// What `args` mean to `command`.
///
/// # Errors
/// A name of a later version; or what clap says, which suggests only what there is.
pub(super) fn parse(command: &Command, args: &[OsString]) -> Result<ArgMatches, CliError> {
    let matches = with_names(command.clone())
        .try_get_matches_from(args)
        .map_err(|error| told(command, args, error))?;
    if let Some(name) = matches
        .subcommand_name()
        .filter(|name| COMMANDS.contains(name))
    {
        return Err(CliError::not_yet(format_args!("the command `{name}`")));
    }
    let given =
        |run: &ArgMatches, name: &str| run.value_source(name) == Some(ValueSource::CommandLine);
    let flag = matches
        .subcommand_matches("run")
        .and_then(|run| FLAGS.iter().find(|(name, _)| given(run, name)));
    match flag {
        Some((name, _)) => Err(CliError::not_yet(format_args!("the flag `--{name}`"))),
        None => Ok(matches),
    }
}

/// The error without suggestions of what is not there, and without help for it.
fn told(command: &Command, args: &[OsString], error: clap::Error) -> CliError {
    let names_one = matches!(
        error.kind(),
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::DisplayHelp
    );
    if !names_one {
        return error.into();
    }
    let Err(other) = command.clone().try_get_matches_from(args) else {
        return error.into();
    };
    let same = |about| other.kind() == error.kind() && other.get(about) == error.get(about);
    match error.kind() {
        ErrorKind::UnknownArgument if same(ContextKind::InvalidArg) => other.into(),
        ErrorKind::InvalidSubcommand if same(ContextKind::InvalidSubcommand) => other.into(),
        ErrorKind::DisplayHelp if other.kind() == ErrorKind::InvalidSubcommand => {
            let name = other.get(ContextKind::InvalidSubcommand);
            CliError::not_yet(format_args!(
                "the command `{}`",
                name.map(ToString::to_string).unwrap_or_default()
            ))
        }
        _ => error.into(),
    }
}
