//! A run as it went: as a Mermaid sequence diagram, and as lines.

use super::super::lines::{Lines, wrap};
use super::mermaid::escape;
use super::steps::{Step, Story};
use crate::event::{Event, MemberId};
use std::fmt::Write as _;

/// How wide a line of a note or beside an arrow is, in columns.
const WIDTH: usize = 48;

/// A run as the text of a Mermaid sequence diagram, ended by a line feed. What is shown is what
/// `events` hold: of a run that goes on, the part so far.
#[must_use]
pub fn sequence(events: &[Event]) -> String {
    let story = Story::of(events);
    let mut out = "sequenceDiagram\n".to_owned();
    let council = match story.council.as_str() {
        "" => "council".to_owned(),
        name => escape(name),
    };
    let _ = writeln!(out, "    participant c as {council}");
    for (at, who) in story.cast.iter().enumerate() {
        let _ = writeln!(
            out,
            "    participant p{} as {}",
            at + 1,
            escape(who.as_str())
        );
    }
    let name = |who: &MemberId| {
        let at = story.cast.iter().position(|one| one == who);
        at.map_or_else(|| "c".to_owned(), |at| format!("p{}", at + 1))
    };
    let all = match story.cast.len() {
        0 => "c".to_owned(),
        last => format!("c,p{last}"),
    };
    for step in &story.steps {
        let (head, text) = match step {
            Step::All(text) | Step::Round(text) => (format!("Note over {all}"), text),
            Step::Asked(who, text) => (format!("c->>{}", name(who)), text),
            Step::Replied(who, text) => (format!("{}-->>c", name(who)), text),
            Step::Failed(who, text) => (format!("{}--xc", name(who)), text),
            Step::Of(who, text) => (format!("Note over {}", name(who)), text),
        };
        let lines: Vec<String> = wrap(text, WIDTH).iter().map(|line| escape(line)).collect();
        let text = lines.join("<br/>");
        let _ = writeln!(out, "    {head}: {text}");
    }
    out
}

/// The same as lines: `->` is a question, `<-` a reply, `x-` a call that failed.
#[must_use]
pub fn account(events: &[Event], columns: Option<usize>) -> String {
    let story = Story::of(events);
    let mut out = Lines::well_read(columns);
    if let Some(run_id) = &story.run_id {
        out.line(0, &format!("{run_id}: {}", story.council));
    }
    for step in &story.steps {
        match step {
            Step::Round(text) => out.line(0, text),
            Step::All(text) => out.line(4, &format!("== {text}")),
            Step::Asked(who, text) => out.line(4, &format!("-> {who}: {text}")),
            Step::Replied(who, text) => out.line(4, &format!("<- {who}: {text}")),
            Step::Failed(who, text) => out.line(4, &format!("x- {who}: {text}")),
            Step::Of(who, text) => out.line(4, &format!("   {who}: {text}")),
        }
    }
    out.finish()
}
