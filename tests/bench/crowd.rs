//! A thousand members that stream at once: every piece is in the record, and memory is bounded.

use crate::measure::{peak_of, quiet};
use crate::place::Place;
use crate::say::{Bar, figure, without};
use council::event::{Event, EventKind, MemberId};
use council::store::Reader;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

const MEMBERS: usize = 1_000;
const PIECES: usize = 100;

pub(crate) fn run() {
    let place = Place::new();
    let pieces: Vec<String> = (0..PIECES).map(|n| format!("\"piece {n}, \"")).collect();
    let reply = format!(
        "[[reply]]\nevery = \"10ms\"\npieces = [{}]\n",
        pieces.join(", ")
    );
    place.write("replies.toml", &reply);
    let mut spec = format!(
        "name = \"crowd\"\n[providers.lab]\nkind = \"script\"\nfile = \"replies.toml\"\n\
         max_concurrency = {MEMBERS}\n[defaults]\nmodel = \"lab/model\"\n\
         [[round]]\nkind = \"independent_analysis\"\n"
    );
    for n in 0..MEMBERS {
        let _ = writeln!(spec, "[[member]]\nid = \"m{n}\"");
    }
    place.write("crowd.toml", &spec);
    let args = ["run", "./crowd.toml", "--input", "x", "--run-id", "crowd"];
    let since = Instant::now();
    let child = quiet(&mut place.council("runs.db", &args)).spawn();
    let peak = peak_of(child.expect("the program starts"));
    let took = since.elapsed().as_secs_f64();

    let reader = Reader::open(&place.path("runs.db")).expect("it opens");
    let run_id = "crowd".parse().expect("a run id");
    let events = reader
        .expect("a store")
        .events(&run_id)
        .expect("its events");
    let lost = lost(&events);
    let note = format!(
        "{} events, {took:.2} s for a second of pieces",
        events.len()
    );
    let what = "1,000 members at once: pieces or events lost";
    figure(what, lost as f64, "", Bar::AtMost(0.0), &note);
    let what = "1,000 members at once: memory";
    match peak {
        Some(peak) => figure(what, peak, " MiB", Bar::AtMost(150.0), ""),
        None => without(what, "this system does not tell"),
    }
}

/// Places in the run without an event, and members whose pieces are not their reply.
fn lost(events: &[Event]) -> usize {
    let whole: String = (0..PIECES).map(|n| format!("piece {n}, ")).collect();
    let mut texts: BTreeMap<&MemberId, (String, bool)> = BTreeMap::new();
    for event in events {
        let Some(member) = &event.member else {
            continue;
        };
        let (pieces, replied) = texts.entry(member).or_default();
        match &event.body {
            EventKind::MemberToken(token) => pieces.push_str(&token.text),
            EventKind::MemberCompleted(completed) => {
                *replied = completed.text.as_deref() == Some(&whole);
            }
            _ => {}
        }
    }
    let gaps = events
        .iter()
        .zip(0..)
        .filter(|(event, seq)| event.seq != *seq);
    let kept = texts
        .values()
        .filter(|(pieces, replied)| *replied && *pieces == whole);
    gaps.count() + (MEMBERS - kept.count())
}
