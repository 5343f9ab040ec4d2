//! A store of ten thousand runs and a million events against one of ten runs.

use crate::measure::{in_turn, ratio};
use crate::place::Place;
use crate::record;
use crate::say::{Bar, figure};
use rusqlite::Connection;
use std::path::Path;

const RUNS: usize = 10_000;
const EVENTS: u64 = 100;

pub(crate) fn run() {
    let place = Place::new();
    let names: Vec<String> = (0..10).map(|n| format!("run-{n:05}")).collect();
    let names = || names.iter().map(String::as_str);
    record::write(&place.path("small.db"), names(), EVENTS);
    record::write(&place.path("large.db"), names(), EVENTS);
    fill(&place.path("large.db"));
    let bar = Bar::AtMost(1.3);
    for (what, args) in [
        ("list: 10,000 runs / 10 runs", &["list"][..]),
        ("show latest: 10,000 runs / 10 runs", &["show", "latest"]),
        (
            "show of an old run: 10,000 runs / 10 runs",
            &["show", "run-00003"],
        ),
    ] {
        // As many rows on both sides.
        let args = [
            args,
            if args == ["list"] {
                &["--limit", "10"]
            } else {
                &[]
            },
        ]
        .concat();
        let [small, large] = in_turn(
            200,
            [
                place.council("small.db", &args),
                place.council("large.db", &args),
            ],
        );
        let (median, fastest) = ratio(&large, &small);
        let note = format!("fastest tenth {fastest:.3}");
        figure(what, median, "x", bar, &note);
    }
}

/// Copies the first run until there are [`RUNS`].
fn fill(store: &Path) {
    let mut conn = Connection::open(store).expect("the store");
    let columns: String = conn
        .query_row(
            "SELECT group_concat(name, ', ') FROM pragma_table_info('runs') WHERE name <> 'run_id'",
            [],
            |row| row.get(0),
        )
        .expect("the columns");
    let tx = conn.transaction().expect("a transaction");
    for n in 10..RUNS {
        let run_id = format!("run-{n:05}");
        let runs = format!(
            "INSERT INTO runs (run_id, {columns}) \
             SELECT ?1, {columns} FROM runs WHERE run_id = 'run-00000'"
        );
        let events = "INSERT INTO events (run_id, seq, kind, at, body) \
             SELECT ?1, seq, kind, at, replace(body, 'run-00000', ?1) FROM events \
             WHERE run_id = 'run-00000'";
        for sql in [runs.as_str(), events] {
            let mut statement = tx.prepare_cached(sql).expect("a statement");
            statement.execute([&run_id]).expect("rows");
        }
    }
    tx.commit().expect("a commit");
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("one file");
}
