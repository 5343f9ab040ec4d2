//! One test binary; a file a topic.

mod command;
mod common;
mod events;
mod hostile;
mod locks;
mod man;
mod processes;
mod reading;
mod refusals;
mod run;
mod shipped;
mod structure;
mod tape;
