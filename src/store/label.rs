//! Labels that runs are looked for by.

/// A label that a run has: of this value, or of any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its key.
    pub key: String,
    /// Its value; none where every value will do.
    pub value: Option<String>,
}

/// What holds in SQL for the rows that have `labels`, whose texts are the parameters from number
/// `first` on: key and value of each, in order. Labels that cannot be read are no labels.
pub(super) fn conditions(labels: &[Label], first: usize) -> Vec<String> {
    let keys = (first..).step_by(2).take(labels.len());
    keys.map(|key| {
        let value = key + 1;
        format!(
            "CASE WHEN json_valid(labels) THEN EXISTS (SELECT 1 FROM json_each(runs.labels) AS \
             label WHERE label.key = ?{key} AND label.value = coalesce(?{value}, label.value)) END"
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{block_on, run, write_whole};
    use crate::store::{NewRun, Reader, Writer};
    use rusqlite::Connection;

    #[test]
    fn runs_are_found_by_all_of_their_labels() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        let writer = Writer::open(&store).expect("a store");
        for (run_id, labels) in [
            ("a", vec![("team", "infra"), ("why", "a=b 'c'")]),
            ("b", vec![("team", "web")]),
            ("c", vec![("team", "infra")]),
            ("d", vec![("why", "")]),
            ("e", vec![("team", "infra")]),
        ] {
            let labels = labels.into_iter();
            let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
            let run = NewRun {
                labels: labels.collect(),
                ..run(run_id)
            };
            block_on(write_whole(&writer, run, 3));
        }
        let other = Connection::open(&store).expect("the file");
        let broken = "UPDATE runs SET labels = '{team' WHERE run_id = 'e'";
        other.execute_batch(broken).expect("it is written");
        let found = |limit, labels: &[(&str, Option<&str>)]| {
            let labels: Vec<Label> = labels
                .iter()
                .map(|(key, value)| Label {
                    key: (*key).to_owned(),
                    value: value.map(ToOwned::to_owned),
                })
                .collect();
            let reader = Reader::open(&store).expect("it opens").expect("a store");
            let list = reader.labelled(limit, false, &labels);
            let list = list.expect("the list").into_iter();
            list.map(|run| run.run_id.to_string()).collect::<String>()
        };
        assert_eq!(found(20, &[]), "edcba");
        assert_eq!(found(20, &[("team", Some("infra"))]), "ca");
        assert_eq!(found(1, &[("team", Some("web"))]), "b");
        assert_eq!(found(2, &[("team", None)]), "cb");
        assert_eq!(found(20, &[("why", None)]), "da");
        assert_eq!(found(20, &[("why", Some(""))]), "d");
        let both = [("why", Some("a=b 'c'")), ("team", None)];
        assert_eq!(found(20, &both), "a");
        assert_eq!(found(20, &[("team", Some("Infra"))]), "");
    }
}
