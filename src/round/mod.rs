//! Rounds: who is asked, what they see, how replies are read. Pure; one file a kind.
//!
//! The run holds a round by calling [`Kind::step`] until it is [`Step::Done`]: each step sees the
//! [`Table`] and all replies of the round so far, and either asks more or closes the round.

mod anonymized_peer_review;
mod ballot;
mod compose;
mod confidence;
mod critique;
mod draw;
mod independent_analysis;
mod iterate;
mod json;
mod labels;
mod look;
mod mentions;
mod minutes;
mod pairwise_elimination;
mod peer_review;
mod poll;
mod ranking;
mod read;
mod revision;
mod sections;
mod synthesis;
#[cfg(test)]
mod testing;
mod ties;
mod vote;
mod weighted_synthesis;
mod words;

pub use draw::{SplitMix64, draws};
pub use iterate::{Next, Pass, Repeat, Until};
pub use look::{Look, Sees};
pub use minutes::{statuses, usable};
pub use poll::Poll;
pub use read::{Reading, Unreadable, ask_again, read};

use crate::event::{
    Aggregate, Ask, Attachment, CallKey, CastBallot, MemberCompleted, MemberId, Notice, RoundRef,
};
use crate::prompt::{ShownBallot, ShownReview, Template};
use indexmap::{IndexMap, IndexSet};
use std::fmt;

/// Whether the input is the question itself, or text to work on that must be fenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputMode {
    /// The input is the question.
    #[default]
    Task,
    /// The input is material that may hold anything.
    Material,
}

/// A member, or the chair, as a round sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Who.
    pub id: MemberId,
    /// Its role.
    pub role: Option<String>,
    /// Its own prompt.
    pub prompt: Option<Template>,
    /// Its weight, where the spec gives one.
    pub weight: Option<f64>,
}

/// What a failed member does to its round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailureMode {
    /// The others go on.
    #[default]
    Continue,
    /// The first failure cancels the round and fails the run.
    FailFast,
}

/// What settles the order of candidates that stand level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TieBreak {
    /// The order of the spec.
    #[default]
    First,
    /// A draw that follows from the seed.
    Random,
    /// A question to the chair.
    Chair,
}

/// Who speaks where the chair does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// The answer that won the last ranking stands; no call is made.
    TopRanked,
    /// This member is asked the chair's question, on its own model.
    Member(MemberId),
}

/// One round of a checked council.
#[derive(Clone)]
pub struct RoundPlan {
    /// Its name; the kind's name where the spec gives none.
    pub name: String,
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// Who takes part; everybody where absent. In the spec's order of members.
    pub members: Option<Vec<MemberId>>,
    /// What is asked instead of the kind's own words. Questions that follow from the replies (a
    /// `revise`, a `tie`) keep the kind's words.
    pub prompt: Option<Template>,
    /// The name of the aggregator, for kinds with ballots.
    pub aggregator: Option<String>,
    /// What may be voted for; the members' answers where empty.
    pub choices: Vec<String>,
    /// What settles ties.
    pub tie_break: TieBreak,
    /// How many usable replies this round needs.
    pub min_members: Option<usize>,
    /// What a failed member does to the round.
    pub failure_mode: FailureMode,
    /// Of an `iterate`: the rounds that are held in its place, again and again.
    pub repeat: Option<Repeat>,
}

/// Comments of one member on the answer of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Who comments.
    pub by: MemberId,
    /// Whose answer it is about.
    pub of: MemberId,
    /// The comment.
    pub text: String,
}

/// A round that was held, as later rounds see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Which.
    pub round: RoundRef,
    /// What its ballots came to.
    pub aggregate: Option<Aggregate>,
    /// How far they agree.
    pub agreement: Option<f64>,
    /// What its ballots were about.
    pub poll: Poll,
    /// How many members were due to cast a ballot, those with an earlier fault among them; 0 where
    /// nobody was asked for one.
    pub asked: usize,
    /// How many members revised their answer; none where no second look was readable.
    pub revised: Option<usize>,
}

/// What the council has on the table: grows from round to round.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Minutes {
    /// Each member's last answer, in the spec's order of members.
    pub answers: IndexMap<MemberId, String>,
    /// All comments of the last round that made any.
    pub reviews: Vec<Review>,
    /// The rounds that were held, in order.
    pub held: Vec<Held>,
    /// Who lost a pair, in the order of losing: out of all later rounds but those of the chair.
    pub eliminated: IndexSet<MemberId>,
    /// How sure each member last said it is of its own answer, 0 to 1.
    pub confidences: IndexMap<MemberId, f64>,
    /// How sure each member last said it is on a ballot, 0 to 1.
    pub ballot_confidences: IndexMap<MemberId, f64>,
}

/// What a step of a round sees.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    /// The council's name.
    pub council: &'a str,
    /// The question, or the material.
    pub input: &'a str,
    /// Which of the two it is.
    pub input_mode: InputMode,
    /// Files that are shown beside the input.
    pub attachments: &'a [Attachment],
    /// What every draw follows from.
    pub seed: u64,
    /// The round as the spec has it.
    pub plan: &'a RoundPlan,
    /// Its place in the run.
    pub round: &'a RoundRef,
    /// Who may be asked in this round, in the spec's order; members with a permanent fault are left
    /// out.
    pub seats: &'a [Seat],
    /// All members, in the spec's order.
    pub all: &'a [Seat],
    /// The chair; none where the council has none, or it has a permanent fault.
    pub chair: Option<&'a Seat>,
    /// Who speaks, in order, where the chair does not.
    pub fallback: &'a [Fallback],
    /// What earlier rounds have brought.
    pub minutes: &'a Minutes,
}

/// A call of this round that has ended, in good or ill.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Which call.
    pub call: CallKey,
    /// How it ended.
    pub done: MemberCompleted,
}

/// What a round does next.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
pub enum Step {
    /// Ask all of these at once, and come back when every one has ended.
    Ask(Vec<Ask>),
    /// The round is over.
    Done(Close),
}

/// What a round came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Close {
    /// What its ballots came to.
    pub aggregate: Option<Aggregate>,
    /// How far they agree, 0 to 1.
    pub agreement: Option<f64>,
    /// Comments for later rounds.
    pub reviews: Vec<Review>,
    /// Who lost and is out.
    pub eliminated: Vec<MemberId>,
    /// What a reader must know.
    pub notices: Vec<Notice>,
}

/// A prompt that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the prompt of `{whose}` cannot be made: {message}")]
pub struct PromptError {
    /// Whose template it is: a member's id, `chair`, or the round's name.
    pub whose: String,
    /// What is wrong.
    pub message: String,
}

/// One kind of round.
pub trait Kind: Sync {
    /// The name in specs and events.
    fn name(&self) -> &'static str;

    /// One line on who is asked and what they see, for help and reference.
    fn summary(&self) -> &'static str;

    /// What it asks, in the order of asking; empty for what is nothing but other rounds.
    fn looks(&self) -> &'static [Look];

    /// Whether only the chair is asked.
    fn is_for_chair(&self) -> bool {
        false
    }

    /// Whether its reply is the council's answer.
    fn concludes(&self) -> bool {
        false
    }

    /// Whether members may revise their answers in it.
    fn revises(&self) -> bool {
        false
    }

    /// Whether it takes a list of choices.
    fn takes_choices(&self) -> bool {
        false
    }

    /// Whether its losers are out, so that repeating it ends by itself.
    fn eliminates(&self) -> bool {
        false
    }

    /// Whether it is nothing but other rounds, held again and again.
    fn repeats(&self) -> bool {
        false
    }

    /// Whether its replies are answers, which `min_members` of a council counts.
    fn gathers_answers(&self) -> bool {
        false
    }

    /// The aggregators it takes, the default first; empty for kinds without ballots.
    fn aggregators(&self) -> &'static [&'static str] {
        &[]
    }

    /// What to do next, given the replies so far (in the order in which they were asked).
    ///
    /// # Errors
    /// A template that cannot be rendered with what is on the table.
    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError>;
}

/// All kinds of rounds.
pub const KINDS: &[&dyn Kind] = &[
    &independent_analysis::IndependentAnalysis,
    &peer_review::PeerReview,
    &anonymized_peer_review::AnonymizedPeerReview,
    &critique::Critique,
    &ranking::Ranking,
    &vote::Vote,
    &iterate::Iterate,
    &pairwise_elimination::PairwiseElimination,
    &synthesis::Synthesis,
    &weighted_synthesis::WeightedSynthesis,
];

/// The kind of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

fn notice(code: &str, text: &str) -> Notice {
    Notice {
        code: code.to_owned(),
        text: text.to_owned(),
    }
}

/// The end of a round that comes to nothing, with the reason for the reader.
fn close_with(code: &str, text: &str) -> Step {
    Step::Done(Close {
        notices: vec![notice(code, text)],
        ..Close::default()
    })
}

/// Why a call failed, in a few words.
fn cause(reply: &Reply) -> String {
    let error = reply.done.error.as_ref();
    error.map_or_else(|| reply.done.status.name().to_owned(), ToString::to_string)
}

impl From<&Review> for ShownReview {
    fn from(review: &Review) -> Self {
        Self {
            by: review.by.to_string(),
            of: review.of.to_string(),
            text: review.text.clone(),
        }
    }
}

impl From<&CastBallot> for ShownBallot {
    fn from(ballot: &CastBallot) -> Self {
        Self {
            member: ballot.member.to_string(),
            ranking: ballot.ranking.clone(),
            choice: ballot.choice.clone().unwrap_or_default(),
            rationale: ballot.rationale.clone().unwrap_or_default(),
        }
    }
}

impl fmt::Debug for RoundPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoundPlan")
            .field("name", &self.name)
            .field("kind", &self.kind.name())
            .finish_non_exhaustive()
    }
}
