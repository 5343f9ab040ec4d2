//! The row of one member: what it is asked, what has come of it, and its text for a width.

use crate::event::{CallKey, MemberCompleted, MemberRetry, MemberStatus, Usage};
use crate::report::words;
use crate::ui::{Line, Tone};
use console::measure_text_width;
use std::time::Duration;

/// The columns that the last words want.
const WORDS: usize = 16;

/// How much of a reply is kept to show its last words, in bytes.
const TAIL: usize = 1024;

/// What is known of one member in the round that goes on.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Calls that have begun and not ended.
    open: Vec<CallKey>,
    /// When the first of them began.
    since: Duration,
    /// Tokens of the replies that have ended, discarded ones too.
    pub(super) tokens: u64,
    /// Bytes of the reply that is coming in.
    heard: usize,
    /// The last words of the reply that is coming in.
    tail: String,
    /// The attempt that comes after one that failed.
    next: Option<Next>,
    ended: Option<Ended>,
}

/// How the last call ended.
#[derive(Debug)]
struct Ended {
    status: MemberStatus,
    /// How long it took; empty where nobody was asked.
    took: String,
    /// Why it gave nothing; empty where it did.
    why: String,
}

/// An attempt that follows a failed one.
#[derive(Debug)]
struct Next {
    attempt: u32,
    /// When it is made.
    at: Duration,
    /// Why the one before failed.
    why: String,
}

/// A line of tidy texts that ends where there is no more room.
pub(super) struct Cut {
    pub(super) line: Line,
    /// The columns that are free.
    pub(super) left: usize,
}

impl Cut {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            line: Line::new(),
            left: columns,
        }
    }

    pub(super) fn add(&mut self, tone: Tone, text: &str) {
        if self.left == 0 || text.is_empty() {
            return;
        }
        let wide = measure_text_width(text);
        let line = std::mem::take(&mut self.line);
        self.line = line.with(tone, words::clip(text, self.left));
        self.left = self.left.saturating_sub(wide);
    }
}

impl Row {
    /// A call to it begins.
    pub(super) fn begin(&mut self, call: &CallKey, now: Duration) {
        if self.open.is_empty() {
            self.since = now;
        }
        self.open.push(call.clone());
        self.fall_silent();
    }

    /// A piece of its reply came.
    pub(super) fn hear(&mut self, text: &str) {
        self.next = None;
        self.heard += text.len();
        add(&mut self.tail, text, TAIL);
    }

    /// An attempt failed, and another one follows.
    pub(super) fn try_again(&mut self, retry: &MemberRetry, now: Duration) {
        self.fall_silent();
        // A reply that is thrown away is paid all the same.
        let discarded = retry.discarded.as_ref();
        self.count(discarded.and_then(|reply| reply.usage.as_ref()));
        self.next = Some(Next {
            attempt: retry.attempt + 1,
            at: now + Duration::from_millis(retry.wait_ms),
            why: words::tidy(&words::sentence(&retry.error)),
        });
    }

    /// A call to it has ended.
    pub(super) fn end(&mut self, call: &CallKey, done: &MemberCompleted, now: Duration) {
        self.open.retain(|open| open != call);
        self.next = None;
        self.fall_silent();
        self.count(done.usage.as_ref());
        let why = done.error.as_ref();
        self.ended = Some(Ended {
            status: done.status,
            took: if done.from_tape {
                "played back".to_owned()
            } else {
                passed(now.saturating_sub(self.since))
            },
            why: why.map_or_else(String::new, |error| words::tidy(&words::sentence(error))),
        });
    }

    fn count(&mut self, usage: Option<&Usage>) {
        let output = usage.and_then(|usage| usage.output_tokens);
        self.tokens += output.unwrap_or(0);
    }

    /// The round has ended, and it came to this.
    pub(super) fn settle(&mut self, status: MemberStatus) {
        let ended = self.ended.take();
        let (took, why) = ended.map_or_else(Default::default, |ended| (ended.took, ended.why));
        self.ended = Some(Ended { status, took, why });
        self.open.clear();
    }

    pub(super) fn is_done(&self) -> bool {
        self.open.is_empty() && self.ended.is_some()
    }

    /// Who speaks, then who failed, then who has not begun, then who is done.
    pub(super) fn rank(&self) -> u8 {
        match &self.ended {
            _ if !self.open.is_empty() => 0,
            Some(ended) if ended.status.is_missing() => 1,
            None => 2,
            Some(_) => 3,
        }
    }

    /// Nothing has come yet of what is to come.
    fn fall_silent(&mut self) {
        self.heard = 0;
        self.tail.clear();
    }

    /// Its state, then what fits of the rest.
    pub(super) fn say(&self, line: &mut Cut, now: Duration, answer_is_shown: bool) {
        if self.open.is_empty() {
            match &self.ended {
                Some(Ended { status, took, why }) => {
                    line.add(tone(*status), status.name());
                    if !took.is_empty() {
                        line.add(Tone::Plain, &format!(", {took}"));
                    }
                    if self.tokens > 0 {
                        let tokens = replied("", self.tokens, line.left);
                        line.add(Tone::Plain, &tokens);
                    }
                    if !why.is_empty() {
                        line.add(Tone::Plain, &format!(", {why}"));
                    }
                }
                None => line.add(Tone::Faint, "not asked yet"),
            }
            return;
        }
        let purpose = match self.open.as_slice() {
            [call] => call.purpose.to_string(),
            calls => format!("{} calls", calls.len()),
        };
        let since = passed(now.saturating_sub(self.since));
        line.add(Tone::Plain, &format!("{purpose}, {since}"));
        if let Some(next) = &self.next {
            let Next { attempt, at, why } = next;
            line.add(Tone::Plain, ", ");
            let what = match at.checked_sub(now).filter(|left| !left.is_zero()) {
                Some(left) => format!("again in {}: {why}", passed(left)),
                None => format!("attempt {attempt}, waiting, after {why}"),
            };
            line.add(Tone::Caution, &what);
            return;
        }
        if self.heard == 0 {
            line.add(Tone::Faint, ", waiting");
        } else {
            // No provider counts before the end; four bytes are about a token.
            let tokens = self.tokens + (self.heard as u64).div_ceil(4);
            let tokens = replied("~", tokens, line.left);
            // Where not both have room, the words tell more.
            if answer_is_shown || line.left > tokens.len() + WORDS {
                line.add(Tone::Plain, &tokens);
            }
        }
        let tail = words::tidy(&self.tail);
        if !tail.is_empty() && !answer_is_shown && line.left > 2 {
            line.add(Tone::Plain, "  ");
            let words = words::last_words(&tail, line.left);
            line.add(Tone::Faint, &words);
        }
    }
}

/// How many tokens of replies came; in few columns, their number alone.
fn replied(about: &str, tokens: u64, columns: usize) -> String {
    let whole = format!(", {about}{}", words::tokens_out(tokens));
    if whole.len() <= columns {
        return whole;
    }
    format!(", {about}{} out", words::thousands(tokens))
}

fn tone(status: MemberStatus) -> Tone {
    match status {
        MemberStatus::Ok => Tone::Good,
        MemberStatus::Error | MemberStatus::Timeout | MemberStatus::InvalidOutput => Tone::Bad,
        MemberStatus::Skipped | MemberStatus::Eliminated | MemberStatus::Cancelled => Tone::Caution,
    }
}

/// Adds `text` to the end of `kept`, of which no more than twice `most` bytes stay.
pub(super) fn add(kept: &mut String, text: &str, most: usize) {
    kept.push_str(text);
    if kept.len() > 2 * most {
        let from = kept.ceil_char_boundary(kept.len() - most);
        kept.drain(..from);
    }
}

/// A time as rows tell it.
pub(super) fn passed(time: Duration) -> String {
    words::seconds(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
