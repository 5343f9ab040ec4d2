//! A corpus of replies as models give them.

use super::*;
use crate::round::labels::label;
use proptest::prelude::*;

fn names() -> Vec<String> {
    (0..3).map(label).collect()
}

/// The order as letters, or why there is none.
fn order(text: &str) -> Result<String, String> {
    ranking(text, &names())
        .map(|read| {
            read.order
                .into_iter()
                .map(|place| ["A", "B", "C"][place])
                .collect()
        })
        .map_err(|fault| fault.0)
}

#[test]
fn rankings_are_read_however_they_are_written() {
    for (text, expected) in [
        // As asked for.
        (
            r#"{"comments": {}, "rationale": "x", "ranking": ["Response B", "Response A", "Response C"]}"#,
            "BAC",
        ),
        (
            "```json\n{\"ranking\": [\"Response C\", \"Response B\", \"Response A\"]}\n```",
            "CBA",
        ),
        (
            "Here is my ballot:\n{\"ranking\": [\"Response C\", \"Response B\", \"Response A\"]}\nThank you {really}.",
            "CBA",
        ),
        (
            "<think>{\"ranking\": [\"Response A\", \"Response B\"]}</think>{\"ranking\": [\"Response B\", \"Response A\", \"Response C\"]}",
            "BAC",
        ),
        // Nearly as asked for.
        (r#"{"ranking": ["B", "c", "answer a"]}"#, "BCA"),
        (
            r#"{"ranking": ["**Response B**", "response_c", "Response A."]}"#,
            "BCA",
        ),
        (
            r#"{"Ranking": "Response C > Response A > Response B"}"#,
            "CAB",
        ),
        (r#"{"ranking": "1. B, 2. A, 3. C"}"#, "BAC"),
        (
            r#"{"ranking": [{"label": "Response B", "score": 9}, {"label": "Response A", "score": 3}]}"#,
            "BA",
        ),
        (
            r#"{"ranking": [{"rank": 1, "response": "Response C"}, {"rank": 2, "response": "B"}]}"#,
            "CB",
        ),
        (
            r#"{"ranking": {"1": "Response B", "2": "Response C", "3": "Response A"}}"#,
            "BCA",
        ),
        (
            r#"{"ranking": {"Response A": 3, "Response B": 1, "Response C": 2}}"#,
            "BCA",
        ),
        (
            r#"{"result": {"final_ranking": ["Response B: clear", "Response A: vague"]}}"#,
            "BA",
        ),
        (r#"["Response C", "Response A", "Response B"]"#, "CAB"),
        (
            "{\"comments\": {\"Response A\": \"two\nlines\"}, \"ranking\": [\"Response B\", \"Response A\",],}",
            "BA",
        ),
        // An example of the form first, the ballot last.
        (
            "I reply as {\"ranking\": [\"Response A\", \"Response B\"]}. So:\n{\"ranking\": [\"Response C\", \"Response A\", \"Response B\"]}",
            "CAB",
        ),
        (
            "{\"ranking\": [\"Response B\", \"Response A\"]}\n{\"ranking\": [\"…\", \"…\"]}",
            "BA",
        ),
        // Without JSON.
        ("1. Response B\n2. Response A\n3. Response C", "BAC"),
        (
            "1) **Response C**\n\n2) **Response B**\n\n3) Response A",
            "CBA",
        ),
        (
            "Response A is fine.\nResponse B is not.\n\nFINAL RANKING:\n1. Response A\n2. Response C\n3. Response B",
            "ACB",
        ),
        (
            "## My ranking\n1. Response C - the clearest\n   It names its sources.\n2. Response A (vague)\n3. Response B: wrong",
            "CAB",
        ),
        ("Ranking (best to worst): B > C > A", "BCA"),
        ("**Ranking:** Response C, Response A, Response B", "CAB"),
        (
            "I have compared them.\nResponse B > Response C > Response A",
            "BCA",
        ),
        (
            "Final ranking:\n3. Response A\n1. Response B\n2. Response C",
            "BCA",
        ),
        (
            "1. Response A: some merit\n2. Response B: more merit\n\nI rank them:\n1. Response B\n2. Response A",
            "BA",
        ),
        (
            "Ranking:\n1. Response B\n2. Response A\n\nIn detail:\n1. Response A: poor\n2. Response B: good",
            "BA",
        ),
        (
            "My ranking, and the reasons:\n1. Response B: good\n2. Response A: poor",
            "BA",
        ),
        ("Response C, Response A, Response B", "CAB"),
        ("A, C, B, E", "ACB"),
        (
            "I rank Response B first, Response C second and Response A last.",
            "BCA",
        ),
        (
            "I rank **Response B** first and **Response A** second.",
            "BA",
        ),
        ("- Response C\n- Response A\n- Response B\n", "CAB"),
        // Places and quotes of other kinds.
        (
            r#"{"ranking": [{"rank": 2, "label": "Response A"}, {"rank": 1, "label": "Response B"}]}"#,
            "BA",
        ),
        (
            "{'ranking': ['Response B', 'Response A'], 'rationale': 'it's so'}",
            "BA",
        ),
        ("{“ranking”: [“Response B”, “Response A”]}", "BA"),
        (r#"{"ranking": [{"label": "B"}, {"label": "A"}}}"#, "BA"),
        (
            r#"{"rationale": "x", "ranking": ["responseB", "responseA"]"#,
            "BA",
        ),
        // Partial, with strangers and repetitions.
        (
            r#"{"ranking": ["Response B", "Response B", "Response Z", "Response A"]}"#,
            "BA",
        ),
        (
            r#"{"ranking": ["Response C", 7, null, "Response B"]}"#,
            "CB",
        ),
    ] {
        assert_eq!(order(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_clearly_an_order_is_none() {
    for (text, fault) in [
        ("", "no `ranking`"),
        ("I cannot rank these.", "no `ranking`"),
        (
            "Response A is better than Response B, I think.",
            "no `ranking`",
        ),
        // Comments in the order of reading are no order of merit.
        (
            "1. Response A: good\n2. Response B: better\n3. Response C: best",
            "no `ranking`",
        ),
        (
            "1. Response A\nIt is good.\n2. Response B\nIt is better.",
            "no `ranking`",
        ),
        (
            "I comment on each, then rank them.\n1. Response A: fine\n2. Response B: better",
            "no `ranking`",
        ),
        (
            "B it is.\nReasons for the ranking:\n1. Response A is long\n2. Response B is right",
            "no `ranking`",
        ),
        (
            "Ranking, from worst to best:\n1. Response A\n2. Response B",
            "no `ranking`",
        ),
        (
            "Ranking: Response B > Response A = Response C",
            "two in one place",
        ),
        (r#"{"ranking": "B > A = C"}"#, "two in one place"),
        (
            r#"{"ranking": ["Response B", "Response A and Response C"]}"#,
            "two in one place",
        ),
        (
            r#"{"ranking": {"Response A": 2, "Response B": 1, "Response C": 2}}"#,
            "no `ranking`",
        ),
        (
            r#"{"ranking": ["Response A", "Response B"], "ranking": ["Response B", "Response A"]}"#,
            "no `ranking`",
        ),
        ("I rank Response A and Response B last.", "no `ranking`"),
        ("I rank Response A last, Response C second.", "no `ranking`"),
        ("I rank Response C first, Response A last.", "no `ranking`"),
        ("C, A, D, E, F, G", "no `ranking`"),
        ("B, however, A", "no `ranking`"),
        // A second ballot that is not known.
        (
            r#"{"ranking": ["Response A", "Response B"]} {"ranking": ["Response B", "#,
            "broken",
        ),
        // A list of something else in an object that is broken.
        (
            r#"{"candidates": ["Response A", "Response B"], "comments": {"Response A": "#,
            "no `ranking`",
        ),
        (
            r#"<think>{"ranking": ["Response A", "Response B"]}"#,
            "no `ranking`",
        ),
        (r#"{"ranking": []}"#, "names none of"),
        (r#"{"ranking": ["Response A"]}"#, "names only one of"),
        (
            r#"{"ranking": ["Response A", "Response A", "A"]}"#,
            "names only one of",
        ),
        (r#"{"ranking": ["best", "worst"]}"#, "names none of"),
        // Scores read the other way round than places.
        (
            r#"{"ranking": {"Response A": 9, "Response B": 4, "Response C": 7}}"#,
            "no `ranking`",
        ),
        (r#"{"ranking": null}"#, "no `ranking`"),
        (r#"{"ranking": [2, 1, 3]}"#, "names none of"),
        (
            r#"{"comments": {"Response A": "x"}, "ranking": ["Response A", "Respo"#,
            "no `ranking`",
        ),
        (
            "{\"ranking\": [\"Response A\", \"Response B\"",
            "no `ranking`",
        ),
        (
            "{\n\"ranking\": [\n\"Response A\",\n\"Response B\",\n\"Resp",
            "no `ranking`",
        ),
        ("[[[[{{{{\"\\u0000", "no `ranking`"),
        ("<html><body>502 Bad Gateway</body></html>", "no `ranking`"),
    ] {
        let found = order(text).expect_err(text);
        assert!(found.contains(fault), "{text}: {found}");
    }
}

#[test]
fn what_is_struck_or_left_out_is_flagged() {
    let text = r#"{"ranking": ["Response B", "b", "Response Q", "Response A"]}"#;
    assert_eq!(
        ranking(text, &names()).expect("readable").flags,
        [
            "struck `b`: repeated",
            "struck `Response Q`: unknown",
            "left out: Response C"
        ]
    );
    let many: Vec<String> = (0..1000)
        .map(|turn| format!("nobody {turn}"))
        .chain(names())
        .collect();
    let text = serde_json::json!({ "ranking": many }).to_string();
    let flags = ranking(&text, &names()).expect("readable").flags;
    assert_eq!((flags.len(), flags[8].as_str()), (9, "struck 992 more"));
}

#[test]
fn scores_that_contradict_the_order_are_flagged_and_the_order_counts() {
    let flag = "its scores contradict its order: the order counts";
    for (text, is_flagged) in [
        (
            r#"{"ranking": [{"label": "A", "score": 3}, {"label": "B", "score": 9}]}"#,
            true,
        ),
        (
            r#"{"ranking": [{"label": "A", "score": "9/10"}, {"label": "B", "score": 3}]}"#,
            false,
        ),
        (
            r#"{"ranking": ["A", "B"], "scores": {"Response A": 3, "Response B": 9}}"#,
            true,
        ),
        (
            r#"{"ranking": ["A", "B"], "scores": [{"label": "A", "score": 9}, {"label": "B", "score": 9}]}"#,
            false,
        ),
        (
            r#"{"ranking": ["A", "B"], "scores": {"Response A": {"score": 3}, "C": 1, "B": 4.5}}"#,
            true,
        ),
        (r#"{"ranking": ["A (3/10)", "B (8/10)"]}"#, true),
        (
            "Ranking:\n1. Response A (score: 3)\n2. Response B (score: 9)",
            true,
        ),
        (
            "Ranking:\n1. Response A - a score of 9\n2. Response B - 3 points",
            false,
        ),
        ("Ranking:\n1. Response A\n2. Response B (9/10)", false),
    ] {
        let read = ranking(text, &names()).expect("readable");
        assert_eq!(read.order, [0, 1], "{text}");
        assert_eq!(
            read.flags.iter().any(|own| own == flag),
            is_flagged,
            "{text}"
        );
    }
}

#[test]
fn choices_are_read_however_they_are_made() {
    let names = ["tea", "coffee", "a"].map(str::to_owned);
    let tea = |why: &str, stated: Option<f64>| Some((0, why.to_owned(), stated));
    for (text, expected) in [
        (
            r#"{"rationale": "It calms. Confidence: 70%", "choice": "tea"}"#,
            tea("It calms.", Some(0.7)),
        ),
        (
            "```json\n{\"rationale\": \"It calms.\", \"choice\": \"tea\"}\n```\nConfidence: 0.7",
            tea("It calms.", Some(0.7)),
        ),
        (
            r#"{"rationale": "It calms.", "choice": "Tea, by far", "confidence": "7 of 10"}"#,
            tea("It calms.", None),
        ),
        (
            "It calms.\n\nFinal choice: **tea**\nConfidence: 70%",
            tea("It calms.", Some(0.7)),
        ),
        (
            "Choice: coffee?\nNo.\nFinal choice: tea",
            tea("Choice: coffee?\nNo.", None),
        ),
        (
            "I vote for **tea**, because it calms. Confidence: 0.7",
            tea("I vote for **tea**, because it calms.", Some(0.7)),
        ),
        ("Tea.", tea("", None)),
        (
            "Tea, because it calms.\n\nI am 70% sure.",
            tea("Tea, because it calms.", Some(0.7)),
        ),
        ("Tea, or rather coffee.", None),
        (r#"{"choice": "tea"} {"choice": "coff"#, None),
        (
            "{\n\"choice\": \"tea\",\n\"rationale\": \"It cal",
            tea("", None),
        ),
        // The ballot, and after it the form.
        ("{\"choice\": \"tea\"}\n{\"choice\": \"…\"}", tea("", None)),
        // Two, none, or nobody knows.
        (r#"{"choice": "tea or coffee"}"#, None),
        (r#"{"choice": "tea", "choice": "coffee"}"#, None),
        ("{\n\"choice\": \"tea\",\n\"choice\": \"coffee\"\n}", None),
        ("Choice: tea\nChoice: coffee", None),
        ("I choose tea. Then again, I choose coffee.", None),
        ("I vote for tea, coffee", None),
        ("I choose a bolder way.", None),
        ("I vote against tea.", None),
        (r#"{"choice": "neither"}"#, None),
        (r#"{"choice": ""}"#, None),
    ] {
        let read = choice(text, &names).ok();
        let found = read.map(|read| {
            (
                read.choice,
                read.rationale.unwrap_or_default(),
                read.confidence,
            )
        });
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn comments_are_read_from_their_object_or_from_sections() {
    let expected = [(0, "fine".to_owned()), (1, "poor".to_owned())];
    for text in [
        r#"{"comments": {"Response B": "poor", "A": "fine"}, "ranking": ["A", "B"]}"#,
        r#"{"comments": [{"label": "A", "comment": "fine"}, {"label": "B", "comment": "poor"}], "ranking": ["A", "B"]}"#,
        r#"{"comments": "Response A: fine\nResponse B: poor", "ranking": ["A", "B"]}"#,
        "## Response A\nfine\n## Response B\npoor\n## Ranking: A > B",
    ] {
        let comments = ranking(text, &names()).expect("readable").comments;
        assert_eq!(comments[0], expected[0], "{text}");
        assert!(comments[1].1.starts_with("poor"), "{text}");
    }
}

#[test]
fn ids_are_read_as_labels_are() {
    let ids = ["a", "cost", "cost-2"].map(str::to_owned);
    let text = r#"{"ranking": ["cost-2", "`cost`", "Cost", "a"]}"#;
    let read = ranking(text, &ids).expect("readable");
    assert_eq!(read.order, [2, 1, 0]);
}

#[test]
fn garbage_takes_no_time() {
    let spaces = " ".repeat(60_000);
    for piece in [
        "I vote for Response A, ",
        "Response A ",
        "1. Response A\n",
        "Ranking: Response A > ",
        "Confidence: 0.8 ",
        "{'",
        "{'ranking': [' ",
        "\"choice\": \"tea\",\n",
        "Choice: Response A because Response ",
    ] {
        let text = piece.repeat(60_000 / piece.len()) + &spaces;
        let quoted = serde_json::json!({ "ranking": [text], "choice": text }).to_string();
        for text in [&text, &quoted] {
            assert!(ranking(text, &names()).is_err(), "{piece}");
            assert!(
                choice(text, &names()).is_err() || piece.starts_with("I vote"),
                "{piece}"
            );
        }
    }
    // As large as a reply may be, with as many objects as are looked at.
    let large = |piece: &str| piece.repeat(10_000) + &"x".repeat(8 << 20);
    let fault = choice(&large(r#"{"choice":"zz"}"#), &names()).expect_err("no choice");
    assert!(fault.0.contains("is `zz`"), "{fault}");
    let fault = ranking(&large(r#"{"ranking":["zz"]}"#), &names()).expect_err("no ranking");
    assert!(fault.0.contains("names none of"), "{fault}");
}

proptest! {
    /// Whatever comes, reading it ends, and an order holds each place once.
    #[test]
    fn any_text_can_be_read(pieces in prop::collection::vec(
        prop_oneof![
            Just("Response A"), Just("Response B"), Just("C"), Just("\n"), Just("1. "), Just("2) "),
            Just("{\"ranking\": ["), Just("\""), Just(", "), Just("]}"), Just("ranking: "), Just(" > "),
            Just("**"), Just("ä"), Just("</think>"), Just("\\"),
        ],
        0..30,
    )) {
        if let Ok(read) = ranking(&pieces.concat(), &names()) {
            let mut places = read.order.clone();
            places.sort_unstable();
            places.dedup();
            prop_assert_eq!(places.len(), read.order.len());
            prop_assert!(read.order.len() >= 2 && read.order.iter().all(|place| *place < 3));
        }
    }

    #[test]
    fn any_choice_can_be_read(text in "(?s).{0,60}") {
        prop_assert!(choice(&text, &names()).is_err() || text.contains(['a', 'b', 'c', 'A', 'B', 'C']));
    }
}
