//! Exit codes: what scripts branch on.

use crate::event::{RecordState, RunResult, RunStatus};
use crate::run::{CancelledBy, Signal};
use crate::spec::OnPartial;

/// Completed and whole; or, for commands that read, printed.
pub(super) const OK: u8 = 0;
/// Failed: no answer; or the run that was asked for does not exist.
pub(super) const FAILED: u8 = 1;
/// Usage, spec, input, key or store is wrong; nothing was started.
pub(super) const USAGE: u8 = 2;
/// Completed, and a part is missing.
pub(super) const DEGRADED: u8 = 3;
/// The run ended, and its record is not complete.
pub(super) const RECORD: u8 = 5;
/// Cancelled by `council cancel` or a supervisor.
pub(super) const CANCELLED: u8 = 6;
/// A bug of this program.
pub(super) const BUG: u8 = 70;

/// The code of a run that was made: the first that holds of bug, cancelled, failed, record,
/// degraded, whole.
pub(super) fn of_run(
    result: &RunResult,
    cancelled_by: Option<&CancelledBy>,
    on_partial: OnPartial,
) -> u8 {
    match result.status {
        RunStatus::Crashed => return BUG,
        RunStatus::Cancelled => return of_cancel(cancelled_by),
        RunStatus::Failed | RunStatus::Pending | RunStatus::Running => return FAILED,
        RunStatus::Completed => {}
    }
    if result.degraded && on_partial == OnPartial::Fail {
        return FAILED;
    }
    if matches!(
        result.record.state,
        RecordState::Incomplete | RecordState::Spilled
    ) {
        return RECORD;
    }
    if result.degraded && on_partial == OnPartial::Report {
        return DEGRADED;
    }
    OK
}

/// The code of a run with `code` whose result could not be written where it was to go.
pub(super) fn of_unprinted(code: u8) -> u8 {
    match code {
        OK | DEGRADED | RECORD => FAILED,
        other => other,
    }
}

/// The code of a process that a signal ended.
pub(super) fn of_signal(signal: Signal) -> u8 {
    match signal {
        Signal::Interrupt => 130,
        Signal::Terminate => 143,
        Signal::Hangup => 129,
    }
}

fn of_cancel(by: Option<&CancelledBy>) -> u8 {
    match by {
        Some(CancelledBy::Signal(signal)) => of_signal(*signal),
        _ => CANCELLED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Fold, Record};

    fn ended(status: RunStatus, degraded: bool, record: Record) -> RunResult {
        let run_id = "r".parse().expect("a run id");
        RunResult {
            status,
            degraded,
            record,
            ..Fold::new(run_id).result()
        }
    }

    #[test]
    fn the_first_that_holds_decides() {
        let whole = || Record::of(RecordState::Complete);
        let table = [
            (
                ended(RunStatus::Completed, false, whole()),
                OnPartial::Report,
                OK,
            ),
            (
                ended(RunStatus::Completed, true, whole()),
                OnPartial::Report,
                DEGRADED,
            ),
            (
                ended(RunStatus::Completed, true, whole()),
                OnPartial::Accept,
                OK,
            ),
            (
                ended(RunStatus::Completed, true, whole()),
                OnPartial::Fail,
                FAILED,
            ),
            (
                ended(RunStatus::Completed, true, Record::incomplete(3)),
                OnPartial::Fail,
                FAILED,
            ),
            (
                ended(RunStatus::Completed, true, Record::incomplete(3)),
                OnPartial::Report,
                RECORD,
            ),
            (
                ended(RunStatus::Completed, false, Record::incomplete(3)),
                OnPartial::Report,
                RECORD,
            ),
            (
                ended(RunStatus::Completed, false, Record::of(RecordState::Off)),
                OnPartial::Fail,
                OK,
            ),
            (
                ended(RunStatus::Failed, false, Record::incomplete(3)),
                OnPartial::Accept,
                FAILED,
            ),
            (
                ended(RunStatus::Crashed, false, whole()),
                OnPartial::Accept,
                BUG,
            ),
        ];
        for (result, on_partial, code) in table {
            assert_eq!(
                of_run(&result, None, on_partial),
                code,
                "{result:?} {on_partial:?}"
            );
        }
    }

    #[test]
    fn a_cancelled_run_says_who_cancelled_it() {
        let result = ended(RunStatus::Cancelled, false, Record::incomplete(1));
        let code = |by| of_run(&result, Some(&by), OnPartial::Report);
        assert_eq!(code(CancelledBy::Signal(Signal::Interrupt)), 130);
        assert_eq!(code(CancelledBy::Signal(Signal::Terminate)), 143);
        assert_eq!(code(CancelledBy::Signal(Signal::Hangup)), 129);
        assert_eq!(code(CancelledBy::Request), CANCELLED);
        assert_eq!(code(CancelledBy::Supervisor), CANCELLED);
    }
}
