//! A run read back, against the sqlite3 program that selects the same rows.

use crate::measure::{in_turn, quiet, ratio};
use crate::place::Place;
use crate::record;
use crate::say::{Bar, figure, without};

pub(crate) fn run() {
    let what = "show of 200 events / sqlite3 of the same rows";
    let place = Place::new();
    if quiet(&mut place.program("sqlite3", &["-version"]))
        .status()
        .is_err()
    {
        return without(what, "there is no program sqlite3");
    }
    record::write(&place.path("runs.db"), ["shown"], 200);
    let rows = "SELECT * FROM runs WHERE run_id = 'shown'; \
                SELECT * FROM events WHERE run_id = 'shown' ORDER BY seq";
    let [sqlite, show] = in_turn(
        500,
        [
            place.program("sqlite3", &["runs.db", rows]),
            place.council("runs.db", &["show", "shown"]),
        ],
    );
    let (median, fastest) = ratio(&show, &sqlite);
    let note = format!("fastest tenth {fastest:.3}");
    figure(what, median, "x", Bar::AtMost(1.0), &note);
}
