//! The execution of a run: a `RunServer` that takes the rounds one after another, calls with their
//! attempts and times, handles and a registry for those outside, and the `Supervisor` over all.
//!
//! Order of a start: options and keys are checked, the id is reserved, the recorder accepts the
//! run, the bus opens with recorder and subscribers attached, and only then the `RunServer` begins.
//! Order of an end: every task has ended or was aborted, the terminal event is recorded, those who
//! watch get it, and [`RunHandle::result`] resolves.

mod attempt;
mod call;
mod clock;
mod gather;
mod handle;
mod nobody;
mod progress;
mod registry;
mod repeat;
mod server;
mod start;
mod stop;
mod supervisor;
mod tasks;

pub use handle::{LinkedRun, NoResult, RunHandle, RunState};
pub use registry::{LookupError, Registry};
pub use start::{RECORD_GRACE, StartError, StartOptions, check, run, start, start_linked};
pub use stop::{CancelledBy, Signal};
pub use supervisor::{Child, Supervisor};
