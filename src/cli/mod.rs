//! The command line: one file a command, each its arguments and one function.

mod again;
mod cancel;
mod completions;
mod diagram;
mod error;
mod events;
mod execute;
mod exit;
mod flags;
mod later;
mod list;
mod man;
mod pager;
mod panics;
mod replay;
mod resume;
mod retry;
mod run;
mod schema;
mod show;
mod signals;
mod store;
mod topologies;
mod usage;
mod validate;
mod watch;

use crate::spec::LoadError;
use crate::ui::{Streams, Ui};
use clap::{
    ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
};
use error::{CliError, Message};
use std::ffi::OsString;
use std::path::PathBuf;

pub use man::pages as man_pages;

/// What help has above the flags that every command takes.
const GLOBAL: &str = "Global options";

/// Puts one question before a panel of language models, and keeps a record of every step.
#[derive(Debug, Parser)]
#[command(
    name = "council",
    version,
    arg_required_else_help = true,
    color = clap::ColorChoice::Never,
    after_help = "Try it without any key:
  council run quickstart --input \"Should a small team adopt Rust?\"
  council show latest

A council of your own is a TOML file; the shipped ones, councils/*.toml, teach the format:
  council validate ./team.toml
  council run ./team.toml --input @question.md

`council COMMAND --help` has examples of each."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Cmd,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
struct Global {
    /// The file that keeps the runs [default: $COUNCIL_STORE, else council/runs.db in the user's data folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    store: Option<PathBuf>,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// Say more: a line with its time for every step of a run; -vv also what goes to models and comes back, without keys
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Cmd {
    Run(Box<run::Args>),
    Show(show::Args),
    List(list::Args),
    Validate(validate::Args),
    Topologies(topologies::Args),
    Diagram(diagram::Args),
    Events(events::Args),
    Watch(watch::Args),
    Cancel(cancel::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Resume(Box<resume::Args>),
    Retry(Box<retry::Args>),
    Replay(Box<replay::Args>),
}

/// The whole command line, as clap knows it.
fn command() -> Command {
    Cli::command()
}

/// Runs the command line `args` (the program's name first) and gives the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let completing = completions::asked();
    if let ([_, only], None) = (args.as_slice(), completing)
        && (only == "--version" || only == "-V")
    {
        // Nothing needs to be known for this one, of the terminal neither.
        let ui = Ui::new(Streams::default());
        ui.data(concat!("council ", env!("CARGO_PKG_VERSION"), "\n"));
        return end(&ui, exit::OK);
    }
    let ui = Ui::new(Streams::gather());
    if let Some(shell) = completing {
        let answer = panics::catch(|| completions::answer(shell, args));
        ui.data(&answer.unwrap_or_default());
        return end(&ui, exit::OK);
    }
    let bug = panics::catch(|| {
        parse(&args).and_then(|cli| match &cli.command {
            Cmd::Run(args) => run::run(&cli.global, args, &ui),
            Cmd::Show(args) => show::run(&cli.global, args, &ui),
            Cmd::List(args) => list::run(&cli.global, args, &ui),
            Cmd::Validate(args) => validate::run(args, &ui),
            Cmd::Topologies(args) => topologies::run(args, &ui),
            Cmd::Diagram(args) => diagram::run(&cli.global, args, &ui),
            Cmd::Events(args) => events::run(&cli.global, args, &ui),
            Cmd::Watch(args) => watch::run(&cli.global, args, &ui),
            Cmd::Cancel(args) => cancel::run(&cli.global, args, &ui),
            Cmd::Schema(args) => schema::run(args, &ui),
            Cmd::Completions(args) => completions::run(args, &ui),
            Cmd::Resume(args) => resume::run(&cli.global, args, &ui),
            Cmd::Retry(args) => retry::run(&cli.global, args, &ui),
            Cmd::Replay(args) => replay::run(&cli.global, args, &ui),
        })
    });
    match bug.unwrap_or_else(|words| Err(CliError::bug(words))) {
        Ok(code) => end(&ui, code),
        Err(error) => fail(&ui, &error),
    }
}

fn parse(args: &[OsString]) -> Result<Cli, CliError> {
    let matches = later::parse(command, args)?;
    Ok(Cli::from_arg_matches(&matches)?)
}

fn fail(ui: &Ui, error: &CliError) -> u8 {
    match &error.message {
        Message::Sentence(sentence) => ui.error(format!("{sentence:#}")),
        Message::Spec(fault) => refuse(ui, fault),
        Message::Usage(text) => ui.text(text.clone()),
        Message::Help(text) => ui.data(text),
    }
    for hint in &error.hints {
        ui.hint(hint.clone());
    }
    // An output file of a run that never began stays as it was.
    if error.code == exit::USAGE {
        ui.abandon();
    }
    end(ui, error.code)
}

/// What is wrong with a spec: its faults in a picture, or why it could not be read.
fn refuse(ui: &Ui, error: &LoadError) {
    let colour = ui.streams().stderr_takes_colour();
    let fit = |text: &str, taken| ui.fitted(text, taken);
    if let Some(picture) = error.picture(colour, Some(&fit)) {
        return ui.drawn(picture + "\n");
    }
    ui.error(error.message());
    if let Some(help) = error.help() {
        ui.hint(help);
    }
}

/// Waits for both streams; data that could not be written makes a good end a bad one.
fn end(ui: &Ui, code: u8) -> u8 {
    // Standard error is still open to tell of it.
    let failed = ui.deliver().failed;
    if let Some(fault) = &failed {
        ui.error(format!("the output could not be written: {fault}"));
    }
    let _rest = ui.finish();
    match failed {
        Some(_) if code == exit::OK => exit::FAILED,
        _ => code,
    }
}
