//! `critique`: every member names the faults of the others' last answers; when all are in, each
//! one that has an own answer and was commented on may revise it.

use super::look::REVISE;
use super::peer_review::exchange;
use super::{Kind, Look, PromptError, Reply, Sees, Step, Table, words};

/// The kind.
pub(super) struct Critique;

impl Kind for Critique {
    fn name(&self) -> &'static str {
        "critique"
    }

    fn summary(&self) -> &'static str {
        "every member names the faults of the others' answers, then may revise its own"
    }

    fn looks(&self) -> &'static [Look] {
        &[
            Look {
                purpose: "critique",
                sees: Sees::Others,
                gives: "the faults of each of them",
            },
            REVISE,
        ]
    }

    fn revises(&self) -> bool {
        true
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        exchange(table, replies, words::faults)
    }
}

#[cfg(test)]
mod tests {
    use crate::event::ErrorKind;
    use crate::round::testing::{House, failed, ok};

    #[test]
    fn all_name_faults_and_then_all_may_revise() {
        for size in [2, 3, 5, 9] {
            let mut house = House::new("critique", size).with_answers(size);
            let mut keys = Vec::new();
            for purpose in ["critique", "revise"] {
                keys.extend((0..size).map(|at| format!("1.{}.{purpose}", House::id(at))));
            }
            let held = house.hold(&[]);
            assert_eq!(held.keys(), keys);
            let asked = &held.asks()[0].messages[1].content;
            assert!(asked.contains("Name the faults of each of these answers:"));
        }
    }

    #[test]
    fn a_single_answer_is_not_held_against_anybody() {
        let mut house = House::new("critique", 1).with_answers(1);
        let held = house.hold(&[]);
        assert!(held.asks().is_empty());
        assert_eq!(held.codes(), ["review_not_held"]);
    }

    /// Who revised is what a repetition looks at.
    #[test]
    fn the_minutes_count_who_revised() {
        let revised = ok(r#"{"revised": true, "answer": "better"}"#);
        for (scripted, count) in [
            (vec![], Some(0)),
            (vec![("1.a.revise", revised.clone())], Some(1)),
            (
                vec![
                    ("1.a.revise", revised),
                    ("1.b.revise", failed(ErrorKind::Timeout)),
                ],
                Some(1),
            ),
            (
                vec![
                    ("1.a.revise", failed(ErrorKind::Timeout)),
                    ("1.b.revise", ok("I keep it.")),
                ],
                None,
            ),
        ] {
            let mut house = House::new("critique", 2).with_answers(2);
            house.hold(&scripted);
            assert_eq!(house.minutes.held[0].revised, count);
        }
    }

    #[test]
    fn who_is_eliminated_neither_speaks_nor_is_spoken_of() {
        let mut house = House::new("critique", 3).with_answers(3);
        house.eliminate("b");
        let held = house.hold(&[]);
        let keys = ["1.a.critique", "1.c.critique", "1.a.revise", "1.c.revise"];
        assert_eq!(held.keys(), keys);
        assert!(!held.asks()[0].messages[1].content.contains("answer of b"));
    }
}
