//! What stands on a terminal while a council is held: whole screens, as an emulator shows them.
//!
//! The replies come from a script, time is paused, and the rows are drawn by the display itself.

use council::display::{Mode, Progress, Screen, Terminal, Wishes, closing, mode};
use council::event::{Event, EventKind, RunResult};
use council::report::terminal;
use council::run::{self, Registry, StartOptions};
use council::spec::{Council, Overrides};
use council::ui::{Streams, Ui};
use snapbox::{Data, assert_data_eq};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What a model may send to hurt a terminal.
const HOSTILE: &str = r#""\u001b[2J\u001b]0;owned\u0007\u202edesrever\u2069 ", "漢字かな交じり文 ", "👩‍👩‍👧 ❤️ 🇩🇪 e\u0301\u200b ", "\r\n\tand on""#;

/// The chair's answer, in pieces, with all that Markdown has.
const ANSWER: &str = r###""# Adopt it\n\nThe council says **yes**, ", "*mostly*: ", "\u001b[31mred\u001b[0m &#27;[2J \u202e.\n\n",
"1. Speed matters to everybody who waits for a build, and that is everybody\n2. 漢字かな交じり文漢字かな交じり文漢字かな交じり文 👩‍👩‍👧\n",
"   - see [the book](https://example.org/book)\n\n", "> A quote\n\n```\nlet x = 1;\n```\n\n",
"| who | says |\n| --- | --- |\n| m0 | it depends |\n| m1 | 漢字 👍 |\n""###;

/// A terminal in memory.
#[derive(Clone)]
struct Emulator(Arc<Mutex<vt100::Parser>>);

impl Emulator {
    fn new(columns: u16) -> Self {
        let size = |n| NonZeroU16::new(n).expect("a size");
        let parser = vt100::Parser::new(size(40), size(columns), 0);
        Self(Arc::new(Mutex::new(parser)))
    }

    fn screen(&self) -> String {
        let parser = self.0.lock().expect("no panic");
        let (_, columns) = parser.screen().size();
        let rows: Vec<String> = parser.screen().rows(0, columns.get()).collect();
        let rows = rows.iter().map(|row| row.trim_end());
        rows.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }
}

impl Terminal for Emulator {
    fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.0.lock().expect("no panic").screen().size();
        (columns.get().into(), rows.get().into())
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let text = text.replace('\n', "\r\n");
        self.0.lock().expect("no panic").process(text.as_bytes());
        Ok(())
    }
}

impl Write for Emulator {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Terminal::write(self, &String::from_utf8_lossy(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulator")
    }
}

/// A council of `members` on a script: the first speaks plainly, the second is hostile, the third
/// fails once, and the others answer one after the other.
fn council(members: usize) -> Arc<Council> {
    let mut document = "name = \"design-review\"\n[providers.stage]\nkind = \"script\"\n\
         file = \"replies.toml\"\n[defaults]\nmodel = \"stage/any\"\n[chair]\n"
        .to_owned();
    for n in 0..members {
        document.push_str(&format!("[[member]]\nid = \"m{n}\"\n"));
    }
    let long = "x".repeat(200);
    let mut script = format!(
        r#"
[[reply]]
call = "*.m0.*"
every = "200ms"
pieces = ["I ", "would ", "adopt ", "it, ", "{long} ", "since ", "the ", "keys ", "are ", "safe."]
usage = {{ input_tokens = 1200, output_tokens = 80 }}
[[reply]]
call = "*.m1.*"
every = "250ms"
pieces = [{HOSTILE}, {HOSTILE}]
[[reply]]
call = "*.m2.*"
attempt = 1
delay = "500ms"
error = {{ kind = "rate_limited", http_status = 429, retry_after = "2s", message = "slow \u001b[2Jdown" }}
[[reply]]
call = "*.chair.*"
every = "150ms"
pieces = [{ANSWER}]
usage = {{ input_tokens = 3000, output_tokens = 400 }}
"#
    );
    for n in 2..members {
        script.push_str(&format!(
            "[[reply]]\ncall = \"*.m{n}.*\"\ndelay = \"{}ms\"\ntext = \"Yes.\"\n",
            100 * n
        ));
    }
    let files = BTreeMap::from([("replies.toml".into(), script.into())]);
    let checked = Council::check(&document, &files, &Overrides::default());
    Arc::new(
        checked
            .unwrap_or_else(|faults| panic!("{}", faults.render("spec", &document, false, None))),
    )
}

/// The screens of a run: at its first frame, while members speak, while the chair does, and after
/// the end.
async fn screens(members: usize, columns: u16) -> Vec<(&'static str, String)> {
    let emulator = Emulator::new(columns);
    let streams = Streams {
        stdout_is_terminal: true,
        stderr_is_terminal: true,
        width: Some(columns),
        ..Streams::default()
    };
    let ui = Ui::with(streams, emulator.clone(), emulator.clone());
    ui.text("$ council run design-review --input \"Why?\"");
    ui.settle();
    let wishes = Wishes {
        progress: Progress::Auto,
        ..Wishes::default()
    };
    let mode: Mode = mode::decide(&wishes, &streams);
    let mut screen = Screen::new(ui.clone(), mode, emulator.clone());
    let mut options = StartOptions::new(council(members), "Why?".to_owned());
    options.seed = 7;
    options.run_id = "a-run-of-the-test".parse().expect("an id");
    let mut events = options.subscribe();
    let handle = run::start(options, &Registry::default())
        .await
        .expect("it starts");
    let began = Instant::now();
    let (mut taken, mut first_piece) = (Vec::new(), None);
    loop {
        let wait = screen.wait(began.elapsed()).expect("there are rows");
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(event) => {
                    if is_of_chair(&event) {
                        first_piece.get_or_insert(began.elapsed());
                    }
                    screen.event(&event, began.elapsed());
                }
                None => break,
            },
            () = tokio::time::sleep(wait) => {}
        }
        screen.tick(began.elapsed());
        let now = began.elapsed();
        let shown = emulator.screen();
        assert_whole(&shown);
        let due = match taken.len() {
            0 => now >= Duration::from_millis(250),
            1 => now >= Duration::from_millis(1_050),
            2 => first_piece.is_some_and(|first| now >= first + Duration::from_millis(700)),
            _ => false,
        };
        if due {
            let name = ["at the start", "members speak", "the chair speaks"][taken.len()];
            taken.push((name, shown));
        }
    }
    screen.finish();
    let mut result: RunResult = (*handle.result(None).await.expect("a result")).clone();
    result.duration_ms = Some(4_200);
    ui.data_drawn(terminal::text(&result, columns.into(), true));
    let delivery = ui.deliver();
    assert!(delivery.failed.is_none());
    ui.line(closing(&result, Some(columns.into())));
    drop(ui.finish());
    taken.push(("after the end", emulator.screen()));
    taken
}

fn is_of_chair(event: &Event) -> bool {
    let chair = event
        .member
        .as_ref()
        .is_some_and(|id| id.as_str() == "chair");
    chair && matches!(event.body, EventKind::MemberToken(_))
}

/// Whatever models send, the line above the rows stands, and nothing of it is obeyed.
#[track_caller]
fn assert_whole(screen: &str) {
    assert!(
        screen.starts_with("$ council run design-review"),
        "{screen}"
    );
    assert!(
        !screen.contains(|c: char| c != '\n' && c.is_control()),
        "{screen:?}"
    );
    assert!(!screen.contains(['\u{202e}', '\u{2069}']), "{screen:?}");
}

async fn compare(members: usize, columns: u16) {
    let mut page = String::new();
    for (name, screen) in screens(members, columns).await {
        page.push_str(&format!("=== {name}\n{screen}\n"));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/screens");
    let path = folder.join(format!("{members}-members-{columns}-columns.txt"));
    assert_data_eq!(page, Data::read_from(&path, None).raw());
}

#[tokio::test(start_paused = true)]
async fn three_members_on_three_widths() {
    for columns in [120, 80, 40] {
        compare(3, columns).await;
    }
}

#[tokio::test(start_paused = true)]
async fn twenty_members_on_three_widths() {
    for columns in [120, 80, 40] {
        compare(20, columns).await;
    }
}
