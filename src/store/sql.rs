//! The statements that writing, reading and recording a crash share.

use crate::event::{At, Event, EventKind, Outcome, Record, RunId, RunStatus};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// All that a run's row holds before anything else happens: enough to make the run again.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The run.
    pub run_id: RunId,
    /// The council's name.
    pub council: String,
    /// The question.
    pub input: String,
    /// Labels that the caller gave.
    pub labels: BTreeMap<String, String>,
    /// What every draw of the run follows from.
    pub seed: u64,
    /// The run whose member this run is.
    pub parent: Option<RunId>,
    /// The run whose replies this run plays back.
    pub origin: Option<RunId>,
    /// The spec's own bytes.
    pub spec: Vec<u8>,
    /// The spec after all overrides, as JSON.
    pub resolved: String,
    /// The hash of the resolved form and the files it names, in hex.
    pub spec_hash: String,
    /// Each file that the run needs, by name, with its content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Deadline and budget, as an object.
    pub limits: Value,
}

/// What a run's row says.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) run_id: RunId,
    pub(super) parent: Option<RunId>,
    pub(super) origin: Option<RunId>,
    pub(super) council: String,
    pub(super) status: String,
    /// JSON of an [`Outcome`].
    pub(super) outcome: Option<String>,
    pub(super) input: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) seed: u64,
    pub(super) created_at: At,
    pub(super) started_at: Option<At>,
    pub(super) ended_at: Option<At>,
    pub(super) live: Option<String>,
    pub(super) record: Option<Record>,
}

/// The columns that [`Row::read`] takes, in its order.
pub(super) const COLUMNS: &str = "run_id, parent, origin, council, status, outcome, input, labels, \
     seed, created_at, started_at, ended_at, live, record";

impl Row {
    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            run_id: parsed(row, 0)?,
            parent: parsed_or_null(row, 1)?,
            origin: parsed_or_null(row, 2)?,
            council: row.get(3)?,
            status: row.get(4)?,
            outcome: row.get(5)?,
            input: row.get(6)?,
            labels: json(7, &row.get::<_, String>(7)?)?,
            seed: row.get::<_, i64>(8)?.cast_unsigned(),
            created_at: parsed(row, 9)?,
            started_at: parsed_or_null(row, 10)?,
            ended_at: parsed_or_null(row, 11)?,
            live: row.get(12)?,
            record: match row.get::<_, Option<String>>(13)? {
                Some(text) => Some(json(13, &text)?),
                None => None,
            },
        })
    }

    /// What can be read of a row that cannot be read as a whole: at least its id.
    pub(super) fn salvage(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let time = |index| parsed_or_null(row, index).ok().flatten();
        Ok(Self {
            run_id: parsed(row, 0)?,
            parent: parsed_or_null(row, 1).unwrap_or_default(),
            origin: parsed_or_null(row, 2).unwrap_or_default(),
            council: row.get(3).unwrap_or_default(),
            status: row.get(4).unwrap_or_default(),
            outcome: None,
            input: row.get(6).unwrap_or_default(),
            labels: BTreeMap::new(),
            seed: row.get::<_, i64>(8).unwrap_or_default().cast_unsigned(),
            created_at: time(9).unwrap_or(At::from_timestamp(jiff::Timestamp::UNIX_EPOCH)),
            started_at: time(10),
            ended_at: time(11),
            live: None,
            record: None,
        })
    }
}

fn parsed<T>(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(index)?;
    text.parse().map_err(|fault| unreadable(index, fault))
}

fn parsed_or_null<T>(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, Option<String>>(index)?
        .map(|text| {
            text.parse()
                .map_err(|fault: T::Err| unreadable(index, fault))
        })
        .transpose()
}

pub(super) fn json<T: DeserializeOwned>(index: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|fault| unreadable(index, fault))
}

fn unreadable(
    index: usize,
    fault: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(fault))
}

/// Whether what stands in a row is not what this program writes there; the row alone is bad then,
/// not the store.
pub(super) fn is_unreadable(fault: &rusqlite::Error) -> bool {
    matches!(
        fault,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// An event in the form that its row has.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) run_id: RunId,
    pub(super) seq: u64,
    pub(super) kind: String,
    pub(super) at: String,
    pub(super) body: String,
    pub(super) is_start: bool,
}

impl Line {
    pub(super) fn of(event: &Event) -> Result<Self, serde_json::Error> {
        Ok(Self {
            run_id: event.run_id.clone(),
            seq: event.seq,
            kind: event.body.name().to_owned(),
            at: event.at.to_string(),
            body: serde_json::to_string(event)?,
            is_start: matches!(event.body, EventKind::RunStarted(_)),
        })
    }
}

/// The end of a run in the form that its row has.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) line: Line,
    status: RunStatus,
    degraded: bool,
    outcome: String,
}

impl Ending {
    pub(super) fn of(terminal: &Event, outcome: &Outcome) -> Result<Self, serde_json::Error> {
        Ok(Self {
            line: Line::of(terminal)?,
            status: outcome.status,
            degraded: outcome.degraded,
            outcome: serde_json::to_string(outcome)?,
        })
    }
}

/// What a statement for one run came to; other faults fail the whole transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// It is in.
    Done,
    /// It is not: something else has its place, or it is larger than SQLite takes.
    Refused,
}

fn wrote(result: rusqlite::Result<usize>) -> rusqlite::Result<Wrote> {
    #[cfg(test)]
    super::testing::tick();
    match result {
        Ok(_) => Ok(Wrote::Done),
        Err(fault) => match fault.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig) => Ok(Wrote::Refused),
            _ => Err(fault),
        },
    }
}

/// Writes the row of a run that is `pending`, and its files.
pub(super) fn insert_run(
    conn: &Connection,
    run: &NewRun,
    created_at: At,
    live: Option<&str>,
) -> rusqlite::Result<Wrote> {
    let labels = Value::from_iter(run.labels.clone()).to_string();
    let row = conn
        .prepare_cached(
            "INSERT INTO runs (run_id, council, status, created_at, parent, origin, seed, labels, \
             limits, live, spec_hash, input, resolved, spec) \
             VALUES (?1, ?2, 'pending', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            run.run_id.as_str(),
            run.council,
            created_at.to_string(),
            run.parent.as_ref().map(RunId::as_str),
            run.origin.as_ref().map(RunId::as_str),
            run.seed.cast_signed(),
            labels,
            run.limits.to_string(),
            live,
            run.spec_hash,
            run.input,
            run.resolved,
            run.spec,
        ]);
    if wrote(row)? == Wrote::Refused {
        return Ok(Wrote::Refused);
    }
    for (name, content) in &run.files {
        conn.prepare_cached("INSERT INTO files (run_id, name, content) VALUES (?1, ?2, ?3)")?
            .execute(params![run.run_id.as_str(), name, content])?;
    }
    Ok(Wrote::Done)
}

/// Takes back the row of a run that nobody waits for any more and that has no events.
pub(super) fn remove_run(conn: &Connection, run_id: &RunId) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM files WHERE run_id = ?1",
        "DELETE FROM runs WHERE run_id = ?1 AND outcome IS NULL \
         AND NOT EXISTS (SELECT 1 FROM events WHERE run_id = ?1)",
    ] {
        conn.execute(sql, [run_id.as_str()])?;
    }
    Ok(())
}

/// Writes one event; the row turns `running` with the first.
pub(super) fn insert_event(conn: &Connection, line: &Line) -> rusqlite::Result<Wrote> {
    let row = conn
        .prepare_cached(
            "INSERT INTO events (run_id, seq, kind, at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            line.run_id.as_str(),
            line.seq.cast_signed(),
            line.kind,
            line.at,
            line.body,
        ]);
    let done = wrote(row)?;
    if done == Wrote::Done && line.is_start {
        conn.prepare_cached(
            "UPDATE runs SET status = 'running', started_at = ?2 \
             WHERE run_id = ?1 AND outcome IS NULL",
        )?
        .execute(params![line.run_id.as_str(), line.at])?;
    }
    Ok(done)
}

/// Writes the terminal event and the outcome, unless the run has an outcome or no row.
pub(super) fn end_run(
    conn: &Connection,
    ending: &Ending,
    record: Option<&Record>,
) -> rusqlite::Result<Wrote> {
    let line = &ending.line;
    let is_open = conn
        .prepare_cached("SELECT outcome IS NULL FROM runs WHERE run_id = ?1")?
        .query_row([line.run_id.as_str()], |row| row.get(0))
        .optional()?;
    if is_open != Some(true) || insert_event(conn, line)? == Wrote::Refused {
        return Ok(Wrote::Refused);
    }
    let record = record.map(record_text);
    let row = conn
        .prepare_cached(
            // The first event tells when a run started; where that was lost, the row came just before.
            "UPDATE runs SET status = ?2, degraded = ?3, outcome = ?4, ended_at = ?5, record = ?6, \
             started_at = coalesce(started_at, iif(?7 > 0, created_at, NULL)) \
             WHERE run_id = ?1 AND outcome IS NULL",
        )?
        .execute(params![
            line.run_id.as_str(),
            ending.status.name(),
            ending.degraded,
            ending.outcome,
            line.at,
            record,
            line.seq.cast_signed(),
        ]);
    wrote(row)
}

fn record_text(record: &Record) -> String {
    serde_json::to_string(record).unwrap_or_else(|_| "{\"state\":\"incomplete\"}".to_owned())
}

/// Says anew what the record of a run that has ended lacks.
pub(super) fn correct_record(
    conn: &Connection,
    run_id: &RunId,
    record: Option<&Record>,
) -> rusqlite::Result<()> {
    conn.execute(
        "UPDATE runs SET record = ?2 WHERE run_id = ?1 AND outcome IS NOT NULL",
        params![run_id.as_str(), record.map(record_text)],
    )?;
    Ok(())
}

/// The first event of a run that is not stored.
pub(super) fn first_missing(conn: &Connection, run_id: &RunId) -> rusqlite::Result<u64> {
    let mut statement =
        conn.prepare_cached("SELECT seq FROM events WHERE run_id = ?1 ORDER BY seq")?;
    let mut rows = statement.query([run_id.as_str()])?;
    let mut next = 0;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(0)?.cast_unsigned() != next {
            break;
        }
        next += 1;
    }
    Ok(next)
}

/// The last event of a run that is stored.
pub(super) fn last(conn: &Connection, run_id: &RunId) -> rusqlite::Result<Option<u64>> {
    conn.prepare_cached("SELECT max(seq) FROM events WHERE run_id = ?1")?
        .query_row([run_id.as_str()], |row| row.get::<_, Option<i64>>(0))
        .map(|seq| seq.map(i64::cast_unsigned))
}

/// One stored event, as the JSON line that it is.
pub(super) fn body(
    conn: &Connection,
    run_id: &RunId,
    seq: u64,
) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT body FROM events WHERE run_id = ?1 AND seq = ?2")?
        .query_row((run_id.as_str(), seq.cast_signed()), |row| row.get(0))
        .optional()
}

/// The row of a run.
pub(super) fn row(conn: &Connection, run_id: &RunId) -> rusqlite::Result<Option<Row>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE run_id = ?1"))?
        .query_row([run_id.as_str()], Row::read)
        .optional()
}

/// The stored events of a run, in order, each as the JSON line that it is.
pub(super) fn bodies(conn: &Connection, run_id: &RunId) -> rusqlite::Result<Vec<String>> {
    conn.prepare_cached("SELECT body FROM events WHERE run_id = ?1 ORDER BY seq")?
        .query_map([run_id.as_str()], |row| row.get(0))?
        .collect()
}

/// What [`bodies`] gives, without the pieces of replies: no fold looks at them, and they are many.
/// What a column calls a piece must be one, for others may write here too.
pub(super) const TOLD: &str = "SELECT body FROM events WHERE run_id = ?1 AND \
     NOT (kind = 'member_token' AND instr(body, '\"kind\":\"member_token\"') > 0) ORDER BY seq";

/// As [`bodies`], from the event `seq` on.
pub(super) fn bodies_from(
    conn: &Connection,
    run_id: &RunId,
    seq: u64,
) -> rusqlite::Result<Vec<String>> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    conn.prepare_cached("SELECT body FROM events WHERE run_id = ?1 AND seq >= ?2 ORDER BY seq")?
        .query_map((run_id.as_str(), seq), |row| row.get(0))?
        .collect()
}

/// Whether somebody wants the run to end.
pub(super) fn cancel_requested(conn: &Connection, run_id: &RunId) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT cancel_requested FROM runs WHERE run_id = ?1")?
        .query_row([run_id.as_str()], |row| row.get(0))
        .optional()
        .map(|wanted| wanted.unwrap_or(false))
}
