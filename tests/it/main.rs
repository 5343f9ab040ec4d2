//! One test binary; a file a topic.

mod common;
mod events;
mod hostile;
mod locks;
mod man;
mod processes;
mod reading;
mod refusals;
mod run;
mod structure;
