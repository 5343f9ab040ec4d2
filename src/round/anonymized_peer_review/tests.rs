//! Tests of the anonymized review.

use crate::event::{ErrorKind, Expect, MemberCompleted};
use crate::round::TieBreak;
use crate::round::testing::{HeldRound, House, failed, ok};

const KIND: &str = "anonymized_peer_review";

/// A ballot of `member` that ranks these ids, under the labels that it was shown.
fn ranks(house: &mut House, member: &str, ids: &str) -> MemberCompleted {
    let minutes = house.minutes.clone();
    let held = house.hold(&[]);
    house.minutes = minutes;
    let ask = held.ask(&format!("1.{member}.ballot"));
    let labels = ask.labels.as_ref().expect("labels");
    let ranking: Vec<&String> = ids
        .chars()
        .map(|id| {
            let own = labels
                .iter()
                .find(|(_, real)| real.as_str() == id.to_string());
            own.expect("a candidate").0
        })
        .collect();
    let comments: serde_json::Map<String, serde_json::Value> = labels
        .iter()
        .map(|(label, id)| (label.clone(), format!("{member} on {id}").into()))
        .collect();
    ok(&serde_json::json!({ "comments": comments, "rationale": format!("by {member}"), "ranking": ranking }).to_string())
}

fn order(held: &HeldRound) -> String {
    let aggregate = held.close.aggregate.as_ref().expect("an aggregate");
    aggregate.order.concat()
}

#[test]
fn each_member_is_asked_once() {
    for size in [2, 3, 5] {
        let mut house = House::new(KIND, size).with_answers(size);
        let keys: Vec<String> = (0..size)
            .map(|at| format!("1.{}.ballot", House::id(at)))
            .collect();
        assert_eq!(house.hold(&[]).keys(), keys);
    }
}

#[test]
fn a_reviewer_sees_labels_and_neither_names_nor_its_own_answer() {
    let mut house = House::new(KIND, 5).with_answers(5);
    for seat in &mut house.seats {
        seat.role = Some(format!("secret role of {}", seat.id));
    }
    let held = house.hold(&[]);
    let mut orders = Vec::new();
    for ask in held.asks() {
        let labels = ask.labels.as_ref().expect("labels");
        let own = &ask.call.member;
        assert_eq!(labels.len(), 4);
        assert!(labels.values().all(|id| id != own));
        let shown: Vec<&String> = labels.keys().collect();
        assert_eq!(
            shown,
            ["Response A", "Response B", "Response C", "Response D"]
        );
        let user = &ask.messages[1].content;
        assert!(!user.contains(&format!("answer of {own}")) && !user.contains("secret role"));
        for (label, id) in labels {
            let answer = format!("\n\n## {label}\n\n<untrusted-");
            let place = user.find(&answer).expect("the label is shown");
            assert!(user[place..].contains(&format!("answer of {id}")));
        }
        let Expect::Ranking {
            labels: asked,
            comments: true,
        } = &ask.expect
        else {
            panic!("a ranking with comments")
        };
        assert!(asked.iter().eq(labels.keys()));
        orders.push(labels.values().map(ToString::to_string).collect::<String>());
    }
    assert!(orders.iter().any(|order| !order.chars().is_sorted()));
    assert_eq!(
        orders,
        house_orders(5),
        "the same seed shuffles the same way"
    );
}

#[test]
fn majorities_in_a_circle_have_no_winner_and_say_so() {
    let mut house = House::new(KIND, 3).with_answers(3);
    house.plan.aggregator = Some("condorcet".to_owned());
    let ballots = [
        ("1.a.ballot", ranks(&mut house, "a", "bc")),
        ("1.b.ballot", ranks(&mut house, "b", "ca")),
        ("1.c.ballot", ranks(&mut house, "c", "ab")),
    ];
    let held = house.hold(&ballots);
    assert_eq!((order(&held).as_str(), held.close.agreement), ("", None));
    let aggregate = held.close.aggregate.as_ref().expect("an aggregate");
    assert_eq!(aggregate.winner, None);
    assert_eq!(aggregate.cycle, ["a", "b", "c"]);
    assert_eq!(held.codes(), ["cycle"]);
}

fn house_orders(size: usize) -> Vec<String> {
    let held = House::new(KIND, size).with_answers(size).hold(&[]);
    let label_maps = held.asks().into_iter().filter_map(|ask| ask.labels.clone());
    label_maps
        .map(|labels| labels.values().map(ToString::to_string).collect())
        .collect()
}

#[test]
fn winners_and_comments_come_in_real_ids() {
    let mut house = House::new(KIND, 3).with_answers(3);
    let ballots = [
        ("1.a.ballot", ranks(&mut house, "a", "cb")),
        ("1.b.ballot", ranks(&mut house, "b", "ca")),
        ("1.c.ballot", ranks(&mut house, "c", "ab")),
    ];
    let held = house.hold(&ballots);
    assert_eq!(order(&held), "cab");
    let aggregate = held.close.aggregate.as_ref().expect("an aggregate");
    assert_eq!(
        (aggregate.method.as_str(), aggregate.winner.as_deref()),
        ("borda", Some("c"))
    );
    assert_eq!(
        aggregate
            .scores
            .iter()
            .map(|(id, score)| format!("{id} {score}"))
            .collect::<Vec<_>>(),
        ["a 0.5", "b 0", "c 1"]
    );
    assert_eq!(aggregate.ballots[0].rationale.as_deref(), Some("by a"));
    assert_eq!(held.close.agreement, Some(1.0));
    let reviews: Vec<String> = held
        .close
        .reviews
        .iter()
        .map(|review| format!("{}>{}: {}", review.by, review.of, review.text))
        .collect();
    assert_eq!(reviews[..3], ["a>b: a on b", "a>c: a on c", "b>a: b on a"]);
    assert_eq!(house.minutes.reviews, held.close.reviews);
    assert_eq!(house.minutes.held.len(), 1);
}

#[test]
fn an_absent_or_unreadable_ballot_favours_nobody() {
    let mut house = House::new(KIND, 3).with_answers(3);
    let ballots = [
        ("1.a.ballot", ranks(&mut house, "a", "bc")),
        ("1.b.ballot", failed(ErrorKind::Timeout)),
        ("1.c.ballot", ok("I like all of them.")),
    ];
    let held = house.hold(&ballots);
    assert_eq!(order(&held), "bc");
    assert_eq!(held.codes(), ["unranked"]);
    assert_eq!(held.statuses_text(), "a ok, b timeout, c invalid_output");
}

#[test]
fn without_a_readable_ballot_it_is_held_without_result() {
    let mut house = House::new(KIND, 3).with_answers(3);
    let held = house.hold(&["1.a.ballot", "1.b.ballot", "1.c.ballot"].map(|key| (key, ok("no"))));
    assert_eq!((&held.close.aggregate, held.close.agreement), (&None, None));
    assert_eq!(held.codes(), ["nothing_ranked"]);
}

#[test]
fn of_two_answers_each_reviewer_comments_on_one_and_nothing_is_ranked() {
    let mut house = House::new(KIND, 2).with_answers(2);
    let held = house.hold(&[("1.a.ballot", ok(" fine "))]);
    assert!(held.asks().iter().all(|ask| ask.expect == Expect::Text));
    assert_eq!(held.close.aggregate, None);
    assert_eq!(held.codes(), ["nothing_ranked"]);
    assert!(held.close.notices[0].text.contains("only two answers"));
    let review = &held.close.reviews[0];
    assert_eq!(
        (review.by.as_str(), review.of.as_str(), review.text.as_str()),
        ("a", "b", "fine")
    );
}

#[test]
fn one_answer_is_not_reviewed() {
    for (size, answers) in [(1, 1), (3, 1), (3, 0)] {
        let mut house = House::new(KIND, size).with_answers(answers);
        let held = house.hold(&[]);
        assert!(held.asks().is_empty());
        assert_eq!(held.codes(), ["review_not_held"]);
    }
}

#[test]
fn a_reviewer_without_an_own_answer_ranks_all() {
    let mut house = House::new(KIND, 3).with_answers(2);
    let ballot = ranks(&mut house, "c", "ba");
    let held = house.hold(&[("1.c.ballot", ballot)]);
    assert_eq!(held.ask("1.a.ballot").expect, Expect::Text);
    assert!(
        matches!(&held.ask("1.c.ballot").expect, Expect::Ranking { labels, .. } if labels.len() == 2)
    );
    assert_eq!(order(&held), "ba");
    assert!(held.codes().is_empty());
}

type Script = Vec<(&'static str, MemberCompleted)>;

/// a and b stand level at the top and c is last; the third ballot is missing.
fn level(tie_break: TieBreak) -> (House, Script) {
    let mut house = House::new(KIND, 3).with_answers(3);
    house.plan.tie_break = tie_break;
    let ballots = vec![
        ("1.a.ballot", ranks(&mut house, "a", "bc")),
        ("1.b.ballot", ranks(&mut house, "b", "ac")),
        ("1.c.ballot", failed(ErrorKind::Transient)),
    ];
    (house, ballots)
}

#[test]
fn ties_are_settled_as_the_round_says_and_marked() {
    for (tie_break, by) in [(TieBreak::First, "first"), (TieBreak::Random, "random")] {
        let (mut house, ballots) = level(tie_break);
        let held = house.hold(&ballots);
        let aggregate = held.close.aggregate.as_ref().expect("an aggregate");
        assert_eq!(aggregate.ties.len(), 1);
        assert_eq!(aggregate.ties[0].by, by);
        assert_eq!(aggregate.ties[0].among, aggregate.order[..2]);
        if tie_break == TieBreak::First {
            assert_eq!(order(&held), "abc");
        }
        let (mut house, ballots) = level(tie_break);
        assert_eq!(
            order(&house.hold(&ballots)),
            order(&held),
            "the same seed, the same draw"
        );
    }
}

#[test]
fn a_tie_says_where_no_ballot_compares_those_who_are_tied() {
    let (mut house, ballots) = level(TieBreak::First);
    let held = house.hold(&ballots);
    assert_eq!(held.close.agreement, Some(1.0));
    assert_eq!(
        held.close.notices[0].text,
        "a, b stand level at the top; the order of the spec put `a` first. No ballot compares \
         the two, and agreement counts only what a ballot compares."
    );
    let (mut house, mut ballots) = level(TieBreak::First);
    ballots[0].1 = ranks(&mut house, "a", "bc");
    ballots[1].1 = ranks(&mut house, "b", "ca");
    ballots[2].1 = ranks(&mut house, "c", "ab");
    let held = house.hold(&ballots);
    assert!(
        !held
            .close
            .notices
            .iter()
            .any(|notice| notice.text.contains("No ballot"))
    );
}

#[test]
fn a_tie_for_the_chair_is_a_call_of_the_round() {
    for letter in ["Response A", "Response B"] {
        let (mut house, mut ballots) = level(TieBreak::Chair);
        ballots.push(("1.chair.tie", ok(&format!(r#"{{"choice": "{letter}"}}"#))));
        let held = house.hold(&ballots);
        assert_eq!(
            held.keys(),
            ["1.a.ballot", "1.b.ballot", "1.c.ballot", "1.chair.tie"]
        );
        assert_eq!(held.batches.len(), 2);
        let ask = held.ask("1.chair.tie");
        let chosen = ask.labels.as_ref().expect("labels")[letter].to_string();
        assert!(ask.messages[1].content.contains("answer of a"));
        assert!(!ask.messages[1].content.contains("answer of c"));
        let aggregate = held.close.aggregate.as_ref().expect("an aggregate");
        assert_eq!(aggregate.winner.as_ref(), Some(&chosen));
        assert_eq!(
            (aggregate.ties[0].by.as_str(), &aggregate.ties[0].among[0]),
            ("chair", &chosen)
        );
        assert_eq!(held.statuses_text(), "a ok, b ok, c error, chair ok");
    }
}

#[test]
fn a_chair_that_does_not_settle_leaves_the_order_of_the_spec() {
    let (mut house, mut ballots) = level(TieBreak::Chair);
    ballots.push(("1.chair.tie", failed(ErrorKind::Timeout)));
    let held = house.hold(&ballots);
    assert_eq!(order(&held), "abc");
    assert_eq!(
        held.close.aggregate.as_ref().expect("one").ties[0].by,
        "first"
    );
    assert_eq!(held.codes(), ["tie"]);
}

#[test]
fn the_chair_is_not_asked_where_nothing_is_tied() {
    let (mut house, mut ballots) = level(TieBreak::Chair);
    ballots[2].1 = ranks(&mut house, "c", "ba");
    let held = house.hold(&ballots);
    assert_eq!(held.batches.len(), 1);
    assert_eq!(order(&held), "bac");
}

#[test]
fn a_prompt_of_the_round_stands_in_place_of_the_words_and_the_form_stays() {
    let mut house = House::new(KIND, 3).with_answers(3).with_prompt(
        "Safest first.{% for a in answers %}\n{{ a.id }}/{{ a.label }} {{ a.text }}{% endfor %}",
    );
    let held = house.hold(&[]);
    let user = &held.asks()[0].messages[1].content;
    assert!(user.starts_with("Safest first.\nResponse A/Response A <untrusted-"));
    assert!(user.contains("Reply with one JSON object"));
    assert!(!user.contains("Your task"));
}
