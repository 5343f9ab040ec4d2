//! A spec without faults becomes a council: references resolve, defaults take their places.

use super::argument::Argument;
use super::check::{BuiltIn, built_in};
use super::council::{
    Chair, Council, Effort, HeaderValue, Member, ModelRef, OnPartial, Profile, ProviderKind,
    ProviderSpec, Source,
};
use super::file::{self, ProfileKeys, Spec};
use super::rounds::rounds;
use crate::event::hex;
use crate::prompt::Template;
use crate::round::{Fallback, InputMode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(120);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 2;
const MAX_CONCURRENCY: usize = 16;

type Files = BTreeMap<String, Vec<u8>>;

/// Builds the council. `files` holds what the spec names.
///
/// # Errors
/// A sentence about what the checks should have found.
pub(super) fn council(spec: Spec, document: &str, files: Files) -> Result<Council, String> {
    let members = spec
        .member
        .iter()
        .map(|raw| member(&spec, raw, &files))
        .collect::<Result<Vec<_>, String>>()?;
    let chair = spec
        .chair
        .as_ref()
        .map(|raw| chair_of(&spec, raw, &files))
        .transpose()?;
    let used = members.iter().map(|member| &member.profile);
    let providers = used
        .chain(chair.iter().map(|chair| &chair.profile))
        .map(|profile| &profile.model.provider)
        .map(|name| Ok((name.clone(), provider(&spec, name, &files)?)))
        .collect::<Result<BTreeMap<_, _>, String>>()?;
    let rounds = rounds(&spec)?;
    let source = source(&spec, document, files)?;
    Ok(Council {
        name: spec.name,
        description: spec.description,
        input: match spec.input {
            None | Some(file::Input::Task) => InputMode::Task,
            Some(file::Input::Material) => InputMode::Material,
        },
        min_members: spec.min_members.map_or(1, |least| least as usize),
        on_partial: match spec.on_partial {
            None | Some(file::OnPartial::Report) => OnPartial::Report,
            Some(file::OnPartial::Accept) => OnPartial::Accept,
            Some(file::OnPartial::Fail) => OnPartial::Fail,
        },
        deadline: spec.deadline.map(|deadline| deadline.0),
        seed: spec.seed,
        providers,
        members,
        chair,
        rounds,
        source,
    })
}

fn member(spec: &Spec, raw: &file::Member, files: &Files) -> Result<Member, String> {
    let file::Member {
        id,
        role,
        prompt,
        prompt_file,
        weight,
        ..
    } = raw;
    Ok(Member {
        id: id.parse().map_err(|error| format!("{error}"))?,
        role: role.clone(),
        prompt: template(prompt.as_ref(), prompt_file.as_ref(), files)?,
        weight: *weight,
        profile: profile(spec, &raw.profile_keys(), raw.profile.as_deref())?,
    })
}

fn chair_of(spec: &Spec, raw: &file::Chair, files: &Files) -> Result<Chair, String> {
    let fallback = |text: &String| match text.strip_prefix("member:") {
        Some(id) => id
            .parse()
            .map(Fallback::Member)
            .map_err(|error| format!("{error}")),
        None => Ok(Fallback::TopRanked),
    };
    Ok(Chair {
        role: raw.role.clone(),
        prompt: template(raw.prompt.as_ref(), raw.prompt_file.as_ref(), files)?,
        profile: profile(spec, &raw.profile_keys(), raw.profile.as_deref())?,
        fallback: raw
            .fallback
            .iter()
            .flatten()
            .map(fallback)
            .collect::<Result<_, _>>()?,
    })
}

fn template(
    text: Option<&String>,
    file: Option<&String>,
    files: &Files,
) -> Result<Option<Template>, String> {
    let text = match (text, file) {
        (Some(text), _) => text.as_str(),
        (None, Some(name)) => {
            let content = files
                .get(name)
                .ok_or_else(|| format!("{name} was not read"))?;
            std::str::from_utf8(content).map_err(|error| error.to_string())?
        }
        (None, None) => return Ok(None),
    };
    Template::compile(text)
        .map(Some)
        .map_err(|fault| fault.message)
}

/// Takes each key from the member, else its profile, else the defaults, else what is built in.
fn profile(spec: &Spec, own: &ProfileKeys, name: Option<&str>) -> Result<Profile, String> {
    let defaults = spec.defaults.as_ref();
    let name = name.or_else(|| defaults?.profile.as_deref());
    let named = name.and_then(|name| spec.profiles.get(name));
    let named = named.map(file::Profile::profile_keys).unwrap_or_default();
    let defaults = defaults
        .map(file::Defaults::profile_keys)
        .unwrap_or_default();
    macro_rules! first {
        ($key:ident) => {
            own.$key
                .clone()
                .or_else(|| named.$key.clone())
                .or_else(|| defaults.$key.clone())
        };
    }
    let model: Option<String> = first!(model);
    let model = model.ok_or("a member has no model")?;
    let (provider, model) = model.split_once('/').ok_or("a model has no provider")?;
    Ok(Profile {
        model: ModelRef {
            provider: provider.to_owned(),
            model: model.to_owned(),
        },
        temperature: first!(temperature),
        top_p: first!(top_p),
        max_output_tokens: first!(max_output_tokens),
        effort: first!(effort).map(|effort| match effort {
            file::Effort::Minimal => Effort::Minimal,
            file::Effort::Low => Effort::Low,
            file::Effort::Medium => Effort::Medium,
            file::Effort::High => Effort::High,
        }),
        stop: first!(stop).unwrap_or_default(),
        timeout: first!(timeout).map_or(TIMEOUT, |timeout| timeout.0),
        idle_timeout: first!(idle_timeout).map_or(IDLE_TIMEOUT, |timeout| timeout.0),
        retries: first!(retries).unwrap_or(RETRIES),
    })
}

fn provider(spec: &Spec, name: &str, files: &Files) -> Result<ProviderSpec, String> {
    let raw = spec.providers.get(name);
    let built_in = built_in(name);
    let written = raw.and_then(|raw| raw.kind);
    let kind = written
        .or(built_in.map(|known| known.kind))
        .ok_or_else(|| format!("the provider {name} has no kind"))?;
    let kind = match kind {
        file::ProviderKind::Openai => ProviderKind::Openai,
        file::ProviderKind::Anthropic => ProviderKind::Anthropic,
        file::ProviderKind::Gemini => ProviderKind::Gemini,
        file::ProviderKind::Openrouter => ProviderKind::Openrouter,
        file::ProviderKind::Ollama => ProviderKind::Ollama,
        file::ProviderKind::Rehearsal => ProviderKind::Rehearsal,
        file::ProviderKind::Script => ProviderKind::Script,
        file::ProviderKind::Command => ProviderKind::Command,
    };
    let base_url = raw.and_then(|raw| raw.base_url.as_deref());
    let api_key_env = match raw.and_then(|raw| raw.api_key_env.clone()) {
        Some(variable) => Some(variable),
        None => inherited_key(built_in, written, base_url),
    };
    let script = raw.and_then(|raw| raw.file.as_ref());
    let script = script
        .map(|name| {
            let content = files
                .get(name)
                .ok_or_else(|| format!("{name} was not read"))?;
            String::from_utf8(content.clone()).map_err(|error| error.to_string())
        })
        .transpose()?;
    let headers = raw
        .and_then(|raw| raw.headers.as_ref())
        .into_iter()
        .flatten();
    let command = raw
        .and_then(|raw| raw.command.as_ref())
        .into_iter()
        .flatten();
    Ok(ProviderSpec {
        name: name.to_owned(),
        kind,
        base_url: kind
            .base_url()
            .map(|own| base_url.unwrap_or(own).trim_end_matches('/').to_owned()),
        api_key_env,
        max_concurrency: raw
            .and_then(|raw| raw.max_concurrency)
            .map_or(MAX_CONCURRENCY, |calls| calls as usize),
        stream: raw.and_then(|raw| raw.stream).unwrap_or(true),
        headers: headers
            .map(|(name, value)| {
                let value = match value.strip_prefix("env:") {
                    Some(variable) => HeaderValue::Env(variable.to_owned()),
                    None => HeaderValue::Plain(value.clone()),
                };
                (name.clone(), value)
            })
            .collect(),
        extra_body: raw
            .and_then(|raw| raw.extra_body.clone())
            .unwrap_or_default(),
        script,
        delay: raw.and_then(|raw| raw.delay).map(|delay| delay.0),
        command: command
            .map(|text| Argument::parse(text).map_err(|fault| fault.to_string()))
            .collect::<Result<_, _>>()?,
        env: raw.and_then(|raw| raw.env.clone()).unwrap_or_default(),
    })
}

/// The key of a built-in provider, for a table that leaves it where it is: a key must not go to
/// another server, or by another protocol, unless the spec says so.
fn inherited_key(
    built_in: Option<&BuiltIn>,
    written: Option<file::ProviderKind>,
    base_url: Option<&str>,
) -> Option<String> {
    let known = built_in?;
    let same_kind = written.is_none_or(|kind| kind == known.kind);
    let key = known.api_key_env?;
    (same_kind && base_url.is_none()).then(|| key.to_owned())
}

/// The resolved form and its hash. Each part of what is hashed is preceded by its length, so that
/// no two different specs can be one text.
fn source(spec: &Spec, document: &str, files: Files) -> Result<Source, String> {
    let mut value = serde_json::to_value(spec).map_err(|error| error.to_string())?;
    strip_null(&mut value);
    let resolved = value.to_string();
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(resolved.as_bytes());
    for (name, content) in &files {
        part(name.as_bytes());
        part(content);
    }
    Ok(Source {
        bytes: document.as_bytes().to_vec(),
        resolved,
        hash: hex(hasher.finalize()),
        files,
        folder: PathBuf::new(),
    })
}

/// A key that is not set is left out.
fn strip_null(value: &mut Value) {
    match value {
        Value::Object(table) => {
            table.retain(|_, value| !value.is_null());
            table.values_mut().for_each(strip_null);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_null),
        _ => {}
    }
}
