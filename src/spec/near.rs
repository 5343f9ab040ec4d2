//! Near misses: which known word a mistyped one was meant to be.

/// Longer words are not compared: nobody mistypes them, and the cost grows with the square.
const LONGEST: usize = 64;

/// The one of `known` nearest to `word`, if it is near enough to be meant: at most a third of
/// its letters, and always one, may differ. Where none is, the only one that begins with `word`.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let allowed = (length / 3).max(1);
    let known = known.into_iter();
    let known: Vec<&str> = known
        .filter(|candidate| candidate.len() <= LONGEST && *candidate != word)
        .collect();
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance);
    near.map_or_else(|| begun(word, &known), |(_, candidate)| Some(candidate))
}

/// The only one of `known` that `word` is the beginning of.
fn begun<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    const LEAST: usize = 3;
    let mut begun = known.iter().filter(|candidate| candidate.starts_with(word));
    let only = begun.next().filter(|_| word.chars().count() >= LEAST)?;
    begun.next().is_none().then_some(*only)
}

/// A list of names as a sentence has it: `` `a`, `b` or `c` ``.
pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    list(names, "or")
}

/// The names that there are, as a hint.
pub(super) fn available<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    format!("available: {}", names.join(", "))
}

/// The same with `and`.
pub(super) fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    list(names, "and")
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>, last_but: &str) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {last_but} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_be_a_slip_is_a_near_miss() {
        let known = ["member", "providers", "timeout", "id"];
        assert_eq!(nearest("members", known), Some("member"));
        assert_eq!(nearest("provider", known), Some("providers"));
        assert_eq!(nearest("timoeut", known), Some("timeout"));
        assert_eq!(nearest("ix", known), Some("id"));
        assert_eq!(nearest("xy", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("weather", known), None);
        assert_eq!(nearest("prov", known), Some("providers"));
        assert_eq!(nearest("me", known), None, "too little to go by");
        let two = ["max_iterations", "max_output_tokens"];
        assert_eq!(nearest("max", two), None, "either may be meant");
        assert_eq!(nearest(&"m".repeat(100_000), known), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
