//! The walker: the shape of specs and the tree of a document, side by side, all faults at once.

use super::duration::{self, InvalidDuration};
use super::fault::{Fault, quoted};
use super::near::{all_of, available, key_meant, meant, one_of, translated};
use super::secret;
use super::shape::{Form, Shape, Table, Word};
use super::tree::Node;
use crate::event::MemberId;
use toml::de::DeValue;

/// Finds all faults of shape in a document.
pub(super) fn walk(shape: &Shape, root: &Node<'_>) -> Vec<Fault> {
    let mut walker = Walker {
        whole: shape,
        faults: Vec::new(),
    };
    walker.value(shape, root);
    walker.faults
}

struct Walker<'s> {
    whole: &'s Shape,
    faults: Vec<Fault>,
}

impl Walker<'_> {
    fn value(&mut self, shape: &Shape, node: &Node<'_>) {
        match (shape, node.value()) {
            (Shape::Any, _) => self.anything(node),
            (Shape::Table(table), DeValue::Table(_)) => self.table(table, node),
            (Shape::List { items, least }, DeValue::Array(list)) => {
                if list.len() < *least {
                    let message = format!("{} must not be empty", subject(node));
                    self.faults.push(node.fault("empty", message));
                }
                for item in node.items() {
                    self.value(items, &item);
                }
            }
            (Shape::Text { form, least }, DeValue::String(text)) => {
                self.text(*form, *least, text, node);
            }
            (Shape::Words(words), DeValue::String(text)) => self.word(words, text, node),
            (Shape::Integer { least, most }, DeValue::Integer(_)) => {
                let number = node.integer().unwrap_or(i128::MAX);
                let bound = match () {
                    () if number < *least => format!("at least {least}"),
                    () if number > *most => format!("at most {most}"),
                    () => return,
                };
                let message = format!("{} must be {bound}", subject(node));
                self.faults.push(node.fault("out_of_range", message));
            }
            (Shape::Number { least, above, most }, DeValue::Integer(_) | DeValue::Float(_)) => {
                self.number(*least, *above, *most, node);
            }
            (Shape::Boolean, DeValue::Boolean(_)) => {}
            (shape, value) => self.faults.push(wrong_type(shape, value, node)),
        }
    }

    fn table(&mut self, table: &Table, node: &Node<'_>) {
        let mut strangers = Vec::new();
        for (name, span, value) in node.entries() {
            match (table.key(name), &table.others) {
                (Some(key), _) if key.not_yet => {
                    let message = format!("the key `{name}` is not in this version yet");
                    self.faults
                        .push(Fault::new("not_yet", value.path, span, message));
                }
                (Some(key), _) => self.value(&key.shape, &value),
                (None, Some(others)) => self.value(others, &value),
                // The search for literal keys says more about these.
                (None, None) if secret::is_secret_name(name) && !is_group(&value) => {}
                (None, None) => {
                    let is_translated =
                        translated(name).is_some_and(|key| table.key(key).is_some());
                    let keys = table.keys.iter().map(|key| key.name.as_str());
                    // Who has the key beside what other tools call it does not lack it.
                    let meant =
                        key_meant(name, keys).filter(|meant| !(is_translated && node.has(meant)));
                    let message = format!("{} is no key of {}", quoted(name), owner(node));
                    let fault = Fault::new("unknown_key", value.path.clone(), span, message);
                    let sought = translated(name).unwrap_or(name);
                    let fault = fault.meant(meant, || elsewhere(self.whole, table, sought));
                    self.faults.push(fault);
                    if let Some(key) = meant.and_then(|meant| table.key(meant)) {
                        strangers.push(key.name.as_str());
                        // The values of other tools are theirs.
                        if !key.not_yet && !is_translated {
                            let before = self.faults.len();
                            self.value(&key.shape, &value);
                            // Of what type it is to be is a matter of the key that was meant.
                            let found = self.faults.split_off(before);
                            let is_own = |fault: &Fault| {
                                fault.code == "wrong_type" && fault.path == value.path
                            };
                            let inner = found.into_iter().filter(|fault| !is_own(fault));
                            self.faults.extend(inner);
                        }
                    }
                }
            }
        }
        for key in table.keys.iter().filter(|key| key.required) {
            // A mistyped key is one fault, not two.
            if !node.has(&key.name) && !strangers.contains(&key.name.as_str()) {
                self.faults.push(missing(node, &key.name));
            }
        }
    }

    fn text(&mut self, form: Form, least: usize, text: &str, node: &Node<'_>) {
        if text.chars().count() < least {
            let message = format!("{} must not be empty", subject(node));
            self.faults.push(node.fault("empty", message));
            return;
        }
        let fault = match form {
            Form::Free => return,
            Form::Id => text.parse::<MemberId>().err().map(|_| {
                let message = format!("{} is no id", quoted(text));
                let rule = "an id has 1 to 64 of a-z 0-9 _ -, and begins with a letter or a digit";
                node.fault("bad_id", message).help(rule)
            }),
            Form::Period => duration::parse_duration(text)
                .err()
                .map(|error| bad_duration(node, &error)),
            Form::Delay => duration::parse_delay(text)
                .err()
                .map(|error| bad_duration(node, &error)),
        };
        self.faults.extend(fault);
    }

    fn word(&mut self, words: &[Word], text: &str, node: &Node<'_>) {
        let known = || {
            words
                .iter()
                .filter(|word| !word.not_yet)
                .map(|w| w.text.as_str())
        };
        let one_of_these = || available(known());
        let fault = match words.iter().find(|word| word.text == text) {
            Some(word) if word.not_yet => {
                let message = format!("{} = \"{text}\" is not in this version yet", last(node));
                node.fault("not_yet", message).help(one_of_these())
            }
            Some(_) => return,
            None => {
                let meant = meant(text, words.iter().map(|word| word.text.as_str()));
                let message = format!("{} is no value of {}", quoted(text), subject(node));
                node.fault("unknown_value", message)
                    .meant(meant, one_of_these)
            }
        };
        self.faults.push(fault);
    }

    fn number(&mut self, least: f64, above: f64, most: f64, node: &Node<'_>) {
        let number = number_of(node).unwrap_or(f64::NAN);
        let bound = match () {
            () if !number.is_finite() => "a finite number".to_owned(),
            () if number <= above => format!("above {above}"),
            () if number < least => format!("at least {least}"),
            () if number > most => format!("at most {most}"),
            () => return,
        };
        let message = format!("{} must be {bound}", subject(node));
        self.faults.push(node.fault("out_of_range", message));
    }

    /// What goes into a request body must be possible in JSON.
    fn anything(&mut self, node: &Node<'_>) {
        let message = match node.value() {
            DeValue::Datetime(_) => "a date or time must be written as a string here",
            DeValue::Float(_) if !number_of(node).is_some_and(f64::is_finite) => {
                "a number must be finite here"
            }
            DeValue::Integer(_) if node.integer().is_none_or(|n| i64::try_from(n).is_err()) => {
                "this number is too large"
            }
            _ => {
                for (_, _, value) in node.entries() {
                    self.anything(&value);
                }
                for item in node.items() {
                    self.anything(&item);
                }
                return;
            }
        };
        self.faults.push(node.fault("not_json", message));
    }
}

fn is_group(node: &Node<'_>) -> bool {
    node.value().is_table() || node.value().is_array()
}

fn number_of(node: &Node<'_>) -> Option<f64> {
    match node.value() {
        DeValue::Float(float) => float.as_str().parse().ok(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "only its place among a few small bounds matters"
        )]
        DeValue::Integer(_) => node.integer().map(|n| n as f64),
        _ => None,
    }
}

/// A key that a table must have and has not.
pub(super) fn missing(node: &Node<'_>, key: &str) -> Fault {
    let message = format!("{} needs the key `{key}`", owner(node));
    let help = match (node.path.as_str(), key) {
        ("", "member") => "add one: `[[member]]`, and below it `id = \"first\"`".to_owned(),
        ("", key) => format!("write `{key} = …` above the first table"),
        (_, key) => format!("write `{key} = …` below this line"),
    };
    let fault = node.fault("missing_key", message).help(help);
    Fault {
        path: node.path_of(key),
        ..fault
    }
}

fn bad_duration(node: &Node<'_>, error: &InvalidDuration) -> Fault {
    let code = match error {
        InvalidDuration::NoUnit(_) => "bare_duration",
        _ => "bad_duration",
    };
    node.fault(code, format!("{}: {error}", subject(node)))
}

fn wrong_type(shape: &Shape, value: &DeValue<'_>, node: &Node<'_>) -> Fault {
    let wanted = match shape {
        Shape::Any => "anything",
        Shape::Table(_) => "a table",
        Shape::List { .. } => "a list",
        Shape::Text {
            form: Form::Period | Form::Delay,
            ..
        } => "a duration",
        Shape::Text { .. } | Shape::Words(_) => "a string",
        Shape::Integer { .. } => "a whole number",
        Shape::Number { .. } => "a number",
        Shape::Boolean => "`true` or `false`",
    };
    let found = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let found = match (shape, value) {
        (Shape::Integer { .. }, DeValue::Float(_)) => "a number with a fraction",
        _ => found,
    };
    let who = subject(node);
    let fault = node.fault("wrong_type", format!("{who} must be {wanted}, not {found}"));
    let table_like = |shape: &Shape| matches!(shape, Shape::Table(_));
    match (shape, value) {
        (
            Shape::Text {
                form: Form::Period | Form::Delay,
                ..
            },
            DeValue::Integer(number),
        ) => Fault {
            code: "bare_duration",
            message: format!("{who} is a duration, which needs a unit"),
            suggestion: None,
            ..fault
        }
        .help(format!(
            "write seconds as `\"{}s\"`",
            short(number.as_str())
        )),
        (Shape::List { items, .. }, DeValue::Table(_)) if table_like(items) => fault.help(format!(
            "write `[[{}]]`, with two brackets: each begins a new one",
            node.path
        )),
        (Shape::Table(_), DeValue::Array(_)) => fault.help(format!(
            "write `[{}]`, with one bracket: there is one",
            node.path
        )),
        _ => fault,
    }
}

fn short(text: &str) -> String {
    text.chars().take(12).collect()
}

/// The last step of a path: `` `profile` ``.
fn last<'n>(node: &'n Node<'_>) -> &'n str {
    let from = node.path.rfind('.').map_or(0, |at| at + 1);
    &node.path[from..]
}

fn subject(node: &Node<'_>) -> String {
    format!("`{}`", last(node))
}

/// A table as a message names it: as its header is written.
fn owner(node: &Node<'_>) -> String {
    if node.path.is_empty() {
        return "a spec".to_owned();
    }
    if let Some((_, entry)) = node.path.rsplit_once('.')
        && let Some((list, _)) = entry.split_once('[')
    {
        return format!("an entry of `{list}`");
    }
    match node.path.split_once('[') {
        Some((list, index)) if index.ends_with(']') && !list.contains('.') => {
            format!("`[[{list}]]`")
        }
        _ => format!("`[{}]`", node.path),
    }
}

/// Where a key that is unknown here would be known, as a hint; else what is known here.
fn elsewhere(whole: &Shape, here: &Table, name: &str) -> String {
    let mut places = Vec::new();
    if let Shape::Table(root) = whole {
        if root.key(name).is_some() {
            return format!(
                "`{name}` is a key of the spec as a whole: write it above the first table"
            );
        }
        for key in &root.keys {
            let (table, place) = match &key.shape {
                Shape::Table(table) => match table.others.as_deref() {
                    Some(Shape::Table(named)) => (named, format!("[{}.NAME]", key.name)),
                    _ => (table, format!("[{}]", key.name)),
                },
                Shape::List { items, .. } => match &**items {
                    Shape::Table(table) => (table, format!("[[{}]]", key.name)),
                    _ => continue,
                },
                _ => continue,
            };
            if table.key(name).is_some() {
                places.push(place);
            }
        }
    }
    if places.is_empty() {
        let known = here.keys.iter().filter(|key| !key.not_yet);
        format!(
            "its keys are {}",
            all_of(known.map(|key| key.name.as_str()))
        )
    } else {
        format!(
            "`{name}` is a key of {}",
            one_of(places.iter().map(String::as_str))
        )
    }
}
