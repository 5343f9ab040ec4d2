//! A program and all that it starts, as one process group that ends together.
//!
//! The program leads the group. Its end is noticed before it is reaped, so that its id, which is
//! the group's too, cannot belong to a stranger yet when the rest of the group is killed. Whoever
//! leaves the group (`setsid`, the jobs of an interactive shell) is out of reach.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io;
use std::process::ExitStatus;
use tokio::process::{Child, Command};
use tokio::signal::unix::{self, SignalKind};

/// A process group that is killed when it is dropped. The runtime reaps its leader.
pub(super) struct Group {
    child: Child,
    leader: Pid,
    changes: unix::Signal,
    /// Whether the leader has been reaped: from then on its id means nothing.
    reaped: bool,
}

impl Group {
    /// Starts `command` as the leader of a group.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        // Before the start, so that no end is missed.
        let changes = unix::signal(SignalKind::child())?;
        let child = command.process_group(0).spawn()?;
        let leader = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .ok_or_else(|| io::Error::other("the program has no process id"))?;
        Ok(Self {
            child,
            leader,
            changes,
            reaped: false,
        })
    }

    /// The leader, for its pipes.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until the leader has ended, and kills the others. Nothing is lost when this is
    /// dropped before.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            match waitid(WaitId::Pid(self.leader), options) {
                Ok(None) => {}
                Ok(Some(_)) => break,
                // Somebody else has reaped it.
                Err(error) => {
                    self.reaped = true;
                    return Err(error.into());
                }
            }
            self.changes.recv().await;
        }
        self.kill();
        let status = self.child.try_wait()?;
        self.reaped = true;
        status.ok_or_else(|| io::Error::other("it ended, and is still there"))
    }

    /// What has ended already is no failure.
    fn kill(&self) {
        let _gone = kill_process_group(self.leader, Signal::KILL);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
        }
    }
}
