//! Rounds that are repeated, votes on choices, and topologies, each seen from a spec.

use super::{check, faults, good};
use crate::round::{Repeat, RoundPlan, Until};
use crate::spec::{Council, Overrides, TOPOLOGIES};

/// A council of two members and a chair with `rounds` after their answers.
fn spec(rounds: &str) -> String {
    format!(
        "name = \"x\"\n[defaults]\nmodel = \"rehearsal/m\"\n[[member]]\nid = \"a\"\n\
         [[member]]\nid = \"b\"\n[chair]\n[[round]]\nkind = \"independent_analysis\"\n{rounds}"
    )
}

fn repeat(rounds: &str) -> (String, Repeat) {
    let council = good(&spec(&format!("[[round]]\nkind = \"iterate\"\n{rounds}")));
    let RoundPlan { name, repeat, .. } = council.rounds[1].clone();
    (name, repeat.expect("it repeats"))
}

#[test]
fn an_iterate_holds_its_rounds_three_times_at_most_unless_it_says_otherwise() {
    let (name, plain) = repeat("rounds = [{ kind = \"critique\" }]\nuntil = { stable = true }");
    assert_eq!((name.as_str(), plain.max_iterations), ("iterate", 3));
    assert_eq!(plain.rounds[0].name, "critique");
    let (name, own) = repeat(
        "name = \"argue\"\nmax_iterations = 7\nuntil = { unanimous = true }\n\
         rounds = [{ kind = \"peer_review\", members = [\"b\"] }, { kind = \"vote\", name = \"ballot\" }]",
    );
    assert_eq!((name.as_str(), own.max_iterations), ("argue", 7));
    assert_eq!(own.rounds[0].members.as_ref().map(Vec::len), Some(1));
    assert_eq!(own.rounds[1].name, "ballot");
    assert_eq!(own.rounds[1].aggregator.as_deref(), Some("plurality"));
}

#[test]
fn each_way_to_end_is_read() {
    for (written, until) in [
        ("agreement = 0.75", Until::Agreement(0.75)),
        ("agreement = 1", Until::Agreement(1.0)),
        ("unanimous = true", Until::Unanimous),
        ("majority = true", Until::Majority),
        ("stable = true", Until::Stable),
    ] {
        let rounds = format!("rounds = [{{ kind = \"vote\" }}]\nuntil = {{ {written} }}");
        assert_eq!(repeat(&rounds).1.until, Some(until));
    }
    let bracket = "rounds = [{ kind = \"pairwise_elimination\" }]";
    assert_eq!(repeat(bracket).1.until, None);
}

#[test]
fn rounds_may_be_written_as_tables_too() {
    let (_, repeat) = repeat(
        "until = { majority = true }\n[[round.rounds]]\nkind = \"peer_review\"\n\
         prompt = \"\"\"\nLook again.\n{{ input }}\"\"\"\n[[round.rounds]]\nkind = \"vote\"\n",
    );
    assert_eq!(repeat.rounds.len(), 2);
    assert!(repeat.rounds[0].prompt.is_some());
}

#[test]
fn a_chair_that_speaks_within_a_repetition_is_not_given_another_word() {
    let rounds = "[[round]]\nkind = \"iterate\"\nuntil = { majority = true }\n\
                  rounds = [{ kind = \"synthesis\" }, { kind = \"vote\" }]\n";
    assert_eq!(good(&spec(rounds)).rounds.len(), 2);
    let bracket = "[[round]]\nkind = \"pairwise_elimination\"\n";
    let kinds: Vec<_> = good(&spec(bracket))
        .rounds
        .iter()
        .map(|plan| plan.kind.name())
        .collect();
    assert_eq!(
        kinds,
        ["independent_analysis", "pairwise_elimination", "synthesis"]
    );
}

#[test]
fn the_plan_tells_what_is_repeated() {
    let rounds = "[[round]]\nkind = \"iterate\"\nuntil = { majority = true }\n\
                  rounds = [{ kind = \"peer_review\" }, { kind = \"vote\" }]\n";
    let plan = good(&spec(rounds)).planned();
    let iterate = &plan.rounds[1];
    assert!(iterate.members.is_empty());
    assert_eq!(iterate.max_iterations, Some(3));
    let inner: Vec<_> = iterate
        .rounds
        .iter()
        .map(|round| round.kind.as_str())
        .collect();
    assert_eq!(inner, ["peer_review", "vote"]);
    assert_eq!(iterate.rounds[1].members.len(), 2);
}

#[test]
fn who_is_left_out_is_left_out_of_repeated_rounds_too() {
    let only = |id: &str| {
        let rounds = "[[round]]\nkind = \"iterate\"\nuntil = { stable = true }\n\
                      rounds = [{ kind = \"critique\", members = [\"b\"] }]\n";
        let overrides = Overrides {
            only: vec![id.to_owned()],
            ..Overrides::default()
        };
        Council::check(&spec(rounds), &(), &overrides)
    };
    assert!(only("b").is_ok());
    let faults = only("a").expect_err("nobody is left");
    let fault = &faults.0[0];
    assert_eq!(
        (fault.code, fault.path.as_str()),
        ("no_members", "round[1].rounds[0].members")
    );
}

#[test]
fn choices_are_the_choices_of_their_vote() {
    let council = good(&spec(
        "[[round]]\nkind = \"vote\"\nchoices = [\"ship it\", \"wait\"]\n",
    ));
    assert_eq!(council.rounds[1].choices, ["ship it", "wait"]);
}

#[test]
fn every_topology_is_a_council_with_a_chair_and_all_but_one_without() {
    for topology in TOPOLOGIES {
        let named = |chair: &str| {
            format!(
                "name = \"x\"\ntopology = \"{}\"\n[[member]]\nid = \"a\"\n\
                 model = \"rehearsal/m\"\n{chair}",
                topology.name
            )
        };
        let with = good(&named("[chair]\nmodel = \"rehearsal/m\"\n"));
        let last = with.rounds.last().expect("rounds");
        assert!(last.kind.concludes(), "{}", topology.name);
        match check(&named("")) {
            Ok(without) => {
                assert_eq!(
                    without.rounds.len() + 1,
                    with.rounds.len(),
                    "{}",
                    topology.name
                );
            }
            Err(_) => {
                let expected = [("needs_chair", "topology".to_owned())];
                assert_eq!(faults(&named("")), expected, "{}", topology.name);
                assert_eq!(topology.name, "tournament");
            }
        }
    }
}
