//! What a person can do about a run that lacks something.

use crate::event::{ErrorKind, RecordState, RunError, RunResult, RunStatus};

/// What a run has left undone.
#[derive(Debug, PartialEq, Eq)]
enum Undone {
    /// Nothing, or it goes on.
    Nothing,
    /// The rest of it: it was ended before its end.
    Rest,
    /// The rest of it, for which it had too little time.
    Late,
    /// A part of a completed run, which may come the next time.
    Part,
    /// Its answer, which may come the next time.
    Answer,
    /// What the same spec would never get, and what is to be looked at.
    Never(String),
}

/// What a run was made from, as it was typed.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The file of the spec.
    pub file: String,
    /// The flags that changed it, each behind a space.
    pub flags: String,
}

/// The commands, and what they do, that finish what a run has left undone; none for one that is not
/// recorded. `typed` is none where the run was made from no file.
#[must_use]
pub fn next_steps(result: &RunResult, typed: Option<&Typed>) -> Vec<String> {
    if result.record.state == RecordState::Off {
        return Vec::new();
    }
    let run_id = &result.run_id;
    let changed = match typed {
        Some(Typed { file, flags }) => {
            let or_flags = if flags.is_empty() {
                ""
            } else {
                ", or other flags"
            };
            format!("`council run --from {run_id} {file}{flags}` takes the changed file{or_flags}")
        }
        None => format!("`council run --from {run_id} --set …` makes it again with a change"),
    };
    match undone(result) {
        Undone::Nothing => Vec::new(),
        Undone::Rest => vec![format!(
            "`council resume {run_id}` goes on from here, and pays for no reply twice"
        )],
        Undone::Late => vec![format!(
            "`council resume {run_id} --deadline TIME` goes on from here with more time, and pays \
             for no reply twice"
        )],
        Undone::Part => vec![format!(
            "`council retry {run_id}` asks again what is missing, and plays back the rest"
        )],
        Undone::Answer => vec![
            format!("`council retry {run_id}` asks again what failed, with the spec as it was"),
            changed,
        ],
        Undone::Never(cause) => vec![cause, changed],
    }
}

fn undone(result: &RunResult) -> Undone {
    let met = |kinds: &[ErrorKind]| {
        let mut errors = result.errors.iter();
        errors.any(|error| kinds.contains(&error.kind))
    };
    let mendable = |undone| in_the_spec(result).map_or(undone, Undone::Never);
    match result.status {
        RunStatus::Pending | RunStatus::Running => Undone::Nothing,
        RunStatus::Completed if result.missing.is_empty() => Undone::Nothing,
        RunStatus::Completed => mendable(Undone::Part),
        RunStatus::Failed if met(&[ErrorKind::Deadline]) => Undone::Late,
        RunStatus::Failed if met(&[ErrorKind::Budget, ErrorKind::Record]) => Undone::Rest,
        RunStatus::Failed => mendable(Undone::Answer),
        RunStatus::Cancelled | RunStatus::Crashed => Undone::Rest,
    }
}

/// What to look at in the spec, where a server found nothing at the place that was asked.
fn in_the_spec(result: &RunResult) -> Option<String> {
    let missed = |error: &&RunError| matches!(error.http_status, Some(404 | 410));
    let missing = result
        .missing
        .iter()
        .filter_map(|missing| missing.error.as_ref());
    let mut errors = result.errors.iter().chain(missing);
    let error = errors.clone().find(missed)?;
    if errors.any(|error| error.kind.may_pass()) {
        return None;
    }
    let provider = error.provider.as_deref()?;
    Some(format!(
        "the server knows no such address or model: check `model`, and `base_url` where \
         [providers.{provider}] has one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn the_next_step_looks_where_the_fault_is() {
        let mut result = fixture::failed().result();
        let typed = Typed {
            file: "./lab.toml".to_owned(),
            flags: String::new(),
        };
        let first = |result: &RunResult| next_steps(result, Some(&typed)).remove(0);
        assert!(
            first(&result).starts_with("`council retry"),
            "the server may be well again"
        );
        let missing = result.missing.iter_mut();
        let missing = missing.filter_map(|missing| missing.error.as_mut());
        for error in result.errors.iter_mut().chain(missing) {
            error.kind = ErrorKind::NotFound;
            error.http_status = Some(404);
        }
        assert_data_eq!(
            next_steps(&result, Some(&typed)).join("\n"),
            str![[r#"
the server knows no such address or model: check `model`, and `base_url` where [providers.lab] has one
`council run --from 019aa0f0-1111-7222-8333-444455556666 ./lab.toml` takes the changed file
"#]]
        );
    }

    #[test]
    fn a_run_that_was_late_goes_on_with_more_time() {
        let mut result = fixture::failed().result();
        for error in &mut result.errors {
            error.kind = ErrorKind::Deadline;
        }
        let steps = next_steps(&result, None).join("\n");
        assert!(steps.contains(" --deadline TIME` goes on"), "{steps}");
    }

    #[test]
    fn every_end_has_its_own_way_on() {
        let of = |run: fixture::Run| undone(&run.result());
        assert_eq!(of(fixture::whole()), Undone::Nothing);
        assert_eq!(of(fixture::running()), Undone::Nothing);
        assert_eq!(of(fixture::hung()), Undone::Nothing);
        assert_eq!(of(fixture::degraded()), Undone::Part);
        assert_eq!(of(fixture::failed()), Undone::Answer);
        assert_eq!(of(fixture::cancelled()), Undone::Rest);
        assert_eq!(of(fixture::crashed()), Undone::Rest);
    }
}
