//! Wall-clock instants as they are written: UTC, six digits of a second.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An instant of the wall clock, in microseconds.
///
/// Its text always has six decimals, so texts sort as the instants do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(Timestamp);

impl At {
    /// The present, cut to a microsecond.
    #[must_use]
    pub fn now() -> Self {
        Self::from_timestamp(Timestamp::now())
    }

    /// The instant, cut to a microsecond.
    #[must_use]
    pub fn from_timestamp(instant: Timestamp) -> Self {
        Self(Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant))
    }

    /// The instant as jiff knows it.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Whole milliseconds from `earlier` to this instant; 0 where `earlier` is later.
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.as_millisecond() - earlier.0.as_millisecond()).unwrap_or(0)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl FromStr for At {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::from_timestamp)
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self::from_timestamp)
    }
}

impl JsonSchema for At {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "At".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_six_decimals_and_comes_back() {
        let at: At = "2026-11-20T10:00:00.12Z".parse().expect("a time");
        assert_eq!(at.to_string(), "2026-11-20T10:00:00.120000Z");
        assert_eq!(at.to_string().parse::<At>().expect("its own text"), at);
    }
}
