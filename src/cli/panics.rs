//! Panics: a bug of this program, told in one line, with its place, and exit code 70.
//!
//! A panic in a call's task or in a recorder is caught where it belongs and recorded; printed
//! besides, it would run through the progress rows. `RUST_BACKTRACE` brings the usual report back.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

/// Where the last panic was.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work`; a panic in it becomes a sentence.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(|panic| {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(panic.to_string().replace('\n', " "));
        }));
    }
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_payload| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let words = last.unwrap_or_else(|| "it panicked".to_owned());
        format!("a bug in council: {words}; what was recorded stays: `council list`")
    })
}
