//! What a round shows and what it takes back, as data: for pictures of a council that was not run.

/// What a member, or the chair, sees of a run when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// The input alone.
    Input,
    /// The others' last answers, by id.
    Others,
    /// The others' last answers under labels, in an order of its own.
    OthersLabelled,
    /// All last answers by id, its own among them.
    All,
    /// Its own last answer, and what the others said of it.
    OwnReviewed,
    /// Two answers under labels, in an order that is drawn.
    Pair,
    /// All that earlier rounds have brought.
    Rounds,
    /// The same, each answer with its weight.
    RoundsWeighted,
}

impl Sees {
    /// In words, without the input, which everybody sees.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Input => "the input alone",
            Self::Others => "the others' answers by id",
            Self::OthersLabelled => {
                "the others' answers as Response A, B, … (shuffled, its own left out)"
            }
            Self::All => "all answers by id, its own among them",
            Self::OwnReviewed => "its own answer and what the others said of it",
            Self::Pair => "two answers as Response A and B (order drawn)",
            Self::Rounds => "all rounds: answers, comments and ballots",
            Self::RoundsWeighted => "all rounds: answers with their weights, comments and ballots",
        }
    }

    /// Whether it is all that earlier rounds have brought, not what the last one has.
    #[must_use]
    pub const fn is_all_rounds(self) -> bool {
        matches!(self, Self::Rounds | Self::RoundsWeighted)
    }
}

/// One question of a round: what it shows, and what comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The purpose of its calls, as their keys name it; of pairs `pair`.
    pub purpose: &'static str,
    /// What is shown beside the input.
    pub sees: Sees,
    /// What a reply holds.
    pub gives: &'static str,
}

/// A second look at one's own answer.
pub(super) const REVISE: Look = Look {
    purpose: "revise",
    sees: Sees::OwnReviewed,
    gives: "its answer, revised or kept",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round::KINDS;
    use crate::round::testing::House;

    /// Whose of the answers of a, b and c a question to `a` or to the chair shows.
    fn shown(prompt: &str) -> Vec<&'static str> {
        let ids = ["a", "b", "c"].into_iter();
        ids.filter(|id| prompt.contains(&format!("answer of {id}")))
            .collect()
    }

    #[test]
    fn rounds_show_and_ask_what_they_say() {
        for kind in KINDS {
            let mut house = match kind.name() {
                "independent_analysis" => House::new(kind.name(), 3),
                name => House::new(name, 3).with_answers(3),
            };
            let held = house.hold(&[]);
            let mut purposes: Vec<String> = Vec::new();
            for ask in held.asks() {
                let purpose = ask.call.purpose.to_string();
                let purpose = purpose.split(':').next().unwrap_or_default().to_owned();
                if !purposes.contains(&purpose) {
                    purposes.push(purpose);
                }
            }
            let looks = kind.looks();
            let said: Vec<&str> = looks.iter().map(|look| look.purpose).collect();
            assert_eq!(purposes, said, "{}", kind.name());
            for look in looks {
                let ask = held
                    .asks()
                    .into_iter()
                    .find(|ask| ask.call.purpose.to_string().starts_with(look.purpose))
                    .expect("a call of this purpose");
                let prompt = &ask.messages[1].content;
                let expected: &[&str] = match look.sees {
                    Sees::Input => &[],
                    Sees::Others | Sees::OthersLabelled => &["b", "c"],
                    Sees::OwnReviewed => &["a"],
                    Sees::Pair => &["a", "b"],
                    Sees::All | Sees::Rounds | Sees::RoundsWeighted => &["a", "b", "c"],
                };
                assert_eq!(shown(prompt), expected, "{}", kind.name());
                let is_labelled = matches!(look.sees, Sees::OthersLabelled | Sees::Pair);
                assert_eq!(prompt.contains("Response A"), is_labelled, "{prompt}");
                let is_weighted = look.sees == Sees::RoundsWeighted;
                assert_eq!(prompt.contains(", weight "), is_weighted, "{prompt}");
            }
        }
    }
}
