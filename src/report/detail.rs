//! The calls of a run one by one, prompts and replies, for whoever debugs.

mod json;

pub use json::object;

use super::lines::wrap;
use super::{standing, words};
use crate::event::{
    CallKey, Event, EventKind, MemberCompleted, MemberId, MemberRetry, MemberStarted, MessageRole,
    Purpose, RoundRef,
};
use indexmap::IndexMap;
use std::fmt::Write as _;

/// Which calls to show, and how much of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this round, by its index.
    pub round: Option<u32>,
    /// Only those of this member.
    pub member: Option<MemberId>,
    /// Prompts too.
    pub prompts: bool,
}

impl Filter {
    /// Whether it lets through what belongs to this round and member.
    fn takes(&self, round: Option<u32>, member: Option<&MemberId>) -> bool {
        self.round.is_none_or(|wanted| round == Some(wanted))
            && self
                .member
                .as_ref()
                .is_none_or(|wanted| member == Some(wanted))
    }

    /// Whether it lets an event through.
    #[must_use]
    pub fn takes_event(&self, event: &Event) -> bool {
        let round = event.round.as_ref().map(|round| round.index);
        self.takes(round, event.member.as_ref())
    }
}

/// What the events tell of one call.
#[derive(Default)]
struct Call<'a> {
    round: Option<&'a RoundRef>,
    started: Option<&'a MemberStarted>,
    retries: Vec<&'a MemberRetry>,
    /// What came of the attempt that is going on.
    pieces: String,
    completed: Option<&'a MemberCompleted>,
}

/// No call of a run is one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no call of the run fits")]
pub struct NoCall {
    /// Those that the run has made, in the order in which they began.
    pub made: Vec<CallKey>,
}

/// The calls that `filter` lets through, in the order in which they began; an error where there is
/// none.
fn gather<'a>(
    events: &'a [Event],
    filter: &Filter,
) -> Result<IndexMap<&'a CallKey, Call<'a>>, NoCall> {
    let mut calls: IndexMap<&CallKey, Call<'_>> = IndexMap::new();
    for event in events {
        let Some(key) = &event.call else { continue };
        let call = calls.entry(key).or_default();
        call.round = event.round.as_ref();
        match &event.body {
            EventKind::MemberStarted(started) => call.started = Some(started),
            EventKind::MemberToken(token) => call.pieces.push_str(&token.text),
            EventKind::MemberRetry(retry) => {
                call.retries.push(retry);
                call.pieces.clear();
            }
            EventKind::MemberCompleted(completed) => call.completed = Some(completed),
            _ => {}
        }
    }
    let made = calls.keys().copied().cloned().collect();
    calls.retain(|key, _| filter.takes(Some(key.round), Some(&key.member)));
    match calls.is_empty() {
        true => Err(NoCall { made }),
        false => Ok(calls),
    }
}

/// The calls that `filter` lets through, in the order in which they began. Where it asks for no one
/// member, what the ballots of a round came to follows on the round's calls. Lines are broken at
/// words where `columns` are too few for them.
///
/// # Errors
/// It lets none through.
pub fn calls(events: &[Event], filter: &Filter, columns: Option<usize>) -> Result<String, NoCall> {
    let calls = gather(events, filter)?;
    let mut parts: Vec<(u32, String)> = calls
        .iter()
        .map(|(key, call)| (key.round, one(key, call, filter.prompts)))
        .collect();
    let outcomes = events.iter().filter_map(|event| {
        let is_wanted = filter.member.is_none() && filter.takes_event(event);
        let outcome = standing::outcome(event).filter(|_| is_wanted)?;
        Some((event.round.as_ref()?.index, format!("== {outcome}\n")))
    });
    parts.extend(outcomes);
    // Rounds follow one another, and what a round came to was told after its calls.
    parts.sort_by_key(|(round, _)| *round);
    let parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    let text = parts.join("\n");
    let Some(columns) = columns else {
        return Ok(text);
    };
    let lines = text.lines().flat_map(|line| wrap(line, columns));
    Ok(lines.map(|line| line + "\n").collect())
}

fn one(key: &CallKey, call: &Call<'_>, prompts: bool) -> String {
    let mut out = format!("== {key}: {}\n", how(call));
    if let Some(started) = call.started {
        if let Some(labels) = &started.label_map {
            let labels = labels.iter().map(|(label, id)| format!("{label} is {id}"));
            let _ = writeln!(out, "labels: {}", labels.collect::<Vec<_>>().join(", "));
        }
        if prompts {
            for message in &started.messages {
                let role = match message.role {
                    MessageRole::System => "system",
                    MessageRole::User => "user",
                    MessageRole::Assistant => "assistant",
                };
                block(&mut out, role, &message.content);
            }
        }
    }
    for retry in &call.retries {
        let head = format!(
            "attempt {} failed: {}; waited {}",
            retry.attempt,
            words::sentence(&retry.error),
            words::seconds(retry.wait_ms)
        );
        let discarded = retry
            .discarded
            .as_ref()
            .map_or("", |reply| reply.text.as_str());
        block(&mut out, &head, discarded);
    }
    match call.completed {
        Some(completed) => {
            if let Some(text) = &completed.text {
                block(&mut out, "reply", text);
            }
            if let Some(error) = &completed.error {
                block(&mut out, "error", &error.to_string());
            }
            if key.purpose == Purpose::Ballot
                && let Some(ballot) = &completed.ballot
            {
                let read = match &ballot.choice {
                    Some(choice) => choice.clone(),
                    None => ballot.ranking.join(" > "),
                };
                block(&mut out, "ballot as read", &read);
                if !ballot.flags.is_empty() {
                    block(&mut out, "mended", &ballot.flags.join("\n"));
                }
            }
        }
        None if !call.pieces.is_empty() => block(&mut out, "reply so far", &call.pieces),
        None => {}
    }
    out
}

/// How a call went, on one line.
fn how(call: &Call<'_>) -> String {
    let mut parts = Vec::new();
    match call.completed {
        Some(completed) => {
            parts.push(completed.status.name().to_owned());
            parts.push(words::seconds(completed.duration_ms));
            parts.extend(completed.usage.as_ref().and_then(words::tokens));
            if completed.attempts > 1 {
                parts.push(format!("{} attempts", completed.attempts));
            }
            if completed.from_tape {
                parts.push("played back".to_owned());
            }
        }
        None => parts.push("not ended".to_owned()),
    }
    if let Some(started) = call.started {
        parts.push(started.model.clone());
        parts.extend(started.sub_run_id.as_ref().map(|run| format!("run {run}")));
    }
    parts.join(", ")
}

fn block(out: &mut String, head: &str, body: &str) {
    let _ = write!(out, "\n-- {head}\n");
    let body = body.trim_end();
    if !body.is_empty() {
        let _ = writeln!(out, "{body}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn one_member_with_its_prompts() {
        let filter = Filter {
            round: Some(1),
            member: Some("a".parse().expect("an id")),
            prompts: true,
        };
        assert_data_eq!(
            calls(fixture::whole().events(), &filter, None).expect("some"),
            str![[r#"
== 1.a.ballot: ok, 0.8 s, lab/a-1
labels: Response A is b, Response B is c

-- system
You are a.

-- user
Rank Response A and Response B.

-- reply
{"ranking": […]}

-- ballot as read
b > c

"#]]
        );
    }

    #[test]
    fn a_round_of_ballots_ends_with_what_they_came_to() {
        let end = |filter: &Filter| {
            let text = calls(fixture::whole().events(), filter, None).expect("some");
            let heads = text.lines().filter(|line| line.starts_with("== "));
            let heads: Vec<String> = heads.map(ToOwned::to_owned).collect();
            heads[heads.len() - 2..].join("\n")
        };
        let round = Filter {
            round: Some(1),
            ..Filter::default()
        };
        assert_data_eq!(
            end(&round),
            str![[r#"
== 1.c.ballot: ok, 0.8 s, lab/c-1
== round 1: b wins by borda, ALIGNED 0.83
"#]]
        );
        let all = Filter::default();
        assert_data_eq!(
            end(&all),
            str![[r#"
== round 1: b wins by borda, ALIGNED 0.83
== 2.chair.synthesis: ok, 0.8 s, lab/chair-1
"#]]
        );
    }

    #[test]
    fn a_round_with_a_retry_and_a_failure() {
        let filter = Filter {
            round: Some(0),
            ..Filter::default()
        };
        assert_data_eq!(
            calls(fixture::degraded().events(), &filter, None).expect("some"),
            str![[r#"
== 0.a.answer: ok, 0.8 s, 532 tokens (400 in, 132 out), lab/a-1

-- attempt 1 failed: rate_limited (HTTP 429): slow down; waited 0.5 s
half a rep

-- reply
a says yes.

== 0.b.answer: error, 0.8 s, 3 attempts, lab/b-1

-- error
transient (HTTP 500) from lab/lab/b-1: upstream
failed

== 0.c.answer: ok, 0.8 s, 532 tokens (400 in, 132 out), lab/c-1

-- reply
c says no.

"#]]
        );
    }

    #[test]
    fn a_call_that_goes_on_shows_what_came() {
        let filter = Filter {
            member: Some("b".parse().expect("an id")),
            ..Filter::default()
        };
        assert_data_eq!(
            calls(fixture::running().events(), &filter, None).expect("some"),
            str![[r#"
== 0.b.answer: not ended, lab/b-1

-- reply so far
b says that it depends

"#]]
        );
    }

    #[test]
    fn on_few_columns_lines_end_at_words() {
        let filter = Filter {
            member: Some("b".parse().expect("an id")),
            ..Filter::default()
        };
        let text = calls(fixture::running().events(), &filter, Some(12)).expect("some");
        assert_data_eq!(
            text,
            str![[r#"
==
0.b.answer:
not ended,
lab/b-1

-- reply so
far
b says that
it depends

"#]]
        );
    }

    #[test]
    fn no_match_names_what_there_is() {
        let filter = Filter {
            round: Some(9),
            ..Filter::default()
        };
        let made = |run: fixture::Run| {
            let none = calls(run.events(), &filter, None).expect_err("no call fits");
            let made = none.made.iter().map(ToString::to_string);
            made.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(made(fixture::running()), "0.a.answer 0.b.answer 0.c.answer");
        assert_eq!(made(fixture::pending()), "");
    }
}
