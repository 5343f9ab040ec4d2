//! The run that a name on the command line means.

use super::{Reader, StoreError};
use crate::event::RunId;
use rusqlite::{OptionalExtension as _, params};

/// How many candidates or near misses are named.
const NAMED: usize = 10;

/// Among how many of the newest ids a near miss is looked for.
const SEARCHED: usize = 1_000;

/// How much of a name is looked at for near misses: no id is longer.
const LONGEST: usize = 64;

/// Why a name means no one run.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No run has this id or begins with it.
    #[error("there is no run `{name}`{}; `council list` shows what is there", did_you_mean(.near))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Ids that look like it.
        near: Vec<RunId>,
    },
    /// Several runs begin with it.
    #[error("`{name}` is ambiguous: {}; give more of the id", listed(.candidates, *.total))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The newest that begin with it, newest first.
        candidates: Vec<RunId>,
        /// How many begin with it in all.
        total: usize,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn did_you_mean(near: &[RunId]) -> String {
    match near {
        [] => String::new(),
        near => format!(" (did you mean {}?)", joined(near)),
    }
}

fn listed(candidates: &[RunId], total: usize) -> String {
    let all = joined(candidates);
    match total.saturating_sub(candidates.len()) {
        0 => all,
        more => format!("{all} and {more} more"),
    }
}

fn joined(ids: &[RunId]) -> String {
    let ids: Vec<&str> = ids.iter().map(RunId::as_str).collect();
    ids.join(", ")
}

impl Reader {
    /// The run that `name` means: `latest` is the newest that is no sub-run; a full id wins; else
    /// it is the only one that begins with `name`.
    ///
    /// # Errors
    /// No run or several runs fit, or the store cannot be read.
    pub fn find(&self, name: &str) -> Result<RunId, FindError> {
        let ids = self.ids(name).map_err(|fault| self.fault(&fault))?;
        let mut ids: Vec<RunId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        match ids.len() {
            1 => Ok(ids.remove(0)),
            0 => Err(FindError::Unknown {
                name: name.to_owned(),
                near: self.near(name).map_err(|fault| self.fault(&fault))?,
            }),
            total => {
                ids.truncate(NAMED);
                Err(FindError::Ambiguous {
                    name: name.to_owned(),
                    candidates: ids,
                    total,
                })
            }
        }
    }

    fn ids(&self, name: &str) -> rusqlite::Result<Vec<String>> {
        if name == "latest" {
            let newest = "SELECT run_id FROM runs WHERE parent IS NULL ORDER BY rowid DESC LIMIT 1";
            let newest = self
                .conn
                .query_row(newest, [], |row| row.get(0))
                .optional()?;
            return Ok(newest.into_iter().collect());
        }
        let exact = self
            .conn
            .query_row("SELECT run_id FROM runs WHERE run_id = ?1", [name], |row| {
                row.get(0)
            })
            .optional()?;
        match (exact, after_prefix(name)) {
            (Some(id), _) => Ok(vec![id]),
            (None, None) => Ok(Vec::new()),
            (None, Some(end)) => self
                .conn
                .prepare(
                    "SELECT run_id FROM runs WHERE run_id >= ?1 AND run_id < ?2 ORDER BY rowid DESC",
                )?
                .query_map(params![name, end], |row| row.get(0))?
                .collect(),
        }
    }

    /// Ids that `name`, or an id cut to its length, is a slip of.
    fn near(&self, name: &str) -> rusqlite::Result<Vec<RunId>> {
        let mut statement = self
            .conn
            .prepare("SELECT run_id FROM runs ORDER BY rowid DESC LIMIT ?1")?;
        let ids = statement.query_map([SEARCHED as i64], |row| row.get::<_, String>(0))?;
        let end = name
            .char_indices()
            .nth(LONGEST)
            .map_or(name.len(), |(at, _)| at);
        let name = &name[..end];
        let mut near = Vec::new();
        for id in ids {
            let id = id?;
            let cut = id.get(..name.len()).unwrap_or(&id);
            let distance = strsim::damerau_levenshtein(cut, name);
            if distance <= (name.chars().count() / 3).max(1)
                && name.chars().count() > 2
                && let Ok(id) = id.parse::<RunId>()
            {
                near.push((distance, id));
            }
        }
        near.sort_by_key(|(distance, _)| *distance);
        near.truncate(3);
        Ok(near.into_iter().map(|(_, id)| id).collect())
    }
}

/// The first text after all that begin with `prefix`; none for what no id begins with.
fn after_prefix(prefix: &str) -> Option<String> {
    let is_part_of_ids = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !prefix.bytes().all(is_part_of_ids) {
        return None;
    }
    let (&last, head) = prefix.as_bytes().split_last()?;
    let mut end = head.to_vec();
    end.push(last + 1);
    String::from_utf8(end).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Writer;
    use crate::store::testing::{block_on, run};
    use proptest::prelude::*;

    fn store_of(ids: &[&str]) -> (tempfile::TempDir, Reader) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        let writer = Writer::open(&store).expect("a store");
        block_on(async {
            for id in ids {
                let mut new = run(id);
                if id.starts_with("sub") {
                    new.parent = Some("main".parse().expect("an id"));
                }
                writer.begin(new).await.expect("the row is written");
            }
        });
        writer.close();
        let reader = Reader::open(&store).expect("it opens").expect("a store");
        (dir, reader)
    }

    #[test]
    fn latest_is_the_newest_that_is_no_sub_run() {
        let (_dir, reader) = store_of(&["z", "main", "sub1"]);
        assert_eq!(reader.find("latest").expect("a run").as_str(), "main");
        let (_dir, reader) = store_of(&[]);
        let fault = reader.find("latest").expect_err("no run");
        assert!(matches!(fault, FindError::Unknown { .. }));
    }

    #[test]
    fn an_exact_id_wins_over_longer_ones() {
        let (_dir, reader) = store_of(&["ab", "abc", "abd"]);
        assert_eq!(reader.find("ab").expect("a run").as_str(), "ab");
    }

    #[test]
    fn what_fits_several_lists_them_and_what_fits_none_says_what_is_near() {
        let (_dir, reader) = store_of(&["alpha-1", "alpha-2", "beta"]);
        let fault = reader.find("alpha").expect_err("two fit");
        assert_eq!(
            fault.to_string(),
            "`alpha` is ambiguous: alpha-2, alpha-1; give more of the id"
        );
        let fault = reader.find("alhpa-1").expect_err("none fits");
        assert_eq!(
            fault.to_string(),
            "there is no run `alhpa-1` (did you mean alpha-1, alpha-2?); \
             `council list` shows what is there"
        );
        let endless = format!("alhpa-1{}", "9".repeat(1_000_000));
        for nothing in [endless.as_str(), "", "b*", "%", "beta'--", "ä"] {
            let fault = reader.find(nothing).expect_err("none fits");
            assert!(matches!(fault, FindError::Unknown { .. }), "{nothing}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_prefix_finds_what_begins_with_it(
            ids in prop::collection::btree_set("[ab][ab._-]{0,4}", 1..20),
            name in "[ab][ab._-]{0,3}",
        ) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let (_dir, reader) = store_of(&ids);
            let fit: Vec<&&str> = ids.iter().filter(|id| id.starts_with(&name)).collect();
            match reader.find(&name) {
                Ok(found) => prop_assert!(
                    found.as_str() == name || fit == [&found.as_str()]
                ),
                Err(FindError::Ambiguous { total, .. }) => {
                    prop_assert!(total == fit.len() && total > 1);
                    prop_assert!(!ids.contains(&name.as_str()));
                }
                Err(FindError::Unknown { .. }) => prop_assert!(fit.is_empty()),
                Err(FindError::Store(fault)) => panic!("{fault}"),
            }
        }
    }
}
