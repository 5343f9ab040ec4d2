//! Which lines of a text are a sample of code or data, not what its author says.

/// What stands before the colon in lines that say something, though they look like data.
const TITLES: &[&str] = &[
    "answer",
    "choice",
    "vote",
    "decision",
    "verdict",
    "judgment",
    "judgement",
    "winner",
    "ranking",
    "rationale",
    "reason",
    "reasons",
    "reasoning",
    "explanation",
    "recommendation",
    "conclusion",
    "summary",
    "confidence",
];

/// The samples in a text.
pub(super) struct Samples<'t> {
    lines: &'t [&'t str],
    /// Of each line, whether it stands in a code block, or is the fence of one.
    fenced: Vec<bool>,
    /// Where the text of each line begins, behind spaces and the marks of a list; none of a blank
    /// line.
    columns: Vec<Option<usize>>,
}

impl<'t> Samples<'t> {
    pub(super) fn of(lines: &'t [&'t str]) -> Self {
        Self {
            lines,
            fenced: fenced(lines),
            columns: lines.iter().map(|line| column(line)).collect(),
        }
    }

    /// Whether the line in `place` belongs to a sample.
    pub(super) fn hold(&self, place: usize) -> bool {
        self.fenced[place] || self.is_datum(place)
    }

    /// Whether the line in `place` is a key with a value, as in JSON, YAML and TOML, and so is the
    /// line before or after it that is indented as it is.
    fn is_datum(&self, place: usize) -> bool {
        let own = self.columns[place];
        // What is indented more belongs to the line before it; a blank line ends the block.
        let is_beside = |other: &usize| self.columns[*other] <= own;
        let is_other = |other: Option<usize>| {
            other.is_some_and(|other| {
                let key = self.key(other).filter(|_| self.columns[other] == own);
                key.is_some_and(|key| !TITLES.iter().any(|title| title.eq_ignore_ascii_case(key)))
            })
        };
        self.key(place).is_some()
            && (is_other((0..place).rev().find(is_beside))
                || is_other((place + 1..self.lines.len()).find(is_beside)))
    }

    /// The key in a line such as `key: value`, `"key": value` or `- key = value`.
    fn key(&self, place: usize) -> Option<&'t str> {
        let text = &self.lines[place][self.columns[place]?..];
        let (key, value) = text.split_once([':', '='])?;
        let key = key.trim_end();
        let bare = key.trim_matches(['"', '\'']);
        // `https://…` is no key.
        let is_apart = value.is_empty() || value.starts_with(char::is_whitespace);
        let is_key = is_apart || bare.len() < key.len();
        let is_sign = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.');
        (is_key && !bare.is_empty() && bare.chars().all(is_sign)).then_some(bare)
    }
}

fn fenced(lines: &[&str]) -> Vec<bool> {
    // The sign of the open fence and how often it stands there.
    let mut open: Option<(char, usize)> = None;
    let is_fenced = |line: &&str| {
        let bare = line.trim_start();
        let sign = bare.chars().next().unwrap_or_default();
        let rest = bare.trim_start_matches(sign);
        let count = bare.len() - rest.len();
        match open {
            Some((own, least)) => {
                if sign == own && count >= least && rest.trim().is_empty() {
                    open = None;
                }
                true
            }
            None if matches!(sign, '`' | '~') && count >= 3 && !rest.contains('`') => {
                open = Some((sign, count));
                true
            }
            None => false,
        }
    };
    lines.iter().map(is_fenced).collect()
}

fn column(line: &str) -> Option<usize> {
    let mut bare = line.trim_start();
    while let Some(rest) = ["- ", "* ", "+ "]
        .iter()
        .find_map(|mark| bare.strip_prefix(mark))
    {
        bare = rest.trim_start();
    }
    (!bare.is_empty()).then(|| line.len() - bare.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_blocks_end_with_their_own_fence() {
        for (text, expected) in [
            ("a\n```yaml\nb\n```\nc", "-+++-"),
            ("````\n```\nb\n````\nc", "++++-"),
            ("~~~\n```\n~~~\nc", "+++-"),
            ("  ```\n  b\n  ```\nc", "+++-"),
            ("``` in ``` a line\nb", "--"),
            ("```\nnever closed", "++"),
            ("\n\n", "--"),
        ] {
            let lines: Vec<&str> = text.lines().collect();
            let found: String = fenced(&lines)
                .into_iter()
                .map(|is_fenced| if is_fenced { '+' } else { '-' })
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn data_stand_beside_data() {
        for (text, expected) in [
            ("threshold: 0.5\nconfidence: 0.8", true),
            ("  \"threshold\":0.5,\n  \"confidence\":0.8,", true),
            ("- name: cat\n  confidence: 0.8", true),
            ("threshold = 0.5\nconfidence = 0.8", true),
            ("model:\n  name: x\nconfidence: 0.8", true),
            ("model: x\n\nconfidence: 0.8", false),
            ("  model: x\nconfidence: 0.8", false),
            ("Answer: tea\nConfidence: 0.8", false),
            ("Final choice: tea\nConfidence: 0.8", false),
            ("**Tea:** hot\nConfidence: 0.8", false),
            ("https://example.org\nConfidence: 0.8", false),
            ("threshold: 0.5\nMy confidence: 0.8", false),
            ("confidence: 0.8", false),
        ] {
            let lines: Vec<&str> = text.lines().collect();
            let samples = Samples::of(&lines);
            assert_eq!(samples.hold(lines.len() - 1), expected, "{text}");
        }
        assert!(Samples::of(&["confidence: 0.8", "threshold: 0.5"]).hold(0));
    }
}
