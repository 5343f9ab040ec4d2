//! The built-in prompts: short and exact, so that small models follow them too.
//!
//! Texts in a [`Scope`] are fenced where they have to be; nothing else may be shown.

mod results;

use super::Table;
use crate::event::Expect;
use crate::prompt::{Scope, ShownAnswer};
use std::fmt::Write as _;

/// The standing orders of a member without a prompt of its own.
pub(super) const MEMBER: &str = "You are a member of a council: several models answer the same \
question, each on its own, and judge each other's work. Say what you hold to be true, be specific, \
and say where you are not sure. Do not agree for the sake of agreement.";

/// The standing orders of a chair without a prompt of its own.
pub(super) fn chair(council: &str) -> String {
    format!(
        "You chair the council \"{council}\": several models have answered a question, and you \
         write the one answer that is given. You decide by the reasons that were given, not by \
         the number of voices."
    )
}

/// An own answer: the input alone.
pub(super) fn answer(scope: &Scope) -> String {
    let mut text = if scope.input_is_material {
        format!("Do your work on this material.\n\n{}", scope.input)
    } else {
        scope.input.clone()
    };
    attachments(&mut text, scope);
    text
}

/// The files beside the input, each behind its fence; they follow the input wherever it is shown.
pub(super) fn attachments(text: &mut String, scope: &Scope) {
    if scope.attachments.is_empty() {
        return;
    }
    text.truncate(text.trim_end().len());
    text.push_str("\n\n# Attachments");
    let count = scope.attachments.len();
    for (place, file) in (1..).zip(&scope.attachments) {
        let _ = write!(
            text,
            "\n\n## Attachment {place} of {count} ({} bytes)\n\n{}",
            file.bytes, file.text
        );
    }
}

/// Comments on the others' answers.
pub(super) fn critique(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "The other members' answers", scope);
    task(
        &mut text,
        "Comment on each of these answers. Say what is right in it, what is wrong, and what is \
         missing, with your reasons. Be specific: the author will read it and may revise.",
    );
    text
}

/// The faults of the others' answers.
pub(super) fn faults(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "The other members' answers", scope);
    task(
        &mut text,
        "Name the faults of each of these answers: what is wrong, what does not follow, what is \
         missing, what would mislead who asked. Say of each fault how you know it and how much it \
         matters. No praise, and no fault that you do not believe in: where there is none, say so. \
         The author will read it and may revise.",
    );
    text
}

/// A second look at one's own answer.
pub(super) fn revise(scope: &Scope) -> String {
    let mut text = question(scope);
    for own in &scope.answers {
        let _ = write!(text, "\n\n# Your answer\n\n{}", own.text.trim());
    }
    text.push_str("\n\n# What the others said of it");
    for review in &scope.reviews {
        let _ = write!(text, "\n\n## By {}\n\n{}", review.by, review.text);
    }
    task(
        &mut text,
        "Look at your answer again. Revise it where a comment shows a real fault or a real gap; \
         keep it where you are not convinced. If you revise, write the whole answer anew, so that \
         it can be read alone.",
    );
    text
}

/// What counts where answers are judged.
const MEASURE: &str = "What counts is whether an answer is right, whether it is complete, and \
whether it helps who asked; not its length, its place in this list, or how sure it sounds.";

/// Comments on answers without names, and an order of them.
pub(super) fn ballot(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "The answers", scope);
    let words = format!(
        "Judge these answers. {MEASURE} First comment on each one, then rank all of them from best \
         to worst."
    );
    task(&mut text, &words);
    text
}

/// An order of all answers, one's own among them.
pub(super) fn ranking(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "The answers", scope);
    let words = format!(
        "Rank all of these answers from best to worst{}. {MEASURE}",
        with_own(scope)
    );
    task(&mut text, &words);
    text
}

/// The best of all answers, one's own among them.
pub(super) fn vote(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "The answers", scope);
    let words = format!(
        "Vote for the best of these answers{}. {MEASURE}",
        with_own(scope)
    );
    task(&mut text, &words);
    text
}

/// One of `choices`, in the light of all answers.
pub(super) fn vote_on(scope: &Scope, choices: &[String]) -> String {
    let mut text = question(scope);
    answers(&mut text, "The members' answers", scope);
    let words = format!(
        "Vote for one of these:\n\n{}\n\nGo by the reasons that the answers give, not by how many \
         say the same.",
        list(choices)
    );
    task(&mut text, &words);
    text
}

/// Which of two answers without names is the better.
pub(super) fn pair(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "Two answers", scope);
    let words = format!("Choose the better of these two answers. {MEASURE}");
    task(&mut text, &words);
    text
}

/// Comments on a single answer without a name.
pub(super) fn comment(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "An answer", scope);
    task(
        &mut text,
        "Comment on this answer. Say what is right in it, what is wrong, and what is missing, with \
         your reasons.",
    );
    text
}

/// Which of the answers that stand level is the best.
pub(super) fn tie(scope: &Scope) -> String {
    let mut text = question(scope);
    answers(&mut text, "Answers that stand level", scope);
    task(
        &mut text,
        "The members' ballots leave these answers level at the top. Choose the best of them: the \
         one that is most right, most complete, and of most help to who asked.",
    );
    text
}

/// Which of the choices that stand level is the best.
pub(super) fn tied_choices(scope: &Scope, tied: &[String]) -> String {
    let mut text = question(scope);
    answers(&mut text, "The members' answers", scope);
    let words = format!(
        "The members' votes leave these choices level at the top:\n\n{}\n\nChoose the one that the \
         reasons in the answers speak for.",
        list(tied)
    );
    task(&mut text, &words);
    text
}

/// What the chair is told of weights.
const WEIGHTS: &str = "\n\n# The weights\n\nThe weight behind each name is what that answer counts \
for; all of them together are 1. Where answers differ and their reasons are equally good, go with \
the greater weight.";

/// The one answer of the council.
pub(super) fn synthesis(scope: &Scope, table: &Table<'_>) -> String {
    let mut text = question(scope);
    if scope.answers.is_empty() {
        text.push_str("\n\n# The members' answers\n\nNo member has given an answer.");
    } else {
        text.push_str("\n\n# The members' answers");
        let digits = digits(scope);
        for answer in &scope.answers {
            let _ = write!(text, "\n\n## {}{}", answer.id, role(&answer.id, table));
            if let Some(weight) = answer.weight {
                let _ = write!(text, ", weight {weight:.digits$}");
            }
            let _ = write!(text, "\n\n{}", answer.text);
        }
    }
    if !scope.reviews.is_empty() {
        text.push_str("\n\n# What the members said of each other's answers");
        for review in &scope.reviews {
            let _ = write!(
                text,
                "\n\n## {} on {}\n\n{}",
                review.by, review.of, review.text
            );
        }
    }
    results::add(&mut text, scope, table);
    results::missing(&mut text, table);
    if scope.answers.iter().any(|answer| answer.weight.is_some()) {
        text.push_str(WEIGHTS);
    }
    task(
        &mut text,
        "Write the council's answer to the question. Take what is best in the answers, put right \
         what the comments show to be wrong, and weigh the ranking where there is one. Where the \
         members disagree on something that matters, say so and decide, with your reason. Speak \
         to who asked: give the answer itself, not a report on the members.",
    );
    text
}

/// The most digits after the point that a weight is told with.
const LONGEST_WEIGHT: i32 = 9;

/// Digits after the point that weights are told with: two, and where the smallest would be lost in
/// them, as many as show two of its own.
fn digits(scope: &Scope) -> usize {
    let weights = scope.answers.iter().filter_map(|answer| answer.weight);
    let smallest = weights
        .filter(|weight| *weight > 0.0)
        .fold(1.0_f64, f64::min);
    if smallest >= 0.01 {
        return 2;
    }
    let shows_two = |digits: &i32| smallest * 10_f64.powi(*digits) >= 10.0;
    // Beyond that it counts for nothing.
    (3..LONGEST_WEIGHT)
        .find(shows_two)
        .unwrap_or(LONGEST_WEIGHT) as usize
}

/// The form of the reply to a critique: a section for each answer.
pub(super) fn sections(answers: &[ShownAnswer]) -> String {
    let headings: Vec<String> = answers
        .iter()
        .map(|answer| format!("`## {}`", answer.id))
        .collect();
    format!(
        "Write one section for each answer, each under its own heading line: {}.",
        headings.join(", ")
    )
}

/// The form of the reply that `expect` wants; none for prose. Rounds append it whatever words a
/// spec has for the question, so that replies stay readable.
pub(super) fn format(expect: &Expect) -> Option<String> {
    let form = match expect {
        Expect::Text => return None,
        Expect::Ranking { labels, comments } => {
            let each: Vec<String> = labels
                .iter()
                .map(|label| format!("\"{label}\": \"…\""))
                .collect();
            let comments = if *comments {
                format!("\"comments\": {{{}}}, ", each.join(", "))
            } else {
                String::new()
            };
            format!(
                "{{{comments}\"rationale\": \"…\", \"ranking\": [\"…\", \"…\"]}}\n\n\
                 `rationale` says in a sentence or two why the first is the best. `ranking` holds \
                 each of {} once, the best first.",
                labels.join(", ")
            )
        }
        Expect::Choice { choices } => format!(
            "{{\"rationale\": \"…\", \"choice\": \"…\", \"confidence\": 0.0}}\n\n\
             `choice` is exactly one of {}. `confidence` is how sure you are, from 0 to 1.",
            choices.join(", ")
        ),
        Expect::Pair { left, right } => format!(
            "{{\"rationale\": \"…\", \"choice\": \"…\"}}\n\n\
             `choice` is exactly one of {left}, {right}: the better one."
        ),
        Expect::Revision => "{\"revised\": true, \"answer\": \"…\"}\n\n\
             `revised` is true where you change your answer, and `answer` is then the whole new \
             answer. Where you keep it, `revised` is false and `answer` is \"\"."
            .to_owned(),
        Expect::Schema(schema) => format!("It must fit this JSON Schema:\n\n{schema}"),
    };
    Some(format!(
        "Reply with one JSON object and nothing else:\n\n{form}"
    ))
}

fn question(scope: &Scope) -> String {
    let heading = if scope.input_is_material {
        "The material"
    } else {
        "The question"
    };
    let mut text = format!("# {heading}\n\n{}", scope.input.trim());
    attachments(&mut text, scope);
    text
}

fn answers(text: &mut String, heading: &str, scope: &Scope) {
    let _ = write!(text, "\n\n# {heading}");
    for answer in &scope.answers {
        let _ = write!(text, "\n\n## {}\n\n{}", answer.id, answer.text);
    }
}

/// Who has an own answer among those shown is told that it is one like the others.
fn with_own(scope: &Scope) -> String {
    let own = scope.answers.iter().find(|answer| answer.is_own);
    own.map_or_else(String::new, |own| {
        format!(
            "; `{}` is your own, and is to be judged like the others",
            own.id
        )
    })
}

fn list(items: &[String]) -> String {
    let lines: Vec<String> = items.iter().map(|item| format!("- {item}")).collect();
    lines.join("\n")
}

fn task(text: &mut String, words: &str) {
    let _ = write!(text, "\n\n# Your task\n\n{words}");
}

fn role(id: &str, table: &Table<'_>) -> String {
    let seat = table.all.iter().find(|seat| seat.id.as_str() == id);
    seat.and_then(|seat| seat.role.as_deref())
        .map_or_else(String::new, |role| format!(" ({role})"))
}

/// `1 ballot`, `2 ballots`.
pub(super) fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

#[cfg(test)]
mod tests;
