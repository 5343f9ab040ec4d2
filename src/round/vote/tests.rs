//! Votes: who is asked, what is shown, what comes of it.

use crate::event::ErrorKind;
use crate::round::TieBreak;
use crate::round::testing::{House, failed, ok};

fn for_(choice: &str) -> crate::event::MemberCompleted {
    let vote = serde_json::json!({
        "rationale": format!("{choice} it is"), "choice": choice, "confidence": 0.8,
    });
    ok(&vote.to_string())
}

fn vote(size: usize) -> House {
    House::new("vote", size).with_answers(size)
}

fn on(choices: &[&str], size: usize) -> House {
    let mut house = vote(size);
    house.plan.choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    house
}

#[test]
fn all_choose_among_all_answers_their_own_among_them() {
    for size in [2, 3, 5, 9] {
        let mut house = vote(size);
        let keys: Vec<String> = (0..size)
            .map(|at| format!("1.{}.ballot", House::id(at)))
            .collect();
        let held = house.hold(&[]);
        assert_eq!(held.keys(), keys);
        for ask in held.asks() {
            for at in 0..size {
                let answer = format!("answer of {}", House::id(at));
                assert!(ask.messages[1].content.contains(&answer), "{}", ask.call);
            }
        }
    }
}

#[test]
fn the_choice_of_most_wins_with_its_share_as_agreement() {
    let mut house = vote(3);
    house.all[0].weight = Some(2.0);
    let held = house.hold(&[
        ("1.a.ballot", for_("b")),
        ("1.b.ballot", for_("b")),
        ("1.c.ballot", for_("c")),
    ]);
    let aggregate = held.close.aggregate.expect("a result");
    assert_eq!(aggregate.method, "plurality");
    assert_eq!(aggregate.winner.as_deref(), Some("b"));
    assert_eq!(held.close.agreement, Some(2.0 / 3.0));
    let first = &aggregate.ballots[0];
    assert_eq!((first.confidence, first.weight), (Some(0.8), Some(2.0)));
    assert_eq!(first.rationale.as_deref(), Some("b it is"));
    assert_eq!(aggregate.ballots[1].weight, None);
    assert_eq!(house.minutes.ballot_confidences.len(), 3);
    assert_eq!(house.minutes.held[0].asked, 3);
}

#[test]
fn choices_stand_in_the_place_of_answers() {
    let mut house = on(&["approve", "reject"], 2);
    let held = house.hold(&[
        ("1.a.ballot", for_("reject")),
        ("1.b.ballot", for_("reject")),
    ]);
    let asked = &held.asks()[0].messages[1].content;
    assert!(asked.contains("- approve\n- reject"), "{asked}");
    assert!(asked.contains("answer of a") && asked.contains("answer of b"));
    let aggregate = held.close.aggregate.expect("a result");
    assert_eq!(aggregate.winner.as_deref(), Some("reject"));
}

#[test]
fn one_answer_is_not_voted_on_and_choices_are() {
    let mut house = vote(1);
    let held = house.hold(&[]);
    assert!(held.asks().is_empty());
    assert_eq!(held.codes(), ["vote_not_held"]);
    let mut house = on(&["approve", "reject"], 1);
    assert_eq!(house.hold(&[]).keys(), ["1.a.ballot"]);
}

#[test]
fn all_equal_ballots_are_a_tie_and_marked() {
    let each = || [("1.a.ballot", for_("a")), ("1.b.ballot", for_("b"))];
    let mut house = vote(2);
    let aggregate = house.hold(&each()).close.aggregate.expect("a result");
    assert_eq!(aggregate.winner.as_deref(), Some("a"));
    assert_eq!(aggregate.ties[0].among, ["a", "b"]);
    assert_eq!(aggregate.ties[0].by, "first");
}

#[test]
fn the_chair_may_settle_a_tie_of_answers_and_of_choices() {
    let mut house = vote(2);
    house.plan.tie_break = TieBreak::Chair;
    let held = house.hold(&[("1.a.ballot", for_("a")), ("1.b.ballot", for_("b"))]);
    assert_eq!(held.keys(), ["1.a.ballot", "1.b.ballot", "1.chair.tie"]);
    let tie = held.ask("1.chair.tie");
    assert!(tie.messages[1].content.contains("## Response A"));
    let aggregate = held.close.aggregate.as_ref().expect("a result");
    let first = &tie.labels.as_ref().expect("labels")["Response A"];
    assert_eq!(aggregate.winner.as_deref(), Some(first.as_str()));
    assert_eq!(aggregate.ties[0].by, "chair");

    let mut house = on(&["yes", "no"], 2);
    house.plan.tie_break = TieBreak::Chair;
    let held = house.hold(&[
        ("1.a.ballot", for_("yes")),
        ("1.b.ballot", for_("no")),
        ("1.chair.tie", for_("no")),
    ]);
    let tie = &held.ask("1.chair.tie").messages[1].content;
    assert!(tie.contains("- yes\n- no"), "{tie}");
    let aggregate = held.close.aggregate.expect("a result");
    assert_eq!(aggregate.winner.as_deref(), Some("no"));
    assert_eq!(aggregate.ties[0].by, "chair");
}

#[test]
fn ballots_that_say_nothing_are_none() {
    let mut house = vote(2);
    let held = house.hold(&[
        ("1.a.ballot", ok("Both have a point.")),
        ("1.b.ballot", failed(ErrorKind::Timeout)),
    ]);
    assert_eq!(held.statuses_text(), "a invalid_output, b timeout");
    assert_eq!(held.close.aggregate, None);
    assert_eq!(held.codes(), ["no_ballots"]);
    assert_eq!(house.minutes.held[0].asked, 2);
}

#[test]
fn the_chair_hears_how_they_voted_and_why() {
    let mut house = vote(3);
    house.hold(&[
        ("1.a.ballot", for_("b")),
        ("1.b.ballot", for_("b")),
        ("1.c.ballot", for_("c")),
    ]);
    house.go_on_with("synthesis");
    let held = house.hold(&[]);
    let text = &held.ask("2.chair.synthesis").messages[1].content;
    assert!(
        text.contains("plurality over 3 ballots, best first:\n1. b"),
        "{text}"
    );
    assert!(text.contains("Share of the winner: 0.67 of 1."), "{text}");
    assert!(text.contains("## c for c"), "{text}");
    assert!(
        !text.contains("## c for c\n\nc it is"),
        "reasons are fenced: {text}"
    );
}

#[test]
fn ballots_that_say_not_how_sure_they_are_are_told_where_that_is_what_counts() {
    let silent = r#"{"rationale": "so", "choice": "go"}"#;
    for (sure, codes) in [(0, "no_confidence"), (1, "no_confidence"), (3, "")] {
        let mut house = on(&["go", "stop"], 3);
        house.plan.aggregator = Some("mean".to_owned());
        let said = |at: usize| {
            if at < sure { for_("go") } else { ok(silent) }
        };
        let held = house.hold(&[
            ("1.a.ballot", said(0)),
            ("1.b.ballot", said(1)),
            ("1.c.ballot", said(2)),
        ]);
        assert_eq!(held.codes().join(" "), codes, "{sure} of 3");
        let aggregate = held.close.aggregate.as_ref().expect("what was cast");
        assert_eq!(aggregate.ballots.len(), 3, "readable ballots are kept");
        assert_eq!(aggregate.winner.is_some(), sure > 0);
    }
}
