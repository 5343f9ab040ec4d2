//! Sentences broken into lines at words.

use textwrap::{Options, WordSeparator, WordSplitter};

/// `text` in lines of at most `columns` columns, broken at spaces; a longer word has its own line.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    fill(text, Options::new(columns))
}

fn fill(text: &str, options: Options<'_>) -> Vec<String> {
    let options = options
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options);
    lines.into_iter().map(String::from).collect()
}

/// Text made of lines of at most so many columns, where single words allow it.
#[derive(Debug)]
pub(super) struct Lines {
    text: String,
    columns: usize,
}

impl Lines {
    /// No lines yet.
    pub(super) fn within(columns: usize) -> Self {
        Self {
            text: String::new(),
            columns,
        }
    }

    /// No lines yet, for people: as wide as their terminal, and no wider than is well read.
    pub(super) fn well_read(columns: Option<usize>) -> Self {
        const WIDEST: usize = 100;
        Self::within(columns.unwrap_or(WIDEST).min(WIDEST))
    }

    /// `text` at `indent`; what is broken off stands further in.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), text, 4);
    }

    /// `text` behind `head`; what is broken off stands `further` in than `head` begins.
    pub(super) fn hanging(&mut self, head: &str, text: &str, further: usize) {
        let begins = head.len() - head.trim_start().len();
        let rest = " ".repeat(begins + further);
        let options = Options::new(self.columns)
            .initial_indent(head)
            .subsequent_indent(&rest);
        for line in fill(text, options) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// All lines.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
