use super::*;
use crate::report::fixture;
use console::measure_text_width;
use proptest::prelude::*;
use snapbox::{assert_data_eq, str};

const PAGE: &str = "# Adopt it\n\nThe council says **yes**, *mostly*, for `serde` \
and [its book](https://e.org/book).\n\n## Why\n\n1. Speed matters to everybody who waits for a build\n2. Cost\n   \
- licences\n   - people\n\n> A quote that is long enough to be broken in two\n\n```rust\nfn main() {}\n\
let x = 1;\n```\n\n| who | says |\n| --- | --- |\n| a | it depends on the weather |\n| b | no |\n\n- [x] done\n- [ ] open\n\n---\n\nEnd <https://e.org>.\n";

#[test]
fn a_page_without_colours() {
    assert_data_eq!(
        render(PAGE, 40, false),
        str![[r#"
# Adopt it

The council says **yes**, *mostly*, for
`serde` and its book
(https://e.org/book).

## Why

1. Speed matters to everybody who waits
   for a build
2. Cost
   - licences
   - people

│ A quote that is long enough to be
│ broken in two

    fn main() {}
    let x = 1;

 who   says
─────────────────────────────────
 a     it depends on the weather
 b     no

- [x] done
- [ ] open

────────────────────────────────────────

End https://e.org.

"#]]
    );
}

#[test]
fn a_page_with_colours() {
    assert_data_eq!(
        render(PAGE, 80, true).replace('\u{1b}', "␛"),
        str![[r#"
␛[1m␛[4mAdopt it␛[0m

The council says ␛[1myes␛[0m, ␛[3mmostly␛[0m, for ␛[32mserde␛[0m and ␛[4mits book␛[0m␛[2m (https://e.org/book)␛[0m.

␛[1mWhy␛[0m

␛[2m1. ␛[0mSpeed matters to everybody who waits for a build
␛[2m2. ␛[0mCost
␛[2m   - ␛[0mlicences
␛[2m   - ␛[0mpeople

␛[2m│ ␛[0mA quote that is long enough to be broken in two

    fn main() {}
    let x = 1;

 who   says
─────────────────────────────────
 a     it depends on the weather
 b     no

␛[2m- ␛[0m[x] done
␛[2m- ␛[0m[ ] open

␛[2m────────────────────────────────────────␛[0m

End ␛[4mhttps://e.org␛[0m.

"#]]
    );
}

#[test]
fn a_table_too_wide_becomes_a_list() {
    let table = "| name | cost | risk | speed | verdict |\n|-|-|-|-|-|\n| one | 1 | low | fast | yes |\n| two | 2 | high | slow | no |\n";
    assert_data_eq!(
        render(table, 24, false),
        str![[r#"
name: one
cost: 1
risk: low
speed: fast
verdict: yes

name: two
cost: 2
risk: high
speed: slow
verdict: no

"#]]
    );
}

#[test]
fn a_table_that_has_only_begun() {
    assert_data_eq!(
        render("| who | says |\n|-|-|\n", 24, false),
        str![[r#"
 who   says
────────────

"#]]
    );
}

#[test]
fn plain_lines_stay_lines_and_cjk_is_broken_by_columns() {
    assert_data_eq!(
        render(
            "first line\nsecond line\n\n漢字かな交じり文は二桁で数える。絵文字👩‍👩‍👧も。",
            20,
            false
        ),
        str![[r#"
first line
second line

漢字かな交じり文は二
桁で数える。絵文字👩‍👩‍👧
も。

"#]]
    );
}

#[test]
fn nothing_that_a_model_sends_is_obeyed() {
    let page = "\u{1b}[2J# \u{1b}]0;owned\u{7}\n\n`\u{9b}31m` &#27;[31m [x](http://e.org/\u{202e}&#x1b;)\n\n```\n\u{1b}[H\u{8}\n```\n\n| \u{1b}c | &#27; |\n|-|-|\n| \u{7} | \u{202e} |\n\n<b \u{1b}[1m>\n";
    for columns in [20, 80] {
        let text = render(page, columns, false);
        let obeyed = |c: char| c != '\n' && crate::report::words::is_obeyed(c);
        assert!(!text.contains(obeyed), "{text:?}");
        for row in tail(page, columns, false, 100) {
            assert!(!row.contains(crate::report::words::is_obeyed), "{row:?}");
        }
    }
}

#[test]
fn of_a_run_that_goes_on_the_command_stays_whole() {
    assert_data_eq!(
        text(&fixture::running().result(), 60, false),
        str![[r#"
running: round 0 (independent_analysis), 1 of 3 members
heard

## a

a says yes.

It is not over yet:
`council watch 019aa0f0-1111-7222-8333-444455556666` shows
how it goes on.

"#]]
    );
}

#[test]
fn an_answer_says_first_what_it_lacks() {
    assert_data_eq!(
        text(&fixture::degraded().result(), 40, false),
        str![[r#"
degraded: missing b (transient (HTTP
500) from lab/lab/b-1: upstream failed)

Adopt it.

In spring.

"#]]
    );
    assert_data_eq!(
        text(&fixture::object().result(), 40, false),
        str![[r#"
{
  "decision": "approve",
  "conditions": [
    "in spring"
  ]
}

"#]]
    );
    assert_data_eq!(
        text(&fixture::failed().result(), 60, false),
        str![[r#"
failed: 2 of 3 members have answered, and the council needs
3

- b: transient (HTTP 500) from lab/lab/b-1: upstream
  failed

## a

a says yes.

## c

c says no.

"#]]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_harmless_and_its_tail_fits(text in any::<String>(), columns in 20_usize..100) {
        let obeyed = |c: char| c != '\n' && crate::report::words::is_obeyed(c);
        prop_assert!(!render(&text, columns, false).contains(obeyed));
        let rows = tail(&text, columns, false, 5);
        prop_assert!(rows.len() <= 5);
        for row in rows {
            prop_assert!(measure_text_width(&row) <= columns, "{row:?}");
            prop_assert!(!row.contains(crate::report::words::is_obeyed), "{row:?}");
        }
    }

    #[test]
    fn any_markdown_keeps_its_words(text in "[a-z*_#>\\n\\[\\]!<> -]{0,120}") {
        let words = |text: &str| -> String { text.chars().filter(char::is_ascii_lowercase).collect() };
        for colour in [false, true] {
            let page = render(&text, 40, colour);
            prop_assert!(page.is_empty() || page.ends_with('\n'));
            let page = console::strip_ansi_codes(&page).replace("image: ", "");
            prop_assert_eq!(words(&page), words(&text));
        }
    }
}
