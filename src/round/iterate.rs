//! `iterate`: other rounds, held again and again until their outcome is good enough.
//!
//! It asks nobody itself. Whether it goes on is a function of the minutes alone, looked up before
//! each pass, the first one too: a jury that agrees at once is not sent back.

use super::{
    Close, Held, Kind, Look, Minutes, Poll, PromptError, Reply, RoundPlan, Step, Table, notice,
    words,
};
use crate::event::{Aggregate, HUNG_JURY, Notice};

/// Agreements are sums of shares, and differ from what they should be in their last bits.
const CLOSE: f64 = 1e-9;

/// The kind.
pub(super) struct Iterate;

impl Kind for Iterate {
    fn name(&self) -> &'static str {
        "iterate"
    }

    fn summary(&self) -> &'static str {
        "holds its `rounds` again and again, until `until` holds or `max_iterations` is met"
    }

    fn looks(&self) -> &'static [Look] {
        &[]
    }

    fn repeats(&self) -> bool {
        true
    }

    fn step(&self, _: &Table<'_>, _: &[Reply]) -> Result<Step, PromptError> {
        Ok(Step::Done(Close::default()))
    }
}

/// What ends a repetition before its maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// The agreement of the last ballots is at least this.
    Agreement(f64),
    /// Every member that was asked, and whose ballot could hold the winner, puts it first.
    Unanimous,
    /// More than half of the members that were asked put the winner first. A jury that comes to
    /// its end without that is hung.
    Majority,
    /// The last two votes have the same winner, the last two rankings the same order. Where no
    /// ballots are repeated: nobody revised an answer in the last pass.
    Stable,
}

/// Rounds to hold again and again.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// The rounds of one pass, in order.
    pub rounds: Vec<RoundPlan>,
    /// What ends it. Where some of the rounds eliminate, one answer that is left ends it too.
    pub until: Option<Until>,
    /// How many passes there are at most.
    pub max_iterations: u32,
}

/// How far a repetition has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// How many passes there were.
    pub iterations: u32,
    /// How many rounds had been held, in all, before the last of them.
    pub held: usize,
    /// How many members had been eliminated by then.
    pub eliminated: usize,
}

/// Whether there is another pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// There is.
    Again,
    /// The repetition is over, with what a reader must know of its end.
    Over(Option<Notice>),
}

impl Repeat {
    /// What comes after `pass` in the repetition called `name`.
    #[must_use]
    pub fn next(&self, name: &str, pass: &Pass, minutes: &Minutes) -> Next {
        let is_begun = pass.iterations > 0;
        let eliminates = self.rounds.iter().any(|plan| plan.kind.eliminates());
        let one_is_left = is_begun && eliminates && minutes.standing().count() < 2;
        if one_is_left || self.is_met(minutes) {
            return Next::Over(None);
        }
        // What changed nothing once changes nothing again. The rounds have said why.
        let held_none = is_begun && minutes.held.len() == pass.held;
        let lost_none = is_begun && minutes.eliminated.len() == pass.eliminated;
        let notice = if held_none {
            None
        } else if eliminates && self.until.is_none() && lost_none {
            let text = format!("`{name}` ends with several answers left: no pair was judged.");
            Some(notice("no_winner", &text))
        } else if pass.iterations >= self.max_iterations {
            Some(self.maximum(name))
        } else {
            return Next::Again;
        };
        Next::Over(self.hung(minutes).or(notice))
    }

    fn maximum(&self, name: &str) -> Notice {
        let why = match self.until {
            Some(Until::Agreement(least)) => format!("the agreement is below {least}"),
            Some(Until::Unanimous) => "the members are not unanimous".to_owned(),
            Some(Until::Majority) => "there is no majority".to_owned(),
            Some(Until::Stable) => "the outcome still changes".to_owned(),
            None => "several answers are left".to_owned(),
        };
        let times = words::count(self.max_iterations as usize, "iteration");
        let text = format!("`{name}` met its maximum of {times}, and {why}.");
        notice("max_iterations", &text)
    }

    /// A majority was asked for, ballots were cast, and there is none. Where nothing could be
    /// voted on there was no jury.
    fn hung(&self, minutes: &Minutes) -> Option<Notice> {
        let votes = self.ballots(minutes).filter(|held| held.asked > 0).count();
        let is_hung = self.until == Some(Until::Majority) && votes > 0;
        let votes = words::count(votes, "vote");
        let text = format!("the jury is hung: no majority in {votes}");
        is_hung.then(|| notice(HUNG_JURY, &text))
    }

    fn is_met(&self, minutes: &Minutes) -> bool {
        let last = || self.ballots(minutes).next();
        match self.until {
            None => false,
            Some(Until::Agreement(least)) => last()
                .and_then(|held| held.agreement)
                .is_some_and(|agreement| agreement >= least - CLOSE),
            Some(Until::Unanimous) => last().is_some_and(is_unanimous),
            Some(Until::Majority) => last().is_some_and(has_majority),
            Some(Until::Stable) if self.poll().is_some() => self.has_same_outcome(minutes),
            Some(Until::Stable) => self.is_settled(minutes),
        }
    }

    /// What the last of the rounds that has ballots asks.
    fn poll(&self) -> Option<Poll> {
        let mut rounds = self.rounds.iter().rev();
        let plan = rounds.find(|plan| !plan.kind.aggregators().is_empty())?;
        Some(plan.poll())
    }

    /// The rounds that asked the same and were held, the last one first: those before the repetition
    /// too, but no vote on another question.
    fn ballots<'m>(&self, minutes: &'m Minutes) -> impl Iterator<Item = &'m Held> {
        let poll = self.poll();
        let held = minutes.held.iter().rev();
        held.filter(move |held| Some(&held.poll) == poll.as_ref())
    }

    fn has_same_outcome(&self, minutes: &Minutes) -> bool {
        let mut ballots = self.ballots(minutes).map(|held| held.aggregate.as_ref());
        match (ballots.next().flatten(), ballots.next().flatten()) {
            (Some(last), Some(before)) => is_same(last, before),
            _ => false,
        }
    }

    /// Whether every look that one pass takes at the answers was taken, and brought no new one.
    fn is_settled(&self, minutes: &Minutes) -> bool {
        let looks = || self.rounds.iter().filter(|plan| plan.kind.revises());
        let is_look = |held: &&Held| looks().any(|plan| plan.kind.name() == held.round.kind);
        let last: Vec<&Held> = minutes
            .held
            .iter()
            .rev()
            .filter(is_look)
            .take(looks().count())
            .collect();
        last.len() == looks().count() && last.iter().all(|held| held.revised == Some(0))
    }
}

/// Votes come to a winner, rankings to an order; what has none is not the same as anything.
fn is_same(last: &Aggregate, before: &Aggregate) -> bool {
    let winner = last.winner.is_some() && last.winner == before.winner;
    winner && (last.are_votes() || last.order == before.order)
}

/// How many ballots put the winner first, and how many could not hold it.
fn support(held: &Held) -> Option<(usize, usize)> {
    let aggregate = held.aggregate.as_ref()?;
    let ballots = || aggregate.ballots.iter();
    let firsts =
        || ballots().filter_map(|ballot| ballot.choice.as_ref().or(ballot.ranking.first()));
    let count = |name: &String| firsts().filter(|first| *first == name).count();
    // A method that counts something else may have no winner where all agree.
    let most = || firsts().max_by_key(|name| count(name));
    let winner = aggregate.winner.as_ref().or_else(most)?;
    let first = firsts().filter(|first| *first == winner);
    let unable = ballots().filter(|ballot| !ballot.candidates.contains(winner));
    Some((first.count(), unable.count()))
}

fn is_unanimous(held: &Held) -> bool {
    support(held).is_some_and(|(first, unable)| first > 0 && first + unable >= held.asked)
}

fn has_majority(held: &Held) -> bool {
    support(held).is_some_and(|(first, _)| 2 * first > held.asked)
}

#[cfg(test)]
mod tests;
