//! An event as it is read from its line.
//!
//! `kind` says what `data` is. It stands before it in every line that this program writes, so that
//! `data` becomes what it is in one pass; where it stands behind, `data` is kept until it comes.

use super::{At, CallKey, Event, EventKind, MemberId, RoundRef, RunId};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    V,
    RunId,
    Seq,
    At,
    Kind,
    Round,
    Member,
    Call,
    Data,
    /// A newer council wrote it.
    #[serde(other)]
    Other,
}

/// What has been read so far.
#[derive(Default)]
struct Parts {
    v: Option<u32>,
    run_id: Option<RunId>,
    seq: Option<u64>,
    at: Option<At>,
    kind: Option<String>,
    round: Option<Option<RoundRef>>,
    member: Option<Option<MemberId>>,
    call: Option<Option<CallKey>>,
    body: Option<EventKind>,
    /// `data` that came before `kind`.
    data: Option<Box<RawValue>>,
}

struct Line;

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Line)
    }
}

impl<'de> Visitor<'de> for Line {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut parts = Parts::default();
        while let Some(name) = map.next_key()? {
            match name {
                Name::V => once("v", &mut parts.v, map.next_value()?)?,
                Name::RunId => once("run_id", &mut parts.run_id, map.next_value()?)?,
                Name::Seq => once("seq", &mut parts.seq, map.next_value()?)?,
                Name::At => once("at", &mut parts.at, map.next_value()?)?,
                Name::Kind => once("kind", &mut parts.kind, map.next_value()?)?,
                Name::Round => once("round", &mut parts.round, map.next_value()?)?,
                Name::Member => once("member", &mut parts.member, map.next_value()?)?,
                Name::Call => once("call", &mut parts.call, map.next_value()?)?,
                Name::Data if parts.data.is_some() => {
                    return Err(A::Error::duplicate_field("data"));
                }
                Name::Data => match &parts.kind {
                    Some(kind) => {
                        let body = map.next_value_seed(DataOf(kind))?;
                        once("data", &mut parts.body, body)?;
                    }
                    None => parts.data = Some(map.next_value()?),
                },
                Name::Other => drop(map.next_value::<serde::de::IgnoredAny>()?),
            }
        }
        parts.whole()
    }
}

/// Puts a field into its place, which must be free.
fn once<T, E: serde::de::Error>(
    name: &'static str,
    place: &mut Option<T>,
    value: T,
) -> Result<(), E> {
    match place.replace(value) {
        Some(_) => Err(E::duplicate_field(name)),
        None => Ok(()),
    }
}

/// Reads `data` of an event of this kind.
struct DataOf<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for DataOf<'_> {
    type Value = EventKind;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<EventKind, D::Error> {
        EventKind::read(self.0, data)
    }
}

impl Parts {
    fn whole<E: serde::de::Error>(self) -> Result<Event, E> {
        let missing = E::missing_field;
        let kind = self.kind.ok_or_else(|| missing("kind"))?;
        let body = match (self.body, self.data) {
            (Some(body), _) => body,
            (None, Some(data)) => {
                let mut data = serde_json::Deserializer::from_str(data.get());
                EventKind::read(&kind, &mut data).map_err(E::custom)?
            }
            (None, None) => return Err(missing("data")),
        };
        Ok(Event {
            v: self.v.ok_or_else(|| missing("v"))?,
            run_id: self.run_id.ok_or_else(|| missing("run_id"))?,
            seq: self.seq.ok_or_else(|| missing("seq"))?,
            at: self.at.ok_or_else(|| missing("at"))?,
            round: self.round.flatten(),
            member: self.member.flatten(),
            call: self.call.flatten(),
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#""v":1,"run_id":"a","seq":3,"at":"2026-11-20T10:00:00.123456Z""#;
    const KIND: &str = r#""kind":"notice""#;
    const DATA: &str = r#""data":{"code":"x","text":"y\n"}"#;

    fn read(parts: &[&str]) -> Result<Event, String> {
        let line = format!("{{{}}}", parts.join(","));
        serde_json::from_str(&line).map_err(|fault| fault.to_string())
    }

    #[test]
    fn data_is_read_wherever_it_stands() {
        let event = read(&[HEAD, KIND, DATA]).expect("an event");
        assert_eq!(event.body.name(), "notice");
        for order in [[DATA, KIND, HEAD], [KIND, DATA, HEAD], [HEAD, DATA, KIND]] {
            assert_eq!(read(&order).as_ref(), Ok(&event));
        }
        let newer = read(&[r#""mood":[1,{}]"#, HEAD, KIND, DATA]);
        assert_eq!(newer.as_ref(), Ok(&event));
    }

    #[test]
    fn a_line_without_a_part_or_with_one_twice_is_no_event() {
        for (parts, fault) in [
            (vec![HEAD, DATA], "missing field `kind`"),
            (vec![HEAD, KIND], "missing field `data`"),
            (vec![KIND, DATA], "missing field `v`"),
            (vec![HEAD, KIND, KIND, DATA], "duplicate field `kind`"),
            (vec![HEAD, KIND, DATA, DATA], "duplicate field `data`"),
            (vec![HEAD, DATA, KIND, DATA], "duplicate field `data`"),
            (vec![HEAD, KIND, r#""data":{"code":1}"#], "invalid type"),
            (vec![HEAD, r#""data":{"code":1}"#, KIND], "invalid type"),
        ] {
            let told = read(&parts).expect_err("no event");
            assert!(told.contains(fault), "{parts:?}: {told}");
        }
    }
}
