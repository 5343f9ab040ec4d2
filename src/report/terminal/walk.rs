//! Markdown to rows.

use super::span::{Look, Row, Span, wrap};
use crate::report::words;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use console::measure_text_width;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The narrowest text beside the marks of lists and quotes.
const NARROWEST: usize = 10;

/// The rows of `markdown`. Without colours the marks of what would be coloured stay.
pub(super) fn rows(markdown: &str, columns: usize, colour: bool) -> Vec<Row> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let markdown = markdown.replace("\r\n", "\n");
    let mut walk = Walk {
        columns,
        colour,
        ..Walk::default()
    };
    for event in Parser::new_ext(&markdown, options) {
        walk.event(event);
    }
    walk.end_text();
    walk.out
}

/// `text` with all that a terminal would obey written out, as in `\u{1b}`.
pub(super) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            '\t' => out.push_str("    "),
            _ if words::is_obeyed(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

/// What stands before the rows of a block: its mark, then blanks or the same mark again.
struct Prefix {
    first: Option<String>,
    rest: String,
}

#[derive(Default)]
struct Walk {
    columns: usize,
    colour: bool,
    out: Vec<Row>,
    prefixes: Vec<Prefix>,
    text: Vec<Span>,
    strong: usize,
    emphasis: usize,
    heading: Option<Look>,
    /// The next number of each list that is open; none for bullets.
    lists: Vec<Option<u64>>,
    /// Where each link that is open leads, and where its text began.
    links: Vec<(String, usize)>,
    code: Option<String>,
    /// The rows of a table that is open, its head first.
    table: Option<Vec<Vec<String>>>,
    /// Whether an empty row is due before the next block.
    gap: bool,
}

impl Walk {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.say(&text),
            },
            Event::Code(text) if self.colour => {
                self.text.push(Span::new(Look::Code, harmless(&text)));
            }
            Event::Code(text) => self.say(&format!("`{text}`")),
            Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => self.say(&text),
            Event::FootnoteReference(name) => self.say(&format!("[{name}]")),
            // Models end a line where they mean to, so it stays one.
            Event::SoftBreak | Event::HardBreak => self.say("\n"),
            Event::Rule => {
                let wide = self.room().min(40);
                self.block(vec![vec![Span::new(Look::Faint, "─".repeat(wide))]]);
                self.gap = true;
            }
            Event::TaskListMarker(done) => self.say(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => {
                self.mark("**");
                self.strong += 1;
            }
            Tag::Emphasis => {
                self.mark("*");
                self.emphasis += 1;
            }
            Tag::Strikethrough => self.say("~~"),
            Tag::Link { dest_url, .. } => {
                self.links.push((dest_url.to_string(), self.text.len()));
            }
            Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.to_string(), self.text.len()));
                self.say("image: ");
            }
            Tag::Heading { level, .. } => {
                self.end_text();
                self.gap = true;
                self.mark(&format!("{} ", "#".repeat(level as usize)));
                self.heading = Some(match level {
                    HeadingLevel::H1 => Look::Title,
                    _ => Look::Heading,
                });
            }
            Tag::BlockQuote(_) => {
                self.end_text();
                self.end_gap();
                self.prefixes.push(Prefix {
                    first: None,
                    rest: "│ ".to_owned(),
                });
            }
            Tag::CodeBlock(_) => {
                self.end_text();
                self.code = Some(String::new());
            }
            Tag::List(from) => {
                self.end_text();
                self.lists.push(from);
            }
            Tag::Item => {
                self.end_text();
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.prefixes.push(Prefix {
                    rest: " ".repeat(mark.len()),
                    first: Some(mark),
                });
            }
            Tag::Table(_) => {
                self.end_text();
                self.table = Some(Vec::new());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(rows) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            Tag::Paragraph | Tag::HtmlBlock => self.end_text(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => {
                self.strong = self.strong.saturating_sub(1);
                self.mark("**");
            }
            TagEnd::Emphasis => {
                self.emphasis = self.emphasis.saturating_sub(1);
                self.mark("*");
            }
            TagEnd::Strikethrough => self.say("~~"),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::Heading(_) => {
                self.end_text();
                self.heading = None;
                self.gap = true;
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => {
                self.end_text();
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.end_text();
                self.prefixes.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                let code = harmless(&code);
                let row = |line| vec![Span::new(Look::Plain, format!("    {line}"))];
                self.block(code.lines().map(row).collect());
                self.gap = true;
            }
            TagEnd::List(_) => {
                self.end_text();
                self.lists.pop();
                self.gap |= self.lists.is_empty();
            }
            TagEnd::Item => {
                self.end_text();
                // An item without a text has its mark all the same.
                if self
                    .prefixes
                    .last()
                    .is_some_and(|last| last.first.is_some())
                {
                    self.block(vec![Row::new()]);
                }
                self.prefixes.pop();
            }
            TagEnd::TableCell => {
                let spans = std::mem::take(&mut self.text);
                let cell: String = spans.iter().map(|span| span.text.as_str()).collect();
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(words::tidy(&cell));
                }
            }
            TagEnd::Table => {
                let cells = self.table.take().unwrap_or_default();
                let rows = self.table(cells);
                self.block(rows);
                self.gap = true;
            }
            _ => {}
        }
    }

    fn say(&mut self, text: &str) {
        let look = match (self.heading, self.strong > 0, self.emphasis > 0) {
            (Some(heading), _, _) => heading,
            (None, true, true) => Look::Loud,
            (None, true, false) => Look::Strong,
            (None, false, true) => Look::Emphasis,
            (None, false, false) => Look::Plain,
        };
        self.text.push(Span::new(look, harmless(text)));
    }

    /// A mark that colours make needless.
    fn mark(&mut self, mark: &str) {
        if !self.colour {
            self.say(mark);
        }
    }

    /// Where a link leads stands behind its text, unless it is the text.
    fn end_link(&mut self) {
        let Some((url, from)) = self.links.pop() else {
            return;
        };
        let url = harmless(&url);
        let spans = self.text.get_mut(from..).unwrap_or_default();
        let text: String = spans.iter().map(|span| span.text.as_str()).collect();
        for span in spans.iter_mut().filter(|span| span.look == Look::Plain) {
            span.look = Look::Link;
        }
        if text != url && format!("mailto:{text}") != url && !url.is_empty() {
            self.text.push(Span::new(Look::Faint, format!(" ({url})")));
        }
    }

    /// Columns beside the marks of what is open.
    fn room(&self) -> usize {
        let marks = self.prefixes.iter();
        let taken: usize = marks.map(|mark| measure_text_width(&mark.rest)).sum();
        self.columns.saturating_sub(taken).max(NARROWEST)
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            let spans = std::mem::take(&mut self.text);
            self.block(wrap(&spans, self.room()));
        }
    }

    /// Puts out the rows of one block.
    fn block(&mut self, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        self.end_gap();
        for row in rows {
            let mut marks = String::new();
            for prefix in &mut self.prefixes {
                match prefix.first.take() {
                    Some(mark) => marks.push_str(&mark),
                    None => marks.push_str(&prefix.rest),
                }
            }
            let mut whole = Row::new();
            if !marks.is_empty() {
                whole.push(Span::new(Look::Faint, marks));
            }
            whole.extend(row);
            self.out.push(whole);
        }
    }

    /// An empty row, where one is due.
    fn end_gap(&mut self) {
        if std::mem::take(&mut self.gap) && !self.out.is_empty() {
            let quotes = self.prefixes.iter().filter(|mark| mark.first.is_none());
            let marks: String = quotes.map(|mark| mark.rest.as_str()).collect();
            self.out
                .push(vec![Span::new(Look::Faint, marks.trim_end())]);
        }
    }

    fn table(&self, cells: Vec<Vec<String>>) -> Vec<Row> {
        let mut rows = cells.into_iter();
        let head = rows.next().unwrap_or_default();
        let room = self.room();
        let mut table = Table::new();
        table
            .load_style(UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(room).unwrap_or(u16::MAX))
            .set_header(head.clone());
        let rows: Vec<Vec<String>> = rows.collect();
        for row in &rows {
            table.add_row(row.clone());
        }
        let lines: Vec<String> = table.lines().collect();
        let fits = lines.iter().all(|line| measure_text_width(line) <= room);
        // Where the columns would be slivers, each row is a list of its cells.
        if fits && room >= 8 * head.len() {
            // Lines between rows help only where a row takes several.
            let is_short = lines.len() == (2 * rows.len() + 3).max(4);
            let row = |line: String| vec![Span::new(Look::Plain, line.trim_end())];
            return lines
                .into_iter()
                .filter(|line| !(is_short && line.starts_with('─')))
                .map(|line| line.replace('═', "─"))
                .map(row)
                .collect();
        }
        let mut out = Vec::new();
        for row in &rows {
            if !out.is_empty() {
                out.push(Row::new());
            }
            for (name, cell) in head.iter().zip(row) {
                let name = Span::new(Look::Strong, format!("{name}: "));
                out.extend(wrap(&[name, Span::new(Look::Plain, cell.as_str())], room));
            }
        }
        out
    }
}
