//! One test binary; a file a topic.

mod command;
mod common;
mod describing;
mod events;
mod faults;
mod flags;
mod hostile;
mod locks;
mod man;
mod processes;
mod reading;
mod readme;
mod refusals;
mod run;
mod screens;
mod shipped;
mod structure;
mod tape;
