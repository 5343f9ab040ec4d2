//! What breaks, is broken on purpose: nothing is lost, and nothing is said that is not so.

mod crowds;
mod disks;
mod kills;
mod members;

use crate::common::server::Asked;
use rusqlite::Connection;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

/// Fails unless the store is whole: readable, no run with a gap, none with two ends.
#[track_caller]
fn assert_sound(store: &Path) {
    let conn = Connection::open(store).expect("the file");
    let text = |sql: &str| -> String {
        let word = conn.query_row(sql, [], |row| row.get(0));
        word.unwrap_or_else(|fault| panic!("{sql}: {fault}"))
    };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    let gaps = "SELECT coalesce(group_concat(run_id), '') FROM \
         (SELECT run_id FROM events GROUP BY run_id HAVING count(*) <> max(seq) + 1)";
    assert_eq!(text(gaps), "", "runs with a gap");
    let ends = "SELECT coalesce(group_concat(run_id), '') FROM (SELECT run_id FROM events \
         WHERE kind IN ('run_completed', 'run_failed') GROUP BY run_id HAVING count(*) > 1)";
    assert_eq!(text(ends), "", "runs with two ends");
}

/// A number that follows from all that is asked: members, rounds and what came before differ.
fn hash_of(asked: &Asked) -> u64 {
    let mut hasher = DefaultHasher::new();
    asked.body.hash(&mut hasher);
    hasher.finish()
}

/// Says something that whoever reads a failed test, or runs it with `--nocapture`, is to know.
#[expect(
    clippy::print_stdout,
    reason = "a test has no other place to say it, and the harness captures it"
)]
fn tell(text: &str) {
    println!("{text}");
}

/// Draws that follow from a seed.
struct Draws(u64);

impl Draws {
    /// The seed in `COUNCIL_TEST_SEED`, else one of now; it is printed.
    fn seeded(test: &str) -> Self {
        let given = std::env::var("COUNCIL_TEST_SEED").ok();
        let seed = given.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
            now.map_or(1, |now| now.as_micros() as u64)
        });
        tell(&format!("{test}: COUNCIL_TEST_SEED={seed}"));
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // SplitMix64, by its definition.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for place in (1..all.len()).rev() {
            all.swap(place, self.below(place + 1));
        }
    }
}
