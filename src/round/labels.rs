//! Labels that hide names: Response A, Response B, …, shuffled for each reader.

use super::Table;
use super::draw::draws;
use crate::event::MemberId;
use crate::prompt::ShownAnswer;
use indexmap::IndexMap;

/// What each label begins with.
pub(super) const PREFIX: &str = "Response ";

/// The label of the answer in `place`, from 0: after Z comes AA.
pub(super) fn label(mut place: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (place % 26) as u8));
        if place < 26 {
            break;
        }
        place = place / 26 - 1;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{PREFIX}{letters}")
}

/// Labels for `ids` in an order of their own for `reader` and `purpose`.
pub(super) fn shuffled(
    table: &Table<'_>,
    reader: &MemberId,
    purpose: &str,
    mut ids: Vec<MemberId>,
) -> IndexMap<String, MemberId> {
    draws(table.seed, table.round.index, reader.as_str(), purpose).shuffle(&mut ids);
    ids.into_iter()
        .enumerate()
        .map(|(place, id)| (label(place), id))
        .collect()
}

/// The answers of those behind `labels`, each under its label.
pub(super) fn answers(table: &Table<'_>, labels: &IndexMap<String, MemberId>) -> Vec<ShownAnswer> {
    let answers = &table.minutes.answers;
    let shown = |(label, id): (&String, &MemberId)| {
        let text = answers.get(id)?;
        Some(ShownAnswer::new(label, text))
    };
    labels.iter().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_on_after_z() {
        for (place, letters) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(label(place), format!("Response {letters}"));
        }
    }
}
