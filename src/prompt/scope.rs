//! What a template sees, and the one door through which it gets there: [`Scope::fence`].

use super::Fence;
use crate::event::Attachment;
use serde::Serialize;

/// All that a prompt can show, as it came.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Scope {
    /// The question, or the material.
    pub input: String,
    /// Whether the input is material, which is fenced.
    #[serde(skip)]
    pub input_is_material: bool,
    /// Files beside the input, which are fenced. No name of a template: the program appends them.
    #[serde(skip)]
    pub attachments: Vec<ShownAttachment>,
    /// The council's name.
    pub council: String,
    /// Who is asked.
    pub member: Speaker,
    /// The round.
    pub round: ShownRound,
    /// Answers, as the round shows them.
    pub answers: Vec<ShownAnswer>,
    /// Comments, as the round shows them.
    pub reviews: Vec<ShownReview>,
    /// Ballots, as the round shows them.
    pub ballots: Vec<ShownBallot>,
}

/// Who is asked.
#[derive(Debug, Clone, Serialize)]
pub struct Speaker {
    /// Its id.
    pub id: String,
    /// Its role; empty where it has none.
    pub role: String,
    /// Its weight; 1 where it has none.
    pub weight: f64,
}

impl Default for Speaker {
    fn default() -> Self {
        Self {
            id: String::new(),
            role: String::new(),
            weight: 1.0,
        }
    }
}

/// The round.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShownRound {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Counts rounds as held, from 0.
    pub index: u32,
    /// Which iteration, from 0.
    pub iteration: u32,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ShownAnswer {
    /// Whose it is, as the round shows it: a label where the round hides names.
    pub id: String,
    /// The same, under the name that suits rounds with labels.
    pub label: String,
    /// The answer.
    pub text: String,
    /// What it counts for, of 1 for all together, in rounds that weigh.
    pub weight: Option<f64>,
    /// Whether it is the reader's own, which is not fenced.
    #[serde(skip)]
    pub is_own: bool,
}

impl ShownAnswer {
    /// The answer of `name` as this round calls it.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Self {
            id: name.to_owned(),
            label: name.to_owned(),
            text: text.to_owned(),
            weight: None,
            is_own: false,
        }
    }
}

/// A comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ShownReview {
    /// Who comments.
    pub by: String,
    /// Whose answer it is about.
    pub of: String,
    /// The comment.
    pub text: String,
}

/// A ballot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ShownBallot {
    /// Who cast it.
    pub member: String,
    /// Its order, best first; empty for a vote.
    pub ranking: Vec<String>,
    /// Its choice; empty for a ranking.
    pub choice: String,
    /// Why, in its own words; empty where it said nothing.
    pub rationale: String,
}

/// A file beside the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAttachment {
    /// Its size in bytes.
    pub bytes: usize,
    /// Its name, which is as little ours as what is in it, and its content.
    pub text: String,
}

impl From<&Attachment> for ShownAttachment {
    fn from(attachment: &Attachment) -> Self {
        Self {
            bytes: attachment.text.len(),
            text: format!("File name: {}\n\n{}", attachment.name, attachment.text),
        }
    }
}

/// A scope in which every text from outside is fenced.
#[derive(Debug, Clone)]
pub struct Fenced {
    scope: Scope,
    fence: Fence,
}

impl Fenced {
    /// The scope, with its fences.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The fence that all of its texts share.
    #[must_use]
    pub fn fence(&self) -> &Fence {
        &self.fence
    }
}

impl Scope {
    /// Puts every text that came in from outside behind one fence: others' answers, comments,
    /// the words of ballots, attachments, and an input that is material. A task and one's own answer are not.
    #[must_use]
    pub fn fence(mut self) -> Fenced {
        let outside = self.outside();
        let fence = Fence::over(&outside.iter().map(|text| text.as_str()).collect::<Vec<_>>());
        for text in self.outside() {
            if !text.is_empty() {
                *text = fence.wrap(text);
            }
        }
        Fenced { scope: self, fence }
    }

    fn outside(&mut self) -> Vec<&mut String> {
        let answers = self.answers.iter_mut().filter(|answer| !answer.is_own);
        self.input_is_material
            .then_some(&mut self.input)
            .into_iter()
            .chain(self.attachments.iter_mut().map(|file| &mut file.text))
            .chain(answers.map(|answer| &mut answer.text))
            .chain(self.reviews.iter_mut().map(|review| &mut review.text))
            .chain(self.ballots.iter_mut().map(|ballot| &mut ballot.rationale))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_from_outside_is_fenced_and_nothing_else() {
        let mut own = ShownAnswer::new("me", "mine");
        own.is_own = true;
        let scope = Scope {
            input: "task".to_owned(),
            answers: vec![ShownAnswer::new("a", "theirs"), own],
            reviews: vec![ShownReview {
                by: "a".to_owned(),
                of: "me".to_owned(),
                text: "bad".to_owned(),
            }],
            ballots: vec![ShownBallot {
                member: "a".to_owned(),
                rationale: "because".to_owned(),
                ..ShownBallot::default()
            }],
            ..Scope::default()
        };
        let material = Scope {
            input_is_material: true,
            ..scope.clone()
        };
        let fenced = scope.fence();
        let is_fenced = |text: &str| fenced.fence().stands_in(text);
        let shown = fenced.scope();
        assert!(is_fenced(&shown.answers[0].text));
        assert!(is_fenced(&shown.reviews[0].text));
        assert!(is_fenced(&shown.ballots[0].rationale));
        assert_eq!(shown.answers[1].text, "mine");
        assert_eq!(shown.input, "task");

        let fenced = material.fence();
        assert!(fenced.fence().stands_in(&fenced.scope().input));
    }
}
