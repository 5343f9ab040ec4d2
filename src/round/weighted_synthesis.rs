//! `weighted_synthesis`: a synthesis in which the chair sees how much each answer counts for.

use super::synthesis::speak;
use super::{Kind, Look, PromptError, Reply, Sees, Step, Table};
use crate::event::MemberId;
use indexmap::IndexMap;

/// The kind.
pub(super) struct WeightedSynthesis;

impl Kind for WeightedSynthesis {
    fn name(&self) -> &'static str {
        "weighted_synthesis"
    }

    fn summary(&self) -> &'static str {
        "the chair alone sees all rounds, and each answer with its weight, and writes the answer"
    }

    fn looks(&self) -> &'static [Look] {
        &[Look {
            purpose: "synthesis",
            sees: Sees::RoundsWeighted,
            gives: "the council's answer",
        }]
    }

    fn is_for_chair(&self) -> bool {
        true
    }

    fn concludes(&self) -> bool {
        true
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        speak(table, replies, Some(&weights(table)))
    }
}

/// What each answer counts for, all together 1.
///
/// If any member of the council has a `weight`, those of the members (1 where a member has none);
/// else, if any that answered stated a confidence, the last that each stated, with its answer or
/// else on a ballot (the mean of these where a member stated none); else all the same.
fn weights(table: &Table<'_>) -> IndexMap<MemberId, f64> {
    let ids = || table.minutes.answers.keys();
    let weight_of = |id: &MemberId| {
        let seat = table.all.iter().find(|seat| seat.id == *id);
        seat.and_then(|seat| seat.weight)
    };
    let raw: Vec<f64> = if table.all.iter().any(|seat| seat.weight.is_some()) {
        ids().map(|id| weight_of(id).unwrap_or(1.0)).collect()
    } else {
        let minutes = table.minutes;
        let stated = |id: &MemberId| {
            let of_answer = minutes.confidences.get(id);
            of_answer
                .or_else(|| minutes.ballot_confidences.get(id))
                .copied()
        };
        let known: Vec<f64> = ids().filter_map(stated).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        ids().map(|id| stated(id).unwrap_or(mean)).collect()
    };
    // Nobody stated a confidence, or all stated none at all. The largest weight is divided by
    // first, so that the sum of very large ones stays finite.
    let largest = raw.iter().copied().fold(0.0, f64::max);
    let raw: Vec<f64> = if largest > 0.0 {
        raw.iter().map(|weight| weight / largest).collect()
    } else {
        vec![1.0; raw.len()]
    };
    let sum: f64 = raw.iter().sum();
    ids()
        .cloned()
        .zip(raw.iter().map(|weight| weight / sum))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::event::ErrorKind;
    use crate::round::Fallback;
    use crate::round::testing::{House, failed};

    /// What the chair is told of the weights, in the order of the answers.
    fn told(house: &mut House) -> Vec<String> {
        let held = house.hold(&[]);
        let text = &held.ask("1.chair.synthesis").messages[1].content;
        let lines = text.lines().filter(|line| line.starts_with("## "));
        lines.map(|line| line[3..].to_owned()).collect()
    }

    fn council() -> House {
        House::new("weighted_synthesis", 3).with_answers(3)
    }

    fn sure(house: &mut House, id: &str, confidence: f64) {
        let id = id.parse().expect("an id");
        house.minutes.confidences.insert(id, confidence);
    }

    #[test]
    fn weights_of_members_go_first_and_one_is_what_they_are_without() {
        let mut house = council();
        house.all[1].weight = Some(2.0);
        sure(&mut house, "a", 0.9);
        let expected = ["a, weight 0.25", "b, weight 0.50", "c, weight 0.25"];
        assert_eq!(told(&mut house), expected);
    }

    #[test]
    fn confidences_are_next_and_their_mean_stands_for_those_not_stated() {
        let mut house = council();
        sure(&mut house, "a", 0.9);
        let ballots = &mut house.minutes.ballot_confidences;
        ballots.insert("a".parse().expect("an id"), 0.1);
        ballots.insert("c".parse().expect("an id"), 0.3);
        let expected = ["a, weight 0.50", "b, weight 0.33", "c, weight 0.17"];
        assert_eq!(told(&mut house), expected);
    }

    #[test]
    fn else_all_count_the_same() {
        for confidence in [None, Some(0.0)] {
            let mut house = council();
            for id in ["a", "b", "c"] {
                if let Some(confidence) = confidence {
                    sure(&mut house, id, confidence);
                }
            }
            let expected = ["a, weight 0.33", "b, weight 0.33", "c, weight 0.33"];
            assert_eq!(told(&mut house), expected);
        }
    }

    #[test]
    fn huge_weights_stay_finite() {
        let mut house = council();
        for seat in &mut house.all {
            seat.weight = Some(f64::MAX);
        }
        assert_eq!(told(&mut house)[0], "a, weight 0.33");
    }

    #[test]
    fn the_smallest_weight_of_many_is_told() {
        for (own, expected) in [
            (0.04, "a, weight 0.02"),
            (0.01, "a, weight 0.0050"),
            (0.001, "a, weight 0.00050"),
            (1e-300, "a, weight 0.000000000"),
        ] {
            let mut house = council();
            house.all[0].weight = Some(own);
            assert_eq!(told(&mut house)[0], expected);
        }
    }

    #[test]
    fn a_template_sees_the_weights_too() {
        let source = "{% for answer in answers %}{{ answer.id }}={{ answer.weight }} {% endfor %}";
        let mut house = council().with_prompt(source);
        house.all[0].weight = Some(2.0);
        let held = house.hold(&[]);
        let text = &held.asks()[0].messages[1].content;
        assert_eq!(text, "a=0.5 b=0.25 c=0.25 ");
    }

    #[test]
    fn its_fallbacks_are_those_of_a_synthesis() {
        let mut house = council();
        house.fallback = vec![Fallback::Member("b".parse().expect("an id"))];
        let held = house.hold(&[("1.chair.synthesis", failed(ErrorKind::Timeout))]);
        assert_eq!(held.keys(), ["1.chair.synthesis", "1.b.synthesis"]);
        let text = &held.ask("1.b.synthesis").messages[1].content;
        assert!(text.contains("## a, weight 0.33"));
        assert_eq!(held.codes(), ["fallback"]);
    }
}
