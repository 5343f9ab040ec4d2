//! What many kinds of events hold: texts, ids, numbers, errors.

use council::event::{
    At, CallKey, ErrorKind, MemberId, MemberStatus, Purpose, RoundRef, RunError, RunId, Usage,
};
use indexmap::IndexMap;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::Value;

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z ]{0,12}",
        Just("\u{1b}[31m\u{202e}\n\"\\\u{0}".to_owned())
    ]
}

pub(super) fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite())
}

pub(super) fn run_id() -> impl Strategy<Value = RunId> {
    "[A-Za-z0-9][A-Za-z0-9._-]{0,20}"
        .prop_filter("reserved", |id| id != "latest")
        .prop_map(|id| id.parse().expect("a run id"))
}

pub(super) fn member() -> impl Strategy<Value = MemberId> {
    "[a-z0-9][a-z0-9_-]{0,12}".prop_map(|id| id.parse().expect("a member id"))
}

pub(super) fn purpose() -> impl Strategy<Value = Purpose> {
    prop_oneof![
        Just(Purpose::Answer),
        Just(Purpose::Ballot),
        Just(Purpose::Critique),
        Just(Purpose::Revise),
        (member(), member()).prop_map(|(left, right)| Purpose::Pair(left, right)),
        Just(Purpose::Tie),
        Just(Purpose::Synthesis),
        Just(Purpose::Route),
    ]
}

pub(super) fn call() -> impl Strategy<Value = CallKey> {
    (any::<u32>(), member(), purpose()).prop_map(|(round, member, purpose)| CallKey {
        round,
        member,
        purpose,
    })
}

pub(super) fn round() -> impl Strategy<Value = RoundRef> {
    (any::<u32>(), text(), text(), any::<u32>()).prop_map(|(index, name, kind, iteration)| {
        RoundRef {
            index,
            name,
            kind,
            iteration,
        }
    })
}

pub(super) fn at() -> impl Strategy<Value = At> {
    (0_i64..4_000_000_000_000_000).prop_map(|us| {
        At::from_timestamp(jiff::Timestamp::from_microsecond(us).expect("an instant"))
    })
}

pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((text(), inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

pub(super) fn usage() -> impl Strategy<Value = Usage> {
    (
        of(any::<u64>()),
        of(any::<u64>()),
        of(any::<u64>()),
        of(any::<u64>()),
    )
        .prop_map(
            |(input_tokens, output_tokens, cached_tokens, reasoning_tokens)| Usage {
                input_tokens,
                output_tokens,
                cached_tokens,
                reasoning_tokens,
            },
        )
}

pub(super) fn error() -> impl Strategy<Value = RunError> {
    let kind = prop_oneof![
        Just(ErrorKind::Transient),
        Just(ErrorKind::RateLimited),
        Just(ErrorKind::Timeout),
        Just(ErrorKind::Auth),
        Just(ErrorKind::Billing),
        Just(ErrorKind::NotFound),
        Just(ErrorKind::InvalidRequest),
        Just(ErrorKind::ContextLength),
        Just(ErrorKind::ContentFilter),
        Just(ErrorKind::InvalidOutput),
        Just(ErrorKind::Network),
        Just(ErrorKind::Deadline),
        Just(ErrorKind::Budget),
        Just(ErrorKind::Record),
        Just(ErrorKind::Cancelled),
        Just(ErrorKind::Internal),
    ];
    (
        kind,
        text(),
        of(text()),
        of(text()),
        of(any::<u16>()),
        of(text()),
        of(member()),
        of(any::<u32>()),
    )
        .prop_map(
            |(kind, message, provider, model, http_status, url, member, round)| RunError {
                kind,
                message,
                provider,
                model,
                http_status,
                url,
                member,
                round,
            },
        )
}

pub(super) fn member_status() -> impl Strategy<Value = MemberStatus> {
    prop_oneof![
        Just(MemberStatus::Ok),
        Just(MemberStatus::Error),
        Just(MemberStatus::Timeout),
        Just(MemberStatus::Skipped),
        Just(MemberStatus::InvalidOutput),
        Just(MemberStatus::Eliminated),
        Just(MemberStatus::Cancelled),
    ]
}

pub(super) fn map<T: std::fmt::Debug>(
    values: impl Strategy<Value = T>,
) -> impl Strategy<Value = IndexMap<String, T>> {
    vec((text(), values), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}
