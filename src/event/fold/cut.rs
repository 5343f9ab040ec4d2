//! Which replies ended at their token limit, and whether the answer is one of them.

use super::Fold;
use crate::event::{CallKey, MemberId, Notice};

/// The code of the notice that a reply ended at its token limit.
pub const TOKEN_LIMIT: &str = "token_limit";

/// What ended at its token limit.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut {
    /// The calls of which a notice says so; it comes before the call's end.
    calls: Vec<CallKey>,
    /// Members whose last answer did.
    answers: Vec<MemberId>,
    /// Whether the last synthesis did.
    synthesis: bool,
}

impl Cut {
    /// A notice came, perhaps of a call.
    pub(super) fn notice(&mut self, call: Option<&CallKey>, notice: &Notice) {
        if notice.code == TOKEN_LIMIT {
            self.calls.extend(call.cloned());
        }
    }

    /// `call` gave the last synthesis.
    pub(super) fn synthesis(&mut self, call: &CallKey) {
        self.synthesis = self.calls.contains(call);
    }

    /// `call` gave its member's last answer.
    pub(super) fn answer(&mut self, call: &CallKey) {
        self.answers.retain(|id| *id != call.member);
        if self.calls.contains(call) {
            self.answers.push(call.member.clone());
        }
    }
}

impl Fold {
    /// Whether the one reply that is the answer ended at its token limit. Of several answers under
    /// their ids none is it.
    pub(super) fn is_answer_cut(&self) -> bool {
        if self.synthesis.is_some() {
            return self.cut.synthesis;
        }
        let members = &self.result.members;
        let answered = || members.iter().filter(|(_, member)| member.answer.is_some());
        let by = match &self.result.vote {
            Some(winner) => answered().find(|(id, _)| id.as_str() == winner),
            None => answered().next().filter(|_| answered().nth(1).is_none()),
        };
        by.is_some_and(|(id, _)| self.cut.answers.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_said_last_counts() {
        let call = |text: &str| -> CallKey { text.parse().expect("a call") };
        let notice = |code: &str| Notice {
            code: code.to_owned(),
            text: String::new(),
        };
        let mut cut = Cut::default();
        cut.notice(Some(&call("0.a.answer")), &notice(TOKEN_LIMIT));
        cut.notice(Some(&call("0.b.answer")), &notice("other"));
        for answered in ["0.a.answer", "0.b.answer"] {
            cut.answer(&call(answered));
        }
        assert_eq!(cut.answers, [call("0.a.answer").member]);
        cut.answer(&call("1.a.revise"));
        assert!(cut.answers.is_empty());
    }
}
