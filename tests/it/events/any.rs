//! Any event: all kinds, with every field filled or not, and texts that hold anything.

mod parts;

use council::event::{
    Aggregate, Attached, Ballot, Calls, CastBallot, Dissent, Event, EventKind, MemberCompleted,
    MemberRetry, MemberStarted, MemberToken, Message, MessageRole, Missing, Notice, Outcome, Plan,
    PlannedMember, PlannedRound, Position, RejectedReply, RoundCompleted, RoundStarted, RunStarted,
    RunStatus, Tie, ToolCallRequest, ToolCallResult, Totals, VERSION,
};
use indexmap::IndexMap;
use parts::{
    at, call, error, map, member, member_status, number, round, run_id, text, usage, value,
};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

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
    let attached = (text(), any::<u64>()).prop_map(|(name, bytes)| Attached { name, bytes });
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

/// Any event that a program may write.
pub(super) fn event() -> impl Strategy<Value = Event> {
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
