//! `council show`: a run, read back.

use super::Global;
use super::error::CliError;
use super::execute::FormatArg;
use super::{exit, pager};
use crate::display::next_steps;
use crate::event::{MemberId, RunId, RunResult};
use crate::report::{Format, Page, detail, page, standing, terminal};
use crate::store::Reader;
use crate::ui::{Line, Ui, escape, screen};

/// Show a run: its answer, or what there is of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  council show latest                     # the answer, as `run` printed it
  council show 01a1f97d --format markdown  # the answers and the rounds
  council show latest --format json | jq '.members[].status'
  council show latest --format ndjson | jq -c 'select(.kind == \"notice\")'
  council show latest --round all         # what each said, call by call
  council show latest --round 1 --member security --prompts
  council show latest --round all --format json | jq '.calls[] | {call, text}'
  council show latest --round 1 --format ndjson   # the events of that round

Exit code 1: there is no such run, or several begin so; or no call fits --round and --member.")]
pub(super) struct Args {
    /// A run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// Show the calls of this round, by its index, the first one is 0; or of `all`
    #[arg(long, value_name = "N | all", value_parser = rounds)]
    round: Option<Rounds>,
    /// Show the calls of this member, or of `chair`
    #[arg(long, value_name = "ID")]
    member: Option<MemberId>,
    /// Show the prompts too
    #[arg(long)]
    prompts: bool,
    /// Print at once, also what is longer than the screen
    #[arg(long)]
    no_pager: bool,
}

/// One round, by its index, or all of them.
#[derive(Debug, Clone, Copy)]
struct Rounds(Option<u32>);

fn rounds(text: &str) -> Result<Rounds, String> {
    match text {
        "all" => Ok(Rounds(None)),
        index => match index.parse() {
            Ok(index) => Ok(Rounds(Some(index))),
            Err(_) => Err("a round is an index from 0, or `all`".to_owned()),
        },
    }
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<u8, CliError> {
    let format = Format::from(args.format);
    let of_calls = args.round.is_some() || args.member.is_some() || args.prompts;
    if of_calls && format == Format::Markdown {
        return Err(CliError::usage(
            "--round, --member and --prompts show calls, of which there is no markdown",
        )
        .hint("without --format they are text; json is one object, ndjson the events"));
    }
    let (reader, run_id) = global.find(&args.run)?;
    if of_calls {
        let filter = detail::Filter {
            round: args.round.and_then(|Rounds(index)| index),
            member: args.member.clone(),
            prompts: args.prompts,
        };
        return calls(&reader, &run_id, &filter, format, !args.no_pager, ui);
    }
    if format == Format::Ndjson {
        for body in reader.bodies(&run_id)? {
            ui.data(&format!("{body}\n"));
        }
        return Ok(exit::OK);
    }
    let result = reader.result(&run_id)?;
    if !result.status.is_ended() && !reader.is_verified(&run_id)? {
        ui.warning("whether its process still lives cannot be told: file locks are refused here");
    }
    // Whoever takes a run as data asks it anew and anew, and has all of this in it.
    let notes = match format {
        Format::Text if !global.quiet => notes(&result),
        _ => Vec::new(),
    };
    print(ui, format, &result, &notes, !args.no_pager);
    Ok(exit::OK)
}

/// Prints the calls that `filter` lets through.
fn calls(
    reader: &Reader,
    run_id: &RunId,
    filter: &detail::Filter,
    format: Format,
    pages: bool,
    ui: &Ui,
) -> Result<u8, CliError> {
    let events = reader.events(run_id)?;
    let of_calls = match format {
        Format::Json => detail::object(&events, filter),
        _ => detail::calls(&events, filter, ui.data_columns()),
    };
    let text = of_calls.map_err(no_call)?;
    if format != Format::Ndjson {
        print_as_it_is(ui, &text, pages);
        return Ok(exit::OK);
    }
    // As they are stored, with what a newer version may have added.
    for (event, body) in events.iter().zip(reader.bodies(run_id)?) {
        if filter.takes_event(event) {
            ui.data(&format!("{body}\n"));
        }
    }
    Ok(exit::OK)
}

/// What is to be known beside a run that is over, and what can be done about it.
fn notes(result: &RunResult) -> Vec<Line> {
    let cut = format!(
        "{}: raise `max_output_tokens` for a longer one",
        standing::CUT
    );
    let cut = result.is_answer_cut.then(|| Line::warning(cut));
    let steps = next_steps(result, None).into_iter().map(Line::hint);
    cut.into_iter().chain(steps).collect()
}

/// Prints a run on standard output, laid out on a terminal and byte for byte elsewhere, and then
/// `notes` on standard error.
pub(super) fn print(ui: &Ui, format: Format, result: &RunResult, notes: &[Line], pages: bool) {
    if let (Format::Text, Some(columns)) = (format, ui.data_columns()) {
        let text = terminal::text(result, columns, ui.streams().stdout_takes_colour());
        return print_drawn(ui, text, notes, columns, pages);
    }
    if let Some(Page::Data(text) | Page::Account(text)) = page(format, result) {
        print_as_it_is(ui, &text, pages);
    }
    notes.iter().cloned().for_each(|note| ui.line(note));
}

/// Prints data byte for byte; on a terminal escaped.
fn print_as_it_is(ui: &Ui, text: &str, pages: bool) {
    match ui.data_columns() {
        Some(columns) => print_drawn(ui, escape(text).into_owned(), &[], columns, pages),
        None => ui.data(text),
    }
}

/// Prints on a terminal what was laid out for it, and `notes` on standard error; in a pager where it
/// is longer than the screen.
fn print_drawn(ui: &Ui, text: String, notes: &[Line], columns: usize, pages: bool) {
    // Of what stands beside a pager on the same terminal nothing is seen: the pager ends with it.
    let in_pager = if ui.streams().stderr_is_terminal {
        notes
    } else {
        &[]
    };
    let colour = ui.streams().stdout_takes_colour();
    let mut all = text.clone();
    for (place, note) in in_pager.iter().enumerate() {
        all.push_str(if place == 0 { "\n" } else { "" });
        all.push_str(&note.render(colour, Some(columns)));
    }
    let longer = screen().is_some_and(|(rows, _)| pager::is_longer(&all, rows, columns));
    let pager = pager::chosen(|name| std::env::var_os(name));
    let pager = pager.filter(|_| pages && longer && !ui.streams().term_dumb);
    let tell = || notes.iter().cloned().for_each(|note| ui.line(note));
    if in_pager.is_empty() {
        tell();
    }
    if let Some(pager) = pager {
        ui.settle();
        // Without the pager it is printed all the same.
        drop(pager::become_pager(&pager, &all));
    }
    ui.data_drawn(text);
    if !in_pager.is_empty() {
        tell();
    }
}

fn no_call(none: detail::NoCall) -> CliError {
    let made: Vec<String> = none.made.iter().map(ToString::to_string).collect();
    CliError::failed(&none).hint(match made.as_slice() {
        [] => "it has made no call so far".to_owned(),
        _ => format!("it made these: {}", made.join(", ")),
    })
}
