//! `peer_review`: every member comments on the others' last answers by id; when all are in, each
//! one that has an own answer and was commented on may revise it.

use super::compose::{Question, Shown, Voice, ask};
use super::look::REVISE;
use super::poll::too_few;
use super::sections::sections;
use super::{
    Close, Kind, Look, PromptError, Reply, Review, Seat, Sees, Step, Table, close_with, words,
};
use crate::event::{Ask, Expect, MemberId, MemberStatus, Purpose};
use crate::prompt::{Scope, ShownAnswer, ShownReview};

/// The kind.
pub(super) struct PeerReview;

impl Kind for PeerReview {
    fn name(&self) -> &'static str {
        "peer_review"
    }

    fn summary(&self) -> &'static str {
        "every member comments on the others' answers by id, then may revise its own"
    }

    fn looks(&self) -> &'static [Look] {
        &[
            Look {
                purpose: "critique",
                sees: Sees::Others,
                gives: "comments on each of them",
            },
            REVISE,
        ]
    }

    fn revises(&self) -> bool {
        true
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        exchange(table, replies, words::critique)
    }
}

/// Comments on the others' answers, asked for in `words`, and then a second look at one's own.
pub(super) fn exchange(
    table: &Table<'_>,
    replies: &[Reply],
    words: fn(&Scope) -> String,
) -> Result<Step, PromptError> {
    if replies.is_empty() {
        let asks: Vec<Ask> = table
            .seats
            .iter()
            .filter(|seat| others(table, seat).next().is_some())
            .map(|seat| critique(table, seat, words))
            .collect::<Result<_, _>>()?;
        if asks.is_empty() {
            return Ok(not_held(table));
        }
        return Ok(Step::Ask(asks));
    }
    let reviews = reviews(table, replies);
    if replies
        .iter()
        .all(|reply| reply.call.purpose != Purpose::Revise)
    {
        let asks: Vec<Ask> = table
            .seats
            .iter()
            .filter(|seat| may_be_asked_again(seat, replies))
            .filter_map(|seat| revise(table, seat, &reviews))
            .collect::<Result<_, _>>()?;
        if !asks.is_empty() {
            return Ok(Step::Ask(asks));
        }
    }
    Ok(Step::Done(Close {
        reviews,
        ..Close::default()
    }))
}

/// The end of a round in which nobody can review anything.
pub(super) fn not_held(table: &Table<'_>) -> Step {
    let why = too_few(table.minutes.standing().count(), "review");
    close_with(
        "review_not_held",
        &format!("{why}: the review was not held."),
    )
}

fn others<'t>(
    table: &'t Table<'_>,
    seat: &'t Seat,
) -> impl Iterator<Item = (&'t MemberId, &'t String)> {
    let answers = table.minutes.standing();
    answers.filter(|(id, _)| **id != seat.id)
}

fn critique(
    table: &Table<'_>,
    seat: &Seat,
    words: fn(&Scope) -> String,
) -> Result<Ask, PromptError> {
    let answers = others(table, seat)
        .map(|(id, text)| ShownAnswer::new(id.as_str(), text))
        .collect();
    let question = Question {
        voice: Voice::Member(seat),
        asked: &seat.id,
        purpose: Purpose::Critique,
        expect: Expect::Text,
        labels: None,
        shown: Shown {
            answers,
            ..Shown::default()
        },
        template: table.plan.prompt.as_ref(),
    };
    ask(table, question, words)
}

/// What the critiques say of each answer: its own section, or the whole reply where it has none.
fn reviews(table: &Table<'_>, replies: &[Reply]) -> Vec<Review> {
    let mut reviews = Vec::new();
    for seat in table.seats {
        let Some(text) = replies
            .iter()
            .find(|reply| reply.call.member == seat.id && reply.call.purpose == Purpose::Critique)
            .filter(|reply| reply.done.status == MemberStatus::Ok)
            .and_then(|reply| reply.done.text.as_deref())
        else {
            continue;
        };
        let ids: Vec<&MemberId> = others(table, seat).map(|(id, _)| id).collect();
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        for (id, section) in ids.into_iter().zip(sections(text, &names)) {
            reviews.push(Review {
                by: seat.id.clone(),
                of: id.clone(),
                text: section.unwrap_or_else(|| text.trim().to_owned()),
            });
        }
    }
    reviews
}

/// Whoever met a fault that does not pass need not be asked twice in one round.
fn may_be_asked_again(seat: &Seat, replies: &[Reply]) -> bool {
    let own = replies.iter().filter(|reply| reply.call.member == seat.id);
    own.filter_map(|reply| reply.done.error.as_ref())
        .all(|error| !error.kind.is_permanent())
}

/// The second question to a member; none where it has no answer or nobody commented on it.
fn revise(table: &Table<'_>, seat: &Seat, reviews: &[Review]) -> Option<Result<Ask, PromptError>> {
    let mut own = ShownAnswer::new(seat.id.as_str(), table.minutes.answers.get(&seat.id)?);
    own.is_own = true;
    let reviews: Vec<ShownReview> = reviews
        .iter()
        .filter(|review| review.of == seat.id)
        .map(ShownReview::from)
        .collect();
    if reviews.is_empty() {
        return None;
    }
    let question = Question {
        voice: Voice::Member(seat),
        asked: &seat.id,
        purpose: Purpose::Revise,
        expect: Expect::Revision,
        labels: None,
        shown: Shown {
            answers: vec![own],
            reviews,
            ..Shown::default()
        },
        // A round's own prompt asks for comments; this question follows from them.
        template: None,
    };
    Some(ask(table, question, words::revise))
}

#[cfg(test)]
mod tests {
    use crate::event::ErrorKind;
    use crate::round::testing::{House, failed, ok};

    #[test]
    fn all_comment_and_then_all_may_revise() {
        for size in [2, 3, 5] {
            let mut house = House::new("peer_review", size).with_answers(size);
            let mut keys = Vec::new();
            for purpose in ["critique", "revise"] {
                keys.extend((0..size).map(|at| format!("1.{}.{purpose}", House::id(at))));
            }
            let held = house.hold(&[]);
            assert_eq!(held.keys(), keys);
            assert_eq!(held.close.reviews.len(), size * (size - 1));
        }
    }

    #[test]
    fn a_single_answer_is_not_reviewed() {
        for (size, answers) in [(1, 1), (3, 0)] {
            let mut house = House::new("peer_review", size).with_answers(answers);
            let held = house.hold(&[]);
            assert!(held.asks().is_empty());
            assert_eq!(held.codes(), ["review_not_held"]);
        }
    }

    #[test]
    fn who_has_no_answer_comments_and_does_not_revise() {
        // c has no answer; a has one, and so b and c comment on it.
        let mut house = House::new("peer_review", 3).with_answers(1);
        assert_eq!(
            house.hold(&[]).keys(),
            ["1.b.critique", "1.c.critique", "1.a.revise"]
        );
    }

    #[test]
    fn a_critique_shows_the_others_and_a_revision_ones_own() {
        let mut house = House::new("peer_review", 3).with_answers(3);
        let held = house.hold(&[("1.b.critique", ok("## a\nfor a\n## c\nfor c"))]);
        let critique = &held.ask("1.a.critique").messages[1].content;
        assert!(critique.contains("answer of b") && critique.contains("answer of c"));
        assert!(!critique.contains("answer of a"));
        assert!(critique.ends_with("under its own heading line: `## b`, `## c`."));
        let revise = &held.ask("1.a.revise").messages[1].content;
        assert!(revise.contains("# Your answer\n\nanswer of a\n"));
        assert!(revise.contains("for a") && !revise.contains("for c"));
        assert!(!revise.contains("answer of b"));
    }

    #[test]
    fn a_reply_without_headings_counts_for_each() {
        let mut house = House::new("peer_review", 3).with_answers(3);
        let held = house.hold(&[("1.b.critique", ok(" All wrong. "))]);
        let texts: Vec<&str> = held
            .close
            .reviews
            .iter()
            .filter(|review| review.by.as_str() == "b")
            .map(|review| review.text.as_str())
            .collect();
        assert_eq!(texts, ["All wrong.", "All wrong."]);
    }

    #[test]
    fn revised_answers_replace_and_kept_ones_stay() {
        let mut house = House::new("peer_review", 3).with_answers(3);
        house.hold(&[
            ("1.a.revise", ok(r#"{"revised": true, "answer": "better"}"#)),
            (
                "1.b.revise",
                ok(r#"{"revised": false, "answer": "ignored"}"#),
            ),
            ("1.c.revise", failed(ErrorKind::Timeout)),
        ]);
        let answers: Vec<&str> = house.minutes.answers.values().map(String::as_str).collect();
        assert_eq!(answers, ["better", "answer of b", "answer of c"]);
    }

    #[test]
    fn nobody_revises_without_comments() {
        let mut house = House::new("peer_review", 2).with_answers(2);
        let held = house.hold(&[
            ("1.a.critique", failed(ErrorKind::Transient)),
            ("1.b.critique", failed(ErrorKind::Transient)),
        ]);
        assert_eq!(held.keys(), ["1.a.critique", "1.b.critique"]);
        assert_eq!(held.statuses_text(), "a error, b error");
    }

    #[test]
    fn a_passing_fault_is_no_reason_not_to_ask_again_and_a_permanent_one_is() {
        for (kind, is_asked) in [(ErrorKind::Transient, true), (ErrorKind::Auth, false)] {
            let mut house = House::new("peer_review", 3).with_answers(3);
            let held = house.hold(&[("1.a.critique", failed(kind))]);
            assert_eq!(held.keys().contains(&"1.a.revise".to_owned()), is_asked);
            assert_eq!(held.statuses_text(), "a error, b ok, c ok");
        }
    }
}
