//! Near misses: which known word a mistyped one was meant to be.

/// Longer words are not compared: nobody mistypes them, and the cost grows with the square.
const LONGEST: usize = 64;

/// The one of `known` nearest to `word`, if it is near enough to be meant: at most a third of
/// its letters, and always one, may differ.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let allowed = (length / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST && *candidate != word)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The one of `known` that whoever wrote `word` is to be asked about: the nearest, else the only
/// one that begins so.
#[must_use]
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LEAST: usize = 3;
    let known: Vec<&str> = known.into_iter().collect();
    nearest(word, known.iter().copied()).or_else(|| {
        let is_longer = |known: &&&str| known.len() > word.len() && known.starts_with(word);
        let mut begun = known.iter().filter(is_longer);
        let only = begun.next().filter(|_| word.chars().count() >= LEAST)?;
        begun.next().is_none().then_some(*only)
    })
}

/// The one of `keys` that whoever wrote the key `name` meant: a slip of it, or what other tools call
/// it.
pub(super) fn key_meant<'a>(
    name: &str,
    keys: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let keys: Vec<&str> = keys.into_iter().collect();
    let translated = || {
        let key = translated(name)?;
        keys.iter().copied().find(|known| *known == key)
    };
    nearest(name, keys.iter().copied()).or_else(translated)
}

/// The key of a spec that other tools call `name`.
pub(super) fn translated(name: &str) -> Option<&'static str> {
    Some(match name {
        "max_tokens" | "max_completion_tokens" | "num_predict" => "max_output_tokens",
        "reasoning_effort" | "thinking" => "effort",
        "system" | "system_prompt" | "instructions" => "prompt",
        "stop_sequences" => "stop",
        "url" | "api_base" | "endpoint" | "host" => "base_url",
        "type" | "protocol" => "kind",
        _ => return None,
    })
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
        assert_eq!(nearest("prov", known), None);
        assert_eq!(nearest(&"m".repeat(100_000), known), None);
    }

    #[test]
    fn a_beginning_is_asked_about_where_it_has_one_end() {
        let known = ["member", "providers", "timeout", "id"];
        assert_eq!(meant("prov", known), Some("providers"));
        assert_eq!(meant("members", known), Some("member"));
        assert_eq!(meant("me", known), None, "too little to go by");
        assert_eq!(meant("member", known), None, "it is that");
        let two = ["max_iterations", "max_output_tokens"];
        assert_eq!(meant("max", two), None, "either may be meant");
    }

    #[test]
    fn a_key_is_known_by_its_slips_and_by_its_other_names() {
        let keys = ["model", "prompt", "max_output_tokens"];
        assert_eq!(key_meant("modle", keys), Some("model"));
        assert_eq!(key_meant("max_tokens", keys), Some("max_output_tokens"));
        assert_eq!(key_meant("url", keys), None, "there is no such key here");
        assert_eq!(key_meant("mod", keys), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
