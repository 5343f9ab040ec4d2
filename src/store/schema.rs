//! The tables, as migrations that only ever add, by SQLite's `user_version`.
//!
//! People open the file with other tools, so the tables explain themselves there.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Marks the file as ours ("coun" in ASCII), so that no other program's database is taken for one.
const APPLICATION: i64 = 0x636f_756e;

struct Migration {
    /// Why the store needed it.
    why: &'static str,
    sql: &'static str,
}

/// Append here; what stands is never changed, as stores exist that have it.
const MIGRATIONS: &[Migration] = &[Migration {
    why: "Runs, their events, and the files that it takes to make a run again.",
    sql: "
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY NOT NULL,
  council TEXT NOT NULL,
  status TEXT NOT NULL,            -- pending, running, completed, failed, cancelled or crashed
  degraded INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,        -- UTC, as all times
  started_at TEXT,
  ended_at TEXT,
  parent TEXT,                     -- the run whose member this run is
  origin TEXT,                     -- the run whose replies this run plays back
  seed INTEGER NOT NULL DEFAULT 0,
  labels TEXT NOT NULL DEFAULT '{}',
  limits TEXT NOT NULL DEFAULT '{}',
  live TEXT,                       -- the file in <store>.live that its process holds a lock on
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  record TEXT,                     -- what is missing of the record; NULL: nothing
  spec_hash TEXT NOT NULL DEFAULT '',
  input TEXT NOT NULL DEFAULT '',
  outcome TEXT,                    -- NULL until the run has ended: data of its last event
  resolved TEXT NOT NULL DEFAULT '', -- the spec after all overrides
  spec BLOB NOT NULL DEFAULT ''    -- the spec's own bytes
);
-- Newest first means by rowid: a clock may go back. NULL parents come in that order from here.
CREATE INDEX runs_by_parent ON runs (parent);
CREATE INDEX runs_without_outcome ON runs (live) WHERE outcome IS NULL;

CREATE TABLE events (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  body TEXT NOT NULL,              -- the whole event, as JSON
  PRIMARY KEY (run_id, seq)
);

CREATE TABLE files (
  run_id TEXT NOT NULL,
  name TEXT NOT NULL,              -- as the spec or the command line names it
  content BLOB NOT NULL,
  PRIMARY KEY (run_id, name)
);
",
}];

/// The version that this program writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What a database is to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is nothing in it.
    Empty,
    /// It is a store of the version that this program writes.
    Current,
    /// It is a store of an older version.
    Older(i64),
    /// It is a store of a version that this program does not know.
    Newer(i64),
    /// It is the database of another program.
    Foreign,
}

/// What the database is; changes nothing.
pub(super) fn kind(conn: &Connection) -> rusqlite::Result<Kind> {
    // One transaction, as another process may be making the tables.
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Deferred)?;
    let application = number(&tx, "application_id")?;
    let version = number(&tx, "user_version")?;
    Ok(match (application, version) {
        (APPLICATION, VERSION) => Kind::Current,
        (APPLICATION | 0, newer) if newer > VERSION => Kind::Newer(newer),
        (APPLICATION, older) => Kind::Older(older),
        (0, 0) if !has_tables(&tx)? => Kind::Empty,
        _ => Kind::Foreign,
    })
}

/// Brings an empty database or an older store up to date; several processes may do so at once.
pub(super) fn bring_up(conn: &Connection) -> rusqlite::Result<()> {
    apply(conn, MIGRATIONS)
}

fn apply(conn: &Connection, migrations: &[Migration]) -> rusqlite::Result<()> {
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    // Another process may have been faster: what counts is the version under the lock.
    let done = usize::try_from(number(&tx, "user_version")?).unwrap_or(0);
    for migration in migrations.iter().skip(done) {
        tx.execute_batch(&format!("-- {}\n{}", migration.why, migration.sql))?;
    }
    if done < migrations.len() {
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", migrations.len() as i64)?;
    }
    tx.commit()
}

fn number(conn: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, pragma, |row| row.get(0))
}

fn has_tables(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| {
        row.get(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        Connection::open_in_memory().expect("a database in memory")
    }

    #[test]
    fn an_empty_database_becomes_current_once() {
        let conn = memory();
        assert_eq!(kind(&conn).expect("its kind"), Kind::Empty);
        bring_up(&conn).expect("the tables are made");
        assert_eq!(kind(&conn).expect("its kind"), Kind::Current);
        bring_up(&conn).expect("nothing is left to do");
    }

    #[test]
    fn an_older_store_keeps_its_rows_and_gets_what_is_new() {
        let conn = memory();
        let first = || Migration {
            why: "One.",
            sql: "CREATE TABLE a (x); INSERT INTO a VALUES (1);",
        };
        let second = || Migration {
            why: "Two.",
            sql: "ALTER TABLE a ADD COLUMN y DEFAULT 2;",
        };
        apply(&conn, &[first()]).expect("the first");
        apply(&conn, &[first(), second()]).expect("the second alone");
        let row = conn.query_row("SELECT x, y FROM a", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        });
        assert_eq!(row.expect("one row"), (1, 2));
        assert_eq!(number(&conn, "user_version").expect("a version"), 2);
    }

    #[test]
    fn newer_and_foreign_databases_are_told_apart() {
        let conn = memory();
        bring_up(&conn).expect("the tables are made");
        conn.pragma_update(None, "user_version", 99).expect("set");
        assert_eq!(kind(&conn).expect("its kind"), Kind::Newer(99));

        let conn = memory();
        conn.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1")
            .expect("a table");
        assert_eq!(kind(&conn).expect("its kind"), Kind::Foreign);
    }
}
