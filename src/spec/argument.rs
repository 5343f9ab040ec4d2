//! An argument of a program that is a provider: text, with places that each call fills.
//!
//! A place is written `{{ prompt }}` or `{{ model }}`. What fills it is put there as it is: it is
//! never read as a template, and no shell sees it.

use super::fault::quoted;
use super::near::meant;
use std::fmt;

/// The places that an argument may have.
const PLACES: &[(&str, Part)] = &[("prompt", Part::Prompt), ("model", Part::Model)];

/// One argument as the spec has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Prompt,
    Model,
}

/// Adds text, to the text before it where there is some.
fn push(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// Why a text is no argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadArgument {
    /// It holds a NUL, which no system passes on.
    Nul,
    /// A `{{` without its `}}`.
    Open,
    /// A place of another name.
    Unknown(String),
}

impl BadArgument {
    /// What to write instead.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::Nul => None,
            Self::Open => Some("two braces as text are written `{{ '{{' }}`".to_owned()),
            Self::Unknown(name) => {
                let known = PLACES.iter().map(|(name, _)| *name);
                Some(meant(name, known).map_or_else(
                    || {
                        "an argument knows `{{ prompt }}` and `{{ model }}`; two braces as text \
                         are written `{{ '{{' }}`"
                            .to_owned()
                    },
                    |name| format!("did you mean `{{{{ {name} }}}}`?"),
                ))
            }
        }
    }
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("an argument cannot hold a NUL character"),
            Self::Open => f.write_str("`{{` has no `}}`"),
            Self::Unknown(name) => write!(f, "there is no {} for an argument", quoted(name)),
        }
    }
}

impl Argument {
    /// Reads an argument.
    pub(super) fn parse(text: &str) -> Result<Self, BadArgument> {
        if text.contains('\0') {
            return Err(BadArgument::Nul);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            push(&mut parts, before);
            let literal = ["'{{'", "\"{{\""].iter().find_map(|braces| {
                let after = after.trim_start().strip_prefix(braces)?;
                after.trim_start().strip_prefix("}}")
            });
            if let Some(after) = literal {
                push(&mut parts, "{{");
                rest = after;
                continue;
            }
            let (name, after) = after.split_once("}}").ok_or(BadArgument::Open)?;
            let name = name.trim();
            let (_, place) = PLACES
                .iter()
                .find(|(known, _)| *known == name)
                .ok_or_else(|| BadArgument::Unknown(name.to_owned()))?;
            parts.push(place.clone());
            rest = after;
        }
        push(&mut parts, rest);
        Ok(Self(parts))
    }

    /// Whether it is plain text.
    pub(super) fn is_text(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Whether the prompt has a place in it.
    #[must_use]
    pub fn takes_prompt(&self) -> bool {
        self.0.contains(&Part::Prompt)
    }

    /// The argument for one call.
    #[must_use]
    pub fn fill(&self, prompt: &str, model: &str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Prompt => prompt,
            Part::Model => model,
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        let argument = Argument::parse(text).expect("an argument");
        argument.fill("{{ model }} $(x) '", "m/1")
    }

    #[test]
    fn places_are_filled_and_nothing_else_is_touched() {
        for (text, becomes) in [
            ("", ""),
            ("-p", "-p"),
            ("{{ prompt }}", "{{ model }} $(x) '"),
            ("{{prompt}}", "{{ model }} $(x) '"),
            ("--model={{ model }}", "--model=m/1"),
            ("<{{ model }}|{{\tmodel }}>", "<m/1|m/1>"),
            (
                "{\"a\":{\"b\":1}} {% if %} }}",
                "{\"a\":{\"b\":1}} {% if %} }}",
            ),
            ("{{ '{{' }}.Name}}", "{{.Name}}"),
            ("{{\"{{\"}}{{ model }}", "{{m/1"),
        ] {
            assert_eq!(filled(text), becomes, "{text}");
        }
        let takes = |text| Argument::parse(text).expect("an argument").takes_prompt();
        assert!(takes("x{{ prompt }}") && !takes("{{ '{{' }} prompt }}") && !takes("{{ model }}"));
    }

    #[test]
    fn another_name_is_refused_with_what_was_meant() {
        for (text, says, help) in [
            (
                "{{ promt }}",
                "there is no `promt` for an argument",
                "did you mean `{{ prompt }}`?",
            ),
            (
                "{{ prompt | upper }}",
                "there is no `prompt | upper`",
                "knows `{{ prompt }}` and",
            ),
            ("{{.Names}}", "there is no `.Names`", "written `{{ '{{' }}`"),
            ("a {{ prompt", "`{{` has no `}}`", "written `{{ '{{' }}`"),
        ] {
            let fault = Argument::parse(text).expect_err(text);
            assert!(fault.to_string().contains(says), "{text}: {fault}");
            let said = fault.help().unwrap_or_default();
            assert!(said.contains(help), "{text}: {said}");
        }
        assert_eq!(Argument::parse("a\0b"), Err(BadArgument::Nul));
    }
}
