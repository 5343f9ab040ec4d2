//! A run's answer on a terminal: its Markdown laid out in columns, its text made harmless.
//!
//! Every control character that is printed is ours: those of models are written out, as in
//! `\u{1b}`, wherever in the Markdown they stand. Looks are bold, italic, underlined and dim, and
//! green for code, so they read on light and dark; without colours the marks of headings,
//! emphasis and code stay in their place.

mod span;
mod walk;

use super::{json, lack, text, words};
use crate::event::{RunResult, RunStatus};
use serde_json::Value;
use span::{Look, Row, Span, fit, paint, wrap};

/// `markdown` for a terminal of `columns` columns, ended by a line feed. Code and words that are
/// longer than a row are left for the terminal to break, so that they can be copied.
#[must_use]
pub fn render(markdown: &str, columns: usize, colour: bool) -> String {
    lines(&walk::rows(markdown, columns, colour), colour)
}

/// The last `most` rows of `markdown`, each of them one row of at most `columns` columns on every
/// terminal.
#[must_use]
pub fn tail(markdown: &str, columns: usize, colour: bool, most: usize) -> Vec<String> {
    let rows = walk::rows(markdown, columns, colour);
    let last = &rows[rows.len().saturating_sub(most)..];
    last.iter()
        .map(|row| paint(&fit(row, columns), colour))
        .collect()
}

/// A run on a terminal: its answer, or an account of why there is none.
#[must_use]
pub fn text(result: &RunResult, columns: usize, colour: bool) -> String {
    if result.status != RunStatus::Completed {
        return account(result, columns, colour);
    }
    let mut out = String::new();
    if let Some(lack) = lack::lack(result) {
        out.push_str(&said(Look::Warning, &lack, columns, colour));
        out.push('\n');
    }
    match &result.answer {
        Some(Value::String(markdown)) => out.push_str(&render(markdown, columns, colour)),
        Some(object) => out.push_str(&walk::harmless(&json::pretty(object))),
        None => {}
    }
    out
}

fn account(result: &RunResult, columns: usize, colour: bool) -> String {
    let status = text::status_line(result);
    let mut sections = vec![said(Look::Warning, &status, columns, colour)];
    let errors = text::errors(result).map(text::error);
    sections.push(errors.map(|error| item(&error, columns, colour)).collect());
    for (id, member) in &result.members {
        if let Some(answer) = &member.answer {
            let head = if colour { "" } else { "## " };
            let head = said(Look::Heading, &format!("{head}{id}"), columns, colour);
            sections.push(head + "\n" + &render(answer, columns, colour));
        }
    }
    sections.extend(text::later(result).map(|later| sentence(&later, columns, colour)));
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// A sentence of ours, which may hold foreign text.
fn said(look: Look, text: &str, columns: usize, colour: bool) -> String {
    let span = Span::new(look, walk::harmless(text));
    lines(&wrap(&[span], columns), colour)
}

/// A sentence of ours of which a command stays whole, so that it can be copied.
fn sentence(text: &str, columns: usize, colour: bool) -> String {
    // A space that does not break stands for those between backquotes.
    let parts = text.trim_end().split('`').enumerate();
    let parts = parts.map(|(place, part)| match place % 2 {
        0 => part.to_owned(),
        _ => part.replace(' ', "\u{a0}"),
    });
    let kept = parts.collect::<Vec<_>>().join("`");
    said(Look::Plain, &kept, columns, colour).replace('\u{a0}', " ")
}

/// An item of a list, the rows after its first indented.
fn item(text: &str, columns: usize, colour: bool) -> String {
    let text = words::flat(text);
    let span = Span::new(Look::Plain, walk::harmless(&text));
    let rows = wrap(&[span], columns.saturating_sub(2));
    let rows: Vec<String> = rows.iter().map(|row| paint(row, colour)).collect();
    rows.join("\n  ") + "\n"
}

fn lines(rows: &[Row], colour: bool) -> String {
    let rows = rows.iter().map(|row| paint(row, colour) + "\n");
    rows.collect()
}

#[cfg(test)]
mod tests;
