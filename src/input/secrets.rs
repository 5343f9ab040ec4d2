//! What looks like a secret in a file that is about to be shown to models.
//!
//! Only shapes that are hard to meet by chance: names that files of secrets have by custom, the
//! prefixes that makers of keys give them so that they can be found, armoured private keys,
//! passwords in URLs, and long values of variables that are named after what they hold. Prose and
//! source code that speak of passwords pass.

use std::path::Path;

/// Something in a file that looks like a secret. It names the kind and the place, never the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// What it looks like, with its article.
    pub what: &'static str,
    /// The line it is on, from 1; none where the file's name tells it.
    pub line: Option<usize>,
}

/// Names of files that hold secrets by custom.
const FILES: &[&str] = &[
    ".env",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".git-credentials",
    ".htpasswd",
    ".pypirc",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
];

/// Ends of names of files that only show which secrets there are to be.
const EXAMPLES: &[&str] = &["example", "sample", "template", "dist"];

/// What keys begin with, how long they are at least, and whose they are.
const PREFIXES: &[(&str, usize, &str)] = &[
    ("sk-", 24, "an API key"),
    ("gsk_", 24, "an API key"),
    ("xai-", 24, "an API key"),
    ("hf_", 24, "an access token"),
    ("AIza", 39, "a Google API key"),
    ("ya29.", 24, "a Google access token"),
    ("ghp_", 40, "a GitHub token"),
    ("gho_", 40, "a GitHub token"),
    ("ghu_", 40, "a GitHub token"),
    ("ghs_", 40, "a GitHub token"),
    ("ghr_", 40, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 26, "a GitLab token"),
    ("xoxb-", 24, "a Slack token"),
    ("xoxp-", 24, "a Slack token"),
    ("xoxa-", 24, "a Slack token"),
    ("xoxr-", 24, "a Slack token"),
    ("xapp-", 24, "a Slack token"),
    ("sk_live_", 24, "a Stripe key"),
    ("rk_live_", 24, "a Stripe key"),
    ("npm_", 40, "an npm token"),
    ("pypi-", 40, "a PyPI token"),
    ("dop_v1_", 40, "a DigitalOcean token"),
    ("SG.", 40, "a SendGrid key"),
    ("AKIA", 20, "an AWS access key"),
    ("ASIA", 20, "an AWS access key"),
];

/// Parts of names of variables that hold secrets, in lower case.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
];

/// The shortest value of a variable that is taken for a secret, in bytes.
const SHORTEST_VALUE: usize = 12;

/// The first thing in the file `path`, with content `text`, that looks like a secret.
pub(super) fn suspect(path: &Path, text: &str) -> Option<Suspicion> {
    if is_named_so(path) {
        let what = "a file that holds secrets by its name";
        return Some(Suspicion { what, line: None });
    }
    (1..).zip(text.lines()).find_map(|(line, content)| {
        let line = Some(line);
        in_line(content).map(|what| Suspicion { what, line })
    })
}

fn is_named_so(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name else { return false };
    let is_example = || EXAMPLES.iter().any(|end| name.ends_with(end));
    FILES.contains(&name)
        || (name.starts_with(".env.") && !is_example())
        || (name == "credentials" && folder_of(path) == Some(".aws"))
}

fn folder_of(path: &Path) -> Option<&str> {
    path.parent()?.file_name()?.to_str()
}

fn in_line(line: &str) -> Option<&'static str> {
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    let of_word = || words(line).find_map(by_look);
    let in_url = || has_password(line).then_some("a password in a URL");
    let of_variable = || is_assigned(line).then_some("a secret by the name of its variable");
    of_word().or_else(in_url).or_else(of_variable)
}

/// Runs of characters that keys are made of.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    line.split(move |c| !belongs(c))
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty())
}

fn by_look(word: &str) -> Option<&'static str> {
    if !is_mixed(word) {
        return None;
    }
    let known = PREFIXES
        .iter()
        .find(|(prefix, least, _)| word.starts_with(prefix) && word.len() >= *least);
    let (prefix, _, what) = match known {
        Some(known) => *known,
        // RFC 7519: three parts in base64url, the first two of them JSON objects.
        None => {
            let parts: Vec<&str> = word.split('.').collect();
            let is_token =
                parts.len() == 3 && parts[..2].iter().all(|part| part.starts_with("eyJ"));
            return is_token.then_some("a signed token (JWT)");
        }
    };
    let is_aws = prefix.ends_with("IA");
    let fits = !is_aws
        || (word.len() == 20
            && word
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    fits.then_some(what)
}

/// Whether it has letters and digits, as drawn keys have.
fn is_mixed(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic())
}

/// `scheme://user:password@host`, where the password is no placeholder.
fn has_password(line: &str) -> bool {
    line.match_indices("://").any(|(at, mark)| {
        let rest = &line[at + mark.len()..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`".contains(c));
        let authority = &rest[..end.unwrap_or(rest.len())];
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let password = user.and_then(|user| user.split_once(':'));
        password.is_some_and(|(_, password)| password.len() >= 4 && !is_placeholder(password))
    })
}

/// `NAME=value` or `name: "value"`, where the name says that the value is a secret.
fn is_assigned(line: &str) -> bool {
    let line = line.trim().trim_start_matches("export ");
    let Some((name, value)) = line.split_once(['=', ':']) else {
        return false;
    };
    let name = name.trim().trim_matches(['"', '\'']);
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    let lower = name.to_ascii_lowercase().replace('-', "_");
    // Where one may be found, how long it lasts and what it is called are no secrets.
    let is_about = ["_env", "_file", "_path", "_url", "_name", "_id", "_type"]
        .iter()
        .any(|end| lower.ends_with(end));
    if !is_name || is_about || !holds_a_secret(&lower) {
        return false;
    }
    let value = value.trim().trim_end_matches([',', ';']);
    let value = value.trim_matches(['"', '\'']);
    value.len() >= SHORTEST_VALUE
        && is_mixed(value)
        && !is_placeholder(value)
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.+/=~!@#%^&*".contains(&b))
}

/// Whether `name`, in lower case, says so in one of its parts: `db_password`, not `tokenizer`.
fn holds_a_secret(name: &str) -> bool {
    let name = format!("_{}_", name.replace('.', "_"));
    NAMES.iter().any(|part| name.contains(&format!("_{part}_")))
}

/// Whether it stands for a secret that is filled in elsewhere.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let stands_for = [
        "example", "changeme", "your", "xxxx", "****", "secret", "password", "token",
    ];
    value.starts_with(['$', '<', '{', '%', '['])
        || stands_for.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn what(text: &str) -> Option<&'static str> {
        suspect(Path::new("notes.md"), text).map(|found| found.what)
    }

    /// Joined at run time, so that this file holds nothing that looks like a key.
    fn key(prefix: &str, length: usize) -> String {
        let rest = "a1B2c3D4e5F6g7H8i9J0".chars().cycle();
        let mut key = prefix.to_owned();
        key.extend(rest.take(length - prefix.len()));
        key
    }

    #[test]
    fn keys_are_found_by_their_prefixes_wherever_they_stand() {
        for (prefix, least, kind) in PREFIXES
            .iter()
            .filter(|(prefix, ..)| !prefix.ends_with("IA"))
        {
            let key = key(prefix, *least);
            for text in [
                key.clone(),
                format!("Authorization: Bearer {key}"),
                format!("{{\"k\":\"{key}\"}},"),
                format!("and so it is ({key})."),
            ] {
                assert_eq!(what(&text), Some(*kind), "{text}");
            }
        }
        let aws = format!("aws = {}", key("AKIA", 20).to_uppercase());
        assert_eq!(what(&aws), Some("an AWS access key"));
        let token = format!("{}.{}.{}", key("eyJ", 20), key("eyJ", 30), key("s", 20));
        assert_eq!(what(&token), Some("a signed token (JWT)"));
    }

    #[test]
    fn private_keys_passwords_and_assignments_are_found() {
        let begin = ["-----BEGIN OPENSSH", "PRIVATE KEY-----"].join(" ");
        for (text, kind) in [
            (begin.as_str(), "a private key"),
            (
                "db: postgres://app:hunter2k@db.internal/x",
                "a password in a URL",
            ),
            (
                "DB_PASSWORD=kd83hf92kfh3",
                "a secret by the name of its variable",
            ),
            (
                "export STRIPE_SECRET='9fj3kf93kf93'",
                "a secret by the name of its variable",
            ),
            (
                "  \"api-key\": \"0f9e8d7c6b5a4938\",",
                "a secret by the name of its variable",
            ),
        ] {
            assert_eq!(what(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn text_that_only_speaks_of_secrets_passes() {
        for text in [
            "The password must have twelve characters and 1 digit.",
            "password = getpass.getpass()",
            "let token = next_token(&mut input)?;",
            "api_key_env = \"OPENAI_API_KEY_2\"",
            "API_KEY=${OPENAI_API_KEY_1}",
            "API_KEY=<your-key-0123>",
            "DB_PASSWORD=changeme12345",
            "https://user@example.org/a:b",
            "https://example.org/path:8080@2",
            "postgres://app:$PASSWORD@db/x",
            "token_type: bearer_and_2_more",
            "tokenizer = \"cl100k_base_v2\"",
            "secretary: anna-and-bob-2024",
            "max_tokens: 200000000000000000",
            "a task-based approach with risk-adjusted-weights-2024",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "AKIA is a prefix; AKIAIOSFODNN is too short",
            "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        ] {
            assert_eq!(what(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_files_tell_too() {
        let named = |path: &str| suspect(Path::new(path), "nothing").is_some();
        for path in [".env", "a/.env.production", "/home/x/.ssh/id_ed25519"] {
            assert!(named(path), "{path}");
        }
        assert!(named(".aws/credentials"));
        for path in [".env.example", "id_ed25519.pub", "credentials", "env"] {
            assert!(!named(path), "{path}");
        }
    }

    #[test]
    fn the_line_is_told() {
        let text = format!("one\ntwo\n{}\n", key("ghp_", 40));
        let found = suspect(Path::new("a"), &text).expect("a token");
        assert_eq!(found.line, Some(3));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(name in any::<String>(), text in any::<String>()) {
            let _ = suspect(Path::new(&name), &text);
        }
    }
}
