//! One test binary; a file a topic.

mod ballots;
mod command;
mod common;
mod deliberating;
mod describing;
mod diagrams;
mod events;
mod faults;
mod flags;
mod hostile;
mod hostile_text;
mod locks;
mod man;
mod never_panics;
mod processes;
mod reading;
mod readme;
mod refusals;
mod run;
mod screens;
mod shipped;
mod slips;
mod structure;
mod tape;
mod watching;
mod wire;
