//! The manual pages, made from the same descriptions as `--help`.
//!
//! What stands behind a command's flags in its help is taken apart by its form: indented lines are
//! examples, which are never filled; a paragraph on exit codes is a section of its own; all other
//! paragraphs describe.

mod page;
mod words;

use super::command;
use clap::{Arg, ArgAction, Command};
use page::{Page, bold, italic, plain};
use words::{ENVIRONMENT, EXIT_CODES, STORE};

/// Each page's file name and its roff: one for the program, one for each command.
#[must_use]
pub fn pages() -> Vec<(String, Vec<u8>)> {
    let mut program = command().disable_help_subcommand(true);
    // Names of commands and the flags that all of them take are filled in by this.
    program.build();
    let of_commands = program
        .get_subcommands()
        .map(|command| page_name(command.get_name()));
    let names: Vec<String> = std::iter::once("council".to_owned())
        .chain(of_commands)
        .collect();
    let mut pages = vec![("council.1".to_owned(), written(&program, "council", &names))];
    for command in program.get_subcommands() {
        let name = page_name(command.get_name());
        pages.push((format!("{name}.1"), written(command, &name, &names)));
    }
    pages
}

fn page_name(command: &str) -> String {
    format!("council-{command}")
}

fn written(command: &Command, name: &str, names: &[String]) -> Vec<u8> {
    let help = Help::of(command);
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    let mut page = Page::new(name, concat!("council ", env!("CARGO_PKG_VERSION")));
    page.section("NAME");
    page.line(&format!("{} \\- {}", page::escape(name), plain(&about)));
    page.section("SYNOPSIS");
    synopsis(&mut page, command);
    page.section("DESCRIPTION");
    page.paragraph(&format!("{}.", about.trim_end_matches('.')));
    help.description
        .iter()
        .for_each(|text| page.paragraph(text));
    if command.has_subcommands() {
        page.section("COMMANDS");
        for command in command.get_subcommands() {
            let about = command.get_about().map(ToString::to_string);
            let name = page_name(command.get_name());
            page.term(&reference(&name), &about.unwrap_or_default());
        }
    }
    page.section("OPTIONS");
    options(&mut page, command);
    if !help.examples.is_empty() {
        page.section("EXAMPLES");
        for (title, lines) in &help.examples {
            page.example(title.as_deref(), lines);
        }
    }
    page.section("EXIT STATUS");
    if command.has_subcommands() {
        for (code, meaning) in EXIT_CODES {
            page.term(&bold(code), meaning);
        }
        page.paragraph("The first that holds counts, in the order 70, 2, cancelled, 1, 5, 3, 0.");
    } else {
        let takes_run = command
            .get_positionals()
            .any(|arg| value(arg) == italic("RUN"));
        page.paragraph(match &help.exit {
            Some(own) => own,
            None if takes_run => "Exit codes: 0 it was done, 1 there is no such run or several begin so, 2 the command line or the store is wrong.",
            None => "Exit codes: 0 it was done, 2 the command line or the store is wrong.",
        });
        page.line(&format!("All codes stand in {}.", reference("council")));
    }
    page.section("ENVIRONMENT");
    for (variable, meaning) in ENVIRONMENT {
        page.term(&bold(variable), meaning);
    }
    page.section("FILES");
    page.term(&italic(STORE.0), STORE.1);
    page.section("SEE ALSO");
    let others = names.iter().filter(|other| *other != name);
    let others: Vec<String> = others.map(|other| reference(other)).collect();
    page.line(&others.join(",\n"));
    page.into_bytes()
}

/// Another page, as pages name it.
fn reference(name: &str) -> String {
    format!("{}(1)", bold(name))
}

/// The ways to call a command, with the values of its flags.
fn synopsis(page: &mut Page, command: &Command) {
    let name = command.get_bin_name().unwrap_or("council");
    if let Some(usage) = command.get_overridden_usage() {
        let usage = usage.to_string();
        for (place, way) in usage.lines().map(str::trim).enumerate() {
            if place > 0 {
                page.request("br");
            }
            let rest = way.strip_prefix(name).unwrap_or(way);
            page.line(&format!("{}{}", bold(name), plain(rest)));
        }
        return;
    }
    let mut parts = vec![bold(name)];
    let of_own = |arg: &&Arg| !arg.is_global_set() && !arg.is_hide_set();
    for arg in command.get_opts().filter(of_own).chain(flags(command)) {
        let more = match arg.get_action() {
            ArgAction::Append | ArgAction::Count => "...",
            _ => "",
        };
        let flag = flag(arg);
        parts.push(if arg.is_required_set() {
            format!("{flag}{more}")
        } else {
            format!("[{flag}]{more}")
        });
    }
    if command.has_subcommands() {
        parts.push("[OPTIONS]".to_owned());
        parts.push(italic("COMMAND"));
    }
    for arg in command.get_positionals() {
        let value = value(arg);
        parts.push(if arg.is_required_set() {
            value
        } else {
            format!("[{value}]")
        });
    }
    // What belongs together stays on one line.
    let parts: Vec<String> = parts.iter().map(|part| part.replace(' ', "\\ ")).collect();
    page.line(&parts.join("\n"));
}

/// Flags of a command that take no value, but for help and version.
fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| {
        let takes_values = arg.get_action().takes_values();
        let is_shown = !(arg.is_global_set() || arg.is_hide_set());
        is_shown && !(takes_values || asks(arg))
    })
}

/// Whether it asks for help or the version.
fn asks(arg: &Arg) -> bool {
    matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    )
}

/// A flag by its long name, and its value.
fn flag(arg: &Arg) -> String {
    let name = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => return value(arg),
    };
    match value(arg) {
        value if value.is_empty() => bold(&name),
        value => format!("{} {value}", bold(&name)),
    }
}

/// The name of an argument's value; empty where it takes none.
fn value(arg: &Arg) -> String {
    if !arg.get_action().takes_values() {
        return String::new();
    }
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let value = italic(&names.join(" "));
    let is_optional = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    if is_optional && !arg.is_positional() {
        format!("[{value}]")
    } else {
        value
    }
}

/// A command's own arguments, then those that every command takes.
fn options(page: &mut Page, command: &Command) {
    let visible = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let own = || visible().filter(|arg| !arg.is_global_set());
    for arg in own().filter(|arg| arg.is_positional()) {
        option(page, arg);
    }
    for arg in own().filter(|arg| !arg.is_positional()) {
        option(page, arg);
    }
    page.subsection("Global options");
    for arg in visible().filter(|arg| arg.is_global_set()) {
        option(page, arg);
    }
}

fn option(page: &mut Page, arg: &Arg) {
    let mut term = String::new();
    if let (Some(short), Some(_)) = (arg.get_short(), arg.get_long()) {
        term = format!("{}, ", bold(&format!("-{short}")));
    }
    term += &flag(arg);
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let takes_values = arg.get_action().takes_values();
    let default = arg.get_default_values().first().filter(|_| takes_values);
    // What help says of its short form concerns no page.
    let help = match (default, asks(arg)) {
        (Some(default), _) => format!("{help} [default: {}]", default.to_string_lossy()),
        (None, true) => help.split(" (see").next().unwrap_or_default().to_owned(),
        (None, false) => help,
    };
    let mut values: Vec<(String, String)> = Vec::new();
    for value in arg.get_possible_values().iter().filter(|_| takes_values) {
        let help = value.get_help().map(ToString::to_string);
        values.push((bold(value.get_name()), help.unwrap_or_default()));
    }
    if values.iter().all(|(_, help)| help.is_empty()) {
        let names: Vec<String> = values.drain(..).map(|(name, _)| name).collect();
        let list = if names.is_empty() { "" } else { ": " };
        page.term_of(
            &term,
            &format!("{}{list}{}", plain(&help), names.join(", ")),
        );
    } else {
        page.term(&term, &help);
    }
    page.values(&values);
}

/// What stands behind the flags in a command's help, by its form.
#[derive(Debug, Default)]
struct Help {
    description: Vec<String>,
    /// Each with what introduces it, where that is more than the word.
    examples: Vec<(Option<String>, Vec<String>)>,
    exit: Option<String>,
}

impl Help {
    fn of(command: &Command) -> Self {
        let mut help = Self::default();
        let text = command.get_after_help().map(ToString::to_string);
        for block in text.unwrap_or_default().split("\n\n") {
            let mut lines = block.lines();
            let first = lines.next().unwrap_or_default();
            let examples: Vec<String> = lines
                .map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned())
                .collect();
            if !examples.is_empty() {
                let title = Some(first.to_owned());
                let title = title.filter(|title| !title.starts_with("Example"));
                help.examples.push((title, examples));
            } else if first.starts_with("Exit code") {
                help.exit = Some(first.to_owned());
            } else if !first.is_empty() {
                help.description.push(first.to_owned());
            }
        }
        help
    }
}
