//! `council completions`: the script by which a shell asks this program, at each Tab, what may stand
//! where the cursor is.

mod bash;
mod candidates;

use super::error::CliError;
use super::exit;
use crate::ui::Ui;
use clap::ValueEnum;
use clap_complete::engine::{CompletionCandidate, complete};
use clap_complete::env::{self, EnvCompleter};
use std::env::var_os;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variable by which a script asks: its value is the shell's name.
const VARIABLE: &str = "COUNCIL_COMPLETE";

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  eval \"$(council completions bash)\"      # in ~/.bashrc
  eval \"$(council completions zsh)\"       # in ~/.zshrc, after compinit
  council completions fish | source       # in ~/.config/fish/config.fish

The script asks the program itself at each Tab. Commands, flags and their values are completed, and so are shipped councils, specs, topologies, and runs of the store, which is only read.")]
pub(super) struct Args {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &env::Bash,
            Self::Zsh => &env::Zsh,
            Self::Fish => &env::Fish,
        }
    }
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let mut script = Vec::new();
    args.shell
        .completer()
        .write_registration(VARIABLE, "council", "council", &program(), &mut script)
        .map_err(|error| CliError::bug(format_args!("there is no script: {error}")))?;
    ui.data(&String::from_utf8_lossy(&script));
    Ok(exit::OK)
}

/// What the script calls: the program as it was called, wherever the shell is by then.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let called = PathBuf::from(called);
    if called.components().count() < 2 {
        return "council".to_owned();
    }
    std::path::absolute(&called)
        .unwrap_or(called)
        .to_string_lossy()
        .into_owned()
}

/// The shell whose script asks for candidates, where one does.
pub(super) fn asked() -> Option<Shell> {
    Shell::from_str(var_os(VARIABLE)?.to_str()?, false).ok()
}

/// What is printed for the script of `shell`, which calls `council -- WORDS`; nothing where nothing
/// fits, whatever the cause.
pub(super) fn answer(shell: Shell, args: Vec<OsString>) -> String {
    let words: Vec<OsString> = args.into_iter().skip_while(|word| word != "--").collect();
    let words = words.get(1..).unwrap_or_default().to_vec();
    let last = words.len().saturating_sub(1);
    let index = match shell {
        Shell::Fish => last,
        _ => number("_CLAP_COMPLETE_INDEX").unwrap_or(last),
    };
    match shell {
        Shell::Bash => {
            let line = bash::Line::of(&words, index);
            let offered = offered(line.words.clone(), line.index);
            let values = offered.iter().map(|candidate| line.rest_of(candidate));
            // The separator that the script splits at; spaces may be part of a path.
            values.collect::<Vec<_>>().join(&separator())
        }
        Shell::Zsh => {
            let lines = offered(words, index).into_iter().map(|candidate| {
                let escaped = |text: &str| text.replace('\\', "\\\\");
                let value = escaped(&candidate.get_value().to_string_lossy()).replace(':', "\\:");
                match help_of(&candidate) {
                    Some(help) => format!("{value}:{}", escaped(&help)),
                    None => value,
                }
            });
            lines.collect::<Vec<_>>().join(&separator())
        }
        Shell::Fish => {
            let lines = offered(words, index).into_iter().map(|candidate| {
                let value = candidate.get_value().to_string_lossy();
                match help_of(&candidate) {
                    Some(help) => format!("{value}\t{help}\n"),
                    None => format!("{value}\n"),
                }
            });
            lines.collect()
        }
    }
}

/// What may stand in place of the word at `index`. Flags are offered to who has typed nothing yet
/// only where nothing else fits.
fn offered(mut words: Vec<OsString>, index: usize) -> Vec<CompletionCandidate> {
    if words.len() == index {
        words.push(OsString::new());
    }
    let untouched = words.get(index).is_some_and(|word| word.is_empty());
    let mut command = candidates::added(super::command(), &words);
    let folder = std::env::current_dir().ok();
    let mut offered = complete(&mut command, words, index, folder.as_deref()).unwrap_or_default();
    let is_flag = |candidate: &CompletionCandidate| {
        candidate.get_value().as_encoded_bytes().starts_with(b"-")
    };
    if untouched && offered.iter().any(|candidate| !is_flag(candidate)) {
        offered.retain(|candidate| !is_flag(candidate));
    }
    offered
}

fn help_of(candidate: &CompletionCandidate) -> Option<String> {
    let help = candidate.get_help()?.to_string();
    Some(help.lines().next()?.to_owned())
}

fn number(variable: &str) -> Option<usize> {
    var_os(variable)?.to_str()?.parse().ok()
}

fn separator() -> String {
    std::env::var("_CLAP_IFS").unwrap_or_else(|_| "\n".to_owned())
}
