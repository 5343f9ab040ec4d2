use super::*;
use crate::report::fixture;
use snapbox::{assert_data_eq, str};

#[test]
fn a_whole_run() {
    assert_data_eq!(
        document(&fixture::whole().result()),
        str![[r#"
# `design-review`

## Question

> Shall we adopt the new queue?

## Answer

Adopt it.

In spring.

## Agreement

**ALIGNED**, agreement 0.83, winner `b`

## Dissent

`c` put `a` first:

> b forgets
> the *cost*

## Members

### `a`

model `lab/a-1`

> a says yes.
>
> It has *reasons*.

### `b`

model `lab/b-1`

> b says yes.
>
> It has *reasons*.

### `c`

model `lab/c-1`

> c says yes.
>
> It has *reasons*.

## Rounds

### 0 `independent_analysis`

- members: `a` ok, `b` ok, `c` ok

### 1 `review`

- kind: `anonymized_peer_review`
- members: `a` ok, `b` ok, `c` ok
- winner: `b`
- scores: `b` 0.500, `a` 1.000, `c` 0.000
- order: `b`, `a`, `c`
- agreement: 0.83

`a` ranked `b`, `c`:

> b is clearer

`b` ranked `a`, `c`:

> a it is

`c` ranked `a`, `b`:

> b forgets
> the *cost*

### 2 `synthesis`

- members: `chair` ok

## Notices

- `token_limit`: ``the answer of `a` was cut at its limit``

## Totals

- run: `019aa0f0-1111-7222-8333-444455556666`
- status: completed
- answered by: `chair`
- started: 2026-11-20T10:00:00.000000Z
- time: 3.0 s
- calls: 7 made
- tokens: 1,596 (1,200 in, 396 out)
- seed: 7
- label `team`: `infra`

"#]]
    );
}

#[test]
fn a_degraded_run() {
    assert_data_eq!(
        document(&fixture::degraded().result()),
        str![[r#"
# `design-review`

## Question

> Shall we adopt the new queue?

## Answer

Adopt it.

In spring.

## Missing

- `b`: `transient (HTTP 500) from lab/lab/b-1: upstream failed`

## Members

### `a`

model `lab/a-1`

> a says yes.

### `c`

model `lab/c-1`

> c says no.

## Rounds

### 0 `independent_analysis`

- members: `a` ok, `b` error, `c` ok

### 1 `synthesis`

- members: `chair` ok

## Errors

- `b`: `transient (HTTP 500) from lab/lab/b-1: upstream failed`

## Totals

- run: `019aa0f0-1111-7222-8333-444455556666`
- status: degraded
- answered by: `chair`
- started: 2026-11-20T10:00:00.000000Z
- time: 2.3 s
- calls: 4 made, 1 retry
- tokens: 1,064 (800 in, 264 out)
- seed: 7
- label `team`: `infra`

"#]]
    );
}

#[test]
fn a_failed_run() {
    assert_data_eq!(
        document(&fixture::failed().result()),
        str![[r#"
# `design-review`

## Question

> Shall we adopt the new queue?

## Status

**failed**: `2 of 3 members have answered, and the council needs 3`

## Missing

- `b`: `transient (HTTP 500) from lab/lab/b-1: upstream failed`

## Members

### `a`

model `lab/a-1`

> a says yes.

### `c`

model `lab/c-1`

> c says no.

## Rounds

### 0 `independent_analysis`

- members: `a` ok, `b` error, `c` ok

## Errors

- `b`: `transient (HTTP 500) from lab/lab/b-1: upstream failed`

## Totals

- run: `019aa0f0-1111-7222-8333-444455556666`
- status: failed
- started: 2026-11-20T10:00:00.000000Z
- time: 2.3 s
- calls: 3 made, 1 retry
- tokens: 1,064 (800 in, 264 out)
- seed: 7
- label `team`: `infra`

"#]]
    );
}

#[test]
fn an_object_is_a_block_of_json() {
    let page = document(&fixture::object().result());
    assert!(page.contains("## Answer\n\n```json\n{\n"), "{page}");
}

#[test]
fn foreign_text_cannot_pass_for_a_part_of_the_document() {
    let forged = "fine\n## Answer\r# Forged\n\n- list `` ` ``";
    let result = {
        let mut result = fixture::whole().result();
        result.input = forged.to_owned();
        for member in result.members.values_mut() {
            member.answer = Some(forged.to_owned());
        }
        for dissent in &mut result.dissent {
            dissent.text = Some(forged.to_owned());
        }
        for notice in &mut result.notices {
            notice.text = forged.to_owned();
        }
        result
    };
    let page = document(&result);
    assert_eq!(page.matches("\n## Answer\n").count(), 1);
    assert!(!page.contains("\n# Forged") && !page.contains("\r"));
}

#[test]
fn code_outdoes_the_backticks_in_it() {
    assert_eq!(code("plain"), "`plain`");
    assert_eq!(code("a ``b`` c"), "```a ``b`` c```");
    assert_eq!(code("`x"), "`` `x ``");
}
