//! What an argument may be, by the name of its value: runs, specs, topologies, questions in files.
//! Nothing here fails aloud or writes anything; what cannot be read is not offered.

use crate::report::words::{clip, tidy};
use crate::spec::{self, Overrides, SHIPPED, TOPOLOGIES};
use crate::store::{self, Reader, Summary};
use clap::{Arg, Command};
use clap_complete::PathCompleter;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, ValueCompleter as _,
};
use std::collections::BTreeSet;
use std::env::var_os;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How many runs are offered where nothing is typed yet.
const NEWEST: usize = 20;

/// Among how many of the newest runs one is looked for whose id begins as typed.
const MOST: usize = 1000;

/// How long a shell waits at most for a store that is locked.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How much of a question is shown beside its run.
const COLUMNS: usize = 50;

/// `command`, whose arguments know what they may be; `words` may name another store.
pub(super) fn added(command: Command, words: &[OsString]) -> Command {
    let store = store::locate(
        store_of(words).as_deref(),
        var_os("COUNCIL_STORE").as_deref(),
    );
    let store = store.ok();
    command.mut_subcommands(|command| command.mut_args(|arg| told(arg, store.as_ref())))
}

/// The store that the command line names.
fn store_of(words: &[OsString]) -> Option<PathBuf> {
    let place = words.iter().rposition(|word| word == "--store");
    let behind = place.and_then(|place| words.get(place + 1));
    let joined = || {
        let mut words = words.iter().filter_map(|word| word.to_str());
        words.find_map(|word| word.strip_prefix("--store="))
    };
    behind
        .map(PathBuf::from)
        .or_else(|| joined().map(PathBuf::from))
}

fn told(arg: Arg, store: Option<&PathBuf>) -> Arg {
    let value = match arg.get_value_names() {
        Some([name]) => name.to_string(),
        _ => return arg,
    };
    let store = store.cloned();
    match value.as_str() {
        "RUN" => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            fitting(runs(store.clone(), typed), typed)
        })),
        "RUN | FILE" => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            let mut all = fitting(runs(store.clone(), typed), typed);
            all.extend(files("ndjson").complete(typed));
            all
        })),
        "SPEC" => arg.add(ArgValueCompleter::new(|typed: &OsStr| {
            let mut all = fitting(councils(), typed);
            all.extend(files("toml").complete(typed));
            all
        })),
        "NAME" => arg.add(ArgValueCandidates::new(topologies)),
        "TEXT | @FILE | -" => arg.add(ArgValueCompleter::new(questions)),
        "KEY=VALUE" | "KEY[=VALUE]" => {
            arg.add(ArgValueCandidates::new(move || labels(store.clone())))
        }
        _ => arg,
    }
}

fn fitting(mut all: Vec<CompletionCandidate>, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.as_encoded_bytes();
    all.retain(|one| one.get_value().as_encoded_bytes().starts_with(typed));
    all
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(help.to_owned().into()))
}

fn councils() -> Vec<CompletionCandidate> {
    let shipped = SHIPPED.iter().map(|shipped| {
        let council = spec::load(shipped.name, &Overrides::default());
        let description = council.ok().and_then(|council| council.description);
        candidate(shipped.name, &description.unwrap_or_default())
    });
    shipped.collect()
}

fn topologies() -> Vec<CompletionCandidate> {
    let all = TOPOLOGIES.iter();
    all.map(|topology| candidate(topology.name, topology.summary))
        .collect()
}

fn runs(store: Option<PathBuf>, typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut all = vec![candidate("latest", "The newest run")];
    let limit = if typed.is_empty() { NEWEST } else { MOST };
    all.extend(newest(store, limit).iter().map(|run| {
        let help = format!("{}: {}", run.council, run.input);
        candidate(run.run_id.as_str(), &clip(&tidy(&help), COLUMNS))
    }));
    all
}

fn labels(store: Option<PathBuf>) -> Vec<CompletionCandidate> {
    let runs = newest(store, NEWEST);
    let labels = runs.iter().flat_map(|run| &run.labels);
    let labels: BTreeSet<String> = labels
        .filter(|(_, value)| !value.chars().any(char::is_control))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    labels.into_iter().map(CompletionCandidate::new).collect()
}

/// The newest runs of `store`, `limit` at most; none where it does not answer at once. The thread
/// that still waits for it ends with the process.
fn newest(store: Option<PathBuf>, limit: usize) -> Vec<Summary> {
    let Some(store) = store else {
        return Vec::new();
    };
    let (hand_over, found) = mpsc::channel();
    thread::spawn(move || {
        let reader = Reader::open(&store).ok().flatten();
        let runs = reader.and_then(|reader| reader.summaries(limit, false).ok());
        // Nobody waits any more: nothing is lost.
        hand_over.send(runs.unwrap_or_default()).ok();
    });
    found.recv_timeout(PATIENCE).unwrap_or_default()
}

/// Files that end so, and folders on the way to them.
fn files(ending: &'static str) -> PathCompleter {
    PathCompleter::any().filter(move |path| path.extension().is_some_and(|found| found == ending))
}

/// `-`, or the path of a file behind its `@`.
fn questions(typed: &OsStr) -> Vec<CompletionCandidate> {
    match typed.to_str().and_then(|typed| typed.strip_prefix('@')) {
        Some(path) => {
            let files = PathCompleter::any().filter(|path| path.is_file());
            let files = files.complete(OsStr::new(path)).into_iter();
            files.map(|file| file.add_prefix("@")).collect()
        }
        None => fitting(vec![candidate("-", "Standard input")], typed),
    }
}
