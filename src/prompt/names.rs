//! The filters and tests that a template uses, read from its text.
//!
//! Evaluation finds an unknown filter only in a branch that is taken, so they are looked up here.
//! The text is known to be a template of good syntax.

/// What a name in a template is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `x | name`
    Filter,
    /// `x is name`
    Test,
    /// `{% name … %}`
    Statement,
    /// Anything else.
    Name,
}

/// A name, how it is used, and its line from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used<'a> {
    pub(super) name: &'a str,
    pub(super) as_: Use,
    pub(super) line: usize,
}

/// All names between the marks of `source`, in order.
pub(super) fn names(source: &str) -> Vec<Used<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = source[at..].find('{').map(|start| at + start) {
        at = start + 2;
        match source.as_bytes().get(start + 1) {
            Some(b'#') => at = after(source, at, "#}"),
            Some(b'{') => at = block(source, at, b'}', &mut found),
            Some(b'%') => {
                let first = found.len();
                at = block(source, at, b'%', &mut found);
                let first = found.get_mut(first);
                if let Some(first) = first {
                    first.as_ = Use::Statement;
                    if first.name == "raw" {
                        at = after(source, after(source, at, "endraw"), "%}");
                    }
                }
            }
            _ => at = start + 1,
        }
    }
    mark_filter_blocks(&mut found);
    number_lines(source, &mut found);
    found
}

/// Turns places into lines, in one walk over the text.
fn number_lines(source: &str, found: &mut [Used<'_>]) {
    let (mut line, mut counted) = (1, 0);
    for used in found {
        let place = used.line;
        line += source[counted..place].matches('\n').count();
        counted = place;
        used.line = line;
    }
}

/// Reads one block up to its end mark; gives the place behind it.
fn block<'a>(source: &'a str, from: usize, end: u8, found: &mut Vec<Used<'a>>) -> usize {
    let bytes = source.as_bytes();
    let mut at = from;
    let mut depth = 0_usize;
    // The last sign that was no space, and the last name, decide how the next name is used.
    let mut before = 0_u8;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                at += 1;
                while let Some(&inner) = bytes.get(at) {
                    at += if inner == b'\\' { 2 } else { 1 };
                    if inner == byte {
                        break;
                    }
                }
                before = byte;
                continue;
            }
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            _ if byte == end && depth == 0 && bytes.get(at + 1) == Some(&b'}') => return at + 2,
            _ if byte == b'_' || byte.is_ascii_alphabetic() => {
                let length = source[at..]
                    .bytes()
                    .take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric())
                    .count();
                let name = &source[at..at + length];
                let previous = found.last().map(|used: &Used<'_>| used.name);
                let as_ = match (before, previous) {
                    (b'|', _) => Use::Filter,
                    (b'a', Some("is")) if name != "not" => Use::Test,
                    (b'n', _) if name != "not" => Use::Test,
                    _ => Use::Name,
                };
                // `n` stands for an `is not` that waits for its test, `a` for any other name.
                before = match (before, previous, name) {
                    (b'a', Some("is"), "not") => b'n',
                    (b'.', ..) => b'0',
                    _ => b'a',
                };
                found.push(Used {
                    name,
                    as_,
                    // Its place, until lines are numbered.
                    line: at,
                });
                at += length;
                continue;
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            // Letters have a meaning of their own in `before`; a digit may stand for any literal.
            before = if byte.is_ascii_alphanumeric() {
                b'0'
            } else {
                byte
            };
        }
        at += 1;
    }
    source.len()
}

/// `{% filter upper %}` names its filter without a bar.
fn mark_filter_blocks(found: &mut [Used<'_>]) {
    for place in 1..found.len() {
        let opener = found[place - 1];
        if opener.as_ == Use::Statement && opener.name == "filter" {
            found[place].as_ = Use::Filter;
        }
    }
}

/// The place behind the next `mark`, or the end.
fn after(source: &str, from: usize, mark: &str) -> usize {
    source
        .get(from..)
        .and_then(|rest| rest.find(mark))
        .map_or(source.len(), |place| from + place + mark.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(source: &str, as_: Use) -> Vec<&str> {
        names(source)
            .into_iter()
            .filter(|used| used.as_ == as_)
            .map(|used| used.name)
            .collect()
    }

    #[test]
    fn filters_and_tests_are_found_in_every_branch() {
        let source = "{% if a is defined and b is not none %}{{ a | upper|trim('|x') }}\
            {% else %}{{ {'k': {}} | tojson }}{# | no #}{% raw %}{{ x | never }}{% endraw %}\
            {% endif %}{% filter lower %}A{% endfilter %} | text { | x }";
        assert_eq!(
            used(source, Use::Filter),
            ["upper", "trim", "tojson", "lower"]
        );
        assert_eq!(used(source, Use::Test), ["defined", "none"]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(names("x\n\n{{ y }}")[0].line, 3);
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        for text in [
            "{",
            "{{",
            "{% raw",
            "{{ 'a",
            "{{ \\",
            "{{ 'ä\\",
            "{#",
            "{%raw%}ü",
            "{ä",
        ] {
            assert!(names(text).len() <= text.len());
        }
    }
}
