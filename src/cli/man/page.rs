//! A manual page in roff, of the few requests that groff and mandoc read alike.

/// A page that grows line by line.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// The page `name` of section 1, of the release `source`.
    pub(super) fn new(name: &str, source: &str) -> Self {
        let title = name.to_uppercase();
        let mut page = Self {
            text: String::new(),
        };
        page.request(&format!(
            "TH {} 1 \"\" \"{source}\" \"Council Manual\"",
            escape(&title)
        ));
        // Words are neither broken nor set apart: what is typed can be copied.
        page.request("nh");
        page.request("ad l");
        page
    }

    pub(super) fn request(&mut self, request: &str) {
        self.text += &format!(".{request}\n");
    }

    /// A line that is roff already.
    pub(super) fn line(&mut self, line: &str) {
        if line.starts_with(['.', '\'']) {
            self.text += "\\&";
        }
        self.text += line;
        self.text.push('\n');
    }

    pub(super) fn section(&mut self, name: &str) {
        self.request(&format!("SH {name}"));
    }

    pub(super) fn subsection(&mut self, name: &str) {
        self.request(&format!("SS {name}"));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.request("PP");
        self.line(&plain(text));
    }

    /// A term, which is roff already, and what is said of it.
    pub(super) fn term(&mut self, term: &str, text: &str) {
        self.term_of(term, &plain(text));
    }

    /// The same of a text that is roff too.
    pub(super) fn term_of(&mut self, term: &str, text: &str) {
        self.request("TP");
        self.line(term);
        self.line(text);
    }

    /// What an option may be, under the option.
    pub(super) fn values(&mut self, values: &[(String, String)]) {
        if values.is_empty() {
            return;
        }
        self.request("RS");
        for (place, (value, help)) in values.iter().enumerate() {
            self.request("TP 12");
            if place == 0 {
                self.request("PD 0");
            }
            self.line(value);
            self.line(&plain(help));
        }
        self.request("PD");
        self.request("RE");
    }

    /// Lines to copy, each as it is.
    pub(super) fn example(&mut self, title: Option<&str>, lines: &[String]) {
        self.request("PP");
        if let Some(title) = title {
            self.line(&plain(title));
            self.request("PP");
        }
        self.request("nf");
        for line in lines {
            self.line(&escape(line));
        }
        self.request("fi");
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// `text` so that it is printed as it stands, marks that can be typed included.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out += "\\e",
            '-' => out += "\\-",
            '\'' => out += "\\(aq",
            '`' => out += "\\(ga",
            '^' => out += "\\(ha",
            '~' => out += "\\(ti",
            '"' => out += "\\(dq",
            c if c.is_ascii() => out.push(c),
            c => out += &format!("\\[u{:04X}]", u32::from(c)),
        }
    }
    out
}

/// Prose: what stands between backticks is bold.
pub(super) fn plain(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    let pieces = pieces.map(|(place, piece)| match (place % 2, piece) {
        (1, piece) => bold(piece),
        (_, piece) => escape(piece),
    });
    pieces.collect()
}

pub(super) fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escape(text))
}

pub(super) fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_printed_as_it_stands() {
        assert_eq!(
            escape("jq '.[]' ~/a-b \\ \"…\""),
            "jq \\(aq.[]\\(aq \\(ti/a\\-b \\e \\(dq\\[u2026]\\(dq"
        );
        let mut page = Page::new("council-x", "council 1");
        page.line(&escape(".hidden"));
        let text = String::from_utf8(page.into_bytes()).expect("UTF-8");
        assert!(text.ends_with("\n\\&.hidden\n"), "{text}");
        assert_eq!(plain("see `a-b`."), "see \\fBa\\-b\\fR.");
    }
}
