//! The built-in prompts as the models get them, whole.

use super::count;
use crate::round::testing::House;
use std::fmt::Write as _;

/// All prompts of the rounds of these kinds, one round after another.
fn prompts(kinds: &[&str]) -> String {
    let mut house = House::new(kinds[0], 3);
    house.all[0].role = Some("Security engineer".to_owned());
    house.seats = house.all.clone();
    let mut text = String::new();
    for (place, kind) in kinds.iter().enumerate() {
        if place > 0 {
            house.go_on_with(kind);
        }
        for ask in house.hold(&[]).asks() {
            for message in &ask.messages {
                let role = format!("{:?}", message.role).to_lowercase();
                let _ = write!(text, "==== {} ({role})\n{}\n\n", ask.call, message.content);
            }
        }
    }
    text
}

#[test]
fn prompts_of_a_karpathy_council() {
    let kinds = [
        "independent_analysis",
        "anonymized_peer_review",
        "synthesis",
    ];
    snapbox::assert_data_eq!(prompts(&kinds), snapbox::file!["karpathy.txt"].raw());
}

#[test]
fn prompts_of_a_peer_review() {
    let kinds = ["independent_analysis", "peer_review", "synthesis"];
    snapbox::assert_data_eq!(prompts(&kinds), snapbox::file!["peer_review.txt"].raw());
}

#[test]
fn the_same_run_has_the_same_prompts() {
    let kinds = [
        "independent_analysis",
        "anonymized_peer_review",
        "synthesis",
    ];
    assert_eq!(prompts(&kinds), prompts(&kinds));
}

#[test]
fn numbers_are_counted() {
    assert_eq!(
        (count(1, "ballot"), count(2, "ballot")),
        ("1 ballot".to_owned(), "2 ballots".to_owned())
    );
}
