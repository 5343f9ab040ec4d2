//! Events as they are written: every kind comes back from its text.

mod any;

use any::event;
use council::event::{Event, EventKind, Fold, MemberToken, RoundRef, RunResult, VERSION};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

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
        let back: RunResult = serde_json::from_str(&text).expect("its own text");
        // What only the closing line tells is not written.
        let (is_answer_cut, is_level) = (fold.result().is_answer_cut, fold.result().is_level);
        prop_assert_eq!(RunResult { is_answer_cut, is_level, ..back }, fold.result());
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
