//! Providers: which there are, which keys belong to which kind, and models that refer to them.

use super::super::fault::{Fault, quoted};
use super::super::file::ProviderKind;
use super::super::near::{meant, one_of};
use super::super::secret::is_variable;
use super::super::tree::Node;
use super::super::walk::missing;
use super::Check;
use std::collections::HashSet;

/// A provider that needs no table.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct BuiltIn {
    pub(in super::super) name: &'static str,
    pub(in super::super) kind: ProviderKind,
    /// The variable that holds its key.
    pub(in super::super) api_key_env: Option<&'static str>,
}

const BUILT_IN: &[BuiltIn] = &[
    of("openai", ProviderKind::Openai, Some("OPENAI_API_KEY")),
    of("rehearsal", ProviderKind::Rehearsal, None),
    of(
        "anthropic",
        ProviderKind::Anthropic,
        Some("ANTHROPIC_API_KEY"),
    ),
    of("gemini", ProviderKind::Gemini, Some("GEMINI_API_KEY")),
    of(
        "openrouter",
        ProviderKind::Openrouter,
        Some("OPENROUTER_API_KEY"),
    ),
    of("ollama", ProviderKind::Ollama, None),
];

const fn of(name: &'static str, kind: ProviderKind, api_key_env: Option<&'static str>) -> BuiltIn {
    BuiltIn {
        name,
        kind,
        api_key_env,
    }
}

/// The built-in provider of that name.
pub(in super::super) fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|provider| provider.name == name)
}

/// The keys of kinds that are reached by HTTP.
/// The paths of methods, which people copy with the rest of an address.
const METHODS: &[&str] = &["/chat/completions", "/messages", ":generateContent"];

const BY_HTTP: &[&str] = &["base_url", "api_key_env", "stream", "headers", "extra_body"];

/// The kinds of providers that there are, by name, each with the keys of its own.
const KINDS: &[(&str, &[&str])] = &[
    ("openai", BY_HTTP),
    ("anthropic", BY_HTTP),
    ("gemini", BY_HTTP),
    ("openrouter", BY_HTTP),
    ("ollama", BY_HTTP),
    ("rehearsal", &["delay"]),
    ("script", &["file"]),
    ("command", &["command", "env"]),
];

impl<'a> Check<'a> {
    pub(super) fn providers(&mut self) {
        for (name, span, node) in self.provider_tables() {
            let unfit = |c: char| c == '/' || c.is_whitespace() || c.is_control();
            if name.is_empty() || name.contains(unfit) {
                let message = format!("{} is no name for a provider", quoted(name));
                let fault = Fault::new("bad_name", node.path.clone(), span, message);
                let help =
                    "a name has no `/` and no spaces, for models are written `PROVIDER/MODEL`";
                self.faults.push(fault.help(help));
            }
            self.kind(name, &node);
            self.base_url(&node);
            self.headers(&node);
        }
    }

    fn provider_tables(&self) -> Vec<(&'a str, std::ops::Range<usize>, Node<'a>)> {
        let providers = self.root.get("providers");
        providers.iter().flat_map(Node::entries).collect()
    }

    fn kind(&mut self, name: &str, node: &Node<'_>) {
        let default = built_in(name);
        let kind = match (node.get("kind"), default) {
            (Some(kind), _) => kind.text(),
            (None, Some(default)) => Some(default.name),
            (None, None) => {
                if node.value().is_table() && !node.mistypes(&["kind"]) {
                    let fault = missing(node, "kind");
                    let help = "write `kind = \"openai\"` for a server that speaks the chat completions protocol";
                    self.faults.push(fault.help(help));
                }
                None
            }
        };
        let Some((kind, own)) = KINDS.iter().find(|(name, _)| Some(*name) == kind) else {
            return;
        };
        for (key, span, value) in node.entries() {
            let owner = KINDS.iter().find(|(_, keys)| keys.contains(&key));
            if let Some((owner, _)) = owner
                && !own.contains(&key)
            {
                let message =
                    format!("`{key}` is a key of `{owner}` providers; this one is `{kind}`");
                self.faults
                    .push(Fault::new("wrong_kind", value.path, span, message));
            }
        }
        if *kind == "script" {
            self.script(node);
        }
        if *kind == "command" {
            self.command(node);
        }
    }

    /// The file of a script provider is there, and is TOML; what its replies mean is for the
    /// provider to say.
    fn script(&mut self, node: &Node<'_>) {
        let Some(file) = node.get("file") else {
            if !node.mistypes(&["file"]) {
                let help = "write `file = \"replies.toml\"`, a file with `[[reply]]` tables";
                self.faults.push(missing(node, "file").help(help));
            }
            return;
        };
        let Some(content) = self.file(&file) else {
            return;
        };
        if let Err(error) = toml::de::DeTable::parse(&content) {
            let at = error.span().map_or(0, |span| span.start);
            let line = content.bytes().take(at).filter(|b| *b == b'\n').count() + 1;
            let name = quoted(file.text().unwrap_or_default());
            let message = format!("{name}, line {line}: {}", error.message());
            self.faults.push(file.fault("bad_file", message));
        }
    }

    fn base_url(&mut self, node: &Node<'_>) {
        let Some(node) = node.get("base_url") else {
            return;
        };
        let Some(url) = node.text() else { return };
        let rest = ["http://", "https://"].iter().find_map(|scheme| {
            let head = url.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme)
                .then(|| &url[scheme.len()..])
        });
        let message = match rest {
            None => "`base_url` must begin with `http://` or `https://`",
            Some(rest) if rest.is_empty() || rest.starts_with(['/', ':', '?', '#']) => {
                "`base_url` names no server"
            }
            Some(rest) if rest.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                "`base_url` must not hold spaces"
            }
            Some(rest) if rest.contains(['?', '#']) => {
                "`base_url` is all before the method's own path, so it has no `?` and no `#`"
            }
            Some(rest)
                if METHODS
                    .iter()
                    .any(|method| rest.trim_end_matches('/').ends_with(method)) =>
            {
                "`base_url` is all before the method's own path, which is added to it"
            }
            Some(_) => return,
        };
        let help = "such as `http://127.0.0.1:8080/v1`";
        self.faults.push(node.fault("bad_url", message).help(help));
    }

    fn headers(&mut self, node: &Node<'_>) {
        let mut seen = HashSet::new();
        let headers = node.get("headers");
        for (name, span, value) in headers.iter().flat_map(Node::entries) {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            let problem = if name.is_empty() || !name.bytes().all(fits) {
                Some(format!("{} is no name for a header", quoted(name)))
            } else if !seen.insert(name.to_ascii_lowercase()) {
                Some(format!("the header {} stands here twice", quoted(name)))
            } else {
                None
            };
            if let Some(message) = problem {
                let path = value.path.clone();
                self.faults
                    .push(Fault::new("bad_header", path, span, message));
            }
            let Some(text) = value.text() else { continue };
            if text.contains(|c: char| c.is_control() && c != '\t') {
                let message = "a header's value must be one line of plain text";
                self.faults.push(value.fault("bad_header", message));
            }
            if let Some(variable) = text.strip_prefix("env:")
                && !is_variable(variable)
            {
                let message = format!(
                    "{} is no name for an environment variable",
                    quoted(variable)
                );
                self.faults.push(value.fault("bad_header", message));
            }
        }
    }

    /// What is wrong with a reference to a model; its place is for the caller to set.
    pub(super) fn model_fault(&self, text: &str) -> Option<Fault> {
        let fault = |code, message: String| Fault::elsewhere(code, String::new(), message);
        let there: Vec<&str> = self
            .provider_tables()
            .iter()
            .map(|(name, ..)| *name)
            .collect();
        let Some((provider, model)) = text.split_once('/') else {
            let message = format!("{} names no provider", quoted(text));
            let help = if there.contains(&text) || built_in(text).is_some() {
                format!("add the model's name: `{text}/MODEL`")
            } else {
                "write `PROVIDER/MODEL`, such as `openai/gpt-5-mini`".to_owned()
            };
            return Some(fault("bad_model", message).help(help));
        };
        if provider.is_empty() || model.trim().is_empty() {
            let message = format!("{} is no model", quoted(text));
            let help = "write `PROVIDER/MODEL`, such as `openai/gpt-5-mini`";
            return Some(fault("bad_model", message).help(help));
        }
        if there.contains(&provider) {
            return None;
        }
        match built_in(provider) {
            Some(_) => None,
            None => {
                let message = format!("there is no provider {}", quoted(provider));
                let known = there
                    .iter()
                    .copied()
                    .chain(BUILT_IN.iter().map(|known| known.name));
                let meant = meant(provider, known).map(|name| format!("{name}/{model}"));
                let fault = fault("unknown_provider", message);
                Some(fault.meant(meant.as_deref(), || {
                    let path = Node::path_within("providers", provider);
                    format!(
                        "define it: `[{path}]`, or for one run `--set {path}.kind=openai --set \
                         {path}.base_url=URL`; or use {}",
                        one_of(BUILT_IN.iter().map(|known| known.name))
                    )
                }))
            }
        }
    }
}
