//! Flags that come with a later version, so that they are refused by name.

use super::error::CliError;
use clap::{Arg, ArgAction, Command, FromArgMatches};
use std::marker::PhantomData;

/// Names of flags, each with whether it takes a value.
pub(super) trait Names {
    const FLAGS: &[(&'static str, bool)];
}

/// The first of the flags `F` that was given.
#[derive(Debug)]
pub(super) struct Later<F>(Option<&'static str>, PhantomData<F>);

impl<F: Names> Later<F> {
    /// Refuses the flag that was given, if one was.
    pub(super) fn refuse(&self) -> Result<(), CliError> {
        match self.0 {
            Some(flag) => Err(CliError::not_yet(format_args!("the flag `--{flag}`"))),
            None => Ok(()),
        }
    }
}

impl<F: Names> clap::Args for Later<F> {
    fn augment_args(command: Command) -> Command {
        F::FLAGS
            .iter()
            .fold(command, |command, (name, takes_value)| {
                let action = if *takes_value {
                    ArgAction::Append
                } else {
                    ArgAction::SetTrue
                };
                command.arg(Arg::new(*name).long(*name).action(action).hide(true))
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: Names> FromArgMatches for Later<F> {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let given = |(name, _): &&(&'static str, bool)| {
            matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine)
        };
        let first = F::FLAGS.iter().find(given).map(|(name, _)| *name);
        Ok(Self(first, PhantomData))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
