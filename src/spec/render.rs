//! Faults as a person reads them: in the look of rustc, the source line under a caret.

use super::fault::{Fault, InvalidCouncil};
use super::secret;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Breaks a sentence where it would not fit a terminal, given the columns before it.
pub type Fit<'a> = &'a dyn Fn(&str, usize) -> String;

impl InvalidCouncil {
    /// All faults as text: each under its message, with the line of `document` that it is about.
    /// `name` is what the spec is called. Keys are masked and control characters shown as escapes;
    /// sentences go through `fit`.
    #[must_use]
    pub fn render(&self, name: &str, document: &str, colour: bool, fit: Option<Fit<'_>>) -> String {
        let document = secret::mask(document);
        let name = harmless(&secret::mask_words(name)).into_owned();
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut text = String::new();
        for fault in &self.0 {
            text += &one(fault, &name, &document, &renderer, fit);
            text += "\n\n";
        }
        let count = self.0.len();
        let faults = if count == 1 { "fault" } else { "faults" };
        let of_flags = |fault: &Fault| fault.span.is_none() && fault.path.starts_with("--");
        let flags = if self.0.iter().all(of_flags) {
            " with these flags"
        } else {
            ""
        };
        let sum = format!("{name}{flags} has {count} {faults}");
        text += &renderer.render(&[Group::with_title(Level::ERROR.primary_title(sum))]);
        text.push('\n');
        text
    }
}

fn one(
    fault: &Fault,
    name: &str,
    document: &str,
    renderer: &Renderer,
    fit: Option<Fit<'_>>,
) -> String {
    let head = "error[]: ".len() + fault.code.len();
    let title = Level::ERROR
        .primary_title(fitted(&fault.message, fit, head))
        .id(fault.code);
    let meant = fault
        .suggestion
        .as_ref()
        .map(|suggestion| format!("did you mean `{suggestion}`?"));
    // The word of all other errors of this program.
    let hint = Level::HELP.with_name("hint");
    let helps = [meant, fault.help.clone()]
        .into_iter()
        .flatten()
        .map(|help| {
            hint.clone()
                .message(fitted(&help, fit, "    = hint: ".len()))
        });
    let Some(span) = &fault.span else {
        let place = (!fault.path.is_empty()).then(|| format!("in {}", fault.path));
        let notes = place.map(|place| Level::NOTE.message(place));
        return renderer.render(&[title.elements(notes).elements(helps)]);
    };
    let start = span.start.min(document.len());
    let line_start = document[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = document[start..]
        .find('\n')
        .map_or(document.len(), |at| start + at);
    let end = span.end.clamp(start, line_end);
    let before = harmless(&document[line_start..start]);
    let marked = harmless(&document[start..end]);
    let after = harmless(document[end..line_end].trim_end());
    let caret = before.len()..before.len() + marked.len();
    let snippet = Snippet::source(format!("{before}{marked}{after}"))
        .line_start(fault.line.unwrap_or(1))
        .path(name)
        .annotation(
            AnnotationKind::Primary
                .span(caret)
                .label((!fault.path.is_empty()).then_some(fault.path.as_str())),
        );
    renderer.render(&[title.element(snippet).elements(helps)])
}

fn fitted(text: &str, fit: Option<Fit<'_>>, head: usize) -> String {
    fit.map_or_else(|| text.to_owned(), |fit| fit(text, head))
}

/// The text with every character that could act on a terminal, or hide, written as an escape.
/// Line ends within it become escapes too; tabs stay.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            // Writing to a String cannot fail.
            write!(plain, "\\u{{{:x}}}", u32::from(c)).unwrap_or_default();
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// Control characters, and those that change direction, join or take no width.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
