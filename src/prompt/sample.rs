//! A made-up scope that notes each attribute it was asked for in vain.
//!
//! A template is rendered with it once when it is compiled. What is undefined there may be defined
//! in a run (a member of another id, a fifth answer), so that alone is no fault; an attribute that
//! no answer ever has is one.

use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use std::sync::{Arc, Mutex, PoisonError};

/// An attribute that does not exist: of what, its name, and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Miss {
    pub(super) of: &'static str,
    pub(super) attribute: String,
    pub(super) known: &'static [&'static str],
}

/// The attributes of each value that has some, in the order in which help names them.
pub(super) const MEMBER: &[&str] = &["id", "role", "weight"];
pub(super) const ROUND: &[&str] = &["name", "kind", "index", "iteration"];
const ANSWER: &[&str] = &["id", "label", "text", "weight"];
const REVIEW: &[&str] = &["by", "of", "text"];
const BALLOT: &[&str] = &["member", "ranking", "choice", "rationale"];

type Misses = Arc<Mutex<Vec<Miss>>>;

/// A value with attributes that remembers what it lacked.
#[derive(Debug)]
struct Probe {
    of: &'static str,
    known: &'static [&'static str],
    values: Vec<Value>,
    misses: Misses,
}

impl Object for Probe {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if let Some(place) = self.known.iter().position(|known| *known == key) {
            return self.values.get(place).cloned();
        }
        self.misses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Miss {
                of: self.of,
                attribute: key.to_owned(),
                known: self.known,
            });
        None
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(self.known)
    }
}

/// A sample scope and the list of what it lacked.
#[derive(Default)]
pub(super) struct Sample {
    misses: Misses,
}

impl Sample {
    pub(super) fn scope(&self) -> Value {
        let of = |of, known, values: Vec<Value>| {
            Value::from_object(Probe {
                of,
                known,
                values,
                misses: Arc::clone(&self.misses),
            })
        };
        let each = |make: &dyn Fn(&str) -> Value| -> Value {
            ["a", "b", "c"].into_iter().map(make).collect()
        };
        minijinja::context! {
            input => "a question",
            council => "a-council",
            member => of("member", MEMBER, vec!["a".into(), "a role".into(), 1.0.into()]),
            round => of("round", ROUND, vec!["a round".into(), "a_kind".into(), 1.into(), 1.into()]),
            answers => each(&|id| of("an answer", ANSWER, vec![id.into(), id.into(), "a text".into(), 0.5.into()])),
            reviews => each(&|id| of("a review", REVIEW, vec!["b".into(), id.into(), "a text".into()])),
            ballots => each(&|id| of("a ballot", BALLOT, vec![
                id.into(),
                Value::from(vec!["a", "b"]),
                "a".into(),
                "a reason".into(),
            ])),
        }
    }

    pub(super) fn first_miss(&self) -> Option<Miss> {
        let misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        misses.first().cloned()
    }
}
