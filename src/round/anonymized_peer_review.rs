//! `anonymized_peer_review`: every member comments on the others' answers and ranks them in one
//! reply. It sees labels, shuffled for it alone, and not its own answer.

use super::compose::{Question, Shown, Voice, ask};
use super::peer_review::not_held;
use super::{
    Close, Kind, Look, PromptError, Reply, Review, Seat, Sees, Step, Table, labels, notice, ties,
    words,
};
use crate::aggregate;
use crate::event::{Ask, Expect, MemberId, Purpose};

/// The kind.
pub(super) struct AnonymizedPeerReview;

impl Kind for AnonymizedPeerReview {
    fn name(&self) -> &'static str {
        "anonymized_peer_review"
    }

    fn summary(&self) -> &'static str {
        "every member comments on the others' answers and ranks them, without names"
    }

    fn looks(&self) -> &'static [Look] {
        &[Look {
            purpose: "ballot",
            sees: Sees::OthersLabelled,
            gives: "comments on them and an order, best first",
        }]
    }

    fn aggregators(&self) -> &'static [&'static str] {
        aggregate::OF_RANKINGS
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        if table.minutes.standing().count() < 2 || table.seats.is_empty() {
            return Ok(not_held(table));
        }
        if replies.is_empty() {
            let asks = table.seats.iter().map(|seat| ballot_for(table, seat));
            return asks.collect::<Result<_, _>>().map(Step::Ask);
        }
        let mut close = Close::default();
        for reply in ties::usable(replies) {
            close.reviews.extend(reviews(table, reply));
        }
        let ballots = ties::cast(table, replies);
        if ballots.is_empty() {
            close.notices.push(nothing_ranked(table));
            return Ok(Step::Done(close));
        }
        let candidates = ties::standing(table);
        ties::outcome(table, replies, &candidates, ballots, close)
    }
}

/// Whose answers a reviewer sees: all but its own.
fn candidates(table: &Table<'_>, reviewer: &MemberId) -> Vec<MemberId> {
    let answers = table.minutes.standing();
    answers
        .map(|(id, _)| id)
        .filter(|id| *id != reviewer)
        .cloned()
        .collect()
}

fn ballot_for(table: &Table<'_>, seat: &Seat) -> Result<Ask, PromptError> {
    let labels = labels::shuffled(table, &seat.id, "labels", candidates(table, &seat.id));
    let answers = labels::answers(table, &labels);
    // One text can be commented on, and not ranked.
    let is_ranking = answers.len() > 1;
    let question = Question {
        voice: Voice::Member(seat),
        asked: &seat.id,
        purpose: Purpose::Ballot,
        expect: if is_ranking {
            Expect::Ranking {
                labels: labels.keys().cloned().collect(),
                comments: true,
            }
        } else {
            Expect::Text
        },
        labels: Some(labels),
        shown: Shown {
            answers,
            ..Shown::default()
        },
        template: table.plan.prompt.as_ref(),
    };
    let words = if is_ranking {
        words::ballot
    } else {
        words::comment
    };
    ask(table, question, words)
}

/// The comments of one reply: those on its ballot, or its whole text on the only answer it saw.
fn reviews(table: &Table<'_>, reply: &Reply) -> Vec<Review> {
    let by = &reply.call.member;
    let of_each = candidates(table, by);
    let review = |of: &MemberId, text: &str| Review {
        by: by.clone(),
        of: of.clone(),
        text: text.trim().to_owned(),
    };
    match (&reply.done.ballot, &of_each[..]) {
        (Some(ballot), _) => of_each
            .iter()
            .filter_map(|of| Some(review(of, ballot.comments.get(of.as_str())?)))
            .collect(),
        (None, [only]) => {
            let text = reply.done.text.as_deref();
            text.map(|text| review(only, text)).into_iter().collect()
        }
        (None, _) => Vec::new(),
    }
}

fn nothing_ranked(table: &Table<'_>) -> crate::event::Notice {
    let somebody_ranks = |seat: &Seat| candidates(table, &seat.id).len() > 1;
    let text = if table.seats.iter().any(somebody_ranks) {
        "No readable ballot came in: nothing was ranked."
    } else {
        "There are only two answers: each reviewer commented on one, and nothing was ranked."
    };
    notice("nothing_ranked", text)
}

#[cfg(test)]
mod tests;
