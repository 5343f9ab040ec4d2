//! A spec's document as a tree in which each value knows its place, read without complaint: what
//! is not there, or not of the asked type, is absent. The walker has its say about that.

use super::fault::Fault;
use super::near::key_meant;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

/// A value of the document, with its path.
#[derive(Debug, Clone)]
pub(super) struct Node<'t> {
    tree: &'t Spanned<DeValue<'t>>,
    /// Such as `member[1].profile`; empty for the document itself.
    pub(super) path: String,
}

impl<'t> Node<'t> {
    /// The document itself.
    pub(super) fn root(tree: &'t Spanned<DeValue<'t>>) -> Self {
        Self {
            tree,
            path: String::new(),
        }
    }

    /// The value as the parser gave it.
    pub(super) fn value(&self) -> &'t DeValue<'t> {
        self.tree.get_ref()
    }

    /// Where it stands; for a table with a header, the header.
    pub(super) fn span(&self) -> Range<usize> {
        if self.path.is_empty() {
            0..0
        } else {
            self.tree.span()
        }
    }

    /// The path of a key of this table.
    pub(super) fn path_of(&self, key: &str) -> String {
        Self::path_within(&self.path, key)
    }

    /// The path of a key of the table at `path`.
    pub(super) fn path_within(path: &str, key: &str) -> String {
        let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let key = if !key.is_empty() && key.bytes().all(bare) {
            key.to_owned()
        } else {
            format!("{key:?}")
        };
        if path.is_empty() {
            key
        } else {
            format!("{path}.{key}")
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let tree = self.value().as_table()?.get(key)?;
        Some(Self {
            tree,
            path: self.path_of(key),
        })
    }

    /// Whether the key is there, whatever it holds.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value()
            .as_table()
            .is_some_and(|table| table.contains_key(key))
    }

    /// Whether a key is there that was meant to be one of `keys`.
    pub(super) fn mistypes(&self, keys: &[&str]) -> bool {
        let mut names = self.entries();
        names.any(|(name, ..)| key_meant(name, keys.iter().copied()).is_some())
    }

    /// Each key with its place and its value; none where this is no table.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Self)> {
        let table = self.value().as_table();
        table
            .into_iter()
            .flat_map(|table| table.iter())
            .map(|(key, tree)| {
                let node = Self {
                    tree,
                    path: self.path_of(key.get_ref()),
                };
                (key.get_ref().as_ref(), key.span(), node)
            })
    }

    /// Where the key itself stands.
    pub(super) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        let (key, _) = self.value().as_table()?.get_key_value(key)?;
        Some(key.span())
    }

    /// Each value of a list; none where this is no list.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        let list = self.value().as_array();
        list.into_iter()
            .flat_map(|list| list.iter())
            .enumerate()
            .map(|(index, tree)| Self {
                tree,
                path: format!("{}[{index}]", self.path),
            })
    }

    /// The text that it is.
    pub(super) fn text(&self) -> Option<&'t str> {
        self.value().as_str()
    }

    /// The text of a key.
    pub(super) fn text_of(&self, key: &str) -> Option<&'t str> {
        self.value().as_table()?.get(key)?.get_ref().as_str()
    }

    /// The whole number that it is.
    pub(super) fn integer(&self) -> Option<i128> {
        let integer = self.value().as_integer()?;
        i128::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// A fault of this value.
    pub(super) fn fault(&self, code: &'static str, message: impl Into<String>) -> Fault {
        Fault::new(code, self.path.clone(), self.span(), message)
    }

    /// A fault of a key of this table, at the key; at the table where the key is not there.
    pub(super) fn fault_of_key(
        &self,
        key: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Fault {
        let span = self.key_span(key).unwrap_or_else(|| self.span());
        Fault::new(code, self.path_of(key), span, message)
    }
}
