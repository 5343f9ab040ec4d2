//! The secrets of one request, so that no error can show them.

use crate::provider::CallError;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in the place of a secret.
const STRIPPED: &str = "[redacted]";

/// Shorter values are no secrets, and would be found in every other word.
const SHORTEST: usize = 4;

/// The secrets that a request holds.
#[derive(Default)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(super) fn add(&mut self, secret: SecretString) {
        self.0.push(secret);
    }

    /// The error without any of the secrets.
    pub(super) fn strip(&self, mut error: CallError) -> CallError {
        error.message = self.strip_text(error.message);
        error
    }

    /// The text without any of the secrets.
    pub(super) fn strip_text(&self, mut text: String) -> String {
        for secret in &self.0 {
            let secret = secret.expose_secret();
            if secret.len() >= SHORTEST && text.contains(secret) {
                text = text.replace(secret, STRIPPED);
            }
        }
        text
    }
}
