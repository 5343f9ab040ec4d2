//! What can be wrong with a store, in words that name the file and say what to do.

use crate::event::RunId;
use rusqlite::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No home folder is known and no file is named.
    #[error(
        "there is no place for the store: no home folder is known; name a file with --store or in COUNCIL_STORE"
    )]
    NoPlace,
    /// The name that was given is empty.
    #[error("the name of the store is empty; name a file with --store")]
    EmptyName,
    /// The path is a folder, or something else that is no file.
    #[error("{} is not a file; name a file for the store, such as {}", .path.display(), .path.join("runs.db").display())]
    NotAFile {
        /// The store as it was named.
        path: PathBuf,
    },
    /// The file or its folder cannot be made, reached or read.
    #[error("the store {} cannot be opened: {source}; check the permissions of the file and of its folder, or name another with --store", .path.display())]
    Unreachable {
        /// The store.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no SQLite database.
    #[error("{} is not a store: it is no SQLite database; it was left as it is; name another file with --store", .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is the database of another program.
    #[error("{} is not a store: it is the database of another program; it was left as it is; name another file with --store", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer program made the file.
    #[error("the store {} has version {found}, and this council knows versions up to {known}; use a newer council, or another store with --store", .path.display())]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// An older program made the file, and it cannot be brought up to date where it is.
    #[error("the store {} has the older version {found} and cannot be written; copy it to a folder that you can write to, and read the copy with --store", .path.display())]
    Older {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The file or its folder may be read only.
    #[error("the store {} cannot be written: the file or its folder is read-only; make both writable, or name another store with --store", .path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
    /// A part of a store in a read-only folder is in a file that needs to be written to be read.
    #[error("the store {} cannot be read where it is: a part of it is in the -wal file beside it, and the folder is read-only; copy both files to a folder that you can write to", .path.display())]
    NeedsWal {
        /// The store.
        path: PathBuf,
    },
    /// The file system cannot share memory between processes.
    #[error("the store {} is on a file system that SQLite cannot share between processes; name a file on a local disk with --store", .path.display())]
    NotLocal {
        /// The store.
        path: PathBuf,
    },
    /// Another process has held a lock all the time.
    #[error("the store {} has been locked by another program for {} s; close what holds it open and try again", .path.display(), .waited.as_secs())]
    Locked {
        /// The store.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The file was removed or replaced while this process had it open.
    #[error("the store {} was removed or replaced while it was in use; run the command again", .path.display())]
    Gone {
        /// The store.
        path: PathBuf,
    },
    /// The thread that writes has ended.
    #[error("the store {} is closed for writing", .path.display())]
    Closed {
        /// The store.
        path: PathBuf,
    },
    /// The store has a run of this id.
    #[error("there is a run `{0}` already; name another id, or none to have one drawn")]
    TakenRunId(RunId),
    /// The store has no run of this id.
    #[error("there is no run `{0}` in the store")]
    UnknownRun(RunId),
    /// A stored run cannot be read.
    #[error("run `{run_id}` in the store {} cannot be read: {why}; a newer council may have written it, or the file was changed by hand", .path.display())]
    Unreadable {
        /// The store.
        path: PathBuf,
        /// The run.
        run_id: String,
        /// What is wrong.
        why: String,
    },
    /// SQLite failed in another way.
    #[error("the store {} failed: {why}", .path.display())]
    Failed {
        /// The store.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
}

impl StoreError {
    /// The error behind what SQLite said of the store at `path`, after a lock was waited for.
    pub(super) fn of(path: &Path, waited: Duration, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Locked { path, waited },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::CannotOpen) => Self::Unreachable {
                path,
                source: io::Error::new(io::ErrorKind::PermissionDenied, error.to_string()),
            },
            _ => Self::Failed {
                path,
                why: error.to_string(),
            },
        }
    }
}

/// Whether another process is in the way, and will be out of it.
pub(super) fn is_lock(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
