//! `council diagram`: who is asked and who sees what, and a run as it went.

use crate::common::TestEnv;
use snapbox::{assert_data_eq, str};

const TEAM: &str = r#"
name = "team"
[providers.stage]
kind = "script"
file = "replies.toml"
[defaults]
model = "stage/m"
retries = 1
[[member]]
id = "a"
[[member]]
id = "b"
role = "Says \"no\" [end]"
[[member]]
id = "end"
[chair]
fallback = ["top_ranked", "member:a"]
[[round]]
kind = "independent_analysis"
[[round]]
name = "blind"
kind = "anonymized_peer_review"
tie_break = "chair"
[[round]]
kind = "synthesis"
"#;

/// `b` needs a second attempt, `end` and the chair fail.
const REPLIES: &str = r#"
[[reply]]
call = "0.b.answer"
attempt = 1
delay = "20ms"
error = { kind = "network", message = "cut; \"end\"" }
[[reply]]
call = "0.end.answer"
error = { kind = "auth", http_status = 401, message = "no key" }
[[reply]]
call = "*.ballot"
text = '{"ranking": ["Response A", "Response B"]}'
[[reply]]
call = "*.chair.synthesis"
error = { kind = "not_found", http_status = 404, message = "no model" }
[[reply]]
call = "*"
text = "Yes."
"#;

#[test]
fn a_council_is_told_in_words() {
    let env = TestEnv::new();
    let drawn = env.run(["diagram", "tournament"]);
    assert_data_eq!(
        drawn.snapshot(),
        str![[r#"
exit code: 0
--- stdout
tournament: 4 members, a chair, 3 rounds
  the input is the question; answers from at least 2 members
  facts (openai/gpt-5-mini): Writer who begins with what happened
  reader (openai/gpt-5-mini): Writer who begins with the reader
  story (openai/gpt-5-mini): Writer who tells it from the beginning
  short (openai/gpt-5-mini): Writer who gets by with half
  chair (openai/gpt-5)
round 0 independent_analysis: facts, reader, story, short
    each sees: the input alone
    each gives: an answer
round 1 and on, iterate: until one answer left, at most 16 iterations
    pairwise_elimination: chair
        first pairs: facts or reader, story or short
        of each pair sees: the input, two answers as Response A and B (order drawn)
        of each pair gives: which of the two is the better, and why
        outcome: who loses a pair is out
later, synthesis: chair
    sees: the input, all rounds: answers, comments and ballots
    gives: the council's answer
    without the chair's answer: the winner of the last ballots stands, nobody is asked
the answer: the chair's
--- stderr

"#]]
    );
    assert!(!env.store().exists());
}

#[test]
fn a_council_is_drawn() {
    let env = TestEnv::new();
    env.write("replies.toml", REPLIES);
    env.write("team.toml", TEAM);
    let drawn = env.run(["diagram", "./team.toml", "--format", "mermaid"]);
    assert_data_eq!(
        drawn.snapshot(),
        str![[r##"
exit code: 0
--- stdout
flowchart TB
    input(["the input of team"])
    subgraph r0 ["round 0 independent_analysis"]
        direction TB
        r0_1["a"]
        r0_2["b"]
        r0_3["#101;nd"]
    end
    r0_out(["an answer"])
    subgraph r1 ["round 1 blind #40;anonymized_peer_review#41;"]
        direction TB
        r1_1["a"]
        r1_2["b"]
        r1_3["#101;nd"]
    end
    r1_out(["comments on them and an order, best first<br/>borda#59; ties by the chair, who is asked"])
    subgraph r2 ["round 2 synthesis"]
        direction TB
        r2_1["chair"]
        r2_instead_1["the winner of the last ballots stands, nobody is asked"]
        r2_instead_2["a is asked in its place"]
    end
    r2_out(["the council's answer"])
    input -->|"the input alone"| r0
    r0 --> r0_out
    r0_out -->|"the others' answers as Response A, B, … #40;shuffled, its own left out#41;"| r1
    r1 --> r1_out
    r2_1 -.->|"without its answer"| r2_instead_1
    r2_instead_1 -.->|"else"| r2_instead_2
    r0_out -.-> r2
    r1_out -->|"all rounds#58; answers, comments and ballots"| r2
    r2 --> r2_out
--- stderr

"##]]
    );
}

#[test]
fn a_repetition_asks_before_its_first_pass() {
    let env = TestEnv::new();
    let drawn = env.run(["diagram", "consensus", "--format", "mermaid"]);
    assert_data_eq!(
        drawn.snapshot(),
        str![[r#"
exit code: 0
--- stdout
flowchart TB
    input(["the input of consensus"])
    subgraph r0 ["round 0 independent_analysis"]
        direction TB
        r0_1["first"]
        r0_2["second"]
        r0_3["third"]
    end
    r0_out(["an answer"])
    subgraph r1 ["round 1 and on, iterate, at most 3 iterations"]
        direction TB
        r1_until{"nobody revised#63;"}
        subgraph r1_0_critique ["critique#58; critique"]
            direction TB
            r1_0_critique_1["first"]
            r1_0_critique_2["second"]
            r1_0_critique_3["third"]
        end
        r1_0_critique_out(["the faults of each of them"])
        subgraph r1_0_revise ["critique#58; revise"]
            direction TB
            r1_0_revise_1["first"]
            r1_0_revise_2["second"]
            r1_0_revise_3["third"]
        end
        r1_0_revise_out(["its answer, revised or kept"])
    end
    subgraph r2 ["later, synthesis"]
        direction TB
        r2_1["chair"]
        r2_instead_1["third is asked in its place"]
    end
    r2_out(["the council's answer"])
    input -->|"the input alone"| r0
    r0 --> r0_out
    r0_out --> r1_until
    r1_until -->|"no<br/>the others' answers by id"| r1_0_critique
    r1_0_critique --> r1_0_critique_out
    r1_0_critique_out -->|"its own answer and what the others said of it"| r1_0_revise
    r1_0_revise --> r1_0_revise_out
    r1_0_revise_out --> r1_until
    r2_1 -.->|"without its answer"| r2_instead_1
    r0_out -.-> r2
    r1_0_critique_out -.-> r2
    r1_0_revise_out -.-> r2
    r1_until -->|"yes, or 3 iterations held<br/>all rounds#58; answers, comments and ballots"| r2
    r2 --> r2_out
--- stderr

"#]]
    );
}

#[test]
fn every_shipped_council_can_be_drawn() {
    let env = TestEnv::new();
    for shipped in council::spec::SHIPPED {
        for format in ["text", "mermaid"] {
            let args = ["diagram", shipped.name, "--format", format];
            let drawn = env.run(args).assert_code(0).stdout();
            let widest = drawn.lines().map(|line| line.chars().count()).max();
            assert!(format == "mermaid" || widest <= Some(100), "{drawn}");
            assert_eq!(drawn.starts_with("flowchart TB\n"), format == "mermaid");
        }
    }
}

#[test]
fn a_council_is_drawn_as_it_is_changed() {
    let env = TestEnv::new();
    let args = [
        "diagram",
        "jury",
        "--only",
        "risk",
        "--model",
        "rehearsal/x",
    ];
    let drawn = env.run(args).assert_code(2).stderr();
    assert!(drawn.contains("min_members"), "{drawn}");
    let set = ["--set", "min_members=1"];
    let drawn = env.run(args.iter().chain(&set)).assert_code(0).stdout();
    assert!(drawn.contains("risk (rehearsal/x)"), "{drawn}");
    assert!(!drawn.contains("quality"), "{drawn}");
}

#[test]
fn twenty_members_are_gathered() {
    let env = TestEnv::new();
    let members: String = (1..=20)
        .map(|at| format!("[[member]]\nid = \"m{at}\"\n"))
        .collect();
    let spec = format!("name = \"many\"\n[defaults]\nmodel = \"rehearsal/any\"\n{members}");
    env.write("many.toml", spec);
    for format in ["text", "mermaid"] {
        let args = ["diagram", "./many.toml", "--format", format];
        let drawn = env.run(args).assert_code(0).stdout();
        assert!(drawn.contains("… and 11 more"), "{drawn}");
        assert!(!drawn.contains("m10"), "{drawn}");
    }
}

#[test]
fn a_run_is_drawn_as_it_went() {
    let env = TestEnv::new();
    env.write("replies.toml", REPLIES);
    env.write("team.toml", TEAM);
    let run = ["run", "./team.toml", "--input", "Which?"];
    let set = ["--set", "seed=7", "--run-id", "first"];
    env.run(run.iter().chain(&set)).assert_code(3);
    let told = env.run(["diagram", "--run", "latest", "--format", "text"]);
    let told = told.assert_code(0).stdout();
    for line in [
        "    -> b: answer",
        "    <- b: answer, attempt 2",
        "    x- end: answer, error, auth (HTTP 401) from stage/m: no key",
        "round 1: blind (anonymized_peer_review)",
        "    x- chair: synthesis, error, not_found (HTTP 404) from stage/m: no model",
    ] {
        assert!(told.lines().any(|own| own == line), "{line}\n{told}");
    }
    assert!(told.contains("fallback: "), "{told}");
    let drawn = env.run(["diagram", "--run", "first"]);
    let drawn = drawn.assert_code(0).stdout();
    assert!(drawn.starts_with("sequenceDiagram\n"), "{drawn}");
    assert!(drawn.contains("    participant p3 as #101;nd\n"), "{drawn}");
    assert!(drawn.contains("    p4--xc: synthesis, error"), "{drawn}");
    assert!(
        drawn.contains("    Note over p2: attempt 1 failed"),
        "{drawn}"
    );
    env.run(["retry", "first", "--run-id", "second"]);
    let again = env
        .run(["diagram", "--run", "second"])
        .assert_code(0)
        .stdout();
    assert!(again.contains("p1-->>c: answer, played back\n"), "{again}");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let env = TestEnv::new();
    let mut all = String::new();
    for args in [
        vec!["diagram"],
        vec!["diagram", "jury", "--run", "latest"],
        vec!["diagram", "--run", "latest", "--only", "a"],
        vec!["diagram", "--run", "latest"],
        vec!["diagram", "karpaty"],
    ] {
        let ran = env.run(&args);
        let code = ran.code().unwrap_or_default();
        all += &format!("$ council {} ({code})\n{}\n", args.join(" "), ran.stderr());
    }
    let all = all.replace(&*env.path("").display().to_string(), "[DIR]/");
    assert_data_eq!(
        all,
        str![[r#"
$ council diagram (2)
error: the following required arguments were not provided:
  <SPEC|--run <RUN>>

Usage: council diagram <SPEC|--run <RUN>>

For more information, try '--help'.

$ council diagram jury --run latest (2)
error: the argument '[SPEC]' cannot be used with '--run <RUN>'

Usage: council diagram <SPEC|--run <RUN>>

For more information, try '--help'.

$ council diagram --run latest --only a (2)
error: the argument '--run <RUN>' cannot be used with '--only <ID>'

Usage: council diagram <SPEC|--run <RUN>>

For more information, try '--help'.

$ council diagram --run latest (1)
error: no run `latest`: there is no store at [DIR]/data/council/runs.db yet
hint: council run quickstart --input "…" makes a first run

$ council diagram karpaty (2)
error: there is no shipped council named `karpaty`
hint: did you mean `karpathy`?


"#]]
    );
}
