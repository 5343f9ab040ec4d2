//! Sentences broken into lines.

use console::measure_text_width;

/// `text` in lines of at most `columns` columns, broken at spaces; a longer word has its own line.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut column = 0;
    for word in text.split(' ') {
        let width = measure_text_width(word);
        match lines.last_mut().filter(|_| column + 1 + width <= columns) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
                column += 1 + width;
            }
            None => {
                lines.push(word.to_owned());
                column = width;
            }
        }
    }
    lines
}

/// Lines of at most [`COLUMNS`](Lines::COLUMNS) columns, where single words allow it.
#[derive(Debug, Default)]
pub(super) struct Lines(pub(super) String);

impl Lines {
    /// The widest line, in columns.
    pub(super) const COLUMNS: usize = 100;

    /// `text` at `indent`; what is broken off stands further in.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        for (at, line) in wrap(text, Self::COLUMNS - indent - 4).iter().enumerate() {
            let indent = if at == 0 { indent } else { indent + 4 };
            self.0.extend(std::iter::repeat_n(' ', indent));
            self.0.push_str(line);
            self.0.push('\n');
        }
    }
}
