//! Names that belong to the format and come with a later version: refused by name, never ignored,
//! and never suggested.

use super::error::CliError;
use super::usage;
use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;

/// Commands.
const COMMANDS: &[&str] = &[
    "batch", "diff", "export", "stats", "search", "prune", "doctor",
];

/// Commands that make a run.
const MAKERS: &[&str] = &["run", "resume", "retry", "replay"];

/// Flags of all commands that make a run, and whether they take a value.
const LIMITS: &[(&str, bool)] = &[
    ("max-calls", true),
    ("max-tokens", true),
    ("max-cost", true),
    ("gate", true),
];

/// Flags of `run` alone.
const FLAGS: &[(&str, bool)] = &[("dry-run", false)];

/// The flags of `command` that come later.
fn flags_of(command: &str) -> impl Iterator<Item = &'static (&'static str, bool)> {
    let own: &[_] = if command == "run" { FLAGS } else { &[] };
    LIMITS.iter().chain(own)
}

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
    let flag = |(name, takes_value): &(&'static str, bool)| {
        let action = if *takes_value {
            ArgAction::Append
        } else {
            ArgAction::SetTrue
        };
        Arg::new(*name).long(*name).action(action).hide(true)
    };
    MAKERS
        .iter()
        .fold(command.subcommands(commands), |command, name| {
            command.mut_subcommand(name, |maker| maker.args(flags_of(name).map(flag)))
        })
}

/// What `args` mean to what `command` makes.
///
/// # Errors
/// A name of a later version; or what clap says, which suggests only what there is.
pub(super) fn parse(command: fn() -> Command, args: &[OsString]) -> Result<ArgMatches, CliError> {
    let matches = with_names(command())
        .try_get_matches_from(args)
        .map_err(|error| told(&command(), args, error))?;
    if let Some(name) = matches
        .subcommand_name()
        .filter(|name| COMMANDS.contains(name))
    {
        return Err(CliError::not_yet(format_args!("the command `{name}`")));
    }
    let given =
        |run: &ArgMatches, name: &str| run.value_source(name) == Some(ValueSource::CommandLine);
    let flag = matches
        .subcommand()
        .filter(|(maker, _)| MAKERS.contains(maker))
        .and_then(|(maker, args)| flags_of(maker).find(|(name, _)| given(args, name)));
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
        return usage::told(command, args, error);
    }
    let Err(other) = command.clone().try_get_matches_from(args) else {
        return usage::told(command, args, error);
    };
    let same = |about| other.kind() == error.kind() && other.get(about) == error.get(about);
    match error.kind() {
        ErrorKind::UnknownArgument if same(ContextKind::InvalidArg) => {
            usage::told(command, args, other)
        }
        ErrorKind::InvalidSubcommand if same(ContextKind::InvalidSubcommand) => {
            usage::told(command, args, other)
        }
        ErrorKind::DisplayHelp if other.kind() == ErrorKind::InvalidSubcommand => {
            let name = other.get(ContextKind::InvalidSubcommand);
            CliError::not_yet(format_args!(
                "the command `{}`",
                name.map(ToString::to_string).unwrap_or_default()
            ))
        }
        _ => usage::told(command, args, error),
    }
}
