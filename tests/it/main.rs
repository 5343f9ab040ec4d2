//! One test binary; a file a topic.

mod common;
mod events;
mod run;
mod structure;
