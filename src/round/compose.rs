//! From what a round wants to ask to the messages of one call.

use super::{PromptError, Seat, Table, words};
use crate::event::{Ask, CallKey, Expect, MemberId, Message, MessageRole, Purpose};
use crate::prompt::{
    Fenced, Scope, ShownAnswer, ShownBallot, ShownReview, ShownRound, Speaker, Template,
    TemplateFault,
};
use indexmap::IndexMap;

/// What one call shows, as it came: fencing is done here and nowhere else.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) answers: Vec<ShownAnswer>,
    pub(super) reviews: Vec<ShownReview>,
    pub(super) ballots: Vec<ShownBallot>,
}

/// One question before it is put into words.
pub(super) struct Question<'a> {
    /// Whose role and prompt it carries.
    pub(super) voice: Voice<'a>,
    /// Who is asked; not the owner of the voice where a member speaks for the chair.
    pub(super) asked: &'a MemberId,
    pub(super) purpose: Purpose,
    pub(super) expect: Expect,
    /// The ids behind the labels, where names are hidden.
    pub(super) labels: Option<IndexMap<String, MemberId>>,
    pub(super) shown: Shown,
    /// What stands in place of the kind's own words.
    pub(super) template: Option<&'a Template>,
}

/// As whom somebody is addressed.
#[derive(Clone, Copy)]
pub(super) enum Voice<'a> {
    Member(&'a Seat),
    /// The chair; without a seat where it cannot be asked and another speaks for it.
    Chair(Option<&'a Seat>),
}

impl<'a> Voice<'a> {
    pub(super) fn seat(self) -> Option<&'a Seat> {
        match self {
            Self::Member(seat) => Some(seat),
            Self::Chair(seat) => seat,
        }
    }

    fn name(self) -> String {
        self.seat()
            .map_or_else(|| MemberId::chair().to_string(), |seat| seat.id.to_string())
    }
}

/// Puts `question` into messages: the system's from the member's own prompt, the user's from the
/// round's template or `words`, and always the form that the reply must have.
pub(super) fn ask(
    table: &Table<'_>,
    question: Question<'_>,
    words: impl FnOnce(&Scope) -> String,
) -> Result<Ask, PromptError> {
    let Question {
        voice,
        asked,
        purpose,
        expect,
        labels,
        shown,
        template,
    } = question;
    let form = match purpose {
        Purpose::Critique => Some(words::sections(&shown.answers)),
        _ => words::format(&expect),
    };
    let scope = scope(table, voice, shown).fence();
    let mut system = system(table, voice, &scope)?;
    let mut user = match template {
        Some(template) => rendered(table, voice, template, &scope)?,
        None => words(scope.scope()),
    };
    if let Some(form) = form {
        user.truncate(user.trim_end().len());
        user.push_str("\n\n");
        user.push_str(&form);
    }
    let fence = scope.fence();
    if fence.stands_in(&user) || fence.stands_in(&system) {
        system.push_str("\n\n");
        system.push_str(&fence.note());
    }
    Ok(Ask {
        call: CallKey {
            round: table.round.index,
            member: asked.clone(),
            purpose,
        },
        messages: vec![
            Message::new(MessageRole::System, system),
            Message::new(MessageRole::User, user),
        ],
        expect,
        labels,
    })
}

/// The round's template, with the attachments behind it where it or the member's own prompt shows
/// the input.
fn rendered(
    table: &Table<'_>,
    voice: Voice<'_>,
    template: &Template,
    scope: &Fenced,
) -> Result<String, PromptError> {
    let mut user = template
        .render(scope)
        .map_err(|fault| prompt_error(&table.plan.name, &fault))?;
    let prompt = voice.seat().and_then(|seat| seat.prompt.as_ref());
    let mut own = [Some(template), prompt].into_iter().flatten();
    if own.any(|own| own.uses("input")) {
        words::attachments(&mut user, scope.scope());
    }
    Ok(user)
}

fn scope(table: &Table<'_>, voice: Voice<'_>, shown: Shown) -> Scope {
    let seat = voice.seat();
    let member = Speaker {
        id: voice.name(),
        role: seat.and_then(|seat| seat.role.clone()).unwrap_or_default(),
        weight: seat.and_then(|seat| seat.weight).unwrap_or(1.0),
    };
    Scope {
        input: table.input.to_owned(),
        attachments: table.attachments.iter().map(Into::into).collect(),
        input_is_material: table.input_mode == super::InputMode::Material,
        council: table.council.to_owned(),
        member,
        round: ShownRound {
            name: table.round.name.clone(),
            kind: table.round.kind.clone(),
            index: table.round.index,
            iteration: table.round.iteration,
        },
        answers: shown.answers,
        reviews: shown.reviews,
        ballots: shown.ballots,
    }
}

/// The standing orders: role and own prompt, or words for who has none.
fn system(table: &Table<'_>, voice: Voice<'_>, scope: &Fenced) -> Result<String, PromptError> {
    let seat = voice.seat();
    let prompt = seat.and_then(|seat| seat.prompt.as_ref());
    let says_role = prompt.is_some_and(|prompt| prompt.uses("role"));
    let role = seat
        .and_then(|seat| seat.role.as_deref())
        .filter(|_| !says_role)
        .map(|role| format!("Your role: {role}."));
    let own = match (prompt, voice) {
        (Some(prompt), _) => prompt
            .render(scope)
            .map_err(|fault| prompt_error(&voice.name(), &fault))?
            .trim()
            .to_owned(),
        (None, Voice::Member(_)) => words::MEMBER.to_owned(),
        (None, Voice::Chair(_)) => words::chair(table.council),
    };
    let parts: Vec<String> = role.into_iter().chain([own]).collect();
    Ok(parts.join("\n\n"))
}

fn prompt_error(whose: &str, fault: &TemplateFault) -> PromptError {
    PromptError {
        whose: whose.to_owned(),
        message: match fault.line {
            Some(line) => format!("{fault} (line {line})"),
            None => fault.to_string(),
        },
    }
}
