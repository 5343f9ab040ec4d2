//! The event and its kinds: version 1 of what is streamed, stored and exported.

use super::{
    At, CallKey, MemberCompleted, MemberId, MemberRetry, MemberStarted, MemberToken, Notice,
    Outcome, RoundCompleted, RoundRef, RoundStarted, RunId, RunStarted, ToolCallRequest,
    ToolCallResult,
};
use schemars::JsonSchema;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The version that events carry in `v`.
pub const VERSION: u32 = 1;

/// One thing that happened in one run.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct Event {
    /// The version of this form: 1.
    pub v: u32,
    /// The run it belongs to.
    pub run_id: RunId,
    /// Its place in the run, from 0, without gaps.
    pub seq: u64,
    /// When it was stamped; never earlier than the event before it.
    pub at: At,
    /// The round it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundRef>,
    /// The member it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// The call it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallKey>,
    /// What happened: `kind` names it, `data` holds it.
    #[serde(flatten)]
    pub body: EventKind,
}

impl Event {
    /// Whether this is the last event of its run.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.outcome().is_some()
    }

    /// The outcome that a terminal event names.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.body {
            EventKind::RunCompleted(outcome) | EventKind::RunFailed(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// An event before the bus gives it its place and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The round it belongs to.
    pub round: Option<RoundRef>,
    /// The member it is about.
    pub member: Option<MemberId>,
    /// The call it belongs to.
    pub call: Option<CallKey>,
    /// What happened.
    pub body: EventKind,
}

impl Draft {
    /// An event of the run as a whole.
    #[must_use]
    pub fn of_run(body: EventKind) -> Self {
        Self {
            round: None,
            member: None,
            call: None,
            body,
        }
    }

    /// An event of one round.
    #[must_use]
    pub fn of_round(round: RoundRef, body: EventKind) -> Self {
        Self {
            round: Some(round),
            member: None,
            call: None,
            body,
        }
    }

    /// An event of one call.
    #[must_use]
    pub fn of_call(round: RoundRef, call: CallKey, body: EventKind) -> Self {
        Self {
            round: Some(round),
            member: Some(call.member.clone()),
            call: Some(call),
            body,
        }
    }

    /// A notice to whoever reads the run.
    #[must_use]
    pub fn notice(round: Option<RoundRef>, code: &str, text: impl Into<String>) -> Self {
        let body = EventKind::Notice(Notice {
            code: code.to_owned(),
            text: text.into(),
        });
        Self {
            round,
            member: None,
            call: None,
            body,
        }
    }

    /// The event that this draft becomes at `seq` and `at`.
    #[must_use]
    pub fn stamp(self, run_id: RunId, seq: u64, at: At) -> Event {
        let Self {
            round,
            member,
            call,
            body,
        } = self;
        Event {
            v: VERSION,
            run_id,
            seq,
            at,
            round,
            member,
            call,
            body,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($data:ty) = $name:literal,)*) => {
        /// What happened, with its data.
        #[derive(Debug, Clone, PartialEq, JsonSchema)]
        #[serde(tag = "kind", content = "data")]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind($data),)*
            /// A kind that this program does not know: a newer council wrote it.
            #[schemars(skip)]
            Unknown(UnknownKind),
        }

        impl EventKind {
            /// All names that this program knows, in the order in which a run meets them.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name that events carry in `kind`.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$kind(_) => $name,)*
                    Self::Unknown(unknown) => unknown.kind(),
                }
            }

            pub(super) fn read<'de, D: Deserializer<'de>>(name: &str, data: D) -> Result<Self, D::Error> {
                match name {
                    $($name => <$data>::deserialize(data).map(Self::$kind),)*
                    // What was written stays as it was written, byte for byte.
                    other => Box::<RawValue>::deserialize(data).map(|data| {
                        Self::Unknown(UnknownKind { kind: other.to_owned(), data })
                    }),
                }
            }
        }

        /// The data alone, as events carry it in `data`.
        impl Serialize for EventKind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$kind(data) => data.serialize(serializer),)*
                    Self::Unknown(unknown) => unknown.data.serialize(serializer),
                }
            }
        }
    };
}

kinds! {
    /// Once, first.
    RunStarted(RunStarted) = "run_started",
    /// Once for each round as held.
    RoundStarted(RoundStarted) = "round_started",
    /// Once for each call.
    MemberStarted(MemberStarted) = "member_started",
    /// A piece of a reply, gathered.
    MemberToken(MemberToken) = "member_token",
    /// An attempt failed and is made again.
    MemberRetry(MemberRetry) = "member_retry",
    /// A model asks for a tool.
    ToolCallRequest(ToolCallRequest) = "tool_call_request",
    /// What the tool gave.
    ToolCallResult(ToolCallResult) = "tool_call_result",
    /// The end of a call, good or bad.
    MemberCompleted(MemberCompleted) = "member_completed",
    /// The end of a round.
    RoundCompleted(RoundCompleted) = "round_completed",
    /// What a reader must know.
    Notice(Notice) = "notice",
    /// The end of a completed run.
    RunCompleted(Outcome) = "run_completed",
    /// The end of a failed, cancelled or crashed run.
    RunFailed(Outcome) = "run_failed",
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let optional = [
            self.round.is_some(),
            self.member.is_some(),
            self.call.is_some(),
        ];
        let fields = 6 + optional.into_iter().filter(|there| *there).count();
        let mut event = serializer.serialize_struct("Event", fields)?;
        event.serialize_field("v", &self.v)?;
        event.serialize_field("run_id", &self.run_id)?;
        event.serialize_field("seq", &self.seq)?;
        event.serialize_field("at", &self.at)?;
        event.serialize_field("kind", self.body.name())?;
        if let Some(round) = &self.round {
            event.serialize_field("round", round)?;
        }
        if let Some(member) = &self.member {
            event.serialize_field("member", member)?;
        }
        if let Some(call) = &self.call {
            event.serialize_field("call", call)?;
        }
        event.serialize_field("data", &self.body)?;
        event.end()
    }
}

/// An event of a kind that this program does not know. It only comes out of a line that was read,
/// and changes nothing that is folded or shown.
#[derive(Debug, Clone)]
pub struct UnknownKind {
    kind: String,
    data: Box<RawValue>,
}

impl UnknownKind {
    /// The name that the event carries in `kind`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The JSON text of `data`, as it was written.
    #[must_use]
    pub fn data(&self) -> &str {
        self.data.get()
    }
}

impl PartialEq for UnknownKind {
    fn eq(&self, other: &Self) -> bool {
        (self.kind(), self.data()) == (other.kind(), other.data())
    }
}
