//! A run that has ended, folded while its events are read: its memory is that of its result.
//!
//! Whatever is not as it should be is left to [`Reader::look`], which knows how to tell it.

use super::Reader;
use super::sql::{self, Row};
use crate::event::{Event, Fold, RunId};
use rusqlite::{Transaction, TransactionBehavior};

impl Reader {
    /// The row and the fold of a run that has ended and of whose record nothing is missing; none
    /// for any other, and for one that cannot be read.
    pub(super) fn ended(&self, run_id: &RunId) -> Option<(Row, Fold)> {
        let read = || -> rusqlite::Result<Option<(Row, Fold)>> {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
            let row = sql::row(&tx, run_id)?;
            let Some(row) = row.filter(|row| row.outcome.is_some() && row.record.is_none()) else {
                return Ok(None);
            };
            let mut statement = tx.prepare(sql::TOLD)?;
            let mut lines = statement.query([run_id.as_str()])?;
            let mut fold = Fold::new(run_id.clone());
            while let Some(line) = lines.next()? {
                let body = line.get_ref(0)?.as_str()?;
                match serde_json::from_str::<Event>(body) {
                    Ok(event) => fold.apply(&event),
                    Err(_) => return Ok(None),
                }
            }
            Ok(Some((row, fold)))
        };
        read().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CallKey, Draft, End, EventKind, MemberToken, RoundRef};
    use crate::store::Writer;
    use crate::store::testing::{AGES, block_on, events, finish, run, write_open};
    use rusqlite::Connection;
    use std::path::Path;
    use std::sync::Arc;

    /// A run of a notice, pieces of a reply, another notice and its end.
    fn write(store: &Path) -> Vec<Arc<Event>> {
        let writer = Writer::open(store).expect("a store");
        let mut all = events(&run("a"), 2);
        let end = all.pop().expect("a last event");
        let mut fold = Fold::of(all.iter().map(AsRef::as_ref)).expect("a run");
        let round = RoundRef {
            index: 0,
            name: "first".to_owned(),
            kind: "independent_analysis".to_owned(),
            iteration: 0,
        };
        let call: CallKey = "0.m.answer".parse().expect("a call");
        for text in ["a ", "b ", "c"] {
            let token = EventKind::MemberToken(MemberToken {
                attempt: 1,
                text: text.to_owned(),
            });
            let draft = Draft::of_call(round.clone(), call.clone(), token);
            let event = draft.stamp(end.run_id.clone(), fold.next_seq(), end.at);
            fold.apply(&event);
            all.push(Arc::new(event));
        }
        let late = Draft::notice(None, "late", "news");
        let late = late.stamp(end.run_id.clone(), fold.next_seq(), end.at);
        fold.apply(&late);
        all.push(Arc::new(late));
        let end = fold.conclude(&End::Completed);
        all.push(Arc::new(end.stamp(
            run("a").run_id,
            fold.next_seq(),
            all[0].at,
        )));
        block_on(async {
            writer.begin(run("a")).await.expect("the row is written");
            for event in &all[..all.len() - 1] {
                writer.event(Arc::clone(event)).await.expect("it is queued");
            }
            let end = Arc::clone(&all[all.len() - 1]);
            finish(&writer, end, AGES).await.expect("the run is ended");
        });
        block_on(write_open(&writer, run("open"), 2));
        writer.close();
        all
    }

    #[test]
    fn what_is_told_of_an_ended_run_is_the_fold_of_all_its_events() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        let all = write(&store);
        let reader = Reader::open(&store).expect("it opens").expect("a store");
        let (_row, fold) = reader.ended(&run("a").run_id).expect("it has ended");
        let whole = Fold::of(all.iter().map(AsRef::as_ref)).expect("a run");
        assert_eq!(fold.peek(), whole.peek());
        assert_eq!(fold.next_seq(), all.len() as u64);
        let result = reader.result(&run("a").run_id).expect("its result");
        assert_eq!(result, whole.into_result());
        assert!(reader.ended(&run("open").run_id).is_none());
    }

    #[test]
    fn a_line_that_is_no_event_is_told_with_its_place() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        write(&store);
        let conn = Connection::open(&store).expect("the file");
        conn.execute_batch("UPDATE events SET body = '{' WHERE kind = 'notice' AND seq = 5")
            .expect("a bad line");
        let reader = Reader::open(&store).expect("it opens").expect("a store");
        let fault = reader.result(&run("a").run_id).expect_err("no result");
        assert!(
            fault.to_string().contains("line 6 of its events"),
            "{fault}"
        );
    }

    #[test]
    fn an_event_that_is_only_called_a_piece_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        let all = write(&store);
        let conn = Connection::open(&store).expect("the file");
        conn.execute_batch("UPDATE events SET kind = 'member_token' WHERE kind = 'run_completed'")
            .expect("another word");
        let reader = Reader::open(&store).expect("it opens").expect("a store");
        let whole = Fold::of(all.iter().map(AsRef::as_ref)).expect("a run");
        let result = reader.result(&run("a").run_id).expect("its result");
        assert_eq!(result, whole.into_result());
        conn.execute_batch("UPDATE events SET body = '{' WHERE seq = 4 AND run_id = 'a'")
            .expect("a bad piece");
        let fault = reader.result(&run("a").run_id).expect_err("no result");
        assert!(
            fault.to_string().contains("line 5 of its events"),
            "{fault}"
        );
    }
}
