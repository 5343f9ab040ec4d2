//! The forms for programs: a run as one object, an event as one line.

use crate::event::{Event, RunResult, RunStatus};
use serde::Serialize;
use serde_json::Value;

/// The one object of a run: keys in a fixed order, two spaces a level, a line feed at the end.
/// Every key is there, null where its value is not known.
#[must_use]
pub fn object(result: &RunResult) -> String {
    let is_known = result.status.is_ended() && result.status != RunStatus::Crashed;
    if is_known {
        return pretty(result);
    }
    // How much of a run is kept that goes on, or was cut off, nobody can tell.
    let mut value = serde_json::to_value(result).expect("all keys of a report are texts");
    value["record"] = Value::Null;
    pretty(&value)
}

/// An event on a line of its own.
#[must_use]
pub fn event(event: &Event) -> String {
    let mut line = serde_json::to_string(event).expect("all keys of an event are texts");
    line.push('\n');
    line
}

pub(super) fn pretty<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("all keys of a report are texts");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use snapbox::{IntoData as _, assert_data_eq, str};

    #[test]
    fn every_key_is_there_in_the_order_of_the_contract() {
        for run in [fixture::whole(), fixture::pending(), fixture::failed()] {
            let text = object(&run.result());
            let value: Value = serde_json::from_str(&text).expect("json");
            let keys: Vec<&str> = value
                .as_object()
                .expect("an object")
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(
                keys.join(", "),
                "v, run_id, parent, origin, council, status, degraded, reason, input, answer, \
                 answer_by, missing, members, rounds, vote, scores, agreement, dissent, gate, \
                 errors, notices, usage, cost_usd, calls, labels, seed, started_at, ended_at, \
                 duration_ms, record"
            );
            if run.result().status.is_ended() {
                let back: RunResult = serde_json::from_str(&text).expect("a result");
                assert_eq!(back, run.result());
            } else {
                assert_eq!(value["record"], Value::Null);
            }
        }
    }

    #[test]
    fn a_degraded_run() {
        assert_data_eq!(
            object(&fixture::degraded().result()),
            str![[r#"
{
  "v": 1,
  "run_id": "019aa0f0-1111-7222-8333-444455556666",
  "parent": null,
  "origin": null,
  "council": "design-review",
  "status": "completed",
  "degraded": true,
  "reason": null,
  "input": "Shall we adopt the new queue?",
  "answer": "Adopt it.\n\nIn spring.",
  "answer_by": "chair",
  "missing": [
    {
      "member": "b",
      "status": "error",
      "error": {
        "kind": "transient",
        "message": "upstream\nfailed",
        "provider": "lab",
        "model": "lab/b-1",
        "http_status": 500,
        "member": "b",
        "round": 0
      }
    }
  ],
  "members": {
    "a": {
      "status": "ok",
      "answer": "a says yes.",
      "model": "lab/a-1",
      "usage": {
        "input_tokens": 400,
        "output_tokens": 132,
        "cached_tokens": null,
        "reasoning_tokens": null
      },
      "cost_usd": null,
      "calls": 1,
      "duration_ms": 812
    },
    "b": {
      "status": "error",
      "answer": null,
      "model": "lab/b-1",
      "usage": {
        "input_tokens": null,
        "output_tokens": null,
        "cached_tokens": null,
        "reasoning_tokens": null
      },
      "cost_usd": null,
      "calls": 1,
      "duration_ms": 812
    },
    "c": {
      "status": "ok",
      "answer": "c says no.",
      "model": "lab/c-1",
      "usage": {
        "input_tokens": 400,
        "output_tokens": 132,
        "cached_tokens": null,
        "reasoning_tokens": null
      },
      "cost_usd": 0.0011,
      "calls": 1,
      "duration_ms": 812
    }
  },
  "rounds": [
    {
      "index": 0,
      "name": "independent_analysis",
      "kind": "independent_analysis",
      "iteration": 0,
      "statuses": {
        "a": "ok",
        "b": "error",
        "c": "ok"
      },
      "winner": null,
      "scores": null,
      "order": null,
      "ballots": [],
      "agreement": null
    },
    {
      "index": 1,
      "name": "synthesis",
      "kind": "synthesis",
      "iteration": 0,
      "statuses": {
        "chair": "ok"
      },
      "winner": null,
      "scores": null,
      "order": null,
      "ballots": [],
      "agreement": null
    }
  ],
  "vote": null,
  "scores": null,
  "agreement": null,
  "dissent": [],
  "gate": null,
  "errors": [
    {
      "kind": "transient",
      "message": "upstream\nfailed",
      "provider": "lab",
      "model": "lab/b-1",
      "http_status": 500,
      "member": "b",
      "round": 0
    }
  ],
  "notices": [],
  "usage": {
    "input_tokens": 800,
    "output_tokens": 264,
    "cached_tokens": null,
    "reasoning_tokens": null
  },
  "cost_usd": null,
  "calls": {
    "made": 4,
    "from_tape": 0,
    "retries": 1
  },
  "labels": {
    "team": "infra"
  },
  "seed": 7,
  "started_at": "2026-11-20T10:00:00.000000Z",
  "ended_at": "2026-11-20T10:00:02.301000Z",
  "duration_ms": 2301,
  "record": {
    "state": "complete"
  }
}

"#]]
            .raw()
        );
    }

    #[test]
    fn an_event_is_one_line() {
        let run = fixture::hostile();
        for one in run.events() {
            let line = event(one);
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(
                &serde_json::from_str::<Event>(&line).expect("an event"),
                one
            );
        }
    }
}
