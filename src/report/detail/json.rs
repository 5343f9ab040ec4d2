//! The calls of a run as one object, for programs.

use super::{Call, Filter, NoCall, gather};
use crate::event::{
    Ballot, CallKey, Event, MemberId, MemberRetry, MemberStatus, Message, RoundRef, RunError,
    RunId, Usage, VERSION,
};
use crate::report::json::pretty;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

/// Every key is there, null where its value is not known.
#[derive(Serialize)]
struct Calls<'a> {
    v: u32,
    run_id: Option<&'a RunId>,
    calls: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    call: &'a CallKey,
    round: Option<&'a RoundRef>,
    member: &'a MemberId,
    purpose: String,
    model: Option<&'a str>,
    label_map: Option<&'a IndexMap<String, MemberId>>,
    /// Null unless prompts are asked for.
    messages: Option<&'a [Message]>,
    retries: &'a [&'a MemberRetry],
    /// Null while the call goes on.
    status: Option<MemberStatus>,
    /// The reply, or what has come of it.
    text: Option<&'a str>,
    parsed: Option<&'a Value>,
    ballot: Option<&'a Ballot>,
    confidence: Option<f64>,
    usage: Option<&'a Usage>,
    cost_usd: Option<f64>,
    attempts: Option<u32>,
    duration_ms: Option<u64>,
    from_tape: Option<bool>,
    error: Option<&'a RunError>,
}

/// The calls that `filter` lets through, in the order in which they began.
///
/// # Errors
/// It lets none through.
pub fn object(events: &[Event], filter: &Filter) -> Result<String, NoCall> {
    let calls = gather(events, filter)?;
    Ok(pretty(&Calls {
        v: VERSION,
        run_id: events.first().map(|event| &event.run_id),
        calls: calls
            .iter()
            .map(|(key, call)| one(key, call, filter.prompts))
            .collect(),
    }))
}

fn one<'a>(key: &'a CallKey, call: &'a Call<'a>, prompts: bool) -> One<'a> {
    let (started, done) = (call.started, call.completed);
    let so_far = Some(call.pieces.as_str()).filter(|text| !text.is_empty());
    One {
        call: key,
        round: call.round,
        member: &key.member,
        purpose: key.purpose.to_string(),
        model: started.map(|started| started.model.as_str()),
        label_map: started.and_then(|started| started.label_map.as_ref()),
        messages: started
            .filter(|_| prompts)
            .map(|started| started.messages.as_slice()),
        retries: &call.retries,
        status: done.map(|done| done.status),
        text: done.map_or(so_far, |done| done.text.as_deref()),
        parsed: done.and_then(|done| done.parsed.as_ref()),
        ballot: done.and_then(|done| done.ballot.as_ref()),
        confidence: done.and_then(|done| done.confidence),
        usage: done.and_then(|done| done.usage.as_ref()),
        cost_usd: done.and_then(|done| done.cost_usd),
        attempts: done.map(|done| done.attempts),
        duration_ms: done.map(|done| done.duration_ms),
        from_tape: done.map(|done| done.from_tape),
        error: done.and_then(|done| done.error.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn a_call_with_its_prompt_and_its_ballot() {
        let filter = Filter {
            round: Some(1),
            member: Some("a".parse().expect("an id")),
            prompts: true,
        };
        assert_data_eq!(
            object(fixture::whole().events(), &filter).expect("some"),
            str![[r#"
{
  "v": 1,
  "run_id": "019aa0f0-1111-7222-8333-444455556666",
  "calls": [
    {
      "call": "1.a.ballot",
      "round": {
        "index": 1,
        "name": "review",
        "kind": "anonymized_peer_review",
        "iteration": 0
      },
      "member": "a",
      "purpose": "ballot",
      "model": "lab/a-1",
      "label_map": {
        "Response A": "b",
        "Response B": "c"
      },
      "messages": [
        {
          "role": "system",
          "content": "You are a."
        },
        {
          "role": "user",
          "content": "Rank Response A and Response B."
        }
      ],
      "retries": [],
      "status": "ok",
      "text": "{/"ranking/": […]}",
      "parsed": null,
      "ballot": {
        "candidates": [
          "b",
          "c"
        ],
        "ranking": [
          "b",
          "c"
        ],
        "rationale": "b is clearer"
      },
      "confidence": null,
      "usage": null,
      "cost_usd": null,
      "attempts": 1,
      "duration_ms": 812,
      "from_tape": false,
      "error": null
    }
  ]
}

"#]]
        );
    }

    #[test]
    fn a_call_that_goes_on_has_what_came() {
        let filter = Filter {
            member: Some("b".parse().expect("an id")),
            ..Filter::default()
        };
        assert_data_eq!(
            object(fixture::running().events(), &filter).expect("some"),
            str![[r#"
{
  "v": 1,
  "run_id": "019aa0f0-1111-7222-8333-444455556666",
  "calls": [
    {
      "call": "0.b.answer",
      "round": {
        "index": 0,
        "name": "independent_analysis",
        "kind": "independent_analysis",
        "iteration": 0
      },
      "member": "b",
      "purpose": "answer",
      "model": "lab/b-1",
      "label_map": null,
      "messages": null,
      "retries": [],
      "status": null,
      "text": "b says that it depends",
      "parsed": null,
      "ballot": null,
      "confidence": null,
      "usage": null,
      "cost_usd": null,
      "attempts": null,
      "duration_ms": null,
      "from_tape": null,
      "error": null
    }
  ]
}

"#]]
        );
    }
}
