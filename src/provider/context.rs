//! What providers take from outside: the environment, and connections that all of them share.
//!
//! A key is looked up when a request is sent, and is kept nowhere.

use super::http::Clients;
use crate::event::CallKey;
use crate::spec::{HeaderValue, ProviderSpec};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;

/// A lookup of environment variables.
type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Something that is told each line that goes out or comes in, and for which call.
pub type WireTap = Arc<dyn Fn(&CallKey, &str) + Send + Sync>;

/// What goes out and comes in for one call, told to whoever listens.
#[derive(Clone)]
pub(super) struct Wire(Option<(WireTap, CallKey)>);

impl Wire {
    /// Tells `line`, which must show no key. It is made only where somebody listens.
    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        if let Some((tap, call)) = &self.0 {
            tap(call, &line());
        }
    }
}

/// The surroundings of providers. Its clones share their connections.
#[derive(Clone)]
pub struct Context {
    lookup: Lookup,
    clients: Arc<Clients>,
    tap: Option<WireTap>,
}

impl Context {
    /// The surroundings of this process: its environment, and the proxies of its system.
    #[must_use]
    pub fn of_process() -> Self {
        let proxied = [
            "http_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
        ]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        Self {
            lookup: Arc::new(|name| std::env::var(name).ok()),
            clients: Arc::new(Clients::through_proxies(proxied)),
            tap: None,
        }
    }

    /// Surroundings in which `lookup` is the environment, and no proxy is used.
    #[must_use]
    pub fn isolated(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self {
            lookup: Arc::new(lookup),
            clients: Arc::new(Clients::direct()),
            tap: None,
        }
    }

    /// The same, with connections kept also where there is no TLS.
    #[cfg(test)]
    pub(super) fn keeping_connections(self) -> Self {
        let clients = Arc::new(Clients::direct().keeping_plain());
        Self { clients, ..self }
    }

    /// The same, with `tap` told each line of what HTTP requests and programs are sent (`> …`) and
    /// give (`< …`), as it is sent or read. No line shows a key. It must not block.
    #[must_use]
    pub fn with_wire(mut self, tap: WireTap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// The wire of one call.
    pub(super) fn wire(&self, call: &CallKey) -> Wire {
        let tap = self.tap.as_ref();
        Wire(tap.map(|tap| (Arc::clone(tap), call.clone())))
    }

    /// The value of a variable without the white space around it; none where it is unset or empty.
    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        let value = SecretString::from((self.lookup)(name)?);
        let trimmed = value.expose_secret().trim();
        (!trimmed.is_empty()).then(|| SecretString::from(trimmed))
    }

    /// The value of a variable as it is.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// The connections.
    pub(super) fn clients(&self) -> &Clients {
        &self.clients
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// A variable that a provider needs and that holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "provider `{provider}` needs the environment variable `{variable}`, which is not set: export it, or change the provider in the spec"
)]
pub struct MissingKey {
    /// The provider's name in the spec.
    pub provider: String,
    /// The variable's name.
    pub variable: String,
}

/// The variables that `providers` need and that are unset or empty, each once a provider.
pub fn missing_keys<'a>(
    providers: impl IntoIterator<Item = &'a ProviderSpec>,
    context: &Context,
) -> Vec<MissingKey> {
    let mut missing = Vec::new();
    for spec in providers {
        let headers = spec.headers.values().filter_map(|value| match value {
            HeaderValue::Env(name) => Some(name),
            HeaderValue::Plain(_) => None,
        });
        for variable in spec.api_key_env.iter().chain(headers) {
            let fault = MissingKey {
                provider: spec.name.clone(),
                variable: variable.clone(),
            };
            if context.secret(variable).is_none() && !missing.contains(&fault) {
                missing.push(fault);
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::spec;
    use crate::spec::ProviderKind;

    #[test]
    fn unset_and_blank_variables_are_named_once_a_provider() {
        let mut lab = spec("lab", ProviderKind::Openai);
        lab.api_key_env = Some("LAB_KEY".to_owned());
        lab.headers
            .insert("x-team".to_owned(), HeaderValue::Plain("infra".to_owned()));
        lab.headers
            .insert("x-a".to_owned(), HeaderValue::Env("BLANK".to_owned()));
        lab.headers
            .insert("x-b".to_owned(), HeaderValue::Env("BLANK".to_owned()));
        let free = spec("free", ProviderKind::Openai);
        let context = Context::isolated(|name| match name {
            "BLANK" => Some(" \n".to_owned()),
            "LAB_KEY" => None,
            _ => Some("set".to_owned()),
        });
        let missing = missing_keys([&lab, &free], &context);
        let named: Vec<_> = missing
            .iter()
            .map(|key| (key.provider.as_str(), key.variable.as_str()))
            .collect();
        assert_eq!(named, [("lab", "LAB_KEY"), ("lab", "BLANK")]);
    }

    #[test]
    fn a_context_does_not_show_what_it_can_look_up() {
        let context = Context::isolated(|_| Some("hush".to_owned()));
        assert!(!format!("{context:?}").contains("hush"));
    }
}
