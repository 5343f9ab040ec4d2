//! The rules of the format, each seen from a spec.

use super::super::{
    Council, Effort, HeaderValue, ModelRef, OnPartial, Overrides, ProviderKind, Source,
};
use super::{check, faults, files, good};
use crate::event::MemberId;
use crate::round::{FailureMode, Fallback, InputMode, TieBreak};
use std::collections::BTreeSet;
use std::time::Duration;

const MEMBERS: &str =
    "[defaults]\nmodel = \"rehearsal/m\"\n[[member]]\nid = \"a\"\n[[member]]\nid = \"b\"\n";

/// A council of two members, with lines before and after them.
fn spec(before: &str, after: &str) -> String {
    format!("name = \"x\"\n{before}\n{MEMBERS}{after}\n")
}

fn kinds(document: &str) -> Vec<&'static str> {
    let council = good(document);
    council
        .rounds
        .iter()
        .map(|round| round.kind.name())
        .collect()
}

fn id(text: &str) -> MemberId {
    text.parse().expect("an id")
}

#[test]
fn a_name_and_a_member_are_enough() {
    let council = good("name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/m\"\n");
    assert_eq!(council.min_members, 1);
    assert_eq!(council.on_partial, OnPartial::Report);
    assert_eq!(council.input, InputMode::Task);
    assert_eq!((council.deadline, council.seed), (None, None));
    assert!(council.chair.is_none());
    let profile = &council.members[0].profile;
    assert_eq!(profile.timeout, Duration::from_secs(120));
    assert_eq!(profile.idle_timeout, Duration::from_secs(60));
    assert_eq!(profile.retries, 2);
    assert_eq!(profile.temperature, None);
    let provider = &council.providers["rehearsal"];
    assert_eq!(provider.kind, ProviderKind::Rehearsal);
    assert_eq!(provider.max_concurrency, 16);
    assert!(provider.stream);
}

#[test]
fn neither_topology_nor_rounds_is_a_panel() {
    assert_eq!(kinds(&spec("", "")), ["independent_analysis"]);
    assert_eq!(
        kinds(&spec("", "[chair]")),
        ["independent_analysis", "synthesis"]
    );
}

#[test]
fn a_topology_stands_for_its_rounds_and_without_a_chair_has_no_synthesis() {
    let all = [
        "independent_analysis",
        "anonymized_peer_review",
        "synthesis",
    ];
    let topology = "topology = \"karpathy\"";
    assert_eq!(kinds(&spec(topology, "[chair]")), all);
    assert_eq!(kinds(&spec(topology, "")), all[..2]);
    let council = good(&spec(topology, "[chair]"));
    assert_eq!(council.rounds[1].aggregator.as_deref(), Some("borda"));
    assert_eq!(council.rounds[0].aggregator, None);
}

#[test]
fn a_chair_without_a_synthesis_gets_one() {
    let round = "[chair]\n[[round]]\nkind = \"independent_analysis\"\n";
    assert_eq!(
        kinds(&spec("", round)),
        ["independent_analysis", "synthesis"]
    );
    let written = format!("{round}[[round]]\nkind = \"synthesis\"\nname = \"last\"\n");
    let council = good(&spec("", &written));
    assert_eq!(council.rounds.len(), 2);
    assert_eq!(council.rounds[1].name, "last");
    assert_eq!(council.rounds[0].name, "independent_analysis");
}

#[test]
fn a_key_is_taken_from_the_member_then_its_profile_then_the_defaults() {
    let council = good(
        r#"name = "x"
[profiles.quick]
model = "rehearsal/quick"
timeout = "1m"
temperature = 1
effort = "low"
[profiles.slow]
model = "rehearsal/slow"
[defaults]
profile = "quick"
timeout = "2m"
idle_timeout = "30s"
retries = 0
stop = ["END"]
[[member]]
id = "own"
model = "rehearsal/own"
timeout = "3m"
[[member]]
id = "default"
[[member]]
id = "other"
profile = "slow"
max_output_tokens = 800
top_p = 0.5
[chair]
"#,
    );
    let profile = |index: usize| &council.members[index].profile;
    assert_eq!(profile(0).model.model, "own");
    assert_eq!(profile(0).timeout, Duration::from_secs(180));
    assert_eq!(profile(0).temperature, Some(1.0));
    assert_eq!(profile(0).effort, Some(Effort::Low));
    assert_eq!(profile(1).model.to_string(), "rehearsal/quick");
    assert_eq!(profile(1).timeout, Duration::from_secs(60));
    // Its own profile replaces that of the defaults; it does not add to it.
    assert_eq!(profile(2).model.model, "slow");
    assert_eq!(profile(2).timeout, Duration::from_secs(120));
    assert_eq!(profile(2).temperature, None);
    assert_eq!(profile(2).max_output_tokens, Some(800));
    assert_eq!(profile(2).top_p, Some(0.5));
    for profile in (0..3).map(profile) {
        assert_eq!(profile.idle_timeout, Duration::from_secs(30));
        assert_eq!(profile.retries, 0);
        assert_eq!(profile.stop, ["END"]);
    }
    let chair = council.chair.as_ref().expect("a chair");
    assert_eq!(chair.profile, *profile(1));
}

#[test]
fn a_model_goes_to_its_provider_unchanged() {
    let council = good(
        "name = \"x\"\n[providers.lab]\nkind = \"openai\"\n[[member]]\nid = \"a\"\nmodel = \"lab/meta/llama:8b@q4\"\n",
    );
    let model = ModelRef {
        provider: "lab".to_owned(),
        model: "meta/llama:8b@q4".to_owned(),
    };
    assert_eq!(council.members[0].profile.model, model);
}

#[test]
fn the_openai_provider_is_built_in_and_a_table_overrides_it() {
    let with = |table: &str| {
        let document =
            format!("name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"openai/m\"\n{table}");
        good(&document).providers["openai"].clone()
    };
    let url = |provider: &super::super::ProviderSpec| provider.base_url.clone().expect("a URL");
    let plain = with("");
    assert_eq!(plain.kind, ProviderKind::Openai);
    assert_eq!(url(&plain), "https://api.openai.com/v1");
    assert_eq!(plain.api_key_env.as_deref(), Some("OPENAI_API_KEY"));
    let tuned = with("[providers.openai]\nmax_concurrency = 2\nstream = false\n");
    assert_eq!(tuned.api_key_env.as_deref(), Some("OPENAI_API_KEY"));
    assert_eq!(tuned.max_concurrency, 2);
    assert!(!tuned.stream);
    let moved = with("[providers.openai]\nkind = \"openai\"\nbase_url = \"http://h/v1\"\n");
    assert_eq!(url(&moved), "http://h/v1");
    assert_eq!(
        moved.api_key_env, None,
        "a key goes to no other server by itself"
    );
    let other = with("[providers.openai]\nkind = \"rehearsal\"\ndelay = \"0s\"\n");
    assert_eq!(other.kind, ProviderKind::Rehearsal);
    assert_eq!(other.delay, Some(Duration::ZERO));
    assert_eq!(other.api_key_env, None);
}

#[test]
fn the_makers_servers_are_built_in_and_their_keys_go_nowhere_else() {
    let of = |name: &str, table: &str| {
        let document = format!(
            "name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"{name}/m\"\n[providers.{name}]\n{table}\n"
        );
        good(&document).providers[name].clone()
    };
    for (name, kind, url, key) in [
        (
            "anthropic",
            ProviderKind::Anthropic,
            "https://api.anthropic.com/v1",
            Some("ANTHROPIC_API_KEY"),
        ),
        (
            "gemini",
            ProviderKind::Gemini,
            "https://generativelanguage.googleapis.com/v1beta",
            Some("GEMINI_API_KEY"),
        ),
        (
            "openrouter",
            ProviderKind::Openrouter,
            "https://openrouter.ai/api/v1",
            Some("OPENROUTER_API_KEY"),
        ),
        (
            "ollama",
            ProviderKind::Ollama,
            "http://127.0.0.1:11434",
            None,
        ),
    ] {
        let document = format!("name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"{name}/m\"\n");
        let plain = good(&document).providers[name].clone();
        assert_eq!((plain.kind, plain.base_url.as_deref()), (kind, Some(url)));
        assert_eq!(plain.api_key_env.as_deref(), key);
        assert_eq!(
            of(name, "max_concurrency = 16").api_key_env,
            plain.api_key_env
        );
        let moved = of(name, "base_url = \"http://h/v1\"");
        assert_eq!((moved.kind, moved.api_key_env), (kind, None));
        let other = of(name, "kind = \"openai\"");
        assert_eq!(
            (other.kind, other.api_key_env),
            (ProviderKind::Openai, None)
        );
        let named = of(name, "base_url = \"http://h/v1\"\napi_key_env = \"OWN\"");
        assert_eq!(named.api_key_env.as_deref(), Some("OWN"));
    }
}

#[test]
fn a_named_endpoint_sends_no_key_unless_told_and_a_trailing_slash_changes_nothing() {
    let with = |keys: &str| {
        let document = format!(
            "name = \"x\"\n[providers.lab]\nkind = \"openai\"\n{keys}\n[[member]]\nid = \"a\"\nmodel = \"lab/m\"\n"
        );
        good(&document).providers["lab"].clone()
    };
    let plain = with("base_url = \"http://127.0.0.1:1/v1\"");
    assert_eq!(plain.api_key_env, None);
    assert_eq!(plain, with("base_url = \"http://127.0.0.1:1/v1/\""));
    let full = with(
        "api_key_env = \"LAB_KEY\"\nheaders = { X-Team = \"infra\", Authorization = \"env:LAB_AUTH\" }\nextra_body = { service_tier = \"flex\", n = 1 }",
    );
    assert_eq!(full.api_key_env.as_deref(), Some("LAB_KEY"));
    let header = |name: &str| full.headers[name].clone();
    assert_eq!(header("X-Team"), HeaderValue::Plain("infra".to_owned()));
    assert_eq!(
        header("Authorization"),
        HeaderValue::Env("LAB_AUTH".to_owned())
    );
    assert_eq!(full.extra_body["service_tier"], "flex");
    assert_eq!(full.extra_body["n"], 1);
}

#[test]
fn only_providers_that_are_used_ask_for_their_variables() {
    let council = good(
        r#"name = "x"
[providers.lab]
kind = "openai"
api_key_env = "LAB_KEY"
headers = { X-Token = "env:LAB_TOKEN" }
[providers.idle]
kind = "openai"
api_key_env = "IDLE_KEY"
[[member]]
id = "a"
model = "lab/m"
[chair]
model = "openai/m"
"#,
    );
    let pair = |provider: &str, variable: &str| (provider.to_owned(), variable.to_owned());
    let expected = BTreeSet::from([
        pair("lab", "LAB_KEY"),
        pair("lab", "LAB_TOKEN"),
        pair("openai", "OPENAI_API_KEY"),
    ]);
    assert_eq!(council.key_variables(), expected);
    assert!(!council.providers.contains_key("idle"));
}

#[test]
fn rounds_take_their_keys() {
    let council = good(&spec(
        "",
        r#"[chair]
fallback = ["top_ranked", "member:b"]
[[round]]
kind = "independent_analysis"
members = ["b", "a"]
prompt = "Look."
min_members = 2
failure_mode = "fail_fast"
[[round]]
kind = "anonymized_peer_review"
aggregator = "borda"
tie_break = "chair"
members = ["b"]
"#,
    ));
    let first = &council.rounds[0];
    assert_eq!(
        first.members,
        Some(vec![id("a"), id("b")]),
        "in the spec's order"
    );
    assert_eq!(first.min_members, Some(2));
    assert_eq!(first.failure_mode, FailureMode::FailFast);
    assert_eq!(
        first.prompt.as_ref().map(|prompt| prompt.source()),
        Some("Look.")
    );
    assert_eq!(council.rounds[1].tie_break, TieBreak::Chair);
    assert_eq!(
        council.fallback(),
        [Fallback::TopRanked, Fallback::Member(id("b"))]
    );
    let plan = council.planned();
    assert_eq!(plan.rounds[1].members, [id("b")]);
    assert_eq!(plan.rounds[2].members, [MemberId::chair()]);
    assert_eq!(plan.members[1].model, "rehearsal/m");
    assert_eq!(plan.chair.expect("a chair").id, MemberId::chair());
    let seats: Vec<_> = council.seats().into_iter().map(|seat| seat.id).collect();
    assert_eq!(seats, [id("a"), id("b")]);
    assert_eq!(council.chair_seat().expect("a chair").id, MemberId::chair());
}

#[test]
fn the_other_keys_of_a_council_are_kept() {
    let council = good(&spec(
        "description = \"d\"\ninput = \"material\"\nmin_members = 2\non_partial = \"fail\"\ndeadline = \"1h30m\"\nseed = 9007199254740991",
        "role = \"r\"\nweight = 2\nprompt = \"p\"",
    ));
    assert_eq!(council.description.as_deref(), Some("d"));
    assert_eq!(council.input, InputMode::Material);
    assert_eq!(council.min_members, 2);
    assert_eq!(council.on_partial, OnPartial::Fail);
    assert_eq!(council.deadline, Some(Duration::from_secs(5400)));
    assert_eq!(council.seed, Some((1 << 53) - 1));
    let member = &council.members[1];
    assert_eq!(
        (member.role.as_deref(), member.weight),
        (Some("r"), Some(2.0))
    );
}

#[test]
fn ids_are_at_most_64_characters() {
    let with = |id: String| spec("", &format!("[[member]]\nid = \"{id}\""));
    good(&with("a".repeat(64)));
    good(&with("0-_".to_owned()));
    let path = "member[2].id".to_owned();
    assert_eq!(faults(&with("a".repeat(65))), [("bad_id", path.clone())]);
    assert_eq!(faults(&with("_a".to_owned())), [("bad_id", path)]);
}

#[test]
fn the_model_of_the_caller_goes_over_all_others() {
    let document = "name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"openai/m\"\n[[member]]\nid = \"b\"\n[chair]\n";
    assert_eq!(faults(document).len(), 2, "two have no model");
    let overrides = Overrides {
        model: Some("rehearsal/any".to_owned()),
        ..Overrides::default()
    };
    let council = Council::check(document, &(), &overrides).expect("the model is there for all");
    let chair = council.chair.as_ref().expect("a chair");
    let members = council.members.iter().map(|member| &member.profile);
    for profile in members.chain([&chair.profile]) {
        assert_eq!(profile.model.to_string(), "rehearsal/any");
    }
    let again = Council::from_resolved(&council.source.resolved, &()).expect("it is good");
    assert_eq!(again.planned(), council.planned());
    assert_eq!(again.source.hash, council.source.hash);
}

#[test]
fn a_council_is_made_again_from_its_resolved_form() {
    let files = files(&[
        ("a.txt", b"Look closely."),
        ("replies.toml", b"[[reply]]\ntext = \"yes\"\n"),
    ]);
    let document = r#"name = "x"
topology = "karpathy"
deadline = "90m"
seed = 7
[providers.tape]
kind = "script"
file = "replies.toml"
[providers.lab]
kind = "openai"
extra_body = { deep = { list = [1, 2.5, { a = "b" }] }, yes = true }
headers = { X-A = "b" }
[profiles.quick]
model = "lab/m"
temperature = 1
[[member]]
id = "a"
model = "tape/m"
prompt_file = "a.txt"
[[member]]
id = "b"
profile = "quick"
[chair]
profile = "quick"
fallback = ["top_ranked"]
"#;
    let council = Council::check(document, &files, &Overrides::default()).expect("it is good");
    let again = Council::from_resolved(&council.source.resolved, &council.source.files)
        .expect("it is still good");
    assert_eq!(again.source.resolved, council.source.resolved);
    assert_eq!(again.source.hash, council.source.hash);
    assert_eq!(again.source.files, council.source.files);
    assert_eq!(again.providers, council.providers);
    assert_eq!(again.planned(), council.planned());
    assert_eq!(again.seats(), council.seats());
    assert!(!council.source.resolved.contains("null"));
}

#[test]
fn the_hash_follows_the_meaning_and_the_files() {
    let hash = |document: &str, content: &[u8]| -> Source {
        let files = files(&[("a.txt", content)]);
        let council = Council::check(document, &files, &Overrides::default());
        council.unwrap_or_else(|faults| panic!("{faults}")).source
    };
    let document = "name = \"x\"\ndeadline = \"1h\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/m\"\nprompt_file = \"a.txt\"\n";
    let first = hash(document, b"one");
    assert_eq!(first.hash.len(), 64);
    let same = "# a comment\ndeadline = '60m'\nname = 'x'\n[[member]]\nprompt_file='a.txt'\nmodel = \"rehearsal/m\"\nid = \"a\"\n";
    assert_eq!(first.hash, hash(same, b"one").hash);
    assert_ne!(first.hash, hash(document, b"two").hash);
    assert_ne!(first.hash, hash(&document.replace("1h", "2h"), b"one").hash);
}

#[test]
fn a_resolved_form_that_cannot_be_read_says_so() {
    for text in ["", "[]", "{\"name\":null}", "{\"nmae\":\"x\"}"] {
        assert!(Council::from_resolved(text, &()).is_err(), "{text}");
    }
}

#[test]
fn key_names_and_members_may_be_inline() {
    check("name = \"x\"\nmember = [{ id = \"a\", model = \"rehearsal/m\" }]\nround = []\n")
        .expect("it is good");
}

#[test]
fn what_is_named_like_a_key_is_refused_whatever_it_holds() {
    for value in ["\"\"", "12345678", "true", "\"env:LAB_KEY\""] {
        let table = format!("[providers.lab]\nkind = \"openai\"\napi_key = {value}\n");
        let path = "providers.lab.api_key".to_owned();
        assert_eq!(
            faults(&spec("", &table)),
            [("literal_key", path)],
            "{value}"
        );
    }
    let table = "[providers.lab]\nkind = \"openai\"\napi_key_env = \"\"\n";
    let path = "providers.lab.api_key_env".to_owned();
    assert_eq!(faults(&spec("", table)), [("empty", path)]);
}
