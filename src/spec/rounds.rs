//! The rounds of a council, from those of its spec or of its topology.

use super::file::{self, Spec};
use super::names::AggregatorName;
use super::topology::{TOPOLOGIES, Topology};
use crate::event::MemberId;
use crate::prompt::Template;
use crate::round::{self, FailureMode, Kind, Repeat, RoundPlan, TieBreak, Until};

/// How often an `iterate` holds its rounds at most, where it does not say.
const MAX_ITERATIONS: u32 = 3;

/// The rounds as written or as the topology has them; a chair without a synthesis gets one.
pub(super) fn rounds(spec: &Spec) -> Result<Vec<RoundPlan>, String> {
    let topology = match &spec.topology {
        None => Some(&TOPOLOGIES[0]),
        Some(name) => Topology::find(&name.0),
    };
    let written = if spec.round.is_empty() {
        let topology = topology.ok_or("the topology is unknown")?;
        let rounds = topology.expand(spec.chair.is_some());
        rounds.map_err(|error| error.to_string())?
    } else {
        spec.round.clone()
    };
    let mut rounds = written
        .iter()
        .map(|raw| plan(spec, raw))
        .collect::<Result<Vec<_>, String>>()?;
    if spec.chair.is_some() && !rounds.iter().any(concludes) {
        rounds.extend(round::kind("synthesis").map(plain));
    }
    Ok(rounds)
}

fn concludes(plan: &RoundPlan) -> bool {
    let mut inner = plan.repeat.iter().flat_map(|repeat| &repeat.rounds);
    plan.kind.concludes() || inner.any(concludes)
}

/// A round that says nothing but its kind.
fn plain(kind: &'static dyn Kind) -> RoundPlan {
    RoundPlan {
        name: kind.name().to_owned(),
        kind,
        members: None,
        prompt: None,
        aggregator: kind.aggregators().first().map(|&name| name.to_owned()),
        choices: Vec::new(),
        tie_break: TieBreak::First,
        min_members: None,
        failure_mode: FailureMode::Continue,
        repeat: None,
    }
}

fn plan(spec: &Spec, raw: &file::Round) -> Result<RoundPlan, String> {
    let kind = round::kind(&raw.kind.0).ok_or("a round's kind is unknown")?;
    let plain = plain(kind);
    let prompt = raw.prompt.as_deref().map(Template::compile).transpose();
    let named = raw.members.as_ref().map(|named| members(spec, named));
    Ok(RoundPlan {
        name: raw.name.clone().unwrap_or(plain.name),
        kind,
        members: named.transpose()?,
        prompt: prompt.map_err(|fault| fault.message)?,
        aggregator: match &raw.aggregator {
            Some(AggregatorName(name)) => Some(name.clone()),
            None => plain.aggregator,
        },
        choices: raw.choices.clone().unwrap_or_default(),
        tie_break: match raw.tie_break {
            None | Some(file::TieBreak::First) => TieBreak::First,
            Some(file::TieBreak::Random) => TieBreak::Random,
            Some(file::TieBreak::Chair) => TieBreak::Chair,
        },
        min_members: raw.min_members.map(|least| least as usize),
        failure_mode: match raw.failure_mode {
            None | Some(file::FailureMode::Continue) => FailureMode::Continue,
            Some(file::FailureMode::FailFast) => FailureMode::FailFast,
        },
        repeat: repeat(spec, raw)?,
    })
}

/// The members named, in the spec's order, however the round writes them.
fn members(spec: &Spec, named: &[String]) -> Result<Vec<MemberId>, String> {
    let ids = spec.member.iter().map(|member| &member.id);
    ids.filter(|id| named.contains(id))
        .map(|id| id.parse().map_err(|error| format!("{error}")))
        .collect()
}

fn repeat(spec: &Spec, raw: &file::Round) -> Result<Option<Repeat>, String> {
    let Some(rounds) = &raw.rounds else {
        return Ok(None);
    };
    let rounds = rounds.iter().cloned().map(file::Round::from);
    Ok(Some(Repeat {
        rounds: rounds
            .map(|raw| plan(spec, &raw))
            .collect::<Result<_, _>>()?,
        until: raw.until.as_ref().and_then(until),
        max_iterations: raw.max_iterations.unwrap_or(MAX_ITERATIONS),
    }))
}

fn until(raw: &file::Until) -> Option<Until> {
    let says = |key: Option<bool>| key == Some(true);
    match raw {
        file::Until {
            agreement: Some(least),
            ..
        } => Some(Until::Agreement(*least)),
        raw if says(raw.unanimous) => Some(Until::Unanimous),
        raw if says(raw.majority) => Some(Until::Majority),
        raw if says(raw.stable) => Some(Until::Stable),
        _ => None,
    }
}
