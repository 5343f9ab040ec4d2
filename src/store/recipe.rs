//! What a run was made of, read back: enough to make it again.

use super::{Reader, StoreError, sql};
use crate::event::RunId;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use serde_json::Value;
use std::collections::BTreeMap;

/// All that a run's row keeps of what the run was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The spec's own bytes.
    pub spec: Vec<u8>,
    /// The spec after all overrides, as JSON.
    pub resolved: String,
    /// The hash of the resolved form and the files it names, in hex.
    pub spec_hash: String,
    /// Each file that the run needs, by name, with its content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The question.
    pub input: String,
    /// Labels that the caller gave.
    pub labels: BTreeMap<String, String>,
    /// What every draw of the run follows from.
    pub seed: u64,
    /// Deadline and budget, as an object.
    pub limits: Value,
}

impl Reader {
    /// What a run was made of.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn recipe(&self, run_id: &RunId) -> Result<Recipe, StoreError> {
        let read = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
            recipe(&tx, run_id)
        };
        read()
            .map_err(|fault| self.fault_of(run_id, &fault))?
            .ok_or_else(|| StoreError::UnknownRun(run_id.clone()))
    }
}

fn recipe(conn: &Connection, run_id: &RunId) -> rusqlite::Result<Option<Recipe>> {
    let Some(row) = sql::row(conn, run_id)? else {
        return Ok(None);
    };
    let files = conn
        .prepare_cached("SELECT name, content FROM files WHERE run_id = ?1")?
        .query_map([run_id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    conn.prepare_cached("SELECT spec, resolved, spec_hash, limits FROM runs WHERE run_id = ?1")?
        .query_row([run_id.as_str()], |kept| {
            Ok(Recipe {
                spec: kept.get(0)?,
                resolved: kept.get(1)?,
                spec_hash: kept.get(2)?,
                files,
                input: row.input,
                labels: row.labels,
                seed: row.seed,
                limits: sql::json(3, &kept.get::<_, String>(3)?)?,
            })
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Writer;
    use crate::store::testing::{block_on, run};

    #[test]
    fn what_a_run_was_made_of_comes_back_as_it_was_given() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        let writer = Writer::open(&store).expect("a store");
        let given = run("a");
        block_on(writer.begin(given.clone())).expect("the row is written");
        let reader = Reader::open(&store).expect("it opens").expect("a store");
        let recipe = reader.recipe(&given.run_id).expect("its recipe");
        let expected = Recipe {
            spec: given.spec,
            resolved: given.resolved,
            spec_hash: given.spec_hash,
            files: given.files,
            input: given.input,
            labels: given.labels,
            seed: given.seed,
            limits: given.limits,
        };
        assert_eq!(recipe, expected);
        let other = "b".parse().expect("a run id");
        let fault = reader.recipe(&other).expect_err("no such run");
        assert!(matches!(fault, StoreError::UnknownRun(_)));
    }
}
