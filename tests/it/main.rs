//! One test binary; a file a topic.

mod command;
mod common;
mod events;
mod run;
mod shipped;
mod structure;
