//! A command line that clap refuses: told so that the next try is a good one.

use super::error::{CliError, Message};
use crate::spec::meant;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::error::Error as _;
use std::ffi::OsString;
use std::num::ParseIntError;

/// Commands that make a recorded run again as it was.
const AGAIN: &[&str] = &["resume", "retry", "replay"];

/// Flags that change a run, and what stands for the value of each.
const CHANGES: &[(&str, &str)] = &[("--set", "…"), ("--model", "REF"), ("--only", "ID")];

/// How much of a stray argument is repeated.
const REPEATED: usize = 60;

/// What is said of `error`, which `command` made of `args`.
pub(super) fn told(command: &Command, args: &[OsString], mut error: clap::Error) -> CliError {
    let mut words = args.iter().skip(1).filter_map(|word| word.to_str());
    let used = words.find_map(|word| command.find_subcommand(word));
    match error.kind() {
        ErrorKind::InvalidSubcommand => suggest(command, &mut error),
        ErrorKind::UnknownArgument => without_escape(&mut error),
        ErrorKind::InvalidValue if named(&error, ContextKind::InvalidArg) == "<SHELL>" => {
            error.remove(ContextKind::SuggestedValue);
        }
        _ => {}
    }
    if let Some(message) = number(&error) {
        return message;
    }
    let hints = match error.kind() {
        ErrorKind::MissingRequiredArgument => missing(used, &error),
        ErrorKind::UnknownArgument => used.and_then(|used| stray(used.get_name(), &error)),
        _ => None,
    };
    let question = dashed_question(args, &error);
    let told = CliError::from(error);
    let told = match hints {
        Some(hint) => told.hint(hint),
        None => told,
    };
    match question.filter(|_| !matches!(told.message, Message::Help(_))) {
        Some(text) => told.hint(format!(
            "a question that begins with `-` is written --input={text}"
        )),
        None => told,
    }
}

fn named(error: &clap::Error, about: ContextKind) -> String {
    error
        .get(about)
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The nearest command where clap knows none: it compares by sound, and short names fall through.
fn suggest(command: &Command, error: &mut clap::Error) {
    let name = named(error, ContextKind::InvalidSubcommand);
    let known = command
        .get_subcommands()
        .filter(|known| !known.is_hide_set());
    if error.get(ContextKind::SuggestedSubcommand).is_some() {
        return;
    }
    if let Some(meant) = meant(&name, known.map(Command::get_name)) {
        let meant = ContextValue::Strings(vec![meant.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, meant);
    }
}

/// Drops the tip to write a mistyped flag behind `--`: no command takes it as a value.
fn without_escape(error: &mut clap::Error) {
    if let Some(ContextValue::StyledStrs(mut tips)) = error.remove(ContextKind::Suggested) {
        tips.retain(|tip| !tip.to_string().contains("as a value, use"));
        if !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
}

/// What is said of a value that should have been a number.
fn number(error: &clap::Error) -> Option<CliError> {
    error.source()?.downcast_ref::<ParseIntError>()?;
    let flag = named(error, ContextKind::InvalidArg);
    let value = named(error, ContextKind::InvalidValue);
    Some(CliError::usage(format_args!(
        "`{flag}` wants a whole number, such as 5, and `{value}` is none that it can take"
    )))
}

/// What may stand where a required argument of `used` is missing.
fn missing(used: Option<&Command>, error: &clap::Error) -> Option<String> {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let name_of = |arg: &Arg| Some(arg.get_value_names()?.first()?.to_string());
    let is_missing = |arg: &&Arg| {
        let name = name_of(arg).map(|name| format!("<{name}>"));
        name.is_some_and(|name| missing.contains(&name))
    };
    let arg = used?.get_positionals().find(is_missing)?;
    let name = name_of(arg)?;
    let values = arg.get_possible_values();
    let values: Vec<String> = values
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    match (name.as_str(), values.split_last()) {
        ("RUN" | "RUN | FILE", _) => {
            Some("`latest` names the newest run; `council list` shows more of them".to_owned())
        }
        ("SPEC", _) => Some(
            "a SPEC is a file, such as ./team.toml, or a shipped council, such as `quickstart`"
                .to_owned(),
        ),
        (name, Some((last, others))) if !others.is_empty() => {
            Some(format!("{name} is {} or {last}", others.join(", ")))
        }
        _ => None,
    }
}

/// What was meant by an argument that the command `used` does not take.
fn stray(used: &str, error: &clap::Error) -> Option<String> {
    let stray = named(error, ContextKind::InvalidArg);
    let change = CHANGES.iter().find(|(flag, _)| *flag == stray);
    if let (Some((flag, value)), true) = (change, AGAIN.contains(&used)) {
        return Some(format!(
            "`council run --from RUN {flag} {value}` makes a run again with a change"
        ));
    }
    if used == "retry" && !stray.starts_with('-') {
        return Some(format!(
            "a retry takes the spec as it was recorded; `council run --from RUN {stray}` takes a changed one"
        ));
    }
    if used == "run" && stray.starts_with("-i") {
        return Some("the question is given with --input \"…\"".to_owned());
    }
    if used != "run" || stray.starts_with('-') {
        return None;
    }
    let text: String = stray.chars().take(REPEATED).collect();
    let more = if text.len() < stray.len() { "…" } else { "" };
    Some(format!(
        "the question is given with --input \"{text}{more}\""
    ))
}

/// A question that begins with `-` and was taken for a flag, which is what `error` is about.
fn dashed_question<'a>(args: &'a [OsString], error: &clap::Error) -> Option<&'a str> {
    let place = args.iter().position(|arg| arg == "--input")?;
    let text = args.get(place + 1)?.to_str()?;
    let refused = named(error, ContextKind::InvalidArg);
    let is_it = error.kind() == ErrorKind::UnknownArgument && text.starts_with(&refused);
    (is_it && text.len() > 1 && text.starts_with('-') && text != "--").then_some(text)
}
