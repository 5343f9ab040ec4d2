//! Replies as the run stores them: read by what was expected, or asked for once more.

use super::{ballot, confidence, json, revision, words};
use crate::event::{Ask, Ballot, Expect, Message, MessageRole, Purpose};
use serde_json::Value;
use std::fmt;

/// What a reply holds beside its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The reply as an object, where one was asked for and came.
    pub parsed: Option<Value>,
    /// The ballot, in real ids.
    pub ballot: Option<Ballot>,
    /// How sure the member says it is, 0 to 1.
    pub confidence: Option<f64>,
}

/// Why a reply cannot be used, as the end of a sentence about it: "it has no `ranking` of …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reply cannot be used: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Reads the reply `text` as what `ask` expects. Labels become real ids.
///
/// # Errors
/// The reply is empty, or holds nothing of what was expected.
pub fn read(ask: &Ask, text: &str) -> Result<Reading, Unreadable> {
    if text.trim().is_empty() {
        return Err(Unreadable("it is empty".to_owned()));
    }
    match &ask.expect {
        Expect::Text => Ok(Reading {
            confidence: (ask.call.purpose == Purpose::Answer)
                .then(|| confidence::split(text).1)
                .flatten(),
            ..Reading::default()
        }),
        Expect::Ranking { labels, comments } => {
            let read = ballot::ranking(text, labels)?;
            let ids: Vec<String> = labels.iter().map(|label| id_of(ask, label)).collect();
            let id = |index: usize| ids.get(index).cloned();
            let said = read.comments.into_iter().filter(|_| *comments);
            Ok(Reading {
                ballot: Some(Ballot {
                    ranking: read.order.into_iter().filter_map(id).collect(),
                    rationale: read.rationale,
                    comments: said
                        .filter_map(|(index, text)| Some((id(index)?, text)))
                        .collect(),
                    flags: read.flags,
                    choice: None,
                    candidates: ids,
                }),
                parsed: read.parsed,
                confidence: read.confidence,
            })
        }
        Expect::Choice { choices } => chosen(ask, text, choices),
        Expect::Pair { left, right } => chosen(ask, text, &[left.clone(), right.clone()]),
        Expect::Revision => {
            let parsed = revision::revision(text)?;
            let answer = parsed.get("answer").and_then(Value::as_str);
            Ok(Reading {
                confidence: answer.and_then(|answer| confidence::split(answer).1),
                parsed: Some(parsed),
                ballot: None,
            })
        }
        Expect::Schema(schema) => Ok(Reading {
            parsed: Some(object(text, schema)?),
            ..Reading::default()
        }),
    }
}

/// The messages of the second attempt: the first ones, the reply, and what is wrong with it.
#[must_use]
pub fn ask_again(ask: &Ask, reply: &str, fault: &Unreadable) -> Vec<Message> {
    let mut messages = ask.messages.clone();
    let mut request = format!("Your reply cannot be used: {}.", fault.0);
    request.push_str("\n\n");
    request.push_str(
        words::format(&ask.expect)
            .as_deref()
            .unwrap_or("Please answer."),
    );
    if !reply.trim().is_empty() {
        messages.push(Message::new(MessageRole::Assistant, reply));
        messages.push(Message::new(MessageRole::User, request));
        return messages;
    }
    // Servers refuse empty messages, and many want the two sides to take turns.
    match messages.last_mut() {
        Some(last) if last.role == MessageRole::User => {
            last.content.push_str("\n\n");
            last.content.push_str(&request);
        }
        _ => messages.push(Message::new(MessageRole::User, request)),
    }
    messages
}

fn chosen(ask: &Ask, text: &str, choices: &[String]) -> Result<Reading, Unreadable> {
    let read = ballot::choice(text, choices)?;
    let candidates: Vec<String> = choices.iter().map(|choice| id_of(ask, choice)).collect();
    Ok(Reading {
        confidence: read.confidence,
        ballot: Some(Ballot {
            choice: candidates.get(read.choice).cloned(),
            rationale: read.rationale,
            candidates,
            ..Ballot::default()
        }),
        parsed: read.parsed,
    })
}

/// The id behind a label; names that hide nothing are ids themselves.
fn id_of(ask: &Ask, label: &str) -> String {
    let id = ask.labels.as_ref().and_then(|labels| labels.get(label));
    id.map_or_else(|| label.to_owned(), ToString::to_string)
}

/// The last object in `text` that has the keys that `schema` requires.
fn object(text: &str, schema: &Value) -> Result<Value, Unreadable> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut objects: Vec<Value> = json::values(json::after_thinking(text))
        .into_iter()
        .filter(Value::is_object)
        .collect();
    let has_all = |value: &Value| required.iter().all(|key| value.get(*key).is_some());
    match objects.iter().rposition(has_all) {
        Some(place) => Ok(objects.swap_remove(place)),
        None if objects.is_empty() => Err(Unreadable("it is no JSON object".to_owned())),
        None => Err(Unreadable(format!(
            "no JSON object in it has all of {}",
            required.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(expect: Expect) -> Ask {
        let id = |text: &str| text.parse().expect("an id");
        Ask {
            call: "1.x.ballot".parse().expect("a key"),
            messages: vec![
                Message::new(MessageRole::System, "s"),
                Message::new(MessageRole::User, "u"),
            ],
            expect,
            labels: Some(
                [("Response A", "b"), ("Response B", "a")]
                    .into_iter()
                    .map(|(label, name)| (label.to_owned(), id(name)))
                    .collect(),
            ),
        }
    }

    fn labels() -> Vec<String> {
        vec!["Response A".to_owned(), "Response B".to_owned()]
    }

    #[test]
    fn labels_become_ids() {
        let ask = ask(Expect::Ranking {
            labels: labels(),
            comments: true,
        });
        let text = r#"{"comments": {"Response A": "fine"}, "rationale": "why", "ranking": ["Response B", "Response A"]}"#;
        let ballot = read(&ask, text)
            .expect("readable")
            .ballot
            .expect("a ballot");
        assert_eq!(ballot.candidates, ["b", "a"]);
        assert_eq!(ballot.ranking, ["a", "b"]);
        assert_eq!(ballot.comments["b"], "fine");
        assert_eq!(ballot.rationale.as_deref(), Some("why"));
    }

    #[test]
    fn choices_are_read_with_their_confidence() {
        let ask = ask(Expect::Choice { choices: labels() });
        for (text, choice, confidence) in [
            (
                r#"{"rationale": "x", "choice": "Response A", "confidence": 0.7}"#,
                Some("b"),
                Some(0.7),
            ),
            (
                r#"{"choice": "B", "confidence": "85%"}"#,
                Some("a"),
                Some(0.85),
            ),
            (r#"{"choice": "B", "confidence": -3}"#, Some("a"), None),
            ("I weigh them.\n\n**Choice: Response B**", Some("a"), None),
            ("Response A.", Some("b"), None),
            ("either", None, None),
            (r#"{"choice": "Response C"}"#, None, None),
        ] {
            let reading = read(&ask, text).ok();
            let ballot = reading.as_ref().and_then(|reading| reading.ballot.as_ref());
            assert_eq!(
                ballot.and_then(|ballot| ballot.choice.as_deref()),
                choice,
                "{text}"
            );
            assert_eq!(
                reading.and_then(|reading| reading.confidence),
                confidence,
                "{text}"
            );
        }
    }

    #[test]
    fn an_answer_may_say_how_sure_it_is() {
        let mut ask = ask(Expect::Text);
        let text = "Tea.\n\nConfidence: 80%";
        // Of comments and ballots in prose it would be said of something else.
        assert_eq!(read(&ask, text), Ok(Reading::default()));
        ask.call.purpose = Purpose::Answer;
        assert_eq!(read(&ask, text).expect("readable").confidence, Some(0.8));
        ask.expect = Expect::Revision;
        let text = r#"{"revised": true, "answer": "Tea.\nConfidence: 0.9"}"#;
        assert_eq!(read(&ask, text).expect("readable").confidence, Some(0.9));
    }

    #[test]
    fn an_empty_reply_is_no_answer() {
        for text in ["", " \n"] {
            assert!(read(&ask(Expect::Text), text).is_err());
        }
        assert_eq!(read(&ask(Expect::Text), "x"), Ok(Reading::default()));
    }

    #[test]
    fn objects_need_what_their_schema_requires() {
        let ask = ask(Expect::Schema(json!({ "required": ["decision"] })));
        let good = read(&ask, "So:\n{\"decision\": \"yes\"}").expect("readable");
        assert_eq!(good.parsed, Some(json!({ "decision": "yes" })));
        assert!(read(&ask, r#"{"other": 1}"#).is_err());
        assert!(read(&ask, "yes").is_err());
    }

    #[test]
    fn the_second_asking_names_the_fault_and_the_form() {
        let ask = ask(Expect::Revision);
        let fault = read(&ask, "no").expect_err("unreadable");
        let messages = ask_again(&ask, "no", &fault);
        let roles: Vec<MessageRole> = messages.iter().map(|message| message.role).collect();
        use MessageRole::{Assistant, System, User};
        assert_eq!(roles, [System, User, Assistant, User]);
        assert!(
            messages[3]
                .content
                .contains("it is no JSON object with `revised`")
        );
        assert!(messages[3].content.contains(r#"{"revised": "#));
    }

    #[test]
    fn an_empty_reply_is_not_sent_back() {
        let ask = ask(Expect::Text);
        let fault = read(&ask, "").expect_err("unreadable");
        let messages = ask_again(&ask, "", &fault);
        assert_eq!(messages.len(), 2);
        assert!(
            messages[1]
                .content
                .starts_with("u\n\nYour reply cannot be used: it is empty.")
        );
    }
}
