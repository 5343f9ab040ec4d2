//! A line for standard error: text in tones, coloured or not only when it is printed.

use super::escape::escape;
use super::prose;
use console::Style;

/// What a part of a [`Line`] means; the colour follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// What the eye should find first.
    Strong,
    /// All is well.
    Good,
    /// It went on, with less.
    Caution,
    /// It failed.
    Bad,
    /// Of lesser weight.
    Faint,
}

impl Tone {
    fn style(self) -> Style {
        let style = Style::new().force_styling(true);
        match self {
            Self::Plain => style,
            Self::Strong => style.bold(),
            Self::Good => style.green(),
            Self::Caution => style.yellow().bold(),
            Self::Bad => style.red().bold(),
            Self::Faint => style.dim(),
        }
    }
}

/// Text for standard error. It may hold line feeds; the last one is added when it is printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    parts: Vec<(Tone, String)>,
    /// Broken at words where it is too wide, further lines so far to the right.
    indent: Option<usize>,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty line that is broken at words where the terminal is too narrow for it; what follows
    /// a break stands `indent` columns to the right. Other lines are left to the terminal.
    #[must_use]
    pub fn prose(indent: usize) -> Self {
        Self {
            parts: Vec::new(),
            indent: Some(indent),
        }
    }

    /// A line without tones.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new().with(Tone::Plain, text)
    }

    /// What may surprise.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> Self {
        Self::labelled(Tone::Caution, "warning: ", text)
    }

    /// What to do next.
    #[must_use]
    pub fn hint(text: impl Into<String>) -> Self {
        Self::labelled(Tone::Strong, "hint: ", text)
    }

    pub(super) fn labelled(tone: Tone, label: &str, text: impl Into<String>) -> Self {
        let line = Self::prose(label.len()).with(tone, label);
        line.with(Tone::Plain, text)
    }

    /// This line with `text` added to it.
    #[must_use]
    pub fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.parts.push((tone, text.into()));
        self
    }

    /// The bare text, as it was given.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The text as it is printed: escaped, coloured if `colour`, ended by one line feed, and
    /// prose within `columns` where they are known.
    #[must_use]
    pub fn render(&self, colour: bool, columns: Option<usize>) -> String {
        let mut out = String::new();
        for (tone, text) in &self.parts {
            let text = escape(text);
            if colour && *tone != Tone::Plain && !text.is_empty() {
                out.push_str(&tone.style().apply_to(text).to_string());
            } else {
                out.push_str(&text);
            }
        }
        if let (Some(indent), Some(columns)) = (self.indent, columns) {
            out = prose::broken(&out, columns, indent);
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_ours_and_escapes_in_the_text_are_shown() {
        let line = Line::new()
            .with(Tone::Bad, "failed")
            .with(Tone::Plain, ": \u{1b}[32mfine\u{1b}[0m");
        assert_eq!(
            line.render(false, None),
            "failed: \\u{1b}[32mfine\\u{1b}[0m\n"
        );
        assert_eq!(
            line.render(true, None),
            "\u{1b}[31m\u{1b}[1mfailed\u{1b}[0m: \\u{1b}[32mfine\\u{1b}[0m\n"
        );
    }
}
