//! Text with looks, laid out in rows and painted.

use crate::report::words;
use console::{Style, measure_text_width};

/// How a piece of text looks where colours are allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Look {
    #[default]
    Plain,
    Strong,
    Emphasis,
    /// Both.
    Loud,
    Heading,
    Title,
    Code,
    Link,
    Faint,
    Warning,
}

impl Look {
    fn style(self) -> Style {
        let style = Style::new().force_styling(true);
        match self {
            Self::Plain => style,
            Self::Strong | Self::Heading => style.bold(),
            Self::Emphasis => style.italic(),
            Self::Loud => style.bold().italic(),
            Self::Title => style.bold().underlined(),
            Self::Code => style.green(),
            Self::Link => style.underlined(),
            Self::Faint => style.dim(),
            Self::Warning => style.yellow().bold(),
        }
    }
}

/// A piece of text of one look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) look: Look,
    pub(super) text: String,
}

impl Span {
    pub(super) fn new(look: Look, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { look, text }
    }
}

/// A row of a terminal.
pub(super) type Row = Vec<Span>;

/// The row as it is sent to a terminal.
pub(super) fn paint(row: &[Span], colour: bool) -> String {
    let mut out = String::new();
    for span in row {
        if colour && span.look != Look::Plain && !span.text.is_empty() {
            out.push_str(&span.look.style().apply_to(&span.text).to_string());
        } else {
            out.push_str(&span.text);
        }
    }
    if !colour {
        out.truncate(out.trim_end().len());
    }
    out
}

/// The row of which every terminal has the same width, cut at `columns`.
pub(super) fn fit(row: &[Span], columns: usize) -> Row {
    let mut left = columns;
    let mut out = Row::new();
    for span in row.iter().filter(|span| !span.text.is_empty()) {
        if left == 0 {
            break;
        }
        let tidied: Vec<String> = span.text.split(' ').map(words::tidy).collect();
        let text = words::clip(&tidied.join(" "), left);
        left = left.saturating_sub(measure_text_width(&text));
        out.push(Span::new(span.look, text));
    }
    out
}

/// `spans` in rows of at most `columns`, broken at spaces and between CJK characters; a line feed
/// ends a row. A word that is longer than a row stays whole, so that it can be copied.
pub(super) fn wrap(spans: &[Span], columns: usize) -> Vec<Row> {
    let mut rows = Wrapper {
        columns,
        ..Wrapper::default()
    };
    for span in spans {
        for c in span.text.chars() {
            match c {
                '\n' => {
                    rows.end_word();
                    rows.end_row();
                }
                ' ' => {
                    rows.end_word();
                    rows.space = !rows.row.is_empty();
                    rows.space_look = span.look;
                }
                _ => rows.add(span.look, c),
            }
        }
    }
    rows.end_word();
    if !rows.row.is_empty() {
        rows.end_row();
    }
    rows.rows
}

#[derive(Default)]
struct Wrapper {
    columns: usize,
    rows: Vec<Row>,
    row: Row,
    wide: usize,
    word: Row,
    /// Whether a space stands between the row and the word, and of which look.
    space: bool,
    space_look: Look,
}

impl Wrapper {
    fn add(&mut self, look: Look, c: char) {
        let last = self.word.last().and_then(|span| span.text.chars().last());
        let breaks = last.is_some_and(|last| is_cjk(last) || is_cjk(c)) && !is_closing(c);
        if breaks && measure_text_width(c.encode_utf8(&mut [0; 4])) > 0 {
            self.end_word();
        }
        push(&mut self.word, look, c);
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let text: String = word.iter().map(|span| span.text.as_str()).collect();
        let wide = measure_text_width(&text);
        if !self.row.is_empty() && self.wide + usize::from(self.space) + wide > self.columns {
            self.end_row();
        }
        if std::mem::take(&mut self.space) {
            push(&mut self.row, self.space_look, ' ');
            self.wide += 1;
        }
        self.wide += wide;
        for span in word {
            for c in span.text.chars() {
                push(&mut self.row, span.look, c);
            }
        }
    }

    fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
        self.wide = 0;
        self.space = false;
    }
}

fn push(row: &mut Row, look: Look, c: char) {
    match row.last_mut().filter(|span| span.look == look) {
        Some(span) => span.text.push(c),
        None => row.push(Span::new(look, c)),
    }
}

/// Characters of scripts that put no spaces between words.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

/// What does not begin a row.
fn is_closing(c: char) -> bool {
    matches!(
        c,
        '、' | '。'
            | '，'
            | '．'
            | '！'
            | '？'
            | '：'
            | '；'
            | '）'
            | '」'
            | '』'
            | '】'
            | '〉'
            | '》'
    ) || c.is_ascii_punctuation()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        let rows = wrap(&[Span::new(Look::Plain, text)], columns);
        rows.iter().map(|row| paint(row, false)).collect()
    }

    #[test]
    fn rows_break_at_spaces_and_between_cjk_characters() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a  b\n\nc", 9), ["a b", "", "c"]);
        assert_eq!(
            wrapped("go to https://e.xy/abc now", 6),
            ["go to", "https://e.xy/abc", "now"]
        );
        assert_eq!(wrapped("漢字かな。交じり", 8), ["漢字か", "な。交じ", "り"]);
        assert_eq!(wrapped("ok 👩‍👩‍👧 yes", 5), ["ok 👩‍👩‍👧", "yes"]);
    }

    #[test]
    fn a_row_that_is_full_takes_no_more() {
        let row = ["漢字", "two", "three"].map(|text| Span::new(Look::Plain, text));
        assert_eq!(paint(&fit(&row, 6), false), "漢字t…");
        assert_eq!(paint(&fit(&row, 7), false), "漢字two");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_row_is_too_wide_and_no_word_is_lost(text in "[a-z漢 ]{0,80}", columns in 12_usize..40) {
            let rows = wrapped(&text, columns);
            for row in &rows {
                let long = row.split(' ').any(|word| measure_text_width(word) > columns);
                prop_assert!(long || measure_text_width(row) <= columns, "{row:?}");
            }
            let bare = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(bare(&rows.concat()), bare(&text));
        }
    }
}
