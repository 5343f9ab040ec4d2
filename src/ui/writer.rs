//! Bytes on their way out, and what became of them.

use super::target::Target;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long a stream that takes nothing just now is left alone.
const BUSY: Duration = Duration::from_millis(5);

/// What became of all that was to go to standard output, or to the file in its place.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Whether the reader went away before all was written.
    pub closed: bool,
    /// Why it could not be written, where the reader is not the cause (a full disk).
    pub failed: Option<io::Error>,
}

/// Where bytes go, and what has become of those so far.
pub(super) struct Writer {
    target: Target,
    delivery: Delivery,
}

impl Writer {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            delivery: Delivery::default(),
        }
    }

    fn is_whole(&self) -> bool {
        !self.delivery.closed && self.delivery.failed.is_none()
    }

    /// Writes all of `bytes`, unless something before them was in vain.
    pub(super) fn write(&mut self, bytes: &[u8], closed: &AtomicBool) {
        if !self.is_whole() {
            return;
        }
        match deliver(&mut self.target, bytes) {
            Ok(()) => {}
            Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => {
                self.delivery.closed = true;
                closed.store(true, Ordering::Relaxed);
            }
            Err(fault) => self.delivery.failed = Some(fault),
        }
    }

    /// The end; if it is a `whole` one, a file takes its place, else it vanishes.
    pub(super) fn end(mut self, whole: bool) -> Delivery {
        if whole && self.is_whole() {
            self.delivery.failed = self.target.commit().err();
        }
        self.delivery
    }
}

/// Writes all, also to a stream that somebody else has made non-blocking.
fn deliver(target: &mut Target, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match target.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => thread::sleep(BUSY),
            Err(fault) => return Err(fault),
        }
    }
    loop {
        match target.flush() {
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => thread::sleep(BUSY),
            done => return done,
        }
    }
}
