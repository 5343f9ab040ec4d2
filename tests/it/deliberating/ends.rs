//! How rounds end where not all goes well, and what the result then says.

use super::{calls, codes, rehearsed, run, scripted};
use crate::common::server::{Do, Server, say};
use crate::common::{TestEnv, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A script in which each call gets the text of the first line that fits it.
fn script(lines: &[(&str, &str)]) -> String {
    let reply = |(call, text): &(&str, &str)| {
        format!("[[reply]]\ncall = \"{call}\"\ntext = '''{text}'''\n")
    };
    lines.iter().map(reply).collect()
}

/// What a member says that votes so.
fn vote(choice: &str) -> String {
    json!({ "rationale": format!("for {choice}"), "choice": choice, "confidence": 0.9 }).to_string()
}

const ALONE: &str = "[[round]]\nkind = \"independent_analysis\"\n";

/// Rounds after everybody has answered.
fn rounds(kinds: &str) -> String {
    format!("{ALONE}{kinds}")
}

/// The result of a scripted council, and how it was told.
fn result(size: usize, rest: &str, replies: &str) -> (Value, i32, String) {
    let env = TestEnv::new();
    let spec = scripted(&env, size, "seed = 1", rest, replies);
    let ran = run(&env, &spec, "json");
    (ran.json(), ran.code().expect("a code"), ran.stderr())
}

#[test]
fn a_vote_is_told_with_its_dissent() {
    let replies = script(&[
        ("*.a.ballot", &vote("ship")),
        ("*.b.ballot", &vote("ship")),
        ("*.c.ballot", &vote("wait")),
        ("*", "yes"),
    ]);
    let choices = "[[round]]\nkind = \"vote\"\nchoices = [\"wait\", \"ship\"]\n";
    let (result, code, _) = result(3, &rounds(choices), &replies);
    assert_eq!(code, 0);
    assert_eq!(result["answer"], "ship");
    assert_eq!(result["answer_by"], "aggregate");
    assert_eq!(result["vote"], "ship");
    assert_eq!(result["agreement"], 2.0 / 3.0);
    let dissent = json!([{ "member": "c", "choice": "wait", "text": "for wait" }]);
    assert_eq!(result["dissent"], dissent);
    let ballot = &result["rounds"][1]["ballots"][0];
    assert_eq!(ballot["confidence"], 0.9);
}

#[test]
fn the_winner_of_a_vote_is_an_answer() {
    let replies = script(&[
        ("*.ballot", &vote("b")),
        ("*.b.answer", "north"),
        ("*", "south"),
    ]);
    let (result, code, _) = result(3, &rounds("[[round]]\nkind = \"vote\"\n"), &replies);
    assert_eq!(code, 0);
    assert_eq!(
        (&result["answer"], &result["vote"]),
        (&json!("north"), &json!("b"))
    );
}

#[test]
fn a_level_vote_is_marked() {
    let env = TestEnv::new();
    let replies = script(&[
        ("*.a.ballot", &vote("a")),
        ("*.b.ballot", &vote("b")),
        ("*", "yes"),
    ]);
    let rest = rounds("[[round]]\nkind = \"vote\"\n");
    let spec = scripted(&env, 2, "", &rest, &replies);
    let events = run(&env, &spec, "ndjson").events();
    let mut completed = events
        .iter()
        .filter(|event| event["kind"] == "round_completed");
    let aggregate = &completed.next_back().expect("a round")["data"]["aggregate"];
    assert_eq!(aggregate["winner"], "a");
    assert_eq!(
        aggregate["ties"],
        json!([{ "among": ["a", "b"], "by": "first" }])
    );
}

#[test]
fn majorities_in_a_circle_have_no_winner_no_order_and_no_agreement() {
    let order = |order: [&str; 3]| json!({ "rationale": "so", "ranking": order }).to_string();
    let replies = script(&[
        ("*.a.ballot", &order(["a", "b", "c"])),
        ("*.b.ballot", &order(["b", "c", "a"])),
        ("*.c.ballot", &order(["c", "a", "b"])),
        ("*", "yes"),
    ]);
    let ranking = "[[round]]\nkind = \"ranking\"\naggregator = \"condorcet\"\n";
    let (circle, code, _) = result(3, &rounds(ranking), &replies);
    assert_eq!(code, 0);
    assert_eq!(codes(&circle), ["cycle"]);
    let round = &circle["rounds"][1];
    for key in ["winner", "order", "agreement"] {
        assert_eq!(round[key], Value::Null, "{key}");
    }
    assert_eq!(circle["vote"], Value::Null);
    assert_eq!(circle["dissent"], json!([]));
    // Nobody won, so everybody's answer stands.
    assert_eq!(circle["answer_by"], "members");

    // Nor does a circle end a repetition.
    let again = "[[round]]\nkind = \"iterate\"\nuntil = { stable = true }\nmax_iterations = 2\n\
         rounds = [{ kind = \"ranking\", aggregator = \"condorcet\" }]\n";
    let (result, code, _) = result(3, &rounds(again), &replies);
    assert_eq!(code, 0);
    assert_eq!(codes(&result), ["cycle", "cycle", "max_iterations"]);
    assert_eq!(result["degraded"], false);
}

#[test]
fn ballots_of_garbage_leave_a_round_without_result() {
    for kind in ["vote", "ranking", "anonymized_peer_review"] {
        let replies = script(&[("*.ballot", "I like them all."), ("*", "yes")]);
        let rest = rounds(&format!("[chair]\n[[round]]\nkind = \"{kind}\"\n"));
        let (result, code, _) = result(3, &rest, &replies);
        assert_eq!(code, 3, "{kind}");
        let round = &result["rounds"][1];
        let garbage =
            json!({ "a": "invalid_output", "b": "invalid_output", "c": "invalid_output" });
        assert_eq!(round["statuses"], garbage, "{kind}");
        assert_eq!(round["winner"], Value::Null, "{kind}");
        assert_eq!(result["degraded"], true, "{kind}");
        // The chair has the last word all the same.
        assert_eq!(result["answer"], "yes", "{kind}");
    }
}

const JURY: &str = "topology = \"jury_with_retry\"\nseed = 1";

/// Each votes for itself, for ever; and keeps its answer.
fn stubborn() -> String {
    script(&[
        ("*.a.ballot", &vote("a")),
        ("*.b.ballot", &vote("b")),
        ("*.c.ballot", &vote("c")),
        ("*.revise", r#"{"revised": false, "answer": ""}"#),
        ("*", "yes"),
    ])
}

#[test]
fn a_hung_jury_is_said_wherever_one_looks() {
    let env = TestEnv::new();
    let spec = scripted(&env, 3, JURY, "[chair]\n", &stubborn());
    let told = run(&env, &spec, "text");
    told.assert_code(3);
    let first = "degraded: the jury is hung: no majority in 4 votes\n\nyes\n";
    assert_eq!(told.stdout(), first);
    assert!(
        told.stderr()
            .contains("degraded, jury hung: 3 of 3 members heard")
    );
    let result = run(&env, &spec, "json").json();
    assert_eq!(result["degraded"], true);
    assert_eq!(result["missing"], json!([]));
    assert_eq!(codes(&result), ["tie", "tie", "tie", "tie", "hung_jury"]);
    let indices: Vec<_> = result["rounds"]
        .as_array()
        .expect("rounds")
        .iter()
        .map(|round| (round["index"].as_u64(), round["iteration"].as_u64()))
        .collect();
    let expected = [
        (0, 0),
        (1, 0),
        (2, 0),
        (3, 0),
        (4, 1),
        (5, 1),
        (6, 2),
        (7, 2),
        (8, 0),
    ];
    assert_eq!(
        indices,
        expected.map(|(index, iteration)| (Some(index), Some(iteration)))
    );
}

#[test]
fn a_jury_that_agrees_is_not_asked_again() {
    let env = TestEnv::new();
    let replies = script(&[
        // The first vote is split; after the review two of three are for a.
        ("1.a.ballot", &vote("a")),
        ("1.b.ballot", &vote("b")),
        ("1.c.ballot", &vote("c")),
        ("*.c.ballot", &vote("b")),
        ("*.ballot", &vote("a")),
        ("*.revise", r#"{"revised": false, "answer": ""}"#),
        ("*", "yes"),
    ]);
    let spec = scripted(&env, 3, JURY, "[chair]\n", &replies);
    let result = run(&env, &spec, "json").assert_code(0).json();
    assert_eq!(result["rounds"].as_array().expect("rounds").len(), 5);
    assert_eq!(result["vote"], "a");
    assert_eq!(codes(&result), ["tie"], "of the first vote");
    let told = result["notices"][0]["text"].as_str().expect("a text");
    assert!(
        told.starts_with("vote in round 1: a, b, c stand level"),
        "{told}"
    );
}

#[test]
fn a_consensus_that_never_settles_is_a_notice_and_no_lack() {
    let replies = script(&[
        ("*.revise", r#"{"revised": true, "answer": "once more"}"#),
        ("*", "yes"),
    ]);
    let env = TestEnv::new();
    let spec = scripted(&env, 2, "topology = \"consensus\"", "[chair]\n", &replies);
    let result = run(&env, &spec, "json").assert_code(0).json();
    assert_eq!(codes(&result), ["max_iterations"]);
    assert_eq!(result["rounds"].as_array().expect("rounds").len(), 5);
    assert_eq!(result["degraded"], false);
}

const TOURNAMENT: &str = "topology = \"tournament\"\nseed = 1";

#[test]
fn who_loses_a_pair_is_out() {
    let env = TestEnv::new();
    let spec = rehearsed(5, TOURNAMENT, "[chair]\n");
    let result = run(&env, &spec, "json").assert_code(0).json();
    let winner = result["vote"].as_str().expect("a winner");
    for (id, member) in result["members"].as_object().expect("members") {
        let expected = if id == winner { "ok" } else { "eliminated" };
        assert_eq!(member["status"], expected, "{id}");
    }
    let lost: usize = result["rounds"]
        .as_array()
        .expect("rounds")
        .iter()
        .flat_map(|round| round["statuses"].as_object().expect("statuses").values())
        .filter(|status| **status == "eliminated")
        .count();
    assert_eq!(lost, 4);
    assert_eq!(result["dissent"], json!([]));
}

#[test]
fn a_chair_that_judges_nothing_eliminates_nobody() {
    let env = TestEnv::new();
    let replies = "[[reply]]\ncall = \"*.chair.*\"\nerror = { kind = \"transient\" }\n\
                   [[reply]]\ncall = \"*.c.synthesis\"\ntext = \"mine\"\n\
                   [[reply]]\ncall = \"*\"\ntext = \"yes\"\n";
    let chair = "[chair]\nfallback = [\"top_ranked\", \"member:c\"]\n";
    let spec = scripted(&env, 4, TOURNAMENT, chair, replies);
    let ran = run(&env, &spec, "json");
    let result = ran.assert_code(3).json();
    let expected = [
        "undecided",
        "undecided",
        "no_winner",
        "fallback",
        "fallback",
    ];
    assert_eq!(codes(&result), expected);
    assert_eq!(result["rounds"].as_array().expect("rounds").len(), 3);
    assert_eq!(
        (&result["answer"], &result["answer_by"]),
        (&json!("mine"), &json!("c"))
    );
    assert_eq!(result["members"]["a"]["status"], "ok");
}

#[test]
fn a_pair_without_a_verdict_goes_on_whole() {
    let env = TestEnv::new();
    let replies = "[[reply]]\ncall = \"1.chair.pair:a/b\"\nerror = { kind = \"transient\" }\n\
                   [[reply]]\ncall = \"*.chair.pair*\"\ntext = '{\"choice\": \"Response A\"}'\n\
                   [[reply]]\ncall = \"*\"\ntext = \"yes\"\n";
    let spec = scripted(&env, 3, TOURNAMENT, "[chair]\n", replies);
    let result = run(&env, &spec, "json").assert_code(3).json();
    // The only pair of the first level was not judged, and c had none: the bracket stands still.
    assert_eq!(codes(&result), ["undecided", "no_winner"]);
    let spec = scripted(&env, 4, TOURNAMENT, "[chair]\n", replies);
    let ran = run(&env, &spec, "ndjson");
    let events = ran.events();
    let pairs = calls(&events);
    let pairs: Vec<&str> = pairs
        .iter()
        .filter_map(|call| call.split_once("pair:"))
        .map(|(_, pair)| pair)
        .collect();
    assert_eq!(pairs.len(), 4, "{pairs:?}");
    assert_eq!(&pairs[2][..3], "a/b", "a and b meet again: {pairs:?}");
    assert!(events.last().expect("an end")["data"]["vote"].is_string());
}

/// The winner's answer stands where the chair then says nothing.
#[test]
fn the_winner_of_a_tournament_may_stand_for_the_chair() {
    let env = TestEnv::new();
    let replies = "[[reply]]\ncall = \"*.synthesis\"\nerror = { kind = \"transient\" }\n\
                   [[reply]]\ncall = \"*.chair.pair*\"\ntext = '{\"choice\": \"Response A\"}'\n\
                   [[reply]]\ncall = \"*\"\ntext = \"yes\"\n";
    let chair = "[chair]\nfallback = [\"top_ranked\"]\n";
    let spec = scripted(&env, 3, TOURNAMENT, chair, replies);
    let result = run(&env, &spec, "json").assert_code(3).json();
    assert_eq!(result["answer_by"], "aggregate");
    assert_eq!(codes(&result), ["fallback"]);
}

/// Who lost is out of the bracket, and still somebody whom one can ask.
#[test]
fn who_is_eliminated_may_speak_for_the_chair() {
    let env = TestEnv::new();
    let replies = "[[reply]]\ncall = \"*.chair.synthesis\"\nerror = { kind = \"transient\" }\n\
                   [[reply]]\ncall = \"*.chair.pair*\"\ntext = '{\"choice\": \"Response A\"}'\n\
                   [[reply]]\ncall = \"*\"\ntext = \"yes\"\n";
    for id in ["a", "b"] {
        let chair = format!("[chair]\nfallback = [\"member:{id}\"]\n");
        let spec = scripted(&env, 2, TOURNAMENT, &chair, replies);
        let result = run(&env, &spec, "json").assert_code(3).json();
        assert_eq!(result["answer_by"], id);
    }
}

/// After the last fallback the winner stands, or else all answers do.
#[test]
fn where_nobody_speaks_for_the_chair_the_rounds_do() {
    let env = TestEnv::new();
    let replies = script(&[
        ("*.ballot", &vote("b")),
        ("*.b.answer", "north"),
        ("*.answer", "south"),
    ]);
    let failing = "[[reply]]\ncall = \"*.synthesis\"\nerror = { kind = \"transient\" }\n";
    let chair = "[chair]\nfallback = [\"member:a\"]\n";
    for (topology, by) in [("voting", "aggregate"), ("panel", "members")] {
        let head = format!("topology = \"{topology}\"");
        let spec = scripted(&env, 2, &head, chair, &format!("{failing}{replies}"));
        let result = run(&env, &spec, "json").assert_code(3).json();
        assert_eq!(result["answer_by"], by);
        assert_eq!(codes(&result), ["fallback", "no_synthesis"]);
    }
}

#[test]
fn the_first_failure_of_a_repeated_round_may_fail_the_run() {
    let env = TestEnv::new();
    let replies = "[[reply]]\ncall = \"2.b.critique\"\nerror = { kind = \"transient\" }\n\
                   [[reply]]\ncall = \"*.revise\"\ntext = '{\"revised\": true, \"answer\": \"x\"}'\n\
                   [[reply]]\ncall = \"*\"\ntext = \"yes\"\n";
    let rest = rounds(
        "[[round]]\nkind = \"iterate\"\nuntil = { stable = true }\n\
         rounds = [{ kind = \"critique\", failure_mode = \"fail_fast\", name = \"argue\" }]\n",
    );
    let spec = scripted(&env, 2, "", &rest, replies);
    let ran = run(&env, &spec, "json");
    let result = ran.assert_code(1).json();
    assert_eq!(result["status"], "failed");
    let reason = result["reason"].as_str().expect("a reason");
    assert!(reason.contains("`b` failed in round `argue`"), "{reason}");
    assert_eq!(result["rounds"].as_array().expect("rounds").len(), 3);
}

/// Killed in the second pass, a run is taken up where it was, and nothing is asked twice.
#[test]
fn a_repetition_is_taken_up_where_it_was() {
    let env = TestEnv::new();
    // An answer, a critique, a revision, and then the call that has no end before the kill.
    let server = Server::start(|place, _| match place {
        3 => vec![Do::Hang],
        _ => say(r#"{"revised": true, "answer": "x"}"#),
    });
    let replies = "[[reply]]\ncall = \"*.revise\"\ntext = '{\"revised\": true, \"answer\": \"x\"}'\n\
                   [[reply]]\ncall = \"*\"\ntext = \"yes\"\n";
    let lab = format!(
        "[chair]\n[providers.lab]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{}/v1\"\n",
        server.port
    );
    let spec = scripted(&env, 2, "topology = \"consensus\"", &lab, replies);
    let spec = spec.replace("id = \"b\"\n", "id = \"b\"\nmodel = \"lab/m\"\n");
    env.write("x.toml", &spec);
    let mut child = env
        .command(["run", "./x.toml", "--input", "Why?", "--run-id", "r"])
        .spawn()
        .expect("the binary starts");
    wait_until("it is in its second pass", || {
        let is_asked = server.asked().len() == 4;
        is_asked && env.run(["events", "r"]).stdout().contains("2.b.critique")
    });
    kill_process(Pid::from_child(&child), Signal::KILL).expect("our own process");
    child.wait().expect("it ends");
    let before = env.run(["events", "r"]).stdout();
    let resumed = env.run(["resume", "r", "--format", "ndjson"]);
    let events = resumed.assert_code(0).events();
    let completed = || {
        events
            .iter()
            .filter(|event| event["kind"] == "member_completed")
    };
    let played = completed()
        .filter(|event| event["data"]["from_tape"] == true)
        .count();
    let recorded = before.matches("\"kind\":\"member_completed\"").count();
    assert!(recorded >= 6, "{before}");
    assert_eq!(played, recorded);
    let keys = calls(&events);
    let mut once = keys.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), keys.len());
    // Two answers, three passes of four calls, one synthesis.
    assert_eq!(keys.len(), 15);
    let rounds = events
        .iter()
        .filter(|event| event["kind"] == "round_started");
    let iterations: Vec<_> = rounds
        .map(|event| event["round"]["iteration"].as_u64())
        .collect();
    assert_eq!(iterations, [0, 0, 1, 2, 0].map(Some));
}
