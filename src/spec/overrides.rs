//! What the caller of a council sets over its spec, as flags say it.

use std::fmt;
use std::str::FromStr;

/// What the caller of a council sets over its spec. It is applied to the document before anything
/// is checked, in the order of the fields, so that the rest of the spec is judged with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The model of every member and of the chair, `PROVIDER/MODEL`.
    pub model: Option<String>,
    /// Values of the spec, each over what stands at its path.
    pub set: Vec<Setting>,
    /// The only members that stay; all where empty. Rounds that name others go on without them, and
    /// so do the fallbacks of the chair.
    pub only: Vec<String>,
}

/// A value for one place of a spec: `PATH=VALUE`.
///
/// A path is written as faults write it: keys with dots between, a place in a list as `[N]` from 0,
/// and a key of other characters in double quotes: `member[1].model`,
/// `providers.lab.headers."X.Team"`. A member may be named by its id: `member.security.model`.
/// A value is one of TOML, else the text as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub(super) path: String,
    pub(super) steps: Vec<Step>,
    pub(super) value: String,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key.
    Key(String),
    /// A place in a list, from 0.
    Place(usize),
}

/// A text that is no `PATH=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// There is no `=`.
    #[error("`=` is missing: write PATH=VALUE, such as min_members=2")]
    NoValue,
    /// Nothing stands before the `=`.
    #[error("there is no path before `=`: write PATH=VALUE, such as min_members=2")]
    NoPath,
    /// The path cannot be read.
    #[error(
        "`{0}` is no path: write keys with dots between, such as member[1].model or defaults.timeout"
    )]
    BadPath(String),
}

impl FromStr for Setting {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        let end = end_of_path(text).ok_or(InvalidSetting::NoValue)?;
        let path = text[..end].trim();
        if path.is_empty() {
            return Err(InvalidSetting::NoPath);
        }
        let steps = steps(path).ok_or_else(|| InvalidSetting::BadPath(path.to_owned()))?;
        Ok(Self {
            path: path.to_owned(),
            steps,
            value: text[end + 1..].to_owned(),
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.value)
    }
}

/// More steps than this lead nowhere in a spec.
const DEEPEST: usize = 32;

/// Where the first `=` stands that is not within quotes.
fn end_of_path(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        let (key, after) = key(rest)?;
        steps.push(Step::Key(key));
        rest = after;
        while let Some(inner) = rest.strip_prefix('[') {
            let (place, after) = inner.split_once(']')?;
            let digits = !place.is_empty() && place.bytes().all(|b| b.is_ascii_digit());
            steps.push(Step::Place(digits.then(|| place.parse().ok()).flatten()?));
            rest = after;
        }
        if rest.is_empty() {
            return Some(steps);
        }
        if steps.len() > DEEPEST {
            return None;
        }
        rest = rest.strip_prefix('.')?;
    }
}

/// The key at the beginning of a path, and what follows it.
fn key(path: &str) -> Option<(String, &str)> {
    let Some(quoted) = path.strip_prefix('"') else {
        let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let length = path.bytes().take_while(|b| bare(*b)).count();
        return (length > 0).then(|| (path[..length].to_owned(), &path[length..]));
    };
    let mut key = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((key, &quoted[at + 1..])),
            '\\' => key.push(chars.next()?.1),
            c => key.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<(Vec<Step>, String), InvalidSetting> {
        let Setting { steps, value, .. } = text.parse()?;
        Ok((steps, value))
    }

    fn name(name: &str) -> Step {
        Step::Key(name.to_owned())
    }

    #[test]
    fn paths_are_written_as_faults_write_them() {
        for (text, steps, value) in [
            ("min_members=2", vec![name("min_members")], "2"),
            (
                "member[1].model=a/b=c",
                vec![name("member"), Step::Place(1), name("model")],
                "a/b=c",
            ),
            (
                r#"providers.lab.headers."X.=\"y"=1"#,
                vec![
                    name("providers"),
                    name("lab"),
                    name("headers"),
                    name("X.=\"y"),
                ],
                "1",
            ),
            ("a=", vec![name("a")], ""),
        ] {
            assert_eq!(read(text), Ok((steps, value.to_owned())), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!(read("min_members"), Err(InvalidSetting::NoValue));
        assert_eq!(read(" =2"), Err(InvalidSetting::NoPath));
        let deep = "a.".repeat(40_000) + "a";
        for path in [
            deep.as_str(),
            "a..b",
            ".a",
            "a.",
            "a[",
            "a[x]",
            "a[-1]",
            "a[+1]",
            "[0]",
            "a b",
            "\"a",
            "a[0]b",
            "a[99999999999999999999999]",
        ] {
            assert!(
                matches!(
                    read(&format!("{path}=1")),
                    Err(InvalidSetting::BadPath(_) | InvalidSetting::NoValue)
                ),
                "{path}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Ok(setting) = text.parse::<Setting>() {
                prop_assert!(!setting.steps.is_empty());
            }
        }
    }
}
