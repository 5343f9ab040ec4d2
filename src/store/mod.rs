//! The store: one SQLite file that holds every run with all of its events, and who is alive.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `path` | where the store is |
//! | `schema` | its tables, as append-only migrations |
//! | `open` | the opening sequence, for writing and for reading |
//! | `sql` | the statements that writing and reading share |
//! | `write` | [`Writer`], the handle to the one thread of a process that writes |
//! | `scribe` | that thread: what is queued goes into one transaction, or past the store |
//! | `spill` | files beside the store for what it could not take |
//! | `reclaim` | how they come back into it |
//! | `stake` | who settles how a record ends: who commits it or who waits for that |
//! | `live` | which recording processes are alive, by file locks |
//! | `crash` | the end of a run whose process died |
//! | `read`, `find`, `summary` | [`Reader`]: a run as it is stored, by name, in a list |
//! | `label` | which runs of a list have a label |
//! | `recipe` | what a run was made of, to make it again |
//!
//! What always holds:
//! - The store has a gapless prefix of each run's events. What could not be committed (a lasting
//!   lock, a full disk) is in a file beside the store with all that followed, the end too; the two
//!   together have no gap, and are read as one. The next open for writing puts them together.
//! - Where no file could be written either, one thing may stand behind a gap: the terminal event
//!   of a run that ended all the same, as an outcome never stands without its event. The row's
//!   `record` names the first event that is missing, and so does all that is read of such a run.
//! - A row's `outcome` and its terminal event are written in one transaction, by whoever is first.
//! - What the owner of a run has said of its record is what is read of it, until more comes back.
//!   An end that waits for its commit no longer is spilled. Where that cannot be done either, its
//!   owner says `incomplete` from the first event that is not known to be on disk; events that
//!   are committed after that are kept, and the row says what was said; a file that is written
//!   after that says more until the row is written too.
//! - A row that nobody waits for any more is not written.
//! - `outcome` is NULL until the run has ended. A row without one whose process is dead is a
//!   crashed run, recorded or not, and reads the same before and after that is recorded.
//! - A lock is waited for, never an error, until 30 s have passed.

mod crash;
mod ended;
mod error;
mod find;
mod label;
mod list;
mod live;
mod open;
mod path;
mod read;
mod recipe;
mod reclaim;
mod schema;
mod scribe;
mod settling;
mod spill;
mod sql;
mod stake;
mod summary;
mod write;

#[cfg(test)]
mod testing;

pub use error::StoreError;
pub use find::FindError;
pub use label::Label;
pub use path::locate;
pub use read::{News, Reader};
pub use recipe::Recipe;
pub use settling::{Settling, Waits};
pub use sql::NewRun;
pub use summary::Summary;
pub use write::Writer;
