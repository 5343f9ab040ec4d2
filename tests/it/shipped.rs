//! The councils that come with the program, each held to its end on the rehearsal provider, and
//! the calls that it makes there.

use crate::common::TestEnv;
use council::spec::{Council, Overrides, SHIPPED, TOPOLOGIES};
use snapbox::{assert_data_eq, str};

#[test]
fn every_shipped_council_completes_on_rehearsals() {
    let env = TestEnv::new();
    let mut told = Vec::new();
    for shipped in SHIPPED {
        let name = shipped.name;
        // Whatever else it says, its rehearsals take no time.
        let at_once = "\n[providers.rehearsal]\ndelay = \"0s\"\n";
        let file = format!("./{name}.toml");
        env.write(&file, format!("{}{at_once}", shipped.document));
        let args = [
            "run",
            &file,
            "--model",
            "rehearsal/any",
            "--set",
            "seed=1",
            "--format",
            "json",
            "--input",
        ];
        let ran = env.run_with(args, "+ let x = 1;\n");
        let result = ran.assert_code(0).json();
        assert_eq!(result["council"], name);
        assert_eq!(result["status"], "completed", "{name}");
        assert_eq!(result["answer_by"], "chair", "{name}");
        assert_eq!(result["missing"], serde_json::json!([]), "{name}");
        let rounds = result["rounds"].as_array().expect("its rounds");
        for (member, status) in rounds
            .iter()
            .flat_map(|round| round["statuses"].as_object().expect("statuses"))
        {
            let is_whole = status == "ok" || status == "eliminated";
            assert!(is_whole, "{name}: {member} {status}");
        }
        let kinds: Vec<&str> = rounds
            .iter()
            .map(|round| round["kind"].as_str().expect("a kind"))
            .collect();
        let made = &result["calls"]["made"];
        told.push(format!("{name}: {made} calls in {}", kinds.join(", ")));
    }
    assert_data_eq!(
        told.join("\n"),
        str![[r#"
quickstart: 7 calls in independent_analysis, anonymized_peer_review, synthesis
karpathy: 7 calls in independent_analysis, anonymized_peer_review, synthesis
panel: 4 calls in independent_analysis, synthesis
voting: 11 calls in independent_analysis, vote, synthesis
specialist: 16 calls in independent_analysis, peer_review, synthesis
tournament: 8 calls in independent_analysis, pairwise_elimination, pairwise_elimination, synthesis
consensus: 16 calls in independent_analysis, critique, critique, synthesis
weighted-consensus: 5 calls in independent_analysis, weighted_synthesis
jury: 41 calls in independent_analysis, vote, peer_review, vote, peer_review, vote, synthesis
debate: 16 calls in independent_analysis, peer_review, peer_review, synthesis
design-review: 10 calls in independent_analysis, peer_review, synthesis
code-review: 7 calls in independent_analysis, anonymized_peer_review, synthesis
local: 7 calls in independent_analysis, anonymized_peer_review, synthesis
local-commands: 7 calls in independent_analysis, anonymized_peer_review, synthesis
"#]]
    );
}

/// Each topology is shown by some council that one can run as it is.
#[test]
fn every_topology_is_to_be_seen_in_a_shipped_council() {
    let plans: Vec<_> = SHIPPED
        .iter()
        .map(|shipped| kinds(shipped.document))
        .collect();
    for topology in TOPOLOGIES {
        let spec = format!(
            "name = \"x\"\ntopology = \"{}\"\n[chair]\n[defaults]\nmodel = \"rehearsal/m\"\n\
             [[member]]\nid = \"a\"\n",
            topology.name
        );
        assert!(plans.contains(&kinds(&spec)), "{}", topology.name);
    }
}

fn kinds(document: &str) -> Vec<(String, Vec<String>)> {
    let council = Council::check(document, &(), &Overrides::default()).expect("a good spec");
    let rounds = council.planned().rounds.into_iter();
    rounds
        .map(|round| {
            let inner = round.rounds.into_iter().map(|inner| inner.kind);
            (round.kind, inner.collect())
        })
        .collect()
}

#[test]
fn every_shipped_council_is_valid_by_its_name() {
    let env = TestEnv::new();
    for shipped in SHIPPED {
        let ran = env.run(["validate", shipped.name]);
        ran.assert_code(0);
        let begins = format!("{}: valid", shipped.name);
        assert!(ran.stdout().starts_with(&begins), "{}", ran.snapshot());
    }
}
