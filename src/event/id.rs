//! Names of runs, members and calls, checked where they are made.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id under which the chair speaks; no member may have it.
pub const CHAIR: &str = "chair";

/// A text that is no name of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: {rule}")]
pub struct InvalidId {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// The name of one run: 1 to 64 of `[A-Za-z0-9._-]`, not beginning with `-` or `.`, not `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(Arc<str>);

impl RunId {
    /// A new id that sorts by the time of its making (UUIDv7).
    #[must_use]
    pub fn draw() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && !text.starts_with(['-', '.'])
            && text != "latest";
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId {
                text: text.to_owned(),
                what: "run id",
                rule: "it has 1 to 64 of A-Z a-z 0-9 . _ -, does not begin with - or ., and is not `latest`",
            })
        }
    }
}

/// The name of a member: `[a-z0-9][a-z0-9_-]{0,63}`; the chair's is [`CHAIR`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(Arc<str>);

impl MemberId {
    /// The chair's id.
    #[must_use]
    pub fn chair() -> Self {
        Self(CHAIR.into())
    }

    /// Whether this is the chair.
    #[must_use]
    pub fn is_chair(&self) -> bool {
        &*self.0 == CHAIR
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MemberId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (1..=64).contains(&text.len())
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|b| plain(b) || b == b'_' || b == b'-');
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId {
                text: text.to_owned(),
                what: "id",
                rule: "it has 1 to 64 of a-z 0-9 _ -, and begins with a letter or a digit",
            })
        }
    }
}

/// Why a member is asked; the last part of a [`CallKey`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Its own answer.
    Answer,
    /// A ranking or a vote.
    Ballot,
    /// Comments on the others' answers.
    Critique,
    /// A second look at its own answer.
    Revise,
    /// Which of two answers is the better.
    Pair(MemberId, MemberId),
    /// Which of those that are tied.
    Tie,
    /// The one answer of the council.
    Synthesis,
    /// Who shall be asked.
    Route,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => f.write_str("answer"),
            Self::Ballot => f.write_str("ballot"),
            Self::Critique => f.write_str("critique"),
            Self::Revise => f.write_str("revise"),
            Self::Pair(left, right) => write!(f, "pair:{left}/{right}"),
            Self::Tie => f.write_str("tie"),
            Self::Synthesis => f.write_str("synthesis"),
            Self::Route => f.write_str("route"),
        }
    }
}

/// The name of one question, unique in its run: `ROUND.MEMBER.PURPOSE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// The round's index, counting rounds as held.
    pub round: u32,
    /// Who is asked.
    pub member: MemberId,
    /// Why.
    pub purpose: Purpose,
}

impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.round, self.member, self.purpose)
    }
}

impl FromStr for CallKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId {
            text: text.to_owned(),
            what: "call key",
            rule: "it is written ROUND.MEMBER.PURPOSE",
        };
        let mut parts = text.splitn(3, '.');
        let (Some(round), Some(member), Some(purpose)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let purpose = match purpose {
            "answer" => Purpose::Answer,
            "ballot" => Purpose::Ballot,
            "critique" => Purpose::Critique,
            "revise" => Purpose::Revise,
            "tie" => Purpose::Tie,
            "synthesis" => Purpose::Synthesis,
            "route" => Purpose::Route,
            pair => {
                let (left, right) = pair
                    .strip_prefix("pair:")
                    .and_then(|pair| pair.split_once('/'))
                    .ok_or_else(invalid)?;
                Purpose::Pair(left.parse()?, right.parse()?)
            }
        };
        Ok(Self {
            round: round.parse().map_err(|_| invalid())?,
            member: member.parse()?,
            purpose,
        })
    }
}

macro_rules! written_as_text {
    ($($type:ident: $pattern:expr;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*};
}

written_as_text! {
    RunId: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$";
    MemberId: "^[a-z0-9][a-z0-9_-]{0,63}$";
    CallKey: r"^[0-9]+\.[a-z0-9][a-z0-9_-]{0,63}\.[a-z0-9:/_-]+$";
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_are_safe_as_file_names_and_arguments() {
        for good in ["a", "2026.11_x-1", RunId::draw().as_str(), &"x".repeat(64)] {
            assert!(good.parse::<RunId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "latest", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn call_keys_come_back_from_their_text() {
        for text in ["0.a.answer", "12.chair.synthesis", "3.chair.pair:a/b-c"] {
            assert_eq!(
                text.parse::<CallKey>().expect("a call key").to_string(),
                text
            );
        }
        for bad in [
            "",
            "0.a",
            "x.a.answer",
            "0.A.answer",
            "0.a.other",
            "0.a.pair:a",
        ] {
            assert!(bad.parse::<CallKey>().is_err(), "{bad}");
        }
    }
}
