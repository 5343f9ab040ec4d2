//! What flags set: applied before checking, faulted at the flag, kept in the resolved form.

use super::super::{Council, Overrides};
use snapbox::{assert_data_eq, str};

const DOCUMENT: &str = r#"name = "x"
min_members = 2
[profiles.quick]
model = "rehearsal/quick"
[defaults]
profile = "quick"
[[member]]
id = "security"
[[member]]
id = "cost"
[[member]]
id = "ops"
[chair]
fallback = ["member:cost", "top_ranked", "member:security"]
[[round]]
kind = "independent_analysis"
[[round]]
kind = "anonymized_peer_review"
members = ["security", "cost"]
"#;

fn overrides(only: &[&str], set: &[&str]) -> Overrides {
    Overrides {
        model: None,
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        set: set
            .iter()
            .map(|text| text.parse().expect("a setting"))
            .collect(),
    }
}

#[track_caller]
fn good(only: &[&str], set: &[&str]) -> Council {
    let council = Council::check(DOCUMENT, &(), &overrides(only, set))
        .unwrap_or_else(|faults| panic!("{}", faults.render("spec.toml", DOCUMENT, false, None)));
    let again = Council::from_resolved(&council.source.resolved, &()).expect("it is good");
    assert_eq!(again.planned(), council.planned(), "made again");
    assert_eq!(again.source.hash, council.source.hash);
    assert_eq!(council.source.bytes, DOCUMENT.as_bytes());
    council
}

fn bad(overrides: &Overrides) -> String {
    Council::check(DOCUMENT, &(), overrides)
        .expect_err("a fault")
        .render("spec.toml", DOCUMENT, false, None)
}

fn models(council: &Council) -> Vec<String> {
    council
        .members
        .iter()
        .map(|member| member.profile.model.to_string())
        .collect()
}

#[test]
fn values_are_set_by_path_place_and_id() {
    let council = good(
        &[],
        &[
            "min_members=3",
            "member[1].model=rehearsal/one",
            "member.ops.model=\"rehearsal/two\"",
            "defaults.timeout=10s",
            "providers.rehearsal.delay=0s",
            "member.ops.stop=[\"a\", 'b']",
            "chair.role=Judge = jury",
            "round[1].name=review",
        ],
    );
    assert_eq!(council.min_members, 3);
    assert_eq!(
        models(&council),
        ["rehearsal/quick", "rehearsal/one", "rehearsal/two"]
    );
    assert_eq!(council.members[0].profile.timeout.as_secs(), 10);
    assert_eq!(council.members[2].profile.stop, ["a", "b"]);
    assert_eq!(
        council.providers["rehearsal"].delay,
        Some(std::time::Duration::ZERO)
    );
    let chair = council.chair.as_ref().expect("a chair");
    assert_eq!(chair.role.as_deref(), Some("Judge = jury"));
    assert_eq!(council.rounds[1].name, "review");
}

#[test]
fn a_new_name_may_begin_another() {
    let set = [
        "profiles.qui.model=rehearsal/short",
        "member.ops.profile=qui",
    ];
    assert_eq!(models(&good(&[], &set))[2], "rehearsal/short");
}

#[test]
fn a_setting_goes_over_the_model_of_all() {
    let council = Council::check(
        DOCUMENT,
        &(),
        &Overrides {
            model: Some("rehearsal/all".to_owned()),
            ..overrides(&[], &["member.ops.model=rehearsal/own"])
        },
    )
    .expect("it is good");
    assert_eq!(
        models(&council),
        ["rehearsal/all", "rehearsal/all", "rehearsal/own"]
    );
}

#[test]
fn only_some_members_stay_and_the_rest_goes_on_without_the_others() {
    let council = good(&["ops", "security"], &[]);
    let ids: Vec<&str> = council
        .members
        .iter()
        .map(|member| member.id.as_str())
        .collect();
    assert_eq!(ids, ["security", "ops"], "in the order of the spec");
    let review = council.rounds[1].members.as_ref().expect("members");
    assert_eq!(review.len(), 1);
    assert_eq!(council.fallback().len(), 2);
}

#[test]
fn what_is_left_is_what_is_judged() {
    assert_data_eq!(
        bad(&overrides(&["ops"], &[])),
        str![[r#"
error[min_members]: `min_members` is 2, but there is only 1 member
 --> spec.toml:2:15
  |
2 | min_members = 2
  |               ^ min_members
  |
  = hint: `--only` leaves fewer than the spec has; `--set min_members=1` asks for fewer

error[no_members]: `--only` leaves nobody who takes part in this round
  --> spec.toml:19:11
   |
19 | members = ["security", "cost"]
   |           ^^^^^^^^^^^^^^^^^^^^ round[1].members
   |
   = hint: keep one of its members too, with one more `--only`

error: spec.toml has 2 faults

"#]]
    );
}

#[test]
fn faults_point_at_the_flag_and_say_what_was_meant() {
    let flags = Overrides {
        model: Some("rehearsel/x".to_owned()),
        ..overrides(
            &["securty"],
            &[
                "min_membres=2",
                "defualts.timeout=10s",
                "defaults.timeout=10",
                "profiles.quik.model=rehearsal/x",
                "member.costs.model=rehearsal/x",
                "member[3].model=rehearsal/x",
                "name.first=x",
                "name[0]=x",
                "round.review.name=x",
                "rounds[0].kind=synthesis",
                "min_members=4",
                "providers.lab.api_key=sk-abcdefghijklmnopqrstuvwxyz0123456789",
                "member.ops.council=other.toml",
            ],
        )
    };
    assert_data_eq!(
        bad(&flags),
        str![[r#"
error[unknown_path]: there is no `quik` in `[profiles]`
 |
 = note: in --set profiles.quik.model
 = hint: did you mean `quick`?

error[unknown_member]: there is no member `costs`
 |
 = note: in --set member.costs.model
 = hint: did you mean `cost`?

error[unknown_path]: there is no `member[3]`: `member` has 3
 |
 = note: in --set member[3].model
 = hint: they are counted from 0, so to 2

error[unknown_path]: `name` is no table, so it has no `first`
 |
 = note: in --set name.first

error[unknown_path]: `name` is no list, so it has no [0]
 |
 = note: in --set name[0]

error[unknown_path]: `round` is a list, which has no `review`
 |
 = note: in --set round.review.name
 = hint: name one of it by its place, from 0: `round[0]`

error[unknown_path]: the spec has no list `rounds`
 |
 = note: in --set rounds[0].kind
 = hint: did you mean `round`?

error[unknown_member]: there is no member `securty`
 |
 = note: in --only securty
 = hint: did you mean `security`?

error[literal_key]: `api_key` must not stand in a spec
 |
 = note: in --set providers.lab.api_key
 = hint: put the key in an environment variable and name it: `api_key_env = "MY_KEY"`

error[bare_duration]: `timeout` is a duration, which needs a unit
 |
 = note: in --set defaults.timeout
 = hint: write seconds as `"10s"`

error[unknown_key]: `defualts` is no key of a spec
 |
 = note: in --set defualts.timeout
 = hint: did you mean `defaults`?

error[not_yet]: the key `council` is not in this version yet
 |
 = note: in --set member.ops.council

error[unknown_key]: `min_membres` is no key of a spec
 |
 = note: in --set min_membres
 = hint: did you mean `min_members`?

error[missing_key]: `[providers.lab]` needs the key `kind`
 |
 = note: in --set providers.lab.api_key
 = hint: write `kind = "openai"` for a server that speaks the chat completions protocol

error[unknown_provider]: there is no provider `rehearsel`
 |
 = note: in --model
 = hint: did you mean `rehearsal/x`?

error[min_members]: `min_members` is 4, but there are only 3 members
 |
 = note: in --set min_members

error: spec.toml with these flags has 16 faults

"#]]
    );
}

#[test]
fn any_value_at_any_place_is_a_fault_or_good_and_never_more() {
    for path in [
        "name",
        "member",
        "member[0]",
        "member.ops",
        "member.ops.id",
        "chair",
        "chair.fallback",
        "round",
        "round[1].members",
        "round[1].members[0]",
        "providers",
        "providers.x",
        "defaults",
        "profiles.quick",
        "gate",
        "\"\"",
        "seed",
    ] {
        for value in [
            "",
            "x",
            "1",
            "-1",
            "1.5",
            "true",
            "[]",
            "{}",
            "[[]]",
            "{ id = 1 }",
            "1979-05-27",
            "\u{1b}[2J",
            "[1",
            "'''\nx",
            "nan",
        ] {
            let overrides = overrides(&["ops"], &[&format!("{path}={value}")]);
            if let Err(faults) = Council::check(DOCUMENT, &(), &overrides) {
                let text = faults.render("spec.toml", DOCUMENT, false, None);
                assert!(!text.contains('\u{1b}'), "{path}={value}");
                assert!(!text.contains("internal"), "{path}={value}\n{text}");
            }
        }
    }
}

#[test]
fn depth_is_survived() {
    let deep = 20_000;
    for value in [
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("{}1{}", "{a=".repeat(deep), "}".repeat(deep)),
        format!("{{ {}x = 1 }}", "a.".repeat(deep)),
    ] {
        let overrides = overrides(&[], &[&format!("providers.x.extra_body={value}")]);
        assert!(Council::check(DOCUMENT, &(), &overrides).is_err());
    }
}
