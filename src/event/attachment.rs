//! A file that is shown to the members beside the question.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file beside the question, with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name by which it was given.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// An attachment as events name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attached {
    /// The name by which it was given.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

impl Attachment {
    /// Its name and size.
    #[must_use]
    pub fn named(&self) -> Attached {
        Attached {
            name: self.name.clone(),
            bytes: self.text.len() as u64,
        }
    }

    /// The name under which a store keeps it as the `place`th of its run, from 1, apart from the
    /// files that a spec names: `attachment:01:NAME`.
    #[must_use]
    pub fn stored_as(&self, place: usize) -> String {
        format!("{STORED}{place:02}:{}", self.name)
    }

    /// The attachment that a store keeps as `name`; none where it is another file.
    #[must_use]
    pub fn of_stored(name: &str, content: &[u8]) -> Option<Self> {
        let (_place, name) = name.strip_prefix(STORED)?.split_once(':')?;
        let text = String::from_utf8(content.to_vec()).ok()?;
        Some(Self {
            name: name.to_owned(),
            text,
        })
    }
}

/// What the names begin with under which stores keep attachments.
const STORED: &str = "attachment:";
