//! The spec as it is written: raw structs, from which serde reads it and schemars derives its
//! schema. The docs of the fields are the reference of the format.
//!
//! A key that bears [`NOT_YET`](super::shape::NOT_YET) is known and refused by name. Nothing here is checked beyond shape:
//! [`super::check`] does that.

use super::duration::{Delay, Period};
use super::names::{AggregatorName, KindName, TopologyName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A table whose keys a later version gives a meaning to.
pub(super) type Reserved = Map<String, Value>;

/// A council: members who answer, rounds in which they do, and a chair who writes one answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A council")]
pub(super) struct Spec {
    /// The council's name.
    #[schemars(length(min = 1))]
    pub(super) name: String,
    /// What it is for.
    pub(super) description: Option<String>,
    /// A ready-made list of rounds, instead of `[[round]]`s. Default: `panel`, where there are neither.
    pub(super) topology: Option<TopologyName>,
    /// What the input of a run is: the question itself, or text to work on. Default: `task`.
    pub(super) input: Option<Input>,
    /// How many members must have given an answer; below it the run fails. Default: 1.
    #[schemars(range(min = 1))]
    pub(super) min_members: Option<u32>,
    /// What a run exits with that completed with a part missing. Default: `report`.
    pub(super) on_partial: Option<OnPartial>,
    /// How long a run may take, such as `10m`. Default: as long as it needs.
    pub(super) deadline: Option<Period>,
    /// What every draw follows from. Default: drawn, and recorded.
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub(super) seed: Option<u64>,
    /// Named endpoints. `openai`, `anthropic`, `gemini`, `openrouter`, `ollama` and `rehearsal` need no
    /// table; one of these names overrides what is built in.
    #[serde(default)]
    pub(super) providers: BTreeMap<String, Provider>,
    /// Named capabilities: a model and how it is asked.
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, Profile>,
    /// What holds where neither a member nor its profile says otherwise.
    pub(super) defaults: Option<Defaults>,
    /// The members, in order.
    #[schemars(length(min = 1))]
    pub(super) member: Vec<Member>,
    /// Who writes the one answer; may be empty. Without it a council has no synthesis.
    pub(super) chair: Option<Chair>,
    /// The rounds, in order.
    #[serde(default)]
    pub(super) round: Vec<Round>,
    /// Who picks the members of a round.
    #[schemars(extend("x-not-yet" = true))]
    pub(super) router: Option<Reserved>,
    /// When the answer passes.
    #[schemars(extend("x-not-yet" = true))]
    pub(super) gate: Option<Reserved>,
    /// How much a run may use.
    #[schemars(extend("x-not-yet" = true))]
    pub(super) budget: Option<Reserved>,
    /// What models cost.
    #[schemars(extend("x-not-yet" = true))]
    pub(super) prices: Option<Reserved>,
    /// How an answer is compared.
    #[schemars(extend("x-not-yet" = true))]
    pub(super) r#match: Option<Reserved>,
}

/// What the input of a run is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Input {
    /// The input is the question.
    Task,
    /// The input is text to work on, and is fenced as such.
    Material,
}

/// What a run exits with that completed with a part missing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnPartial {
    /// Exit code 3.
    Report,
    /// Exit code 0.
    Accept,
    /// Exit code 1.
    Fail,
}

/// A named endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    /// What it speaks; may be left out where the name is that of a built-in provider.
    pub(super) kind: Option<ProviderKind>,
    /// All before the method's own path, such as `http://127.0.0.1:8080/v1`. Default: the kind's
    /// own.
    pub(super) base_url: Option<String>,
    /// The name of the environment variable that holds the key; a key itself is refused. Default: none
    /// is sent, but by a built-in provider to its own server.
    #[schemars(length(min = 1))]
    pub(super) api_key_env: Option<String>,
    /// Calls at a time. Default: 16.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) max_concurrency: Option<u32>,
    /// Whether replies are streamed; `false` for servers that cannot. Default: `true`.
    pub(super) stream: Option<bool>,
    /// Headers to send besides; a value `env:NAME` is taken from that environment variable.
    pub(super) headers: Option<BTreeMap<String, String>>,
    /// Keys to add to each request body, last of all: a table is merged into what stands there,
    /// all else replaces it.
    pub(super) extra_body: Option<Map<String, Value>>,
    /// Of `script`: the file with the replies.
    #[schemars(length(min = 1))]
    pub(super) file: Option<String>,
    /// Of `rehearsal`: how long a call takes. Default: 100 to 400 ms, by seed.
    pub(super) delay: Option<Delay>,
    /// Of `command`: the program, looked for in PATH unless it has a `/`, and its arguments. No
    /// shell is between, and it runs in the folder that the run is started in. `{{ prompt }}` in an
    /// argument is the prompt and `{{ model }}` what a model has after `PROVIDER/`; where no
    /// argument has `{{ prompt }}`, the prompt goes to standard input. The answer is what comes on
    /// standard output.
    #[schemars(length(min = 1))]
    pub(super) command: Option<Vec<String>>,
    /// Of `command`: names of environment variables that the program sees, where they are set,
    /// beside PATH, HOME, LANG, TERM and TMPDIR.
    pub(super) env: Option<Vec<String>>,
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProviderKind {
    /// The chat completions protocol, which most servers speak. The limit of a reply's length is
    /// sent as `max_completion_tokens` to OpenAI itself and for models that are named like its
    /// thinking ones, else as `max_tokens`.
    Openai,
    /// Anthropic's messages protocol.
    Anthropic,
    /// Google's Gemini protocol.
    Gemini,
    /// OpenRouter.
    Openrouter,
    /// An Ollama server, by default the one on this machine; its `base_url` is the server's root.
    Ollama,
    /// Offline and deterministic: plainly marked text, any model name, no key.
    Rehearsal,
    /// Replies, delays and faults from a file.
    Script,
    /// A program: the prompt on its standard input, the answer on its standard output.
    Command,
}

/// How hard a model thinks.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Effort {
    /// As little as it can: `low` for providers that know no less.
    Minimal,
    /// Little.
    Low,
    /// As it sees fit.
    Medium,
    /// Much.
    High,
}

/// The keys that say which model is asked, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct ProfileKeys {
    pub(super) model: Option<String>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) effort: Option<Effort>,
    pub(super) stop: Option<Vec<String>>,
    pub(super) timeout: Option<Period>,
    pub(super) idle_timeout: Option<Period>,
    pub(super) retries: Option<u32>,
}

/// Defines tables that have the keys of a profile beside their own. (serde's `flatten` would lose
/// the places of faults and the check for unknown keys.)
macro_rules! with_profile_keys {
    ($($(#[$doc:meta])* struct $name:ident { $($own:tt)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($own)*
            /// `PROVIDER/MODEL`: the first segment names a provider, the rest goes to it unchanged.
            pub(super) model: Option<String>,
            /// Sampling temperature; sent only where set.
            #[schemars(range(min = 0.0))]
            pub(super) temperature: Option<f64>,
            /// Nucleus sampling; sent only where set.
            #[schemars(range(min = 0.0, max = 1.0))]
            pub(super) top_p: Option<f64>,
            /// The longest reply, in tokens; sent only where set.
            #[schemars(range(min = 1, max = 4_294_967_295_u32))]
            pub(super) max_output_tokens: Option<u32>,
            /// How hard the model thinks; sent only where set.
            pub(super) effort: Option<Effort>,
            /// Texts at which a reply ends; sent only where set.
            pub(super) stop: Option<Vec<String>>,
            /// One attempt, from sending to the last byte; what takes longer is not tried again. Default: `120s`.
            pub(super) timeout: Option<Period>,
            /// Silence after the first byte. Default: `60s`.
            pub(super) idle_timeout: Option<Period>,
            /// Attempts beyond the first after a fault that may pass: a lost connection, a stall, too many requests, a server's error. Besides, a reply that cannot be read is asked for once more. Default: 2.
            #[schemars(range(min = 0, max = 100))]
            pub(super) retries: Option<u32>,
        }

        impl $name {
            /// The keys of a profile that stand here.
            pub(super) fn profile_keys(&self) -> ProfileKeys {
                ProfileKeys {
                    model: self.model.clone(),
                    temperature: self.temperature,
                    top_p: self.top_p,
                    max_output_tokens: self.max_output_tokens,
                    effort: self.effort,
                    stop: self.stop.clone(),
                    timeout: self.timeout,
                    idle_timeout: self.idle_timeout,
                    retries: self.retries,
                }
            }
        }
    )*};
}

with_profile_keys! {
    /// A capability: a model and how it is asked.
    struct Profile {}

    /// What holds where neither a member nor its profile says otherwise.
    struct Defaults {
        /// The profile of members, and of a chair, that name none.
        pub(super) profile: Option<String>,
    }

    /// One member: an identity, on some profile.
    struct Member {
        /// Its id, unique in the council: `[a-z0-9][a-z0-9_-]{0,63}`, not `chair`.
        #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,63}$"), extend("format" = "council-id"))]
        pub(super) id: String,
        /// Its role, in a few words.
        pub(super) role: Option<String>,
        /// Its own prompt: a template.
        pub(super) prompt: Option<String>,
        /// A file that holds its prompt, from the spec's folder; instead of `prompt`.
        #[schemars(length(min = 1))]
        pub(super) prompt_file: Option<String>,
        /// Its weight, where weights count; templates see it.
        #[schemars(extend("exclusiveMinimum" = 0))]
        pub(super) weight: Option<f64>,
        /// The profile that it runs on.
        pub(super) profile: Option<String>,
        /// A spec whose answer is this member's answer.
        #[schemars(extend("x-not-yet" = true))]
        pub(super) council: Option<String>,
        /// The shape of its answer.
        #[schemars(extend("x-not-yet" = true))]
        pub(super) output_schema: Option<Reserved>,
    }

    /// Who writes the one answer; takes defaults as a member does.
    struct Chair {
        /// Its role, in a few words.
        pub(super) role: Option<String>,
        /// Its own prompt: a template.
        pub(super) prompt: Option<String>,
        /// A file that holds its prompt, from the spec's folder; instead of `prompt`.
        #[schemars(length(min = 1))]
        pub(super) prompt_file: Option<String>,
        /// The profile that it runs on.
        pub(super) profile: Option<String>,
        /// Who speaks, in order, where it does not: `top_ranked` or `member:ID`.
        pub(super) fallback: Option<Vec<String>>,
        /// The shape of the answer.
        #[schemars(extend("x-not-yet" = true))]
        pub(super) output_schema: Option<Reserved>,
    }
}

/// Defines tables that have the keys of a round beside their own.
macro_rules! with_round_keys {
    ($($(#[$doc:meta])* struct $name:ident { $($own:tt)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            /// Who is asked, what they see and what is read.
            pub(super) kind: KindName,
            /// Its name. Default: its kind.
            #[schemars(length(min = 1))]
            pub(super) name: Option<String>,
            /// Who takes part, by id. Default: everybody.
            #[schemars(length(min = 1))]
            pub(super) members: Option<Vec<String>>,
            /// What is asked, instead of the kind's own words: a template.
            pub(super) prompt: Option<String>,
            /// How ballots become a winner, for kinds with ballots. Default: `plurality` of votes,
            /// `borda` of rankings.
            pub(super) aggregator: Option<AggregatorName>,
            /// What settles ties, for kinds with ballots. Default: `first`.
            pub(super) tie_break: Option<TieBreak>,
            /// Of `vote`: what members may vote for. Default: the members' answers, by their ids.
            pub(super) choices: Option<Vec<String>>,
            /// How many usable replies this round needs; below it the run fails. Default: any number.
            #[schemars(range(min = 1))]
            pub(super) min_members: Option<u32>,
            /// What a failed member does to the round. Default: `continue`.
            pub(super) failure_mode: Option<FailureMode>,
            /// Who picks its members.
            #[schemars(extend("x-not-yet" = true))]
            pub(super) router: Option<Value>,
            $($own)*
        }
    )*};
}

with_round_keys! {
    /// One round.
    struct Round {
        /// Of `iterate`: the rounds that are held again and again, in order.
        #[schemars(length(min = 1))]
        pub(super) rounds: Option<Vec<RepeatedRound>>,
        /// Of `iterate`: what ends it; tried before the first time too. May be left out where
        /// `pairwise_elimination` is repeated, which ends when one answer is left.
        pub(super) until: Option<Until>,
        /// Of `iterate`: how often its rounds are held at most. Default: 3.
        #[schemars(range(min = 1, max = 1000))]
        pub(super) max_iterations: Option<u32>,
    }

    /// A round that an `iterate` repeats.
    struct RepeatedRound {}
}

impl From<RepeatedRound> for Round {
    fn from(round: RepeatedRound) -> Self {
        let RepeatedRound {
            kind,
            name,
            members,
            prompt,
            aggregator,
            tie_break,
            choices,
            min_members,
            failure_mode,
            router,
        } = round;
        Self {
            kind,
            name,
            members,
            prompt,
            aggregator,
            tie_break,
            choices,
            min_members,
            failure_mode,
            router,
            rounds: None,
            until: None,
            max_iterations: None,
        }
    }
}

/// What ends an `iterate`: exactly one of these.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Until {
    /// The last ballots agree at least so far, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) agreement: Option<f64>,
    /// `true`: all members that were asked chose the winner, or ranked it first.
    pub(super) unanimous: Option<bool>,
    /// `true`: more than half of the members that were asked chose the winner, or ranked it first.
    /// An end without it is a hung jury.
    pub(super) majority: Option<bool>,
    /// `true`: the same winner of votes, or order of rankings, as the time before; without ballots,
    /// nobody revised an answer.
    pub(super) stable: Option<bool>,
}

/// What settles the order of candidates that stand level.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TieBreak {
    /// The order of the spec.
    First,
    /// A draw that follows from the seed.
    Random,
    /// A question to the chair.
    Chair,
}

/// What a failed member does to its round.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FailureMode {
    /// The others go on.
    Continue,
    /// The first failure cancels the round and fails the run.
    FailFast,
}
