//! Templates: minijinja, strict about names, bounded in time and size.

use super::names::{Use, Used, names};
use super::sample::{MEMBER, ROUND, Sample};
use super::scope::Fenced;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use std::io;
use std::sync::{Arc, LazyLock};

/// All that a prompt knows.
const NAMES: &[&str] = &[
    "input", "council", "member", "round", "answers", "reviews", "ballots",
];

/// minijinja's functions that make sense in a prompt.
const FUNCTIONS: &[&str] = &["range", "dict", "namespace"];

/// Instructions that one rendering may take: some tens of milliseconds.
const FUEL: u64 = 1_000_000;

/// The longest text that one rendering may make, in bytes.
const LONGEST: usize = 64 << 20;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // It prints all that is in scope, which no prompt wants.
    environment.remove_global("debug");
    environment
});

/// A checked minijinja template: its syntax and every name in it are known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: Arc<str>,
}

/// Why a text is no template, or cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateFault {
    /// What is wrong, as a sentence.
    pub message: String,
    /// The line within the template, from 1.
    pub line: Option<usize>,
}

impl Template {
    /// Compiles `source` and checks the names in it.
    ///
    /// # Errors
    /// Bad syntax, an unknown name, attribute, filter, test or function, a statement that needs
    /// another file, an endless loop.
    pub fn compile(source: &str) -> Result<Self, TemplateFault> {
        let template = ENVIRONMENT
            .template_from_str(source)
            .map_err(|error| fault(&error))?;
        let used = names(source);
        check_statements(&used)?;
        let mut unknown: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        unknown.sort_unstable();
        let line_of = |name: &str| {
            let found = used.iter().find(|used| used.name == name);
            found.map(|used| used.line)
        };
        for dotted in &unknown {
            check_name(dotted).map_err(|(message, name)| TemplateFault {
                message,
                line: line_of(name),
            })?;
        }
        let sample = Sample::default();
        let mut sink = Bounded(Vec::new());
        let rendered = template.render_captured_to(sample.scope(), &mut sink);
        if let Some(miss) = sample.first_miss() {
            return Err(TemplateFault {
                line: line_of(&miss.attribute),
                message: lacks(miss.of, &miss.attribute, miss.known),
            });
        }
        match rendered {
            // What a sample does not have, a run may have.
            Err(error) if error.kind() != ErrorKind::UndefinedError => Err(fault(&error)),
            _ => Ok(Self {
                source: source.into(),
            }),
        }
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the template uses `name`, such as `answers` or `role`, anywhere.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        names(&self.source).iter().any(|used| used.name == name)
    }

    /// The text that the template makes of `scope`.
    ///
    /// # Errors
    /// It asks for something that is not there, or takes too long, or makes too much.
    pub fn render(&self, scope: &Fenced) -> Result<String, TemplateFault> {
        let mut sink = Bounded(Vec::new());
        ENVIRONMENT
            .template_from_str(&self.source)
            .and_then(|template| {
                let scope = Value::from(Serde(scope.scope()));
                template.render_captured_to(scope, &mut sink).map(drop)
            })
            .map_err(|error| fault(&error))?;
        String::from_utf8(sink.0).map_err(|error| TemplateFault {
            message: error.to_string(),
            line: None,
        })
    }
}

/// A buffer that refuses to grow for ever.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.0.len() + piece.len() > LONGEST {
            return Err(io::Error::other("the text is over 64 MiB"));
        }
        self.0.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn check_statements(used: &[Used<'_>]) -> Result<(), TemplateFault> {
    let fails = |message: String, line| {
        Err(TemplateFault {
            message,
            line: Some(line),
        })
    };
    for Used { name, as_, line } in used.iter().copied() {
        match as_ {
            Use::Filter if !has(name, "filter") => {
                return fails(format!("there is no filter `{name}`"), line);
            }
            Use::Test if !has(name, "test") => {
                return fails(format!("there is no test `is {name}`"), line);
            }
            Use::Statement if ["include", "import", "from", "extends"].contains(&name) => {
                return fails(
                    format!("`{name}` needs another template, and a prompt has only itself"),
                    line,
                );
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether minijinja has a filter or test of this name: it can be asked in its own language.
fn has(name: &str, what: &str) -> bool {
    ENVIRONMENT
        .compile_expression_owned(format!("'{name}' is {what}"))
        .and_then(|question| question.eval(()))
        .is_ok_and(|answer| answer.is_true())
}

/// Checks a name with its attributes, `member.id`; gives the message and the part that is wrong.
fn check_name(dotted: &str) -> Result<(), (String, &str)> {
    let mut parts = dotted.split('.');
    let first = parts.next().unwrap_or(dotted);
    let attribute = parts.next();
    if FUNCTIONS.contains(&first) {
        return Ok(());
    }
    if !NAMES.contains(&first) {
        let message = format!(
            "there is no `{first}` here{}; a prompt knows {}",
            did_you_mean(first, NAMES),
            NAMES.join(", ")
        );
        return Err((message, first));
    }
    let Some(attribute) = attribute else {
        return Ok(());
    };
    let known = match first {
        "member" => MEMBER,
        "round" => ROUND,
        "input" | "council" => {
            return Err((
                format!("`{first}` is a text and has no `{attribute}`"),
                attribute,
            ));
        }
        _ if attribute.bytes().all(|byte| byte.is_ascii_digit()) => return Ok(()),
        _ => {
            return Err((
                format!(
                    "`{first}` is a list and has no `{attribute}`; \
                     write {{% for one in {first} %}}{{{{ one.{attribute} }}}}{{% endfor %}}"
                ),
                attribute,
            ));
        }
    };
    if known.contains(&attribute) {
        Ok(())
    } else {
        Err((lacks(first, attribute, known), attribute))
    }
}

fn lacks(of: &str, attribute: &str, known: &[&str]) -> String {
    format!(
        "{of} has no `{attribute}`{}; it has {}",
        did_you_mean(attribute, known),
        known.join(", ")
    )
}

fn did_you_mean(name: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= (name.chars().count() / 3).max(1))
        .map_or_else(String::new, |(_, known)| {
            format!(", did you mean `{known}`?")
        })
}

fn fault(error: &minijinja::Error) -> TemplateFault {
    let message = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "the template does not come to an end".to_owned(),
        (ErrorKind::WriteFailure, _) => {
            "the text that the template makes is over 64 MiB".to_owned()
        }
        (ErrorKind::UndefinedError, None) => "it uses a value that is not there".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    TemplateFault {
        message,
        line: error.line(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::{Scope, ShownAnswer};

    #[test]
    fn good_templates_compile() {
        for source in [
            "",
            "plain text with { braces } and 100%",
            "{{ input }} {{ council }} {{ member.id }} {{ member.role }} {{ member.weight }}",
            "{{ round.name }} {{ round.kind }} {{ round.index }} {{ round.iteration }}",
            "{% for a in answers %}{{ loop.index }} {{ a.id }} {{ a.label }} {{ a.text }}{% endfor %}",
            "{% for r in reviews %}{{ r.by }}{{ r.of }}{{ r.text }}{% endfor %}",
            "{% for b in ballots %}{{ b.member }}{{ b.ranking | join(', ') }}{% endfor %}",
            "{{ answers[7].text }}",
            "{{ (answers | selectattr('id', 'eq', 'security') | first).text }}",
            "{% set x = 1 %}{{ x }}{% macro m(y) %}{{ y }}{% endmacro %}{{ m(1) }}",
            "{% for i in range(3) %}{{ i }}{% endfor %}",
        ] {
            assert!(Template::compile(source).is_ok(), "{source}");
        }
    }

    #[test]
    fn faults_are_named_with_their_line() {
        for (source, message, line) in [
            (
                "a\n{{ inptu }}",
                "there is no `inptu` here, did you mean `input`?",
                Some(2),
            ),
            ("{{ answer }}", "did you mean `answers`?", Some(1)),
            (
                "{{ zebra }}",
                "there is no `zebra` here; a prompt knows input, council",
                Some(1),
            ),
            (
                "{{ member.rol }}",
                "member has no `rol`, did you mean `role`?",
                Some(1),
            ),
            (
                "{{ round.number }}",
                "round has no `number`; it has name, kind",
                Some(1),
            ),
            (
                "{{ input.upper() }}",
                "`input` is a text and has no `upper`",
                Some(1),
            ),
            (
                "{{ answers.text }}",
                "`answers` is a list and has no `text`",
                Some(1),
            ),
            (
                "{% for a in answers %}\n{{ a.txt }}{% endfor %}",
                "an answer has no `txt`, did you mean `text`?",
                Some(2),
            ),
            (
                "{% if false %}{{ input | upcase }}{% endif %}",
                "there is no filter `upcase`",
                Some(1),
            ),
            (
                "{% if input is longish %}{% endif %}",
                "there is no test `is longish`",
                Some(1),
            ),
            ("{{ now() }}", "there is no `now` here", Some(1)),
            ("{{ debug() }}", "there is no `debug` here", Some(1)),
            ("{{ input", "unexpected end of input", Some(1)),
            ("{% if input %}", "syntax error", Some(1)),
            (
                "{% if false %}{% include 'x' %}{% endif %}",
                "`include` needs another template",
                Some(1),
            ),
            (
                "{% for i in range(99999) %}{% for j in range(99999) %}{{ j }}{% endfor %}{% endfor %}",
                "does not come to an end",
                Some(1),
            ),
            ("{{ 'x' * 99999999 }}", "64 MiB", None),
        ] {
            let fault = Template::compile(source).expect_err(source);
            assert!(
                fault.message.contains(message),
                "{source}: {}",
                fault.message
            );
            assert_eq!(fault.line, line, "{source}: {}", fault.message);
        }
    }

    #[test]
    fn text_is_never_a_template() {
        let scope = Scope {
            input: "{{ council }}".to_owned(),
            council: "secret".to_owned(),
            ..Scope::default()
        };
        let template = Template::compile("{{ input }}").expect("a template");
        assert_eq!(
            template.render(&scope.fence()).expect("it renders"),
            "{{ council }}"
        );
    }

    #[test]
    fn templates_see_fenced_text_only() {
        let scope = Scope {
            answers: vec![ShownAnswer::new("a", "trust me")],
            ..Scope::default()
        };
        let fenced = scope.fence();
        let template =
            Template::compile("{% for a in answers %}{{ a.text }}{% endfor %}").expect("good");
        let text = template.render(&fenced).expect("it renders");
        assert_eq!(text, fenced.fence().wrap("trust me"));
    }

    #[test]
    fn what_is_not_there_in_a_run_is_a_fault() {
        let template = Template::compile("{{ answers[0].text }}").expect("good");
        assert!(template.render(&Scope::default().fence()).is_err());
    }
}
