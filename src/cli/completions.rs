//! `council completions`: what a shell needs to complete a command line.

use super::error::CliError;
use super::exit;
use crate::ui::Ui;
use clap::ValueEnum;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council completions bash > ~/.local/share/bash-completion/completions/council
  council completions zsh > ~/.zfunc/_council      (a folder in $fpath, before compinit)
  council completions fish > ~/.config/fish/completions/council.fish")]
pub(super) struct Args {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl From<Shell> for clap_complete::Shell {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Bash => Self::Bash,
            Shell::Zsh => Self::Zsh,
            Shell::Fish => Self::Fish,
        }
    }
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let mut script = Vec::new();
    let shell = clap_complete::Shell::from(args.shell);
    clap_complete::generate(shell, &mut super::command(), "council", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| CliError::bug(format_args!("the completions are no text: {error}")))?;
    ui.data(&script);
    Ok(exit::OK)
}
