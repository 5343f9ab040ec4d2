//! Literal keys: found wherever a spec could hold one, refused, and masked in all that is shown.
//!
//! Two ways lead here. The tree of a good document is searched by name and by look; a document
//! that cannot be parsed is searched line by line, for a broken line may well hold a key.

use super::fault::Fault;
use super::tree::Node;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Texts that keys of well-known services begin with.
const PREFIXES: &[&str] = &["sk-", "gsk_", "xai-", "AIza", "ghp_", "hf_"];

/// Names of keys that hold a secret, in lower case without `-` and `_`.
const NAMES: &[&str] = &[
    "apikey",
    "secret",
    "secretkey",
    "apisecret",
    "clientsecret",
    "password",
    "passwd",
    "token",
    "apitoken",
    "accesstoken",
    "authtoken",
    "bearertoken",
    "authorization",
    "proxyauthorization",
];

/// Keys whose values are names or prose: there, only a whole key is taken for one.
const PROSE: &[&str] = &[
    "id",
    "name",
    "description",
    "role",
    "prompt",
    "profile",
    "members",
    "fallback",
];

/// Whether a key of that name holds a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    NAMES.contains(&plain(name).as_str())
}

/// Whether a header of that name takes its value from a variable alone.
fn is_secret_header(name: &str) -> bool {
    let name = plain(name);
    ["authorization", "proxyauthorization", "cookie"].contains(&name.as_str())
        || name.contains("apikey")
        || name.contains("token")
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether the text can be the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// All literal keys of a document, each as a fault at its value.
pub(super) fn find(root: &Node<'_>) -> Vec<Fault> {
    let mut found = Vec::new();
    search(root, &mut Vec::new(), &mut found);
    found
}

fn search<'t>(node: &Node<'t>, keys: &mut Vec<&'t str>, found: &mut Vec<Fault>) {
    if !node.value().is_table() && !node.value().is_array() {
        // What is no text may be a key all the same, where its name says so.
        let text = node.text().unwrap_or_default().trim();
        if let Some((message, help)) = reason(keys, text) {
            found.push(node.fault("literal_key", message).help(help));
        }
        return;
    }
    for (key, _, value) in node.entries() {
        keys.push(key);
        search(&value, keys, found);
        keys.pop();
    }
    for item in node.items() {
        search(&item, keys, found);
    }
}

const NAME_A_VARIABLE: &str =
    "put the key in an environment variable and name it: `api_key_env = \"MY_KEY\"`";

/// Why the text under these keys is, or may be, a literal key; and what to do instead.
fn reason(keys: &[&str], text: &str) -> Option<(String, String)> {
    let last = keys.last().copied().unwrap_or_default();
    let because = |message: String, help: &str| Some((message, help.to_owned()));
    match keys {
        ["providers", _, "headers", name] if is_secret_header(name) || is_secret_name(name) => {
            if text.strip_prefix("env:").is_some_and(is_variable) {
                return None;
            }
            return because(
                format!("the header `{last}` must not stand in a spec"),
                "take it from an environment variable: `env:NAME`",
            );
        }
        ["providers", _, "api_key_env"] if !text.is_empty() && !is_variable(text) => {
            return because(
                "`api_key_env` is the name of an environment variable, not a key".to_owned(),
                NAME_A_VARIABLE,
            );
        }
        ["providers", _, "env"] if !text.is_empty() && !is_variable(text) => {
            return because(
                "`env` has the names of environment variables, not values".to_owned(),
                "export the variable, and write its name here",
            );
        }
        ["providers", _, "base_url"] if has_credentials(text) => {
            return because(
                "`base_url` must not hold a user, a password or a key".to_owned(),
                NAME_A_VARIABLE,
            );
        }
        ["providers", _, "key"] => {
            return because("a key must not stand in a spec".to_owned(), NAME_A_VARIABLE);
        }
        _ => {}
    }
    if is_secret_name(last) {
        return because(
            format!("`{last}` must not stand in a spec"),
            NAME_A_VARIABLE,
        );
    }
    let whole = |text: &str| text.len() >= 8 && text.starts_with("sk-") && !text.contains(' ');
    let bearer = keys.len() > 1 && text.len() > 12 && text.starts_with("Bearer ");
    let prose = PROSE.contains(&last);
    if words(text).any(|word| is_key(&text[word])) || (!prose && (whole(text) || bearer)) {
        return because("this looks like a key".to_owned(), NAME_A_VARIABLE);
    }
    None
}

/// Whether a URL names a user before its host, or has a query that may hold a key.
fn has_credentials(url: &str) -> bool {
    if url
        .split_once('?')
        .is_some_and(|(_, query)| query.contains('='))
    {
        return true;
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

/// Whether a word, anywhere, has the look of a key.
fn is_key(word: &str) -> bool {
    word.len() >= 20
        && PREFIXES.iter().any(|prefix| word.starts_with(prefix))
        && word.bytes().any(|b| b.is_ascii_digit())
}

/// Runs of characters that keys are made of.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let belongs = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|b| belongs(*b))?;
        let length = bytes[start..].iter().take_while(|b| belongs(**b)).count();
        at = start + length;
        Some(start..at)
    })
}

/// A message without keys: every word that begins as keys do is cut after its prefix.
pub(super) fn mask_words(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for word in words(text) {
        let it = &text[word.clone()];
        if is_key(it) || (it.starts_with("sk-") && it.len() >= 8) {
            masked.push_str(&text[done..word.start]);
            masked.push_str("***");
            done = word.end;
        }
    }
    masked.push_str(&text[done..]);
    masked
}

/// The document with every literal key replaced by as many `*` as it has bytes, so that all other
/// places stay where they are.
#[must_use]
pub(super) fn mask(document: &str) -> String {
    let (root, faults) = DeTable::parse_recoverable(document);
    let tree = Spanned::new(root.span(), DeValue::Table(root.into_inner()));
    let mut spans: Vec<Range<usize>> = find(&Node::root(&tree))
        .into_iter()
        .filter_map(|fault| fault.span)
        .collect();
    spans.extend(words(document).filter(|word| is_key(&document[word.clone()])));
    if !faults.is_empty() {
        spans.extend(broken_lines(document));
    }
    let mut bytes = document.as_bytes().to_vec();
    for span in spans {
        for byte in &mut bytes[span] {
            if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                *byte = b'*';
            }
        }
    }
    // Every byte of a masked character is replaced, so this is UTF-8 still.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Where lines of a document that cannot be parsed may hold a key: all from the first quote after
/// a telling name on.
fn broken_lines(document: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in document.split_inclusive('\n') {
        let here = start;
        start += line.len();
        let telling = words(line).find(|word| {
            let name = &line[word.clone()];
            (is_secret_name(name) || is_secret_header(name) || plain(name) == "apikeyenv")
                && line[word.end..].contains('=')
        });
        if let Some(name) = telling {
            let value = line[name.end..]
                .find('=')
                .map_or(name.end, |at| name.end + at + 1);
            if plain(&line[name.clone()]) == "apikeyenv" && is_variable(unquoted(&line[value..])) {
                continue;
            }
            let value = line.len() - line[value..].trim_start().len();
            if line[value..].contains(['"', '\'']) || is_secret_name(&line[name]) {
                spans.push(here + value..start);
                continue;
            }
        }
        if let Some(scheme) = line.find("://")
            && let Some(at) = line[scheme..].find('@')
        {
            spans.push(here + scheme + 3..here + scheme + at);
        }
        let long = |word: &Range<usize>| line[word.clone()].starts_with("sk-") && word.len() >= 8;
        spans.extend(
            words(line)
                .filter(long)
                .map(|w| here + w.start..here + w.end),
        );
    }
    spans
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_where_they_stand_and_nothing_moves() {
        for (document, kept) in [
            ("[providers.a]\napi_key = \"hunter2-ü\" # c\n", "hunter2"),
            ("[providers.a]\napi_key_env = \"abc-1234\"\n", "abc-1234"),
            (
                "[providers.a]\nbase_url = \"http://u:hunter2@h/v1\"\n",
                "hunter2",
            ),
            (
                "[providers.a]\nheaders = { Cookie = \"hunter2\" }\n",
                "hunter2",
            ),
            (
                "[providers.a]\nheaders.\"X-Api-Key\" = \"hunter2\"\n",
                "hunter2",
            ),
            (
                "[providers.a]\nheaders.X-My-Token = '''\nhunter2\n'''\n",
                "hunter2",
            ),
            ("[providers.a]\nenv = [\"A\", \"KEY=hunter2\"]\n", "hunter2"),
            ("api_key = 12345678\n", "12345678"),
            ("x = [\"sk-hunter2\"]\n", "hunter2"),
            ("# sk-hunter2hunter2hunter2\n", "hunter2"),
            ("prompt = \"use sk-hunter2hunter2hunter2 now\"\n", "hunter2"),
            ("api_key = \"hunter2\n", "hunter2"),
            ("api_key = hunter2\n", "hunter2"),
            (
                "a = = 1\nheaders = { Authorization = \"Bearer hunter2\" }\n",
                "hunter2",
            ),
            ("a = = 1\nbase_url = \"http://u:hunter2@h/v1\"\n", "hunter2"),
            ("a = = 1\napi_key_env = \"hunter2-x\"\n", "hunter2"),
            ("a = = 1\nx = \"sk-hunter2\"\n", "hunter2"),
        ] {
            let masked = mask(document);
            assert!(!masked.contains(kept), "{document} became {masked}");
            assert_eq!(masked.len(), document.len(), "{document}");
            assert_eq!(masked.lines().count(), document.lines().count());
        }
    }

    #[test]
    fn what_is_no_key_is_left_alone() {
        for document in [
            "[providers.a]\napi_key_env = \"LAB_KEY\"\n",
            "[providers.a]\nheaders = { X-Team = \"infra\", authorization = \"env:LAB\" }\n",
            "[providers.a]\nbase_url = \"http://h/v1/@x\"\n",
            "[[member]]\nid = \"sk-team-one\"\nrole = \"sk-learn expert\"\n",
            "max_output_tokens = 800\nextra_body = { token_count = \"3\" }\n",
            "a = = 1\nmax_output_tokens = 800\napi_key_env = \"LAB_KEY\"\n",
        ] {
            assert_eq!(mask(document), document);
        }
    }

    #[test]
    fn messages_hold_no_keys() {
        assert_eq!(
            mask_words("`sk-hunter2hunter2` is no model, nor is `sk-1`"),
            "`***` is no model, nor is `sk-1`"
        );
    }
}
