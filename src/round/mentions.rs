//! Names of answers as models write them: `Response B`, `**response b**`, `B`, `[B]:`.

use super::labels::PREFIX;

/// Signs of markup that may stand around a name.
const MARKUP: &[char] = &[
    '*', '_', '`', '#', '"', '\'', '“', '”', '‘', '’', '[', ']', '(', ')', '<', '>', '{', '}',
];

/// Words that models use for `Response`.
const SYNONYMS: &[&str] = &["answer", "option", "candidate", "model", "assistant"];

/// Which of `names` this text is, markup and case aside; none where it says more or something else.
pub(super) fn exactly(text: &str, names: &[String]) -> Option<usize> {
    let trimmed = text.trim();
    let same = |text: &str| {
        names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
    };
    same(trimmed).or_else(|| {
        let bare = trimmed
            .trim_matches(MARKUP)
            .trim_end_matches(['.', ',', ':', ';', '!'])
            .trim_matches(MARKUP)
            .trim();
        same(bare).or_else(|| {
            let short = match bare.split_once([' ', '_', '-']) {
                Some((word, short)) if is_synonym(word) => short.trim(),
                Some(_) => return None,
                None => after_joined(bare).unwrap_or(bare),
            };
            names.iter().position(|name| {
                short_form(name).is_some_and(|own| own.eq_ignore_ascii_case(short))
            })
        })
    })
}

/// Which of `names` this text begins with, and what comes after it.
pub(super) fn leading<'t>(text: &'t str, names: &[String]) -> Option<(usize, &'t str)> {
    let text = text.trim().trim_start_matches(MARKUP).trim_start();
    let long = names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| Some((index, after_name(text, name)?)))
        .min_by_key(|(_, rest)| rest.len());
    long.or_else(|| {
        let text = match text.split_once([' ', '_']) {
            Some((word, rest)) if is_synonym(word) => rest.trim_start(),
            _ => text,
        };
        names.iter().enumerate().find_map(|(index, name)| {
            let rest = after_name(text, short_form(name)?)?;
            // "A good answer" is no mention of A: a sign must part the letter from what follows.
            let rest_or_end = rest.trim_start_matches(MARKUP);
            let parts = [".", ":", ",", ";", ")", " -", " –", " —", " (", " >"];
            let is_apart = rest_or_end.trim().is_empty()
                || rest_or_end.len() < rest.len()
                || parts.iter().any(|part| rest.starts_with(part));
            is_apart.then_some((index, rest))
        })
    })
    .map(|(index, rest)| (index, rest.trim_start_matches(MARKUP)))
}

/// What follows `name` at the start of `text`, where the name ends there.
pub(super) fn after_name<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    let mut following = rest.chars();
    let goes_on = match following.next() {
        Some('-') => following.next().is_some_and(char::is_alphanumeric),
        Some('_') => following.next().is_some_and(char::is_alphanumeric),
        Some(next) => next.is_alphanumeric(),
        None => false,
    };
    (start.eq_ignore_ascii_case(name) && !goes_on).then_some(rest)
}

/// `B` of `Response B`; ids have no short form.
fn short_form(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// `B` of `responseB`.
fn after_joined(text: &str) -> Option<&str> {
    let (word, short) = text.split_at_checked(PREFIX.trim_end().len())?;
    let is_letters = short.starts_with(|sign: char| sign.is_ascii_uppercase());
    (is_synonym(word) && is_letters).then_some(short)
}

fn is_synonym(word: &str) -> bool {
    let same = |synonym: &str| synonym.eq_ignore_ascii_case(word);
    same(PREFIX.trim_end()) || SYNONYMS.iter().copied().any(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        ["Response A", "Response B", "Response AA"]
            .map(str::to_owned)
            .to_vec()
    }

    fn ids() -> Vec<String> {
        ["a", "a-b", "security"].map(str::to_owned).to_vec()
    }

    #[test]
    fn names_are_known_in_many_dresses() {
        for text in [
            "Response B",
            "response b",
            " **Response B** ",
            "B",
            "b.",
            "[Response B]",
            "Answer B",
            "\"B\"",
            "response_b",
            "responseB",
            "Response B:",
        ] {
            assert_eq!(exactly(text, &labels()), Some(1), "{text}");
        }
        for text in [
            "Response C",
            "Response",
            "Responseb",
            "",
            "Both",
            "Response B is best",
            "the b",
            "1",
        ] {
            assert_eq!(exactly(text, &labels()), None, "{text}");
        }
        assert_eq!(exactly("AA", &labels()), Some(2));
        assert_eq!(exactly("`a-b`", &ids()), Some(1));
        assert_eq!(exactly("Answer a", &ids()), None);
    }

    #[test]
    fn a_text_begins_with_a_name_only_where_the_name_ends() {
        let index = |text, names: &[String]| leading(text, names).map(|(index, _)| index);
        for text in [
            "Response B",
            "**Response B**: good",
            "Response B is good",
            "B: good",
            "B - good",
            "**B** good",
        ] {
            assert_eq!(index(text, &labels()), Some(1), "{text}");
        }
        for text in [
            "Response BC",
            "Better",
            "A good one",
            "I like Response B",
            "A-1",
        ] {
            assert_eq!(index(text, &labels()), None, "{text}");
        }
        assert_eq!(index("a-b: x", &ids()), Some(1));
        assert_eq!(leading("a: x", &ids()), Some((0, ": x")));
        assert_eq!(index("abc", &ids()), None);
    }
}
