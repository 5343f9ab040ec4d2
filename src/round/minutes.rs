//! What a round leaves behind: answers, comments, results, and how everyone fared.

use super::{Close, Held, Minutes, Reply, RoundPlan, Seat, Table, confidence};
use crate::event::{MemberId, MemberStatus, Purpose, RoundRef};
use indexmap::IndexMap;

impl Minutes {
    /// The answers of all who are not eliminated, in the spec's order of members.
    pub(super) fn standing(&self) -> impl Iterator<Item = (&MemberId, &String)> {
        let answers = self.answers.iter();
        answers.filter(|(id, _)| !self.eliminated.contains(*id))
    }

    /// Takes in the round of `plan` that was held, and that `due` members were due in: new answers
    /// replace old ones, in the order of `all` members; comments replace those of earlier rounds
    /// where there are any.
    pub fn hold(
        &mut self,
        all: &[Seat],
        plan: &RoundPlan,
        due: usize,
        round: &RoundRef,
        replies: &[Reply],
        close: &Close,
    ) {
        for reply in replies {
            if let Some(answer) = reply.done.answer(&reply.call.purpose) {
                let member = reply.call.member.clone();
                self.answers
                    .insert(member, without_confidence(reply, answer));
            }
            if let Some(confidence) = reply.done.confidence {
                let stated = match reply.call.purpose {
                    Purpose::Answer | Purpose::Revise => &mut self.confidences,
                    _ => &mut self.ballot_confidences,
                };
                stated.insert(reply.call.member.clone(), confidence);
            }
        }
        let place = |id: &MemberId| all.iter().position(|seat| seat.id == *id);
        self.answers
            .sort_by(|left, _, right, _| place(left).cmp(&place(right)));
        if !close.reviews.is_empty() {
            self.reviews.clone_from(&close.reviews);
        }
        self.held.push(Held {
            round: round.clone(),
            aggregate: close.aggregate.clone(),
            agreement: close.agreement,
            poll: plan.poll(),
            asked: of_purpose(replies, &Purpose::Ballot)
                .next()
                .map_or(0, |_| due),
            revised: revised(replies),
        });
        self.eliminated.extend(close.eliminated.iter().cloned());
    }
}

fn of_purpose<'r>(replies: &'r [Reply], purpose: &'r Purpose) -> impl Iterator<Item = &'r Reply> {
    replies
        .iter()
        .filter(move |reply| reply.call.purpose == *purpose)
}

/// How many readable second looks brought a new answer; none where there was none to read.
fn revised(replies: &[Reply]) -> Option<usize> {
    let looks: Vec<bool> = of_purpose(replies, &Purpose::Revise)
        .filter(|reply| reply.done.status == MemberStatus::Ok)
        .map(|reply| reply.done.answer(&Purpose::Revise).is_some())
        .collect();
    (!looks.is_empty()).then(|| looks.iter().filter(|is_new| **is_new).count())
}

/// What the others see of an answer: not how sure its author says it is, which would sway them.
fn without_confidence(reply: &Reply, answer: &str) -> String {
    let rest = reply
        .done
        .confidence
        .map(|_| confidence::split(answer).0)
        .filter(|rest| !rest.trim().is_empty());
    rest.unwrap_or_else(|| answer.to_owned())
}

/// How each one that took part fared: the first status of its calls that is not `ok`, else `ok`.
///
/// Those are the seats of the round, in the spec's order (of a round for the chair, nobody), and
/// after them whoever else was asked: the chair, or who spoke in its place. Last come those who
/// lost a pair.
#[must_use]
pub fn statuses(
    table: &Table<'_>,
    replies: &[Reply],
    close: &Close,
) -> IndexMap<MemberId, MemberStatus> {
    let mut statuses: IndexMap<MemberId, MemberStatus> = IndexMap::new();
    if !table.plan.kind.is_for_chair() {
        let seats = table.seats.iter();
        statuses.extend(seats.map(|seat| (seat.id.clone(), MemberStatus::Ok)));
    }
    for reply in replies {
        let status = statuses
            .entry(reply.call.member.clone())
            .or_insert(MemberStatus::Ok);
        if *status == MemberStatus::Ok {
            *status = reply.done.status;
        }
    }
    let losers = close.eliminated.iter();
    statuses.extend(losers.map(|id| (id.clone(), MemberStatus::Eliminated)));
    statuses
}

/// How many members gave a usable reply to each of their calls; the chair counts nowhere.
#[must_use]
pub fn usable(table: &Table<'_>, replies: &[Reply]) -> usize {
    let asked = |id: &MemberId| replies.iter().any(|reply| reply.call.member == *id);
    statuses(table, replies, &Close::default())
        .iter()
        .filter(|(id, status)| !id.is_chair() && **status == MemberStatus::Ok && asked(id))
        .count()
}

#[cfg(test)]
mod tests {
    use crate::event::ErrorKind;
    use crate::round::testing::{House, failed, ok};

    #[test]
    fn the_others_do_not_see_how_sure_an_answer_is() {
        let mut house = House::new("independent_analysis", 2);
        house.hold(&[
            ("0.a.answer", ok("Tea.\n\n**Confidence:** 0.9")),
            ("0.b.answer", ok("Confidence: 0.4")),
        ]);
        let shown: Vec<&String> = house.minutes.answers.values().collect();
        assert_eq!(shown, ["Tea.", "Confidence: 0.4"]);
    }

    #[test]
    fn a_sample_in_an_answer_stays_whole() {
        let sample = "Use this:\n\n```yaml\nmodel: small\nconfidence: 0.8\n```";
        let mut house = House::new("independent_analysis", 2);
        let sure = format!("{sample}\n\nConfidence: 0.9");
        house.hold(&[("0.a.answer", ok(&sure)), ("0.b.answer", ok(sample))]);
        let shown: Vec<&String> = house.minutes.answers.values().collect();
        assert_eq!(shown, [sample, sample]);
        let stated: Vec<f64> = house.minutes.confidences.values().copied().collect();
        assert_eq!(stated, [0.9]);
    }

    #[test]
    fn answers_keep_the_order_of_the_spec_and_old_ones_stay() {
        let mut house = House::new("independent_analysis", 3);
        house.hold(&[("0.a.answer", failed(ErrorKind::Transient))]);
        let ids = |house: &House| {
            house
                .minutes
                .answers
                .keys()
                .map(ToString::to_string)
                .collect::<String>()
        };
        assert_eq!(ids(&house), "bc");
        house.go_on_with("independent_analysis");
        house.hold(&[
            ("1.a.answer", ok("late")),
            ("1.b.answer", failed(ErrorKind::Timeout)),
        ]);
        assert_eq!(ids(&house), "abc");
        let answers: Vec<&str> = house.minutes.answers.values().map(String::as_str).collect();
        assert_eq!(answers, ["late", "answer by b", "answer by c"]);
    }

    #[test]
    fn comments_stay_until_others_come() {
        let mut house = House::new("peer_review", 2).with_answers(2);
        house.hold(&[]);
        let reviews = house.minutes.reviews.clone();
        assert_eq!(reviews.len(), 2);
        house.go_on_with("independent_analysis");
        house.hold(&[]);
        assert_eq!(house.minutes.reviews, reviews);
        assert_eq!(house.minutes.held.len(), 2);
    }

    #[test]
    fn the_chair_counts_nowhere() {
        let mut house = House::new("synthesis", 2).with_answers(2);
        let held = house.hold(&[]);
        assert_eq!(house.usable(&held), 0);
        house.go_on_with("peer_review");
        let held = house.hold(&[("2.a.revise", failed(ErrorKind::Timeout))]);
        assert_eq!(held.statuses_text(), "a timeout, b ok");
        assert_eq!(house.usable(&held), 1);
    }
}
