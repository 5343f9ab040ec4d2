//! Lengths of time as people write them: whole numbers with units, such as `250ms`, `20s`, `1h30m`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The units, from the largest, with their milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

const LONGEST_MS: u64 = 365 * 86_400_000;

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// A number without a unit.
    #[error("a duration needs a unit: `{0}s` or `{0}ms`")]
    NoUnit(String),
    /// Something else than numbers with units.
    #[error(
        "`{0}` is no duration; write whole numbers with the units d, h, m, s, ms, such as `20s` or `1h30m`"
    )]
    Unreadable(String),
    /// A unit twice, or a smaller one before a larger.
    #[error("the units of `{0}` must go from the largest to the smallest, each once")]
    Order(String),
    /// Nothing at all.
    #[error("a duration must be longer than nothing")]
    Zero,
    /// More than a year.
    #[error("a duration is at most `365d`")]
    TooLong,
}

/// Reads a length of time above zero, such as `250ms`, `20s`, `1h30m` or `1d`.
///
/// # Errors
/// What is wrong with the text, and how it is written.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    match parse_delay(text)? {
        Duration::ZERO => Err(InvalidDuration::Zero),
        duration => Ok(duration),
    }
}

/// As [`parse_duration`], and `0s` is fine.
pub(super) fn parse_delay(text: &str) -> Result<Duration, InvalidDuration> {
    let unreadable = || InvalidDuration::Unreadable(text.chars().take(40).collect());
    let mut rest = text;
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = split(rest, |b| b.is_ascii_digit());
        let unit = split(digits.1, |b| b.is_ascii_alphabetic());
        if digits.0.is_empty() {
            return Err(unreadable());
        }
        if unit.0.is_empty() && unit.1.is_empty() && digits.0.len() == text.len() {
            return Err(InvalidDuration::NoUnit(text.chars().take(20).collect()));
        }
        if !UNITS.iter().any(|(name, _)| *name == unit.0) {
            return Err(unreadable());
        }
        let Some((_, ms)) = units.find(|(name, _)| *name == unit.0) else {
            return Err(InvalidDuration::Order(text.chars().take(40).collect()));
        };
        let part = digits
            .0
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(*ms));
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= LONGEST_MS)
            .ok_or(InvalidDuration::TooLong)?;
        rest = unit.1;
    }
    if text.is_empty() {
        return Err(unreadable());
    }
    Ok(Duration::from_millis(total))
}

fn split(text: &str, belongs: impl Fn(&u8) -> bool) -> (&str, &str) {
    let end = text.bytes().take_while(|b| belongs(b)).count();
    text.split_at(end)
}

/// Writes a length of time as it is read: `1h30m`. Parts of a millisecond are dropped.
#[must_use]
pub fn write_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, ms) in UNITS {
        if rest / ms > 0 {
            text += &format!("{}{name}", rest / ms);
            rest %= ms;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

macro_rules! written_with_units {
    ($(#[$doc:meta])* $type:ident, $parse:ident, $format:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) struct $type(pub(super) Duration);

        impl $type {
            /// What the walker knows this form by.
            pub(super) const FORMAT: &str = $format;
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&write_duration(self.0))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                $parse(&text).map(Self).map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": Self::FORMAT, "pattern": $pattern })
            }
        }
    };
}

written_with_units! {
    /// A length of time above zero.
    Period, parse_duration, "council-duration",
    "^(?=.*[1-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
}

written_with_units! {
    /// A length of time, or none at all.
    Delay, parse_delay, "council-delay",
    "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_numbers_with_units_from_the_largest() {
        for (text, ms) in [
            ("250ms", 250),
            ("20s", 20_000),
            ("1h30m", 5_400_000),
            ("1d", 86_400_000),
            ("1m1ms", 60_001),
            ("90m", 5_400_000),
            ("365d", LONGEST_MS),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(ms)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_duration_says_how_one_is_written() {
        for (text, says) in [
            ("20", "a duration needs a unit: `20s` or `20ms`"),
            ("0s", "a duration must be longer than nothing"),
            ("366d", "a duration is at most `365d`"),
            ("99999999999999999999d", "a duration is at most `365d`"),
            (
                "30m1h",
                "the units of `30m1h` must go from the largest to the smallest, each once",
            ),
            (
                "1s1s",
                "the units of `1s1s` must go from the largest to the smallest, each once",
            ),
        ] {
            let fault = parse_duration(text).expect_err(text);
            assert_eq!(fault.to_string(), says);
        }
        for text in [
            "", " ", "s", "1.5s", "-1s", "1 s", "1h30", "1w", "1S", "٣s", "∞",
        ] {
            let fault = parse_duration(text).expect_err(text);
            assert_eq!(
                fault,
                InvalidDuration::Unreadable(text.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_delay_may_be_nothing() {
        assert_eq!(parse_delay("0s"), Ok(Duration::ZERO));
        assert_eq!(write_duration(Duration::ZERO), "0s");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(ms in 1..=LONGEST_MS) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&write_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_is_too_strange_to_read(text in "\\PC*") {
            drop(parse_duration(&text));
        }
    }
}
