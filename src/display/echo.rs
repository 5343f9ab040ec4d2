//! Keys that are pressed while rows stand are kept for the shell, and not echoed: a line feed among
//! them would move the terminal under the rows.

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};
use std::io;

/// The terminal echoes nothing while this lives.
#[derive(Debug)]
pub(super) struct NoEcho;

impl NoEcho {
    /// None where standard input is no terminal of this process's, or echoes nothing anyway.
    pub(super) fn begin() -> Option<Self> {
        let had = set(false)?;
        had.then_some(Self)
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        set(true);
    }
}

/// Turns the echo on or off, and tells how it was; none where that is not for this process to do:
/// in the background it would be stopped for trying.
fn set(echo: bool) -> Option<bool> {
    let stdin = io::stdin();
    if tcgetpgrp(&stdin).ok()? != getpgrp() {
        return None;
    }
    let mut modes = tcgetattr(&stdin).ok()?;
    let had = modes.local_modes.contains(LocalModes::ECHO);
    modes.local_modes.set(LocalModes::ECHO, echo);
    tcsetattr(&stdin, OptionalActions::Now, &modes).ok()?;
    Some(had)
}
