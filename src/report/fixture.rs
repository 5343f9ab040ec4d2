//! Runs made of real events, for the tests of all that shows runs.

mod run;

pub(crate) use run::{Run, member};

use crate::event::{
    Aggregate, Ballot, CastBallot, End, ErrorKind, MemberStatus, Purpose, RunError,
};
use indexmap::IndexMap;
use run::{OK, QUESTION};
use serde_json::json;

/// What a model may send to hurt a terminal, or to break a table.
pub(crate) const HOSTILE: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}desrever\r\n漢字 👩‍👩‍👧 e\u{301}\u{200b}\ttab";

const TWO: &[(&str, &str)] = &[
    ("independent_analysis", "independent_analysis"),
    ("synthesis", "synthesis"),
];

const THREE: &[(&str, &str)] = &[
    ("independent_analysis", "independent_analysis"),
    ("review", "anonymized_peer_review"),
    ("synthesis", "synthesis"),
];

fn ranked(by: &str, ranking: [&str; 2], rationale: &str) -> CastBallot {
    CastBallot {
        member: member(by),
        candidates: ranking.map(str::to_owned).into(),
        ranking: ranking.map(str::to_owned).into(),
        choice: None,
        confidence: None,
        weight: None,
        rationale: Some(rationale.to_owned()),
    }
}

/// Three answers, a review that `c` dissents from, a synthesis.
pub(crate) fn whole() -> Run {
    let mut run = Run::begun(QUESTION, THREE);
    run.all_answer();
    run.open("review", "anonymized_peer_review", &["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        run.ask(id, Purpose::Ballot, "Rank Response A and Response B.");
    }
    run.wait(700);
    let ballots = vec![
        ranked("a", ["b", "c"], "b is clearer"),
        ranked("b", ["a", "c"], "a it is"),
        ranked("c", ["a", "b"], "b forgets\nthe *cost*"),
    ];
    for cast in &ballots {
        let id = cast.member.to_string();
        let read = Ballot {
            candidates: cast.candidates.clone(),
            ranking: cast.ranking.clone(),
            rationale: cast.rationale.clone(),
            ..Ballot::default()
        };
        run.completed(&id, Purpose::Ballot, Some("{\"ranking\": […]}"), |done| {
            done.ballot = Some(read);
        });
    }
    let scores: IndexMap<String, f64> = [("b", 0.5), ("a", 1.0), ("c", 0.0)]
        .map(|(id, score)| (id.to_owned(), score))
        .into();
    let aggregate = Aggregate {
        method: "borda".to_owned(),
        winner: Some("b".to_owned()),
        scores,
        order: ["b", "a", "c"].map(str::to_owned).into(),
        ballots,
        ..Aggregate::default()
    };
    run.close(&[("a", OK), ("b", OK), ("c", OK)], Some((aggregate, 0.83)));
    run.notice("token_limit", "the answer of `a` was cut at its limit");
    run.chair_speaks(None);
    run.end(&End::Completed)
}

/// The chair's answer comes in pieces, at its second attempt.
pub(crate) fn streamed_synthesis() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.ask_chair();
    run.piece("chair", Purpose::Synthesis, "half");
    run.retry("chair", Purpose::Synthesis, None);
    run.piece("chair", Purpose::Synthesis, "Adopt");
    run.piece("chair", Purpose::Synthesis, " it.");
    run.reply("chair", Purpose::Synthesis, "Adopt it.");
    run.close(&[("chair", OK)], None);
    run.end(&End::Completed)
}

/// Everybody answers, and then the chair; the replies of `cut` end at their token limit.
pub(crate) fn cut(cut: &[&str]) -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.ask_all();
    for id in ["a", "b", "c"] {
        run.answer(id, Purpose::Answer, cut.contains(&id));
    }
    run.close(&[("a", OK), ("b", OK), ("c", OK)], None);
    run.ask_chair();
    run.answer("chair", Purpose::Synthesis, cut.contains(&"chair"));
    run.close(&[("chair", OK)], None);
    run.end(&End::Completed)
}

/// `b` fails, the chair speaks all the same.
pub(crate) fn degraded() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.b_fails();
    run.chair_speaks(None);
    run.end(&End::Completed)
}

/// The chair fails; the answers stand under their ids.
pub(crate) fn without_chair() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.ask_chair();
    let late = RunError::new(ErrorKind::Timeout, "no reply within 120 s");
    run.fail("chair", Purpose::Synthesis, MemberStatus::Timeout, late);
    run.close(&[("chair", MemberStatus::Timeout)], None);
    run.end(&End::Completed)
}

/// A jury without a majority.
pub(crate) fn hung() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.notice("hung_jury", "the jury is hung:\nno majority in 3 votes");
    run.chair_speaks(None);
    run.end(&End::Completed)
}

/// The chair has a schema.
pub(crate) fn object() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.all_answer();
    run.chair_speaks(Some(
        json!({"decision": "approve", "conditions": ["in spring"]}),
    ));
    run.end(&End::Completed)
}

/// Too few answers.
pub(crate) fn failed() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.b_fails();
    run.end(&End::Failed {
        reason: "2 of 3 members have answered, and the council needs 3".to_owned(),
        error: None,
    })
}

/// Ended by a user in its first round.
pub(crate) fn cancelled() -> Run {
    running().end(&End::Cancelled {
        reason: "cancelled by Ctrl-C".to_owned(),
    })
}

/// Its process died in its first round.
pub(crate) fn crashed() -> Run {
    running().end(&End::Crashed {
        reason: "its process died".to_owned(),
        error: Some(RunError::new(ErrorKind::Internal, "the process is gone")),
    })
}

/// `a` has answered, `b` is speaking, `c` waits for its second attempt.
pub(crate) fn running() -> Run {
    let mut run = Run::begun(QUESTION, TWO);
    run.ask_all();
    run.wait(400);
    run.piece("b", Purpose::Answer, "b says that ");
    run.retry("c", Purpose::Answer, None);
    run.wait(412);
    run.reply("a", Purpose::Answer, "a says yes.");
    run.piece("b", Purpose::Answer, "it depends");
    run
}

/// Nothing has happened.
pub(crate) fn pending() -> Run {
    Run::new()
}

/// Everything foreign is hostile, and `b` fails with it.
pub(crate) fn hostile() -> Run {
    foreign(HOSTILE)
}

/// Everything foreign is `text`, and `b` fails with it.
pub(crate) fn foreign(text: &str) -> Run {
    let mut run = Run::begun(text, TWO);
    run.open(text, "independent_analysis", &["a", "b"]);
    run.ask("a", Purpose::Answer, text);
    run.ask("b", Purpose::Answer, text);
    run.piece("a", Purpose::Answer, text);
    run.retry("b", Purpose::Answer, Some(text));
    run.wait(812);
    run.reply("a", Purpose::Answer, text);
    let refused = RunError::new(ErrorKind::InvalidRequest, text);
    run.fail("b", Purpose::Answer, MemberStatus::Error, refused);
    run.notice("odd", text);
    run.close(&[("a", OK), ("b", MemberStatus::Error)], None);
    run.end(&End::Completed)
}
