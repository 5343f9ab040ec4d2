//! Faults as they are shown.

use super::super::{Council, InvalidCouncil, Overrides};
use super::check;
use snapbox::{assert_data_eq, str};

fn render(document: &str, colour: bool) -> String {
    let faults = check(document).expect_err("a broken spec");
    faults.render("spec.toml", document, colour, None)
}

fn stripped(text: &str) -> String {
    console::strip_ansi_codes(text).into_owned()
}

#[test]
fn colour_changes_the_colour_alone() {
    let document = include_str!("broken/several-at-once.toml");
    let coloured = render(document, true);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(stripped(&coloured), render(document, false));
}

#[test]
fn what_could_act_on_a_terminal_is_an_escape() {
    let document = "name = \"x\"\nx = \"\u{1b}]0;title\u{7}\u{202e}\u{9b}2J\"\n[a\u{1b}[31m]\n";
    let text = render(document, false);
    assert!(text.contains("\\u{1b}"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']));
    let faults = check("\"\\u001b\" = 1").expect_err("an unknown key");
    let text = faults.render("a\u{1b}[2J.toml", "", false, None);
    assert!(text.contains("a\\u{1b}[2J.toml"), "{text}");
    assert!(!faults.to_string().contains('\u{1b}'));
}

#[test]
fn lines_and_columns_count_from_one_in_characters() {
    let document = "# é\r\nname = \"x\"\r\n\tmember = [{ id = \"ü\", \"é\" = 1, model = \"rehearsal/m\" }]\r\n";
    let InvalidCouncil(faults) = check(document).expect_err("a broken spec");
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.code, fault.line, fault.column))
        .collect();
    let expected = [
        ("bad_id", Some(3), Some(19)),
        ("unknown_key", Some(3), Some(24)),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    let document = "\u{feff}name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/m\"\n";
    check(document).expect("it is good");
}

#[test]
fn thousands_of_faults_are_counted_not_listed() {
    let document = "[[member]]\n".repeat(5_000);
    let InvalidCouncil(faults) = check(&document).expect_err("a broken spec");
    let last = faults.last().expect("a fault");
    assert_eq!(faults.len(), 201);
    assert_eq!(last.message, "9801 more faults are not listed");
}

#[test]
fn sentences_are_fitted_behind_what_stands_before_them() {
    let document = "[[round]]\nkind = \"vote\"\n";
    let InvalidCouncil(mut faults) = check(document).expect_err("a broken spec");
    faults.retain(|fault| fault.code == "no_answers");
    let fit = |text: &str, taken: usize| format!("{taken}: {}", text.replacen(' ', "\n", 1));
    assert_data_eq!(
        InvalidCouncil(faults).render("spec.toml", document, false, Some(&fit)),
        str![[r#"
error[no_answers]: 19: `vote`
                   shows answers, and no round before it gathers any
 --> spec.toml:2:8
  |
2 | kind = "vote"
  |        ^^^^^^ round[0].kind
  |
  = hint: 12: begin
          with `kind = "independent_analysis"`

error: spec.toml has 1 fault

"#]]
    );
}

#[test]
fn a_fault_of_a_flag_names_the_flag() {
    let document = "name = \"x\"\n[[member]]\nid = \"a\"\n";
    let overrides = Overrides {
        model: Some("opena/m".to_owned()),
        ..Overrides::default()
    };
    let faults = Council::check(document, &(), &overrides).expect_err("no such provider");
    assert_eq!(
        faults.render("spec.toml", document, false, None),
        "error[unknown_provider]: there is no provider `opena`\n |\n = note: in --model\n = hint: did you mean `openai/m`?\n\nerror: spec.toml with these flags has 1 fault\n"
    );
}
