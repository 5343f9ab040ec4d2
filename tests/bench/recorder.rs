//! The recorder, with more events than its queue holds, against one transaction of the same rows.
//!
//! The recorder waits for the disk a hundred times where that transaction waits once, and has a
//! second thread: while others keep the disk or the processors busy, the figure tells of them. A
//! `TMPDIR` in memory leaves the disk out.

use crate::measure::{part, ratio};
use crate::place::Place;
use crate::record::{events, row};
use crate::say::{Bar, figure};
use council::event::Event;
use council::recorder::{Finalize, Recorder as _, SqliteRecorder};
use council::store::Writer;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

const EVENTS: u64 = 50_000;
const TURNS: usize = 15;

pub(crate) fn run() {
    let all = events(&row("recorded"), EVENTS);
    let (mut recorded, mut bulk) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let place = Place::new();
        bulk.push(in_bulk(&place.path("bulk.db"), &all));
        recorded.push(by_recorder(&place.path("recorded.db"), &all));
    }
    // Turned round: how fast it is, not how long it takes.
    let (median, _) = ratio(&bulk, &recorded);
    let best = part(&bulk, 0.0) / part(&recorded, 0.0);
    let what = "recorder, queue full / one bulk transaction";
    let note = format!("speed; {EVENTS} events, best of each {best:.3}");
    figure(what, median, "x", Bar::AtLeast(0.85), &note);
}

/// Seconds from the first event to the commit of the last one.
fn by_recorder(store: &Path, all: &[Arc<Event>]) -> f64 {
    let writer = Writer::open(store).expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let row = row("recorded");
    let run_id = row.run_id.clone();
    let mut recorder = SqliteRecorder::new(writer.clone(), row, CancellationToken::new());
    let took = runtime.block_on(async {
        recorder.init(&run_id).await.expect("the row is written");
        let since = Instant::now();
        for event in all {
            let event = Arc::clone(event);
            recorder.handle_event(event).await.expect("it is queued");
        }
        let crashed = Finalize::Crashed("it has a last event".to_owned());
        recorder.handle_finalize(crashed).await.expect("it is kept");
        since.elapsed()
    });
    writer.close();
    took.as_secs_f64()
}

/// The same for one transaction, the making of the rows included.
fn in_bulk(store: &Path, all: &[Arc<Event>]) -> f64 {
    Writer::open(store).expect("a store").close();
    let mut conn = Connection::open(store).expect("the store");
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        .expect("the store's own settings");
    let since = Instant::now();
    let tx = conn.transaction().expect("a transaction");
    let mut insert = tx
        .prepare("INSERT INTO events (run_id, seq, kind, at, body) VALUES (?1, ?2, ?3, ?4, ?5)")
        .expect("a statement");
    for event in all {
        let (seq, at) = (event.seq.cast_signed(), event.at.to_string());
        let body = serde_json::to_string(event).expect("JSON");
        insert
            .execute(params![
                event.run_id.as_str(),
                seq,
                event.body.name(),
                at,
                body
            ])
            .expect("a row");
    }
    drop(insert);
    tx.commit().expect("a commit");
    since.elapsed().as_secs_f64()
}
