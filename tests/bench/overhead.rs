//! What a run adds to its models' own time: the longest call of each round, as the server saw it.

use crate::measure::{part, quiet};
use crate::models::Models;
use crate::place::Place;
use crate::say::{Bar, figure};
use council::store::Reader;
use std::time::{Duration, Instant};

const RUNS: usize = 20;

pub(crate) fn run() {
    let place = Place::new();
    let models = Models::start(Duration::from_millis(100));
    place.write("bench.toml", &models.spec());
    let (mut ratios, mut added, mut inside) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut council = place.council("runs.db", &["run", "./bench.toml", "--input", "x"]);
        let since = Instant::now();
        let ended = quiet(&mut council).status().expect("the program starts");
        let took = since.elapsed().as_secs_f64();
        assert!(ended.success(), "{ended}");
        let calls = models.taken();
        assert_eq!(calls.len(), 10);
        let longest = calls.chunks(3).filter_map(|round| round.iter().max());
        let critical = longest.sum::<Duration>().as_secs_f64();
        ratios.push(took / critical);
        added.push((took - critical) * 1e3);
        inside.push(own_ms(&place) - critical * 1e3);
    }
    let note = format!("median of {RUNS} runs, best {:.3}", part(&ratios, 0.0));
    let what = "run / its models' critical path at 100 ms a call";
    figure(what, part(&ratios, 0.5), "x", Bar::AtMost(1.02), &note);
    let note = format!(
        "best {:.2}; between its first and its last event {:.2}",
        part(&added, 0.0),
        part(&inside, 0.5)
    );
    let what = "run - its models' critical path";
    figure(what, part(&added, 0.5), " ms", Bar::AtMost(5.0), &note);
}

/// How long the newest run took by its own events, in milliseconds.
fn own_ms(place: &Place) -> f64 {
    let reader = Reader::open(&place.path("runs.db")).expect("it opens");
    let reader = reader.expect("a store");
    let run_id = reader.find("latest").expect("a run");
    let events = reader.events(&run_id).expect("its events");
    let (first, last) = (&events[0], &events[events.len() - 1]);
    let took = last.at.timestamp().as_microsecond() - first.at.timestamp().as_microsecond();
    took as f64 / 1e3
}
