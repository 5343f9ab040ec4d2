//! Prompts: templates that stand in the spec or in files that it names.

use super::super::fault::{Fault, quoted};
use super::super::tree::Node;
use super::Check;
use crate::prompt::Template;
use std::ops::Range;

impl Check<'_> {
    /// The `prompt` or the `prompt_file` of a member, the chair or a round.
    pub(super) fn prompt(&mut self, owner: &Node<'_>) {
        if owner.has("prompt") && owner.has("prompt_file") {
            let message = "`prompt` and `prompt_file` exclude each other";
            let fault = owner.fault_of_key("prompt_file", "two_prompts", message);
            self.faults.push(fault.help("keep one of the two"));
        }
        if let Some(node) = owner.get("prompt")
            && let Some(text) = node.text()
            && let Err(error) = Template::compile(text)
        {
            let span = error
                .line
                .and_then(|line| self.line_of(&node, line))
                .unwrap_or_else(|| node.span());
            let message = format!("this prompt is no good template: {}", error.message);
            let fault = Fault::new("bad_template", node.path.clone(), span, message);
            self.faults.push(fault);
        }
        if let Some(node) = owner.get("prompt_file")
            && let Some(content) = self.file(&node)
            && let Err(error) = Template::compile(&content)
        {
            let name = quoted(node.text().unwrap_or_default());
            let place = error.line.map(|line| format!(", line {line}"));
            let place = place.unwrap_or_default();
            let message = format!("{name}{place}: no good template: {}", error.message);
            self.faults.push(node.fault("bad_template", message));
        }
    }

    /// The text of a file that the spec names, kept for the council; a fault where it cannot be had.
    pub(super) fn file(&mut self, node: &Node<'_>) -> Option<String> {
        let name = node.text().filter(|name| !name.is_empty())?;
        let fault = match self.files.read(name) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => {
                    self.named
                        .insert(name.to_owned(), text.clone().into_bytes());
                    return Some(text);
                }
                Err(_) => "it is not UTF-8 text".to_owned(),
            },
            Err(fault) => fault.to_string(),
        };
        let message = format!("the file {} cannot be used: {fault}", quoted(name));
        let fault = node.fault("bad_file", message);
        let help = "a path in a spec starts from the folder of the spec";
        self.faults.push(fault.help(help));
        None
    }

    /// The place of a line of a text that is written over several lines: within three quotes each
    /// line of the text is one of the document, unless a backslash joins some.
    fn line_of(&self, node: &Node<'_>, line: usize) -> Option<Range<usize>> {
        let span = node.span();
        let raw = self.document.get(span.clone())?;
        let inner = raw
            .strip_prefix("\"\"\"")
            .filter(|inner| !inner.contains("\\\n") && !inner.contains("\\\r\n"))
            .or_else(|| raw.strip_prefix("'''"))?;
        let inner = inner.strip_prefix('\r').unwrap_or(inner);
        let inner = inner.strip_prefix('\n').unwrap_or(inner);
        let mut start = span.end - inner.len();
        for (index, text) in inner.split_inclusive('\n').enumerate() {
            let end = start + text.len();
            if index + 1 == line {
                let blank = text.len() - text.trim_start().len();
                let visible = start + blank..start + text.trim_end().len();
                return (visible.start < visible.end).then_some(visible);
            }
            start = end;
        }
        None
    }
}
