//! A council as a Mermaid flowchart: a box a question, its members within, what they see on the
//! arrow that leads to it, and what they give behind it.

use super::mermaid::escape;
use super::{
    answer, asked, counted, gathered, gives, goal, heads, iterations, pairs, stand_in, title,
};
use crate::spec::{Council, Look, Repeat, RoundPlan};
use std::fmt::Write as _;

/// `council` as the text of a Mermaid flowchart, ended by a line feed.
#[must_use]
pub fn flowchart(council: &Council) -> String {
    let mut flow = Flow {
        council,
        nodes: String::new(),
        arrows: String::new(),
        depth: 1,
        last: "input".to_owned(),
        when: None,
        results: Vec::new(),
    };
    let name = escape(&super::short(&council.name));
    flow.node("input", Shape::Result, &format!("the input of {name}"));
    for (at, (head, plan)) in heads(council).zip(&council.rounds).enumerate() {
        flow.round(plan, &head, format!("r{at}"));
    }
    let concludes = |plan: &RoundPlan| plan.kind.concludes();
    if !council.rounds.last().is_some_and(concludes) {
        let text = format!("the answer: {}", escape(answer(council)));
        flow.node("answer", Shape::Result, &text);
        flow.arrow("answer", None);
    }
    format!("flowchart TB\n{}{}", flow.nodes, flow.arrows)
}

#[derive(Clone, Copy)]
enum Shape {
    Person,
    Result,
    Question,
}

struct Flow<'a> {
    council: &'a Council,
    nodes: String,
    /// Behind all nodes: an arrow within a box would draw its ends into it.
    arrows: String,
    depth: usize,
    /// What the next arrow starts from.
    last: String,
    /// On what condition, where it starts from a question.
    when: Option<String>,
    /// The results of all questions so far.
    results: Vec<String>,
}

impl Flow<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.nodes, "{:1$}{line}", "", self.depth * 4);
    }

    /// `label` is escaped by the caller: it may hold line breaks of ours.
    fn node(&mut self, id: &str, shape: Shape, label: &str) {
        let (open, close) = match shape {
            Shape::Person => ("[", "]"),
            Shape::Result => ("([", "])"),
            Shape::Question => ("{", "}"),
        };
        self.line(&format!("{id}{open}\"{label}\"{close}"));
    }

    fn open(&mut self, id: &str, label: &str) {
        self.line(&format!("subgraph {id} [\"{}\"]", escape(label)));
        self.depth += 1;
        self.line("direction TB");
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("end");
    }

    /// An arrow from what was last to `to`.
    fn arrow(&mut self, to: &str, label: Option<&str>) {
        let words: Vec<String> = self
            .when
            .take()
            .into_iter()
            .chain(label.map(ToOwned::to_owned))
            .map(|words| escape(&words))
            .collect();
        let label = match words.as_slice() {
            [] => String::new(),
            words => format!("|\"{}\"|", words.join("<br/>")),
        };
        let _ = writeln!(self.arrows, "    {} -->{label} {to}", self.last);
        to.clone_into(&mut self.last);
    }

    fn dotted(&mut self, from: &str, to: &str, label: &str) {
        let label = escape(label);
        let _ = writeln!(self.arrows, "    {from} -.->|\"{label}\"| {to}");
    }

    fn round(&mut self, plan: &RoundPlan, head: &str, id: String) {
        let title = title(head, &plan.name, plan.kind.name());
        if let Some(repeat) = &plan.repeat {
            self.repeat(repeat, &title, &id);
            return;
        }
        let looks = plan.kind.looks();
        for (at, look) in looks.iter().enumerate() {
            if looks.len() == 1 {
                self.look(plan, look, &id, &title, true);
            } else {
                let title = format!("{title}: {}", look.purpose);
                let is_last = at + 1 == looks.len();
                self.look(
                    plan,
                    look,
                    &format!("{id}_{}", look.purpose),
                    &title,
                    is_last,
                );
            }
        }
    }

    fn look(&mut self, plan: &RoundPlan, look: &Look, id: &str, title: &str, is_last: bool) {
        self.open(id, title);
        for (at, who) in self.who(plan).iter().enumerate() {
            self.node(&format!("{id}_{}", at + 1), Shape::Person, &escape(who));
        }
        if plan.kind.concludes() {
            self.fallbacks(id);
        }
        self.close();
        let result = format!("{id}_out");
        let mut text = escape(&gives(plan, look.gives));
        if let Some(counted) = counted(plan).filter(|_| is_last) {
            let _ = write!(text, "<br/>{}", escape(&counted));
        }
        self.node(&result, Shape::Result, &text);
        if look.sees.is_all_rounds() {
            for earlier in self.results.iter().filter(|one| **one != self.last) {
                let _ = writeln!(self.arrows, "    {earlier} -.-> {id}");
            }
        }
        let mut sees = look.sees.words().to_owned();
        if plan.prompt.is_some() && look.purpose != "revise" {
            sees.push_str(", as far as the round's own words show it");
        }
        self.arrow(id, Some(&sees));
        self.arrow(&result, None);
        self.results.push(result);
    }

    /// Those who are asked; of a bracket, the chair for each pair of its first level.
    fn who(&self, plan: &RoundPlan) -> Vec<String> {
        if !plan.kind.eliminates() {
            let ids = asked(self.council, plan);
            return gathered(ids.iter().map(ToString::to_string).collect());
        }
        let (pairs, odd) = pairs(self.council);
        let mut who = gathered(pairs.iter().map(|pair| format!("chair: {pair}")).collect());
        who.extend(odd.map(|odd| format!("{odd} goes on unpaired")));
        if who.is_empty() {
            who.push("chair".to_owned());
        }
        who
    }

    fn fallbacks(&mut self, id: &str) {
        let mut before = format!("{id}_1");
        for (at, fallback) in self.council.fallback().iter().enumerate() {
            let node = format!("{id}_instead_{}", at + 1);
            self.node(&node, Shape::Person, &escape(&stand_in(fallback)));
            let when = if at == 0 {
                "without its answer"
            } else {
                "else"
            };
            self.dotted(&before, &node, when);
            before = node;
        }
    }

    /// The question stands before the first pass, as it is asked there too.
    fn repeat(&mut self, repeat: &Repeat, title: &str, id: &str) {
        self.open(id, &format!("{title}, at most {}", iterations(repeat)));
        let question = format!("{id}_until");
        let goal = goal(repeat);
        self.node(&question, Shape::Question, &escape(&format!("{goal}?")));
        self.arrow(&question, None);
        self.when = Some("no".to_owned());
        for (at, plan) in repeat.rounds.iter().enumerate() {
            self.round(plan, "", format!("{id}_{at}"));
        }
        self.arrow(&question, None);
        self.close();
        self.when = Some(format!("yes, or {} held", iterations(repeat)));
    }
}
