//! What happened: the one language in which the parts of the program meet.
//!
//! An [`Event`] is owned data, and its live and its stored form are one type. The whole
//! [`RunResult`] is a [`Fold`] over the events of a run, so what a run prints, what the store
//! gives back and what a killed run still had are computed by the same function.
//! Nothing here does I/O.

mod ask;
mod attachment;
mod ballot;
mod data;
mod error;
mod fold;
mod hex;
mod id;
mod kind;
mod line;
mod result;
mod time;

pub use ask::{Ask, Expect, Message, MessageRole};
pub use attachment::{Attached, Attachment};
pub use ballot::{Aggregate, Ballot, CastBallot, Position, Tie};
pub use data::{
    Calls, MemberCompleted, MemberRetry, MemberStarted, MemberToken, Notice, Outcome, Plan,
    PlannedMember, PlannedRound, RejectedReply, RoundCompleted, RoundRef, RoundStarted, RunStarted,
    ToolCallRequest, ToolCallResult, Totals, Usage,
};
pub use error::{ErrorKind, RunError};
pub use fold::{End, Fold, HUNG_JURY, TOKEN_LIMIT};
pub use hex::hex;
pub use id::{CHAIR, CallKey, InvalidId, MemberId, Purpose, RunId};
pub use kind::{Draft, Event, EventKind, UnknownKind, VERSION};
pub use result::{
    Dissent, MemberResult, MemberStatus, Missing, Record, RecordState, RoundResult, RunResult,
    RunStatus,
};
pub use time::At;
