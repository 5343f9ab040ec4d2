//! Many processes on one store that is not new: old runs in it, an old journal mode, and what a
//! killed and a spilled run have left.

use super::assert_sound;
use crate::common::TestEnv;
use crate::common::councils::{crowd, scripted};
use rusqlite::Connection;
use std::fs;

/// A store as the first version of this program has left it: its tables, a run that has ended,
/// one that was killed and one that was spilled in part, and no journal mode of its own.
fn old_store() -> TestEnv {
    let env = scripted();
    for run_id in ["ended", "killed", "spilled"] {
        let args = [
            "run",
            "./trio.toml",
            "--input",
            "x",
            "--run-id",
            run_id,
            "-q",
        ];
        env.run(args).assert_code(3);
    }
    let conn = Connection::open(env.store()).expect("the file");
    let rest: Vec<String> = conn
        .prepare("SELECT body FROM events WHERE run_id = 'spilled' AND seq >= 4 ORDER BY seq")
        .expect("a statement")
        .query_map([], |row| row.get(0))
        .expect("its events")
        .collect::<Result<_, _>>()
        .expect("its events");
    conn.execute_batch(
        "DELETE FROM events WHERE run_id IN ('killed', 'spilled') AND seq >= 4;
         UPDATE runs SET status = 'running', outcome = NULL, ended_at = NULL,
             live = '01a1f994-ea3f-75a0-89b5-74bace3be7e6'
             WHERE run_id IN ('killed', 'spilled');
         PRAGMA journal_mode = DELETE;
         PRAGMA user_version = 1;",
    )
    .expect("an old store");
    let folder = env.path("data/council/runs.db.spill");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("spilled.ndjson"), rest.join("\n") + "\n").expect("a file");
    env
}

#[test]
fn thirty_two_processes_on_an_old_store_are_all_whole_and_tidy_up_once() {
    let env = old_store();
    crowd(&env);
    assert_sound(&env.store());
    let status = |run_id: &str| {
        let shown = env.run(["show", run_id, "--format", "json"]).json();
        let word = |value: &serde_json::Value| value.as_str().unwrap_or("not known").to_owned();
        (word(&shown["status"]), word(&shown["record"]["state"]))
    };
    let of = |word: &str| (word.to_owned(), "complete".to_owned());
    assert_eq!(status("ended"), of("completed"));
    let killed = ("crashed".to_owned(), "not known".to_owned());
    assert_eq!(status("killed"), killed);
    assert_eq!(status("spilled"), of("completed"));
    for n in 0..32 {
        assert_eq!(status(&format!("run-{n}")), of("completed"));
    }
    let left = env.listing("data/council");
    assert_eq!(left, ["runs.db"], "one file that can be copied");
}
