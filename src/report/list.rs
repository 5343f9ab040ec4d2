//! Many runs as a table.

use super::words;
use crate::event::{At, RunId, RunStatus};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use console::measure_text_width;

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The run.
    pub run_id: RunId,
    /// The run whose replies it plays back: of a resume, a retry, a replay, or `--from`.
    pub origin: Option<RunId>,
    /// The council's name.
    pub council: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Whether it completed with a part missing.
    pub degraded: bool,
    /// Whether nobody could be asked if its process still lives.
    pub unverified: bool,
    /// The question.
    pub input: String,
    /// When it started.
    pub started_at: Option<At>,
    /// From start to end, in milliseconds.
    pub duration_ms: Option<u64>,
}

impl Row {
    fn standing(&self) -> String {
        let name = if self.degraded {
            "degraded"
        } else {
            self.status.name()
        };
        if self.unverified && !self.status.is_ended() {
            format!("{name} (unverified)")
        } else {
            name.to_owned()
        }
    }

    /// What was asked. Few runs come from another, and those most often ask the same again: the
    /// other stands here, not in a column that would be empty nearly always.
    fn question(&self, ids: &[&str]) -> String {
        let input = words::clip(&words::tidy(&self.input), 200);
        match &self.origin {
            Some(origin) => format!("(from {}) {input}", short(origin.as_str(), ids)),
            None => input,
        }
    }
}

/// Between two columns.
const GAP: usize = 2;

/// A question with less room than this is left out.
const LEAST_QUESTION: usize = 12;

/// A table of at most `columns` columns; without a limit nothing is cut. Where there is too
/// little room, columns are left out, from the least telling on. Ages are as seen at `now`.
#[must_use]
pub fn table(rows: &[Row], now: At, columns: Option<usize>) -> String {
    if rows.is_empty() {
        return "No runs.\n".to_owned();
    }
    let lines = cells(rows, now);
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|column| {
            let cells = lines.iter().map(|line| measure_text_width(&line[column]));
            cells.max().unwrap_or(0).max(HEADS[column].len())
        })
        .collect();
    let Some(columns) = columns else {
        return draw(&lines, &[0, 1, 2, 3, 4, 5], &widths);
    };
    let choices: [&[usize]; 4] = [&[0, 1, 2, 3, 4, 5], &[0, 1, 2, 5], &[0, 2, 5], &[0, 2]];
    for shown in choices {
        let fixed = |column: &&usize| **column != QUESTION;
        let taken: usize = shown
            .iter()
            .filter(fixed)
            .map(|&column| widths[column] + GAP)
            .sum();
        let mut widths = widths.clone();
        if shown.contains(&QUESTION) {
            let room = columns.saturating_sub(taken);
            if room < LEAST_QUESTION.min(widths[QUESTION]) {
                continue;
            }
            widths[QUESTION] = widths[QUESTION].min(room);
        } else if taken - GAP > columns {
            continue;
        }
        return draw(&lines, shown, &widths);
    }
    stacked(&lines, columns)
}

const HEADS: [&str; 6] = ["RUN", "COUNCIL", "STATUS", "STARTED", "TIME", "QUESTION"];
const QUESTION: usize = 5;

fn cells(rows: &[Row], now: At) -> Vec<[String; 6]> {
    let named = rows
        .iter()
        .flat_map(|row| [Some(&row.run_id), row.origin.as_ref()]);
    let mut ids: Vec<&str> = named.flatten().map(RunId::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    rows.iter()
        .map(|row| {
            [
                short(row.run_id.as_str(), &ids).to_owned(),
                words::clip(&words::tidy(&row.council), 24),
                row.standing(),
                row.started_at
                    .map_or_else(|| "-".to_owned(), |at| age(at, now)),
                row.duration_ms
                    .map_or_else(|| "-".to_owned(), words::seconds),
                row.question(&ids),
            ]
        })
        .collect()
}

/// The start of a drawn id that no other of `ids` shares; it holds at least the millisecond, so
/// that runs that are not listed seldom share it either. A chosen id is shown whole.
fn short<'a>(id: &'a str, ids: &[&str]) -> &'a str {
    const MILLISECOND: usize = 13;
    let is_drawn = id.len() == 36
        && id.bytes().enumerate().all(|(place, b)| {
            if matches!(place, 8 | 13 | 18 | 23) {
                b == b'-'
            } else {
                b.is_ascii_hexdigit()
            }
        });
    if !is_drawn {
        return id;
    }
    (MILLISECOND..id.len())
        .filter(|&end| id.as_bytes()[end - 1] != b'-')
        .map(|end| &id[..end])
        .find(|start| ids.iter().filter(|other| other.starts_with(start)).count() == 1)
        .unwrap_or(id)
}

/// How long ago, in the largest unit; beyond a month, the day.
fn age(at: At, now: At) -> String {
    let seconds = now.ms_since(at) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} m ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..2_592_000 => format!("{} d ago", seconds / 86_400),
        _ => at.to_string().chars().take(10).collect(),
    }
}

fn draw(lines: &[[String; 6]], shown: &[usize], widths: &[usize]) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(shown.iter().map(|&column| HEADS[column]));
    for line in lines {
        table.add_row(
            shown
                .iter()
                .map(|&column| words::clip(&line[column], widths[column])),
        );
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP as u16));
    }
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// For terminals on which not even two columns fit: two short lines a run.
fn stacked(lines: &[[String; 6]], columns: usize) -> String {
    let mut out = String::new();
    for line in lines {
        for (indent, text) in [("", &line[0]), ("  ", &line[2])] {
            out.push_str(indent);
            out.push_str(&words::clip(text, columns - indent.len()));
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use snapbox::{assert_data_eq, str};

    fn at(text: &str) -> At {
        text.parse().expect("a time")
    }

    fn now() -> At {
        at("2026-11-20T12:00:00Z")
    }

    fn bare(run_id: RunId, council: &str, status: RunStatus) -> Row {
        Row {
            run_id,
            origin: None,
            council: council.to_owned(),
            status,
            degraded: false,
            unverified: false,
            input: String::new(),
            started_at: None,
            duration_ms: None,
        }
    }

    fn rows() -> Vec<Row> {
        let row = |id: &str, council: &str, status, started: &str, input: &str| Row {
            input: input.to_owned(),
            started_at: Some(at(started)),
            duration_ms: Some(2_301),
            ..bare(id.parse().expect("an id"), council, status)
        };
        vec![
            Row {
                duration_ms: None,
                unverified: true,
                ..row(
                    "019aa0f0-0000-7000-8000-000000000003",
                    "design-review",
                    RunStatus::Running,
                    "2026-11-20T11:59:48Z",
                    "Shall we adopt the new queue,\nand when?",
                )
            },
            Row {
                degraded: true,
                ..row(
                    "019aa0f0-0000-7000-8fff-000000000002",
                    "設計審査会",
                    RunStatus::Completed,
                    "2026-11-20T09:00:00Z",
                    "漢字の質問です。\u{1b}[31m赤\u{202e} 👩‍👩‍👧 この質問はとても長いので切られます",
                )
            },
            Row {
                duration_ms: Some(754_000),
                ..row(
                    "nightly.77",
                    "panel",
                    RunStatus::Failed,
                    "2026-07-01T00:00:00Z",
                    "short",
                )
            },
            bare(
                "queued".parse().expect("an id"),
                "panel",
                RunStatus::Pending,
            ),
        ]
    }

    #[test]
    fn without_a_limit_nothing_is_cut() {
        assert_data_eq!(
            table(&rows(), now(), None),
            str![[r#"
RUN                    COUNCIL        STATUS                STARTED     TIME       QUESTION
019aa0f0-0000-7000-80  design-review  running (unverified)  12 s ago    -          Shall we adopt the new queue, and when?
019aa0f0-0000-7000-8f  設計審査会     degraded              3 h ago     2.3 s      漢字の質問です。?[31m赤? 👩👩👧 この質問はとても長いので切られます
nightly.77             panel          failed                2026-07-01  12 m 34 s  short
queued                 panel          pending               -           -

"#]]
        );
    }

    #[test]
    fn on_a_usual_terminal() {
        assert_data_eq!(
            table(&rows(), now(), Some(100)),
            str![[r#"
RUN                    COUNCIL        STATUS                STARTED     TIME       QUESTION
019aa0f0-0000-7000-80  design-review  running (unverified)  12 s ago    -          Shall we adopt t…
019aa0f0-0000-7000-8f  設計審査会     degraded              3 h ago     2.3 s      漢字の質問です。…
nightly.77             panel          failed                2026-07-01  12 m 34 s  short
queued                 panel          pending               -           -

"#]]
        );
    }

    #[test]
    fn on_narrow_terminals_columns_are_left_out() {
        assert_data_eq!(
            table(&rows(), now(), Some(60)),
            str![[r#"
RUN                    STATUS                QUESTION
019aa0f0-0000-7000-80  running (unverified)  Shall we adopt…
019aa0f0-0000-7000-8f  degraded              漢字の質問です…
nightly.77             failed                short
queued                 pending

"#]]
        );
        assert_data_eq!(
            table(&rows(), now(), Some(20)),
            str![[r#"
019aa0f0-0000-7000-…
  running (unverifi…
019aa0f0-0000-7000-…
  degraded
nightly.77
  failed
queued
  pending

"#]]
        );
    }

    #[test]
    fn a_run_that_is_made_of_another_names_it() {
        let mut rows = rows();
        rows[0].origin = Some(rows[1].run_id.clone());
        rows[2].origin = Some(
            "019aa0ef-0000-7000-8000-000000000001"
                .parse()
                .expect("an id"),
        );
        let shown = [Some(100), Some(60), Some(45)].map(|columns| table(&rows, now(), columns));
        assert_data_eq!(
            shown.join("\n"),
            str![[r#"
RUN                    COUNCIL        STATUS                STARTED     TIME       QUESTION
019aa0f0-0000-7000-80  design-review  running (unverified)  12 s ago    -          (from 019aa0f0-0…
019aa0f0-0000-7000-8f  設計審査会     degraded              3 h ago     2.3 s      漢字の質問です。…
nightly.77             panel          failed                2026-07-01  12 m 34 s  (from 019aa0ef-0…
queued                 panel          pending               -           -

RUN                    STATUS                QUESTION
019aa0f0-0000-7000-80  running (unverified)  (from 019aa0f0…
019aa0f0-0000-7000-8f  degraded              漢字の質問です…
nightly.77             failed                (from 019aa0ef…
queued                 pending

RUN                    STATUS
019aa0f0-0000-7000-80  running (unverified)
019aa0f0-0000-7000-8f  degraded
nightly.77             failed
queued                 pending

"#]]
        );
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(table(&[], now(), None), "No runs.\n");
    }

    #[test]
    fn short_ids_are_told_apart() {
        let ids = [
            "019aa0f0-0000-7000-8000-000000000003",
            "019aa0f0-0000-7000-8fff-000000000002",
            "019aa0f0-0001-7000-8000-000000000003",
        ];
        let shortened: Vec<&str> = ids.iter().map(|id| short(id, &ids)).collect();
        assert_eq!(
            shortened,
            [
                "019aa0f0-0000-7000-80",
                "019aa0f0-0000-7000-8f",
                "019aa0f0-0001"
            ]
        );
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            columns in 20_usize..140,
            inputs in proptest::collection::vec((any::<String>(), any::<String>(), any::<bool>()), 1..6),
        ) {
            let rows: Vec<Row> = inputs
                .into_iter()
                .map(|(council, input, unverified)| Row {
                    origin: unverified.then(RunId::draw),
                    input,
                    unverified,
                    ..bare(RunId::draw(), &council, RunStatus::Running)
                })
                .collect();
            let text = table(&rows, now(), Some(columns));
            for line in text.lines() {
                prop_assert!(measure_text_width(line) <= columns, "{line:?}");
                prop_assert!(!line.contains(|c: char| c.is_control()));
            }
        }
    }
}
