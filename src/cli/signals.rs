//! Signals that end a run: the first asks, the second does not wait.

use crate::run::{CancelledBy, RunHandle, Signal};
use std::convert::Infallible;
use std::io;
use tokio::signal::unix::{self, SignalKind};

/// Makes a write past the limit of a file's size fail as on a full disk, rather than end the
/// process (SIGXFSZ). Must be called inside a runtime.
pub(super) fn survive_file_limits() {
    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // The handler stays when this goes. Where it is refused, such a write is the end.
    drop(unix::signal(kind));
}

/// The signals that this process listens to, from now on.
pub(super) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hangup: unix::signal(SignalKind::hangup())?,
        })
    }

    /// The next of them.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hangup.recv() => Signal::Hangup,
        }
    }

    /// Ends `run` at the first signal, at once at the second; says so through `tell`.
    pub(super) async fn end(&mut self, run: RunHandle, tell: impl Fn(&str)) -> Infallible {
        let signal = self.next().await;
        run.cancel(CancelledBy::Signal(signal));
        tell("ending the run; its record is being completed (again to end it at once)");
        loop {
            let signal = self.next().await;
            run.terminate(CancelledBy::Signal(signal));
        }
    }
}
