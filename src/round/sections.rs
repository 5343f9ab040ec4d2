//! Comments on several answers in one reply, taken apart by their headings.

use super::mentions::leading;

/// Words that may stand before a name in a heading.
const BEFORE: &[&str] = &[
    "comments on ",
    "comment on ",
    "review of ",
    "feedback on ",
    "feedback for ",
    "answer of ",
    "answer from ",
    "on ",
];

/// What `text` says under a heading for each of `names`; none where it has no such heading.
pub(super) fn sections(text: &str, names: &[String]) -> Vec<Option<String>> {
    let mut found: Vec<Option<String>> = vec![None; names.len()];
    let mut current = None;
    for line in text.lines() {
        let line = match heading(line, names) {
            Some((index, rest)) => {
                current = Some(index);
                rest
            }
            None => line,
        };
        if let Some(section) = current.and_then(|index| found.get_mut(index)) {
            let section = section.get_or_insert_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    for section in &mut found {
        *section = section
            .take()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
    }
    found
}

/// The name that this line is a heading for, and what it says besides.
fn heading<'t>(line: &'t str, names: &[String]) -> Option<(usize, &'t str)> {
    let trimmed = line.trim();
    let marked = trimmed.starts_with('#');
    let text = trimmed.trim_start_matches(['#', '*', '-', '•', '>', ' ']);
    let text = without_number(text);
    let before = BEFORE.iter().find(|before| {
        text.get(..before.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(before))
    });
    let text = before.map_or(text, |before| &text[before.len()..]);
    let (index, rest) = leading(text, names)?;
    let said = rest.trim_start_matches([' ', ':', '—', '–', '-', '*']);
    let is_parted = rest.trim().is_empty()
        || rest.starts_with([':', '—', '–'])
        || [" -", " —", " –", " :"]
            .iter()
            .any(|sign| rest.starts_with(sign));
    (marked || is_parted).then_some((index, said))
}

/// `2. text` and `2) text` without the number.
fn without_number(text: &str) -> &str {
    let rest = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    if rest.len() == text.len() {
        return text;
    }
    rest.strip_prefix(['.', ')']).map_or(text, str::trim_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Option<String>> {
        sections(text, &["a".to_owned(), "security".to_owned()])
    }

    #[test]
    fn each_answer_gets_what_stands_under_its_name() {
        let expected = [Some("good".to_owned()), Some("bad\n\nvery".to_owned())];
        for text in [
            "## a\ngood\n\n## security\nbad\n\nvery",
            "intro\n**a**: good\n**security**:\nbad\n\nvery\n",
            "### Comments on `a`\n\ngood\n### Security\nbad\n\nvery",
            "1. a: good\n2. security — bad\n\nvery",
            "a:\ngood\nsecurity:\nbad\n\nvery",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn prose_is_no_heading() {
        assert_eq!(read("a good answer\nand security matters"), [None, None]);
        assert_eq!(read("## a\n\n## security\nx"), [None, Some("x".to_owned())]);
        assert_eq!(read(""), [None, None]);
    }
}
