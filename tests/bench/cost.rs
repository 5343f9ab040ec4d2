//! What a run takes of the machine while the models take nothing: three members, three rounds and
//! a chair, recorded.

use crate::measure::{children_cpu, part, peak_of, quiet};
use crate::models::Models;
use crate::place::Place;
use crate::say::{Bar, figure, without};
use std::time::Duration;

/// The system's clock may tick a hundred times a second: so many runs make its step small.
const RUNS: u32 = 100;

pub(crate) fn run() {
    let place = Place::new();
    let models = Models::start(Duration::ZERO);
    place.write("bench.toml", &models.spec());
    let args = ["run", "./bench.toml", "--input", "x"];
    let run = || place.council("runs.db", &args);
    let before = children_cpu();
    for _ in 0..RUNS {
        let ended = quiet(&mut run()).status().expect("the program starts");
        assert!(ended.success(), "{ended}");
    }
    let cpu = before
        .zip(children_cpu())
        .map(|(from, to)| (to - from) / RUNS);
    let what = "3 members, 3 rounds, a chair: processor time";
    match cpu {
        Some(cpu) => {
            let note = format!("mean of {RUNS} runs");
            figure(
                what,
                cpu.as_secs_f64() * 1e3,
                " ms",
                Bar::AtMost(20.0),
                &note,
            );
        }
        None => without(what, "this system does not tell"),
    }
    let peaks: Option<Vec<f64>> = (0..10)
        .map(|_| peak_of(quiet(&mut run()).spawn().expect("the program starts")))
        .collect();
    let what = "3 members, 3 rounds, a chair: memory";
    match peaks {
        Some(peaks) => {
            let note = "median of 10 runs";
            figure(what, part(&peaks, 0.5), " MiB", Bar::AtMost(16.0), note);
        }
        None => without(what, "this system does not tell"),
    }
}
