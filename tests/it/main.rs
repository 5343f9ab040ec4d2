//! One test binary; a file a topic.

mod command;
mod common;
mod events;
mod hostile;
mod man;
mod processes;
mod reading;
mod refusals;
mod run;
mod screens;
mod shipped;
mod structure;
