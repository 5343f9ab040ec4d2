//! Tests of the synthesis.

use crate::event::{Aggregate, CastBallot, ErrorKind, MessageRole, RoundRef, Tie};
use crate::prompt::Template;
use crate::round::testing::{House, failed, ok, seat};
use crate::round::{Fallback, Held, Review};

fn member(id: &str) -> Fallback {
    Fallback::Member(id.parse().expect("an id"))
}

/// A synthesis after three answers and a ranking that b won.
fn ranked() -> House {
    let mut house = House::new("synthesis", 3).with_answers(3);
    let names = ["b", "a", "c"].map(str::to_owned).to_vec();
    house.minutes.held.push(Held {
        round: RoundRef {
            index: 0,
            name: "review".to_owned(),
            kind: "anonymized_peer_review".to_owned(),
            iteration: 0,
        },
        aggregate: Some(Aggregate {
            method: "borda".to_owned(),
            winner: Some("b".to_owned()),
            scores: names.iter().cloned().zip([1.0, 0.25, 0.25]).collect(),
            order: names.clone(),
            ballots: vec![CastBallot {
                member: "a".parse().expect("an id"),
                candidates: names[..2].to_vec(),
                ranking: names[..2].to_vec(),
                choice: None,
                confidence: None,
                weight: None,
                rationale: Some("b is right".to_owned()),
            }],
            ties: vec![Tie {
                among: names[1..].to_vec(),
                by: "first".to_owned(),
            }],
            ..Aggregate::default()
        }),
        agreement: Some(0.75),
        poll: crate::round::Poll::default(),
        asked: 1,
        revised: None,
    });
    house
}

#[test]
fn the_chair_alone_is_asked() {
    for size in [1, 2, 3, 5] {
        let mut house = House::new("synthesis", size).with_answers(size);
        let held = house.hold(&[]);
        assert_eq!(held.keys(), ["1.chair.synthesis"]);
        assert_eq!(held.statuses_text(), "chair ok");
        assert!(held.codes().is_empty());
    }
}

#[test]
fn the_chair_sees_all_that_was_brought() {
    let mut house = ranked();
    house.all[0].role = Some("Engineer".to_owned());
    house.all.push(seat("d"));
    house.minutes.reviews.push(Review {
        by: "a".parse().expect("an id"),
        of: "b".parse().expect("an id"),
        text: "well done".to_owned(),
    });
    let held = house.hold(&[]);
    let user = &held.asks()[0].messages[1].content;
    for part in [
        "# The question\n\nWhat is best?",
        "## a (Engineer)\n\n<untrusted-",
        "answer of c",
        "## a on b\n\n<untrusted-",
        "well done",
        "1. b (score 1.00 of 1)\n2. a (score 0.25 of 1)\n3. c (score 0.25 of 1)",
        "Level: a, c (in the order of the council).",
        "0.75 of 1",
        "- d gave no answer.",
    ] {
        assert!(user.contains(part), "{part}: {user}");
    }
}

#[test]
fn the_top_ranked_answer_stands_without_a_call() {
    let mut house = ranked();
    house.fallback = vec![Fallback::TopRanked, member("a")];
    let held = house.hold(&[("1.chair.synthesis", failed(ErrorKind::Timeout))]);
    assert_eq!(held.keys(), ["1.chair.synthesis"]);
    assert_eq!(held.codes(), ["fallback"]);
    let text = &held.close.notices[0].text;
    assert_eq!(
        text,
        "The chair gave no answer (timeout: it failed): the answer that was ranked first stands, by `b`."
    );
    assert_eq!(held.statuses_text(), "chair timeout");
}

#[test]
fn fallbacks_are_tried_in_order_each_with_a_notice() {
    let mut house = House::new("synthesis", 3).with_answers(3);
    house.fallback = vec![Fallback::TopRanked, member("a"), member("b"), member("c")];
    let held = house.hold(&[
        ("1.chair.synthesis", failed(ErrorKind::Transient)),
        ("1.a.synthesis", failed(ErrorKind::Billing)),
    ]);
    assert_eq!(
        held.keys(),
        ["1.chair.synthesis", "1.a.synthesis", "1.b.synthesis"]
    );
    assert_eq!(held.codes(), ["fallback", "fallback", "fallback"]);
    assert!(
        held.close.notices[0]
            .text
            .contains("`top_ranked` is passed over, as nothing was ranked")
    );
    assert!(
        held.close.notices[2]
            .text
            .contains("`a` gave no answer (billing: it failed): `b` was asked")
    );
    assert_eq!(held.statuses_text(), "chair error, a error, b ok");
}

#[test]
fn where_nobody_won_no_answer_stands() {
    let mut house = ranked();
    for held in &mut house.minutes.held {
        let aggregate = held.aggregate.as_mut().expect("it is ranked");
        aggregate.winner = None;
        aggregate.cycle = std::mem::take(&mut aggregate.order);
    }
    house.fallback = vec![Fallback::TopRanked, member("a")];
    let held = house.hold(&[("1.chair.synthesis", failed(ErrorKind::Timeout))]);
    assert_eq!(held.keys(), ["1.chair.synthesis", "1.a.synthesis"]);
    let text = &held.close.notices[0].text;
    assert!(
        text.ends_with("`top_ranked` is passed over, as nobody won."),
        "{text}"
    );
}

#[test]
fn who_speaks_for_the_chair_is_asked_the_chairs_question() {
    let mut house = ranked();
    let prompt = "You are {{ member.id }}, the chair. {{ answers | length }}";
    house.chair = Some(crate::round::Seat {
        prompt: Some(Template::compile(prompt).expect("a template")),
        ..house.chair.take().expect("a chair")
    });
    house.fallback = vec![member("c")];
    let held = house.hold(&[("1.chair.synthesis", failed(ErrorKind::Auth))]);
    let own = held.ask("1.c.synthesis");
    assert_eq!(own.messages, held.ask("1.chair.synthesis").messages);
    assert!(
        own.messages[0]
            .content
            .starts_with("You are chair, the chair. 3")
    );
}

#[test]
fn after_the_last_fallback_there_is_no_synthesis() {
    let mut house = House::new("synthesis", 2).with_answers(2);
    house.fallback = vec![member("a"), member("b")];
    house.seats.remove(1);
    let held = house.hold(&[
        ("1.chair.synthesis", failed(ErrorKind::Transient)),
        ("1.a.synthesis", failed(ErrorKind::Transient)),
    ]);
    assert_eq!(held.keys(), ["1.chair.synthesis", "1.a.synthesis"]);
    assert_eq!(held.codes(), ["fallback", "fallback", "no_synthesis"]);
    assert!(
        held.close.notices[1]
            .text
            .contains("`member:b` is passed over, as it cannot be asked")
    );
}

#[test]
fn a_chair_that_cannot_be_asked_is_spoken_for() {
    let mut house = ranked();
    house.chair = None;
    house.fallback = vec![member("a")];
    let held = house.hold(&[]);
    assert_eq!(held.keys(), ["1.a.synthesis"]);
    assert_eq!(held.codes(), ["fallback"]);
    assert_eq!(held.asks()[0].messages[0].role, MessageRole::System);
}

#[test]
fn a_cancelled_chair_is_not_spoken_for() {
    let mut house = ranked();
    house.fallback = vec![Fallback::TopRanked];
    let held = house.hold(&[("1.chair.synthesis", failed(ErrorKind::Cancelled))]);
    assert!(held.codes().is_empty());
}

#[test]
fn an_empty_synthesis_is_none() {
    let mut house = ranked();
    house.fallback = vec![Fallback::TopRanked];
    let held = house.hold(&[("1.chair.synthesis", ok(" \n"))]);
    assert_eq!(held.codes(), ["fallback"]);
}
