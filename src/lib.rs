//! `council` puts one question before a panel of language models: they answer in parallel, review
//! and argue and vote in rounds, a chair writes one answer, and every step is recorded.
//!
//! # How data flows
//!
//! ```text
//! spec  ->  rounds  ->  run  ->  events  ->  recorder (the store)
//!                        |                   display  (the screen)
//!                    providers
//! ```
//!
//! A [`spec`] file becomes a checked [`spec::Council`]. The [`run`] takes its rounds one after
//! another: a [`round`] is a pure function that says who is asked what, the run sends each
//! question through a [`provider`], and whatever happens becomes an [`event`] on the run's
//! [`bus`]. From there a [`recorder`] keeps it in the [`store`] and the [`display`] shows it.
//!
//! # Where things live
//!
//! | room | what it holds | may import |
//! | --- | --- | --- |
//! | [`event`] | ids, `Event`, `RunError`, `Ask`, and the fold that makes a `RunResult` of events | nothing |
//! | [`bus`] | stamps order and time, hands each event to every subscriber, guarantees the end | event |
//! | [`prompt`] | templates, and fences around text that is not ours | event |
//! | [`aggregate`] | ballots to a winner and scores; one file a method | event |
//! | [`round`] | who is asked, what they see, how replies are read; one file a kind | prompt, aggregate, event |
//! | [`spec`] | a TOML file to a checked council, with all of its faults | round, prompt, aggregate, event |
//! | [`provider`] | one question to one model; one adapter a file | spec, event |
//! | [`store`] | the SQLite file and who is alive; the only SQL | event |
//! | [`recorder`] | the `Recorder` trait, its `RecorderProcess`, and the SQLite recorder | store, bus, event |
//! | [`tape`] | completed calls of a recorded run, played back instead of made | event |
//! | [`run`] | `RunServer`, calls, clock, registry, `Supervisor` | provider, round, spec, tape, recorder, bus, event |
//! | [`report`] | text of a result: plain, markdown, json; and drawings | spec, event |
//! | [`display`] | what a screen shows while a run goes on | ui, report, event |
//! | [`input`] | the question, from the command line, a file or a pipe, and the files beside it | event |
//! | [`ui`] | the only file that prints | nothing |
//! | [`cli`] | one file a command; exit codes and hints | all |
//!
//! A test reads the sources and holds this table.

pub mod aggregate;
pub mod bus;
pub mod cli;
pub mod display;
pub mod event;
pub mod input;
pub mod prompt;
pub mod provider;
pub mod recorder;
pub mod report;
pub mod round;
pub mod run;
pub mod spec;
pub mod store;
pub mod tape;
pub mod ui;
