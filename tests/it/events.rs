//! Events as they are written: every kind comes back from its text.

use council::event::{
    Aggregate, At, Ballot, CallKey, Calls, CastBallot, Dissent, ErrorKind, Event, EventKind, Fold,
    MemberCompleted, MemberId, MemberRetry, MemberStarted, MemberStatus, MemberToken, Message,
    MessageRole, Missing, Notice, Outcome, Plan, PlannedMember, PlannedRound, Position, Purpose,
    RejectedReply, RoundCompleted, RoundRef, RoundStarted, RunError, RunId, RunStarted, RunStatus,
    Tie, ToolCallRequest, ToolCallResult, Totals, Usage, VERSION,
};
use indexmap::IndexMap;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z ]{0,12}",
        Just("\u{1b}[31m\u{202e}\n\"\\\u{0}".to_owned())
    ]
}

fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite())
}

fn run_id() -> impl Strategy<Value = RunId> {
    "[A-Za-z0-9][A-Za-z0-9._-]{0,20}"
        .prop_filter("reserved", |id| id != "latest")
        .prop_map(|id| id.parse().expect("a run id"))
}

fn member() -> impl Strategy<Value = MemberId> {
    "[a-z0-9][a-z0-9_-]{0,12}".prop_map(|id| id.parse().expect("a member id"))
}

fn purpose() -> impl Strategy<Value = Purpose> {
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

fn call() -> impl Strategy<Value = CallKey> {
    (any::<u32>(), member(), purpose()).prop_map(|(round, member, purpose)| CallKey {
        round,
        member,
        purpose,
    })
}

fn round() -> impl Strategy<Value = RoundRef> {
    (any::<u32>(), text(), text(), any::<u32>()).prop_map(|(index, name, kind, iteration)| {
        RoundRef {
            index,
            name,
            kind,
            iteration,
        }
    })
}

fn at() -> impl Strategy<Value = At> {
    (0_i64..4_000_000_000_000_000).prop_map(|us| {
        At::from_timestamp(jiff::Timestamp::from_microsecond(us).expect("an instant"))
    })
}

fn value() -> impl Strategy<Value = Value> {
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

fn usage() -> impl Strategy<Value = Usage> {
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

fn error() -> impl Strategy<Value = RunError> {
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

fn member_status() -> impl Strategy<Value = MemberStatus> {
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

fn map<T: std::fmt::Debug>(
    values: impl Strategy<Value = T>,
) -> impl Strategy<Value = IndexMap<String, T>> {
    vec((text(), values), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

fn planned_member() -> impl Strategy<Value = PlannedMember> {
    (member(), of(text()), text(), of(number())).prop_map(|(id, role, model, weight)| {
        PlannedMember {
            id,
            role,
            model,
            weight,
        }
    })
}

fn run_started() -> impl Strategy<Value = RunStarted> {
    let plain = || {
        (text(), text(), vec(member(), 0..3)).prop_map(|(name, kind, members)| PlannedRound {
            name,
            kind,
            members,
            rounds: Vec::new(),
            max_iterations: None,
        })
    };
    let planned_round = (plain(), vec(plain(), 0..3), of(any::<u32>())).prop_map(
        |(plain, rounds, max_iterations)| PlannedRound {
            rounds,
            max_iterations,
            ..plain
        },
    );
    let plan = (
        vec(planned_member(), 0..3),
        of(planned_member()),
        vec(planned_round, 0..3),
    )
        .prop_map(|(members, chair, rounds)| Plan {
            members,
            chair,
            rounds,
        });
    let labels = btree_map(text(), text(), 0..3);
    let attached =
        (text(), any::<u64>()).prop_map(|(name, bytes)| council::event::Attached { name, bytes });
    (
        text(),
        text(),
        text(),
        vec(attached, 0..3),
        any::<u64>(),
        labels,
        of(run_id()),
        of(run_id()),
        plan,
    )
        .prop_map(
            |(council, spec_hash, input, attachments, seed, labels, parent, origin, plan)| {
                RunStarted {
                    council,
                    spec_hash,
                    input,
                    attachments,
                    seed,
                    labels,
                    parent,
                    origin,
                    plan,
                }
            },
        )
}

fn round_completed() -> impl Strategy<Value = RoundCompleted> {
    let cast = (
        member(),
        vec(text(), 0..3),
        vec(text(), 0..3),
        of(text()),
        (of(number()), of(number())),
        of(text()),
    )
        .prop_map(
            |(member, candidates, ranking, choice, (confidence, weight), rationale)| CastBallot {
                member,
                candidates,
                ranking,
                choice,
                confidence,
                weight,
                rationale,
            },
        );
    let tie = (vec(text(), 0..3), text()).prop_map(|(among, by)| Tie { among, by });
    let position =
        (number(), any::<u64>()).prop_map(|(average, count)| Position { average, count });
    let aggregate = (
        text(),
        of(text()),
        map(number()),
        vec(text(), 0..3),
        vec(cast, 0..3),
        vec(tie, 0..2),
        (vec(text(), 0..3), map(position)),
    )
        .prop_map(
            |(method, winner, scores, order, ballots, ties, (cycle, positions))| Aggregate {
                method,
                winner,
                scores,
                order,
                ballots,
                ties,
                cycle,
                positions,
            },
        );
    let statuses = vec((member(), member_status()), 0..4)
        .prop_map(|pairs| pairs.into_iter().collect::<IndexMap<_, _>>());
    (statuses, of(aggregate), of(number())).prop_map(|(statuses, aggregate, agreement)| {
        RoundCompleted {
            statuses,
            aggregate,
            agreement,
        }
    })
}

fn member_completed() -> impl Strategy<Value = MemberCompleted> {
    let ballot = (
        vec(text(), 0..3),
        vec(text(), 0..3),
        of(text()),
        of(text()),
        map(text()),
        vec(text(), 0..2),
    )
        .prop_map(
            |(candidates, ranking, choice, rationale, comments, flags)| Ballot {
                candidates,
                ranking,
                choice,
                rationale,
                comments,
                flags,
            },
        );
    let reply = (
        member_status(),
        of(text()),
        of(value()),
        of(ballot),
        of(number()),
        of(usage()),
    );
    let rest = (
        of(number()),
        any::<u32>(),
        any::<u64>(),
        of(error()),
        any::<bool>(),
    );
    (reply, rest).prop_map(
        |(
            (status, text, parsed, ballot, confidence, usage),
            (cost_usd, attempts, duration_ms, error, from_tape),
        )| MemberCompleted {
            status,
            text,
            parsed,
            ballot,
            confidence,
            usage,
            cost_usd,
            attempts,
            duration_ms,
            error,
            from_tape,
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let status = prop_oneof![
        Just(RunStatus::Completed),
        Just(RunStatus::Failed),
        Just(RunStatus::Cancelled),
        Just(RunStatus::Crashed),
    ];
    let missing =
        (member(), member_status(), of(error())).prop_map(|(member, status, error)| Missing {
            member,
            status,
            error,
        });
    let dissent = (member(), of(text()), of(text())).prop_map(|(member, choice, text)| Dissent {
        member,
        choice,
        text,
    });
    let calls =
        (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(made, from_tape, retries)| Calls {
            made,
            from_tape,
            retries,
        });
    let totals = (usage(), of(number()), calls).prop_map(|(usage, cost_usd, calls)| Totals {
        usage_then: cost_usd.map(|_| usage),
        cost_usd_then: cost_usd,
        usage,
        cost_usd,
        calls,
    });
    let first = (
        status,
        any::<bool>(),
        of(text()),
        of(value()),
        of(text()),
        vec(missing, 0..3),
    );
    let second = (
        of(text()),
        of(map(number())),
        of(number()),
        vec(dissent, 0..3),
        of(value()),
    );
    (first, second, vec(error(), 0..3), totals).prop_map(
        |(
            (status, degraded, reason, answer, answer_by, missing),
            (vote, scores, agreement, dissent, gate),
            errors,
            totals,
        )| Outcome {
            status,
            degraded,
            reason,
            answer,
            answer_by,
            missing,
            vote,
            scores,
            agreement,
            dissent,
            gate,
            errors,
            totals,
        },
    )
}

fn member_started() -> impl Strategy<Value = MemberStarted> {
    let role = prop_oneof![
        Just(MessageRole::System),
        Just(MessageRole::User),
        Just(MessageRole::Assistant)
    ];
    let message = (role, text()).prop_map(|(role, content)| Message { role, content });
    (
        text(),
        vec(message, 0..3),
        of(map(member())),
        text(),
        of(run_id()),
    )
        .prop_map(
            |(model, messages, label_map, request_hash, sub_run_id)| MemberStarted {
                model,
                messages,
                label_map,
                request_hash,
                sub_run_id,
            },
        )
}

fn member_retry() -> impl Strategy<Value = MemberRetry> {
    let discarded =
        (text(), of(usage()), of(number())).prop_map(|(text, usage, cost_usd)| RejectedReply {
            text,
            usage,
            cost_usd,
        });
    (any::<u32>(), error(), any::<u64>(), of(discarded)).prop_map(
        |(attempt, error, wait_ms, discarded)| MemberRetry {
            attempt,
            error,
            wait_ms,
            discarded,
        },
    )
}

/// A kind of a later program, with data as that program may write it.
fn unknown() -> impl Strategy<Value = EventKind> {
    let data = prop_oneof![
        value().prop_map(|value| value.to_string()),
        Just("{ \"b\": 1.50, \"a\":\t[1e400, \"\\u0041\"], \"b\": null }".to_owned()),
    ];
    let name = "[a-z_]{0,12}".prop_filter("known", |name| !EventKind::NAMES.contains(&&**name));
    (name, data).prop_map(|(name, data)| {
        let line = format!(
            r#"{{"v":1,"run_id":"r","seq":0,"at":"2026-11-20T10:00:00.123456Z","kind":"{name}","data":{data}}}"#
        );
        let event: Event = serde_json::from_str(&line).expect("an event of a later program");
        assert_eq!(event.body.name(), name);
        assert_eq!(serde_json::to_string(&event).expect("a line"), line);
        event.body
    })
}

fn body() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        run_started().prop_map(EventKind::RunStarted),
        vec(member(), 0..4).prop_map(|members| EventKind::RoundStarted(RoundStarted { members })),
        member_started().prop_map(EventKind::MemberStarted),
        (any::<u32>(), text())
            .prop_map(|(attempt, text)| EventKind::MemberToken(MemberToken { attempt, text })),
        member_retry().prop_map(EventKind::MemberRetry),
        (text(), value()).prop_map(|(name, arguments)| {
            EventKind::ToolCallRequest(ToolCallRequest { name, arguments })
        }),
        (of(value()), of(text())).prop_map(|(output, error)| {
            EventKind::ToolCallResult(ToolCallResult { output, error })
        }),
        member_completed().prop_map(EventKind::MemberCompleted),
        round_completed().prop_map(EventKind::RoundCompleted),
        (text(), text()).prop_map(|(code, text)| EventKind::Notice(Notice { code, text })),
        outcome().prop_map(EventKind::RunCompleted),
        outcome().prop_map(EventKind::RunFailed),
        unknown(),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    (
        run_id(),
        any::<u64>(),
        at(),
        of(round()),
        of(member()),
        of(call()),
        body(),
    )
        .prop_map(|(run_id, seq, at, round, member, call, body)| Event {
            v: VERSION,
            run_id,
            seq,
            at,
            round,
            member,
            call,
            body,
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_event_of_each_kind_comes_back_from_its_line(event in event()) {
        let line = serde_json::to_string(&event).expect("every event has a line");
        prop_assert!(!line.contains('\n'), "one event, one line");
        let back: Event = serde_json::from_str(&line).expect("its own line");
        prop_assert_eq!(&back, &event);
        prop_assert_eq!(serde_json::to_string(&back).expect("a line"), line);
    }

    #[test]
    fn a_fold_takes_any_events_in_any_order(events in vec(event(), 0..30)) {
        let Some(fold) = Fold::of(&events) else { return Ok(()) };
        let text = serde_json::to_string(&fold.result()).expect("every result has a text");
        let back: council::event::RunResult = serde_json::from_str(&text).expect("its own text");
        prop_assert_eq!(back, fold.result());
    }

    #[test]
    fn broken_lines_are_refused_without_a_panic(event in event(), cut in any::<prop::sample::Index>()) {
        let line = serde_json::to_string(&event).expect("a line");
        let cut = cut.index(line.chars().count());
        let head: String = line.chars().take(cut).collect();
        prop_assert!(serde_json::from_str::<Event>(&head).is_err());
    }
}

#[test]
fn the_line_reads_as_the_contract_has_it() {
    let event = Event {
        v: VERSION,
        run_id: "r1".parse().expect("a run id"),
        seq: 12,
        at: "2026-11-20T10:00:00.123456Z".parse().expect("a time"),
        round: Some(RoundRef {
            index: 1,
            name: "review".into(),
            kind: "anonymized_peer_review".into(),
            iteration: 0,
        }),
        member: Some("security".parse().expect("an id")),
        call: Some("1.security.ballot".parse().expect("a call key")),
        body: EventKind::MemberToken(MemberToken {
            attempt: 1,
            text: "so".into(),
        }),
    };
    assert_eq!(
        serde_json::to_string(&event).expect("a line"),
        concat!(
            r#"{"v":1,"run_id":"r1","seq":12,"at":"2026-11-20T10:00:00.123456Z","#,
            r#""kind":"member_token","#,
            r#""round":{"index":1,"name":"review","kind":"anonymized_peer_review","iteration":0},"#,
            r#""member":"security","call":"1.security.ballot","data":{"attempt":1,"text":"so"}}"#,
        )
    );
}

#[test]
fn the_schema_of_events_accepts_them() {
    let schema = serde_json::to_value(schemars::schema_for!(Event)).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema that compiles");
    let line = json!({
        "v": 1, "run_id": "r1", "seq": 0, "at": "2026-11-20T10:00:00.123456Z",
        "kind": "notice", "data": { "code": "x", "text": "y" }
    });
    assert!(validator.is_valid(&line));
    let mut bad = line.clone();
    bad["data"] = json!({ "code": 1 });
    assert!(!validator.is_valid(&bad));
    let mut later = line;
    later["kind"] = json!("member_dreamt");
    assert!(!validator.is_valid(&later), "a kind that nobody writes");
    assert!(!schema.to_string().contains("Unknown"));
}

#[test]
fn an_event_of_an_unknown_kind_changes_nothing_that_is_folded() {
    let line = |seq: u64, rest: &str| {
        let at = "2026-11-20T10:00:00.123456Z";
        let line = format!(r#"{{"v":1,"run_id":"r","seq":{seq},"at":"{at}",{rest}}}"#);
        serde_json::from_str::<Event>(&line).expect("an event")
    };
    let notice = line(0, r#""kind":"notice","data":{"code":"x","text":"y"}"#);
    let later = line(
        1,
        r#""kind":"member_dreamt","member":"a","data":{"of":"sheep"}"#,
    );
    assert!(!later.is_terminal());
    let with = Fold::of([&notice, &later]).expect("a fold");
    let without = Fold::of([&notice]).expect("a fold");
    assert_eq!(with.result(), without.result());
    assert_eq!(with.next_seq(), 2, "its place is taken");
}
