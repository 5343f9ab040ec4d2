//! A council as plain text, as wide as its place and at most 100 columns.

use super::super::lines::Lines;
use super::super::words::count;
use super::{
    answer, asked, counted, gathered, gives, goal, heads, iterations, pairs, short, stand_in, title,
};
use crate::spec::{
    Council, FailureMode, InputMode, Look, Repeat, RoundPlan, Sees, Until, write_duration,
};

/// `council` in words: who is asked, what they see, what they give.
#[must_use]
pub fn outline(council: &Council, columns: Option<usize>) -> String {
    let mut out = Lines::well_read(columns);
    let mut parts = vec![count(council.members.len() as u64, "member", "members")];
    parts.extend(council.chair.as_ref().map(|_| "a chair".to_owned()));
    parts.push(count(council.rounds.len() as u64, "round", "rounds"));
    out.line(
        0,
        &format!("{}: {}", short(&council.name), parts.join(", ")),
    );
    out.line(2, &terms(council));
    for who in people(council) {
        out.line(2, &who);
    }
    for (head, plan) in heads(council).zip(&council.rounds) {
        out.round(council, plan, &head, 0);
    }
    out.line(0, &format!("the answer: {}", answer(council)));
    out.finish()
}

/// What holds for all of a run.
fn terms(council: &Council) -> String {
    let input = match council.input {
        InputMode::Task => "the input is the question",
        InputMode::Material => "the input is material, and is fenced",
    };
    let least = count(council.min_members as u64, "member", "members");
    let deadline = council.deadline.map(|deadline| {
        let deadline = write_duration(deadline);
        format!("; it ends after {deadline}")
    });
    format!(
        "{input}; answers from at least {least}{}",
        deadline.unwrap_or_default()
    )
}

fn people(council: &Council) -> Vec<String> {
    let one = |id: &str, role: Option<&str>, model: String| {
        let role = role.map(|role| format!(": {}", short(role)));
        format!("{id} ({}){}", short(&model), role.unwrap_or_default())
    };
    let members = council.members.iter().map(|member| {
        let model = member.profile.model.to_string();
        one(member.id.as_str(), member.role.as_deref(), model)
    });
    let mut people = gathered(members.collect());
    people.extend(council.chair.as_ref().map(|chair| {
        one(
            "chair",
            chair.role.as_deref(),
            chair.profile.model.to_string(),
        )
    }));
    people
}

impl Lines {
    fn round(&mut self, council: &Council, plan: &RoundPlan, head: &str, indent: usize) {
        let title = title(head, &plan.name, plan.kind.name());
        if let Some(repeat) = &plan.repeat {
            self.repeat(council, repeat, &title, indent);
            return;
        }
        let who = asked(council, plan);
        let who = gathered(who.iter().map(ToString::to_string).collect());
        self.line(indent, &format!("{title}: {}", who.join(", ")));
        let inner = indent + 4;
        if plan.kind.eliminates() {
            let (pairs, odd) = pairs(council);
            let mut pairs = gathered(pairs);
            pairs.extend(odd.map(|odd| format!("{odd} goes on unpaired")));
            if !pairs.is_empty() {
                self.line(inner, &format!("first pairs: {}", pairs.join(", ")));
            }
        }
        let each = match (plan.kind.eliminates(), plan.kind.is_for_chair()) {
            (true, _) => "of each pair ",
            (false, true) => "",
            (false, false) => "each ",
        };
        for (at, look) in plan.kind.looks().iter().enumerate() {
            let then = if at > 0 { "then " } else { "" };
            self.line(inner, &format!("{then}{each}sees: {}", sees(look)));
            let gives = gives(plan, look.gives);
            self.line(inner, &format!("{then}{each}gives: {gives}"));
        }
        self.rules(council, plan, inner);
    }

    fn rules(&mut self, council: &Council, plan: &RoundPlan, indent: usize) {
        if let Some(counted) = counted(plan) {
            self.line(indent, &format!("outcome: {counted}"));
        }
        if plan.prompt.is_some() {
            self.line(
                indent,
                "asked in the round's own words, which may show less",
            );
        }
        if let Some(least) = plan.min_members {
            let least = count(least as u64, "usable reply", "usable replies");
            self.line(indent, &format!("needs {least}"));
        }
        if plan.failure_mode == FailureMode::FailFast {
            self.line(indent, "the first reply that fails ends the run");
        }
        if plan.kind.concludes() && !council.fallback().is_empty() {
            let instead: Vec<String> = council.fallback().iter().map(stand_in).collect();
            let instead = instead.join("; else ");
            self.line(indent, &format!("without the chair's answer: {instead}"));
        }
    }

    fn repeat(&mut self, council: &Council, repeat: &Repeat, title: &str, indent: usize) {
        let (goal, iterations) = (goal(repeat), iterations(repeat));
        let hung = match repeat.until {
            Some(Until::Majority) => "; without one the jury is hung",
            _ => "",
        };
        self.line(
            indent,
            &format!("{title}: until {goal}, at most {iterations}{hung}"),
        );
        for plan in &repeat.rounds {
            self.round(council, plan, "", indent + 4);
        }
    }
}

fn sees(look: &Look) -> String {
    match look.sees {
        Sees::Input => look.sees.words().to_owned(),
        sees => format!("the input, {}", sees.words()),
    }
}
