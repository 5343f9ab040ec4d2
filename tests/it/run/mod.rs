//! The run, sentence by sentence: each test's doc is the sentence of the contract that it proves.

mod ending;
mod holding;
mod playing;
mod recording;
mod repeating;
mod stage;
mod starting;
mod supervising;
mod timing;
