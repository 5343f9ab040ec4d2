//! The speed bars, each a ratio of two things that take turns on the same machine, so that a busy
//! or a slow one changes both. One file a topic; `cargo bench --bench bars -- show crowd` takes
//! those topics alone. A bar that is missed is said, and fails nothing.

mod cost;
mod crowd;
mod large;
mod measure;
mod models;
mod overhead;
mod place;
mod record;
mod recorder;
mod say;
mod show;
mod start;

type Topic = (&'static str, fn());

const TOPICS: &[Topic] = &[
    ("start", start::run),
    ("show", show::run),
    ("cost", cost::run),
    ("overhead", overhead::run),
    ("recorder", recorder::run),
    ("crowd", crowd::run),
    ("large", large::run),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts this program too, without this flag.
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    for (name, run) in TOPICS {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            run();
        }
    }
}
