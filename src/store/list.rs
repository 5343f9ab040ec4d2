//! The newest runs in few words, of all or of those with a label.

use super::StoreError;
use super::crash;
use super::label::{self, Label};
use super::live::Life;
use super::read::{Reader, result_of};
use super::sql::{self, Row};
use super::summary::Summary;
use rusqlite::ToSql;

/// A row of a list, or what is left of it and what is wrong.
type Listed = Result<Row, (Row, String)>;

impl Reader {
    /// The newest runs, newest first, `limit` at most; sub-runs only with `all`. Events are read
    /// only for runs whose process died and that nobody has recorded as crashed. A run that cannot
    /// be read is `crashed`, and its reason says so.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn summaries(&self, limit: usize, all: bool) -> Result<Vec<Summary>, StoreError> {
        self.labelled(limit, all, &[])
    }

    /// As [`Reader::summaries`], of the runs that have each of `labels`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn labelled(
        &self,
        limit: usize,
        all: bool,
        labels: &[Label],
    ) -> Result<Vec<Summary>, StoreError> {
        self.newest(limit, all, labels)
            .map_err(|fault| self.fault(&fault))?
            .into_iter()
            .map(|row| match row {
                Ok(row) => match self.summary_of(&row) {
                    Err(StoreError::Unreadable { why, .. }) => Ok(Summary::unreadable(&row, &why)),
                    done => done,
                },
                Err((row, why)) => Ok(Summary::unreadable(&row, &why)),
            })
            .collect()
    }

    fn summary_of(&self, row: &Row) -> Result<Summary, StoreError> {
        if row.outcome.is_some() {
            return self.summary(row, true);
        }
        let life = self.live.probe(row.live.as_deref());
        let spilled = self.spills.read(&row.run_id);
        if life != Life::Dead && spilled.is_none() {
            return self.summary(row, life == Life::Alive);
        }
        // It may have ended in between; what it was is in its events otherwise.
        let (view, events) = self.whole(self.look_with(&row.run_id, spilled)?)?;
        let fold = crash::fold(&view.row, &events);
        let result = result_of(view.row, fold);
        Ok(Summary {
            verified: life != Life::Unknown || result.status.is_ended(),
            ..Summary::of_result(result, row.created_at)
        })
    }

    /// The newest rows; of one that cannot be read, what can be, and why. One without a readable
    /// id has no name to be listed under.
    fn newest(&self, limit: usize, all: bool, labels: &[Label]) -> rusqlite::Result<Vec<Listed>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.conn.prepare_cached(&newest_first(all, labels))?;
        let mut given: Vec<&dyn ToSql> = vec![&limit];
        for label in labels {
            given.extend([&label.key as &dyn ToSql, &label.value]);
        }
        let mut rows = statement.query(given.as_slice())?;
        let mut listed = Vec::new();
        while let Some(row) = rows.next()? {
            match (Row::read(row), Row::salvage(row)) {
                (Ok(row), _) => listed.push(Ok(row)),
                (Err(fault), Ok(rest)) => listed.push(Err((rest, fault.to_string()))),
                (Err(_), Err(_)) => {}
            }
        }
        Ok(listed)
    }

    fn summary(&self, row: &Row, verified: bool) -> Result<Summary, StoreError> {
        Summary::of_row(row, verified)
            .map_err(|fault| self.unreadable(&row.run_id, format!("its outcome: {fault}")))
    }
}

/// Rows come in by time, so the newest has the highest rowid; VACUUM keeps the order.
pub(super) fn newest_first(all: bool, labels: &[Label]) -> String {
    let mut which = label::conditions(labels, 2);
    which.extend((!all).then(|| "parent IS NULL".to_owned()));
    let which = match which.join(" AND ") {
        none if none.is_empty() => none,
        some => format!("WHERE {some}"),
    };
    let columns = sql::COLUMNS;
    format!("SELECT {columns} FROM runs {which} ORDER BY rowid DESC LIMIT ?1")
}
