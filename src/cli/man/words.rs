//! What manual pages say that no flag's help does.

/// Exit codes and their meanings, as the README has them.
pub(super) const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "completed, whole"),
    (
        "1",
        "failed: no answer; or the run that `show` was asked for is not there",
    ),
    (
        "2",
        "usage, spec, input, key or store is wrong; nothing was started",
    ),
    (
        "3",
        "completed, and a part is missing: the answer's first line says who and why",
    ),
    ("5", "the run ended, and its record is not complete"),
    (
        "6",
        "cancelled by `council cancel` or a supervisor; 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP",
    ),
    ("70", "a bug of ours"),
];

/// Environment variables that count.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "COUNCIL_STORE",
        "The file that keeps the runs, where `--store` names none.",
    ),
    (
        "COUNCIL_PAGER, PAGER",
        "What `council show` shows an answer with that is longer than the screen; without them `less`.",
    ),
    ("NO_COLOR", "Where it is set, nothing is coloured."),
    (
        "OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY",
        "The keys of these providers. They are read when a call is made, and kept nowhere. A spec names the variables of other providers by `api_key_env`.",
    ),
];

/// The store: where it is, and what it is.
pub(super) const STORE: (&str, &str) = (
    "$XDG_DATA_HOME/council/runs.db",
    "The store: one SQLite file that keeps every run. Without XDG_DATA_HOME the data folder is ~/.local/share. The tables `runs` and `events` are meant to be read with other tools too.",
);
