//! What it costs to be there at all.

use crate::measure::{in_turn, ratio};
use crate::place::Place;
use crate::say::{Bar, figure};

pub(crate) fn run() {
    let place = Place::new();
    let [nothing, council] = in_turn(
        1_000,
        [
            place.program("true", &[]),
            place.council("none.db", &["--version"]),
        ],
    );
    let (median, fastest) = ratio(&council, &nothing);
    let note = format!("fastest tenth {fastest:.3}");
    figure(
        "council --version / true",
        median,
        "x",
        Bar::AtMost(1.4),
        &note,
    );
}
