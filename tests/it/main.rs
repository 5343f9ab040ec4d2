//! One test binary; a file a topic.

mod events;
mod structure;
