//! A run as a document: question, answer, who is missing, what each member said.
//!
//! The answer stands as it is. All other foreign text is quoted or set as code, so that it
//! cannot pass for a part of the document.

use super::{standing, text, words};
use crate::event::{
    Calls, CastBallot, MemberId, Record, RecordState, RoundResult, RunResult, RunStatus,
};
use serde_json::Value;
use std::fmt::Write as _;

/// The whole document.
#[must_use]
pub fn document(result: &RunResult) -> String {
    let mut sections = vec![
        format!("# {}\n", code(&result.council)),
        section("Question", &quote(&result.input)),
    ];
    if let Some(answer) = &result.answer {
        sections.push(section("Answer", &whole(answer)));
    }
    if result.status != RunStatus::Completed {
        let status = emphatic(&text::status_line(result));
        sections.push(section("Status", &format!("{status}\n")));
    }
    if !result.missing.is_empty() {
        let missing = result.missing.iter();
        let items = missing.map(|missing| (Some(missing.member.as_str()), words::cause(missing)));
        sections.push(section("Missing", &list(items)));
    }
    if let Some(agreement) = result.agreement {
        sections.push(section("Agreement", &stand(result, agreement)));
    }
    if !result.dissent.is_empty() {
        sections.push(section("Dissent", &dissent(result)));
    }
    let answers = answers(result);
    if !answers.is_empty() {
        sections.push(section("Members", &answers));
    }
    if !result.rounds.is_empty() {
        let rounds: Vec<String> = result.rounds.iter().map(round).collect();
        sections.push(section("Rounds", &rounds.join("\n")));
    }
    if !result.errors.is_empty() {
        let items = result.errors.iter().map(|error| {
            let member = error.member.as_ref();
            (member.map(MemberId::as_str), words::sentence(error))
        });
        sections.push(section("Errors", &list(items)));
    }
    if !result.notices.is_empty() {
        let notices = result.notices.iter();
        let items = notices.map(|notice| (Some(notice.code.as_str()), notice.text.clone()));
        sections.push(section("Notices", &list(items)));
    }
    sections.push(section("Totals", &totals(result)));
    sections.join("\n")
}

fn section(title: &str, body: &str) -> String {
    format!("## {title}\n\n{body}")
}

fn whole(answer: &Value) -> String {
    match answer {
        Value::String(_) => text::value(answer),
        object => format!("```json\n{}```\n", text::value(object)),
    }
}

/// What is said, each under whose or what it is.
fn list<'r>(items: impl Iterator<Item = (Option<&'r str>, String)>) -> String {
    let item = |(of, said): (Option<&str>, String)| match of {
        Some(of) => format!("- {}: {}\n", code(of), code(&said)),
        None => format!("- {}\n", code(&said)),
    };
    items.map(item).collect()
}

fn stand(result: &RunResult, agreement: f64) -> String {
    let mut body = format!(
        "**{}**, agreement {}",
        standing::verdict(agreement),
        words::share(agreement)
    );
    body.push_str(&standing::by_ballots(result));
    if let Some(winner) = &result.vote {
        let _ = write!(body, ", winner {}", code(winner));
    }
    body.push('\n');
    body
}

fn dissent(result: &RunResult) -> String {
    let last = result
        .rounds
        .iter()
        .rev()
        .find(|round| !round.ballots.is_empty());
    let voted = last.is_some_and(|round| round.ballots.iter().any(CastBallot::is_vote));
    let parts = result.dissent.iter().map(|dissent| {
        let who = code(dissent.member.as_str());
        let head = match &dissent.choice {
            Some(choice) if voted => format!("{who} chose {}", code(choice)),
            Some(choice) => format!("{who} put {} first", code(choice)),
            None => who,
        };
        match &dissent.text {
            Some(text) => format!("{head}:\n\n{}", quote(text)),
            None => format!("{head}.\n"),
        }
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn answers(result: &RunResult) -> String {
    let parts = result.members.iter().filter_map(|(id, member)| {
        let answer = member.answer.as_ref()?;
        Some(format!(
            "### {}\n\nmodel {}\n\n{}",
            code(id.as_str()),
            code(&member.model),
            quote(answer)
        ))
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn round(round: &RoundResult) -> String {
    let mut body = format!("### {} {}\n\n", round.index, code(&round.name));
    if round.name != round.kind {
        let _ = writeln!(body, "- kind: {}", code(&round.kind));
    }
    if round.iteration > 0 {
        let _ = writeln!(body, "- iteration: {}", round.iteration + 1);
    }
    if round.statuses.is_empty() {
        body.push_str("- not ended\n");
    } else {
        let statuses = round
            .statuses
            .iter()
            .map(|(id, status)| format!("{} {status}", code(id.as_str())));
        let _ = writeln!(
            body,
            "- members: {}",
            statuses.collect::<Vec<_>>().join(", ")
        );
    }
    if let Some(winner) = &round.winner {
        let _ = writeln!(body, "- winner: {}", code(winner));
    }
    if let Some(scores) = round.scores.as_ref().filter(|scores| !scores.is_empty()) {
        let scores = scores
            .iter()
            .map(|(who, score)| format!("{} {score:.3}", code(who)));
        let _ = writeln!(body, "- scores: {}", scores.collect::<Vec<_>>().join(", "));
    }
    if let Some(order) = round.order.as_ref().filter(|order| !order.is_empty()) {
        let order = order.iter().map(|who| code(who));
        let _ = writeln!(body, "- order: {}", order.collect::<Vec<_>>().join(", "));
    }
    if let Some(agreement) = round.agreement {
        let _ = writeln!(body, "- agreement: {}", words::share(agreement));
    }
    for cast in &round.ballots {
        let _ = write!(body, "\n{}", ballot(cast));
    }
    body
}

fn ballot(cast: &CastBallot) -> String {
    let who = code(cast.member.as_str());
    let mut head = match &cast.choice {
        Some(choice) => format!("{who} chose {}", code(choice)),
        None => {
            let order: Vec<String> = cast.ranking.iter().map(|id| code(id)).collect();
            format!("{who} ranked {}", order.join(", "))
        }
    };
    if let Some(confidence) = cast.confidence {
        let _ = write!(head, ", confidence {}", words::share(confidence));
    }
    match &cast.rationale {
        Some(text) => format!("{head}:\n\n{}", quote(text)),
        None => format!("{head}.\n"),
    }
}

fn totals(result: &RunResult) -> String {
    let mut body = format!("- run: {}\n", code(result.run_id.as_str()));
    let standing = if result.degraded {
        "degraded"
    } else {
        result.status.name()
    };
    let _ = writeln!(body, "- status: {standing}");
    if let Some(by) = &result.answer_by {
        let _ = writeln!(body, "- answered by: {}", code(by));
    }
    if let Some(started) = result.started_at {
        let _ = writeln!(body, "- started: {started}");
    }
    if let Some(ms) = result.duration_ms {
        let _ = writeln!(body, "- time: {}", words::seconds(ms));
    }
    let _ = writeln!(body, "- calls: {}", calls(&result.calls));
    if let Some(tokens) = words::tokens(&result.usage) {
        let unnamed = tokens.replacen(" tokens", "", 1).replacen(" token", "", 1);
        let _ = writeln!(body, "- tokens: {unnamed}");
    }
    if let Some(cost) = result.cost_usd {
        let _ = writeln!(body, "- cost: {}", words::dollars(cost));
    }
    let _ = writeln!(body, "- seed: {}", result.seed);
    for (key, value) in &result.labels {
        let _ = writeln!(body, "- label {}: {}", code(key), code(value));
    }
    if let Some(lack) = lack(&result.record) {
        let _ = writeln!(body, "- record: {lack}");
    }
    body
}

fn calls(calls: &Calls) -> String {
    let mut text = format!("{} made", words::thousands(calls.made));
    if calls.from_tape > 0 {
        let _ = write!(text, ", {} played back", words::thousands(calls.from_tape));
    }
    if calls.retries > 0 {
        let retries = words::count(calls.retries, "retry", "retries");
        let _ = write!(text, ", {retries}");
    }
    text
}

/// What a record is short of.
fn lack(record: &Record) -> Option<String> {
    let lack = match (record.state, &record.path, record.from_seq) {
        (RecordState::Complete, _, _) => return None,
        (RecordState::Off, _, _) => "none".to_owned(),
        (_, Some(path), _) => format!("in part at {}", code(path)),
        (_, None, Some(seq)) => format!("lacks all from event {seq} on"),
        (_, None, None) => "not complete".to_owned(),
    };
    Some(lack)
}

/// Text as a quotation: no line of it can begin a heading or a list of ours.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    // A bare carriage return ends a line in Markdown too.
    for line in text.trim_end().split(['\n', '\r']) {
        out.push('>');
        if !line.is_empty() {
            out.push(' ');
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// Text as code on one line, inside more backticks than it holds.
fn code(text: &str) -> String {
    let text = words::flat(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence of ours that may end in foreign words.
fn emphatic(sentence: &str) -> String {
    match sentence.split_once(": ") {
        Some((head, rest)) => format!("**{head}**: {}", code(rest)),
        None => format!("**{sentence}**"),
    }
}

#[cfg(test)]
mod tests;
