//! Where the store is.

use super::StoreError;
use etcetera::BaseStrategy as _;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The store's file: `option` (the value of `--store`), else `variable` (the value of
/// `COUNCIL_STORE`) unless it is empty, else `council/runs.db` in the user's data folder (XDG).
///
/// # Errors
/// `option` is empty, or nothing is named and no home folder is known.
pub fn locate(option: Option<&Path>, variable: Option<&OsStr>) -> Result<PathBuf, StoreError> {
    choose(option, variable, || {
        let folders = etcetera::choose_base_strategy().ok()?;
        Some(folders.data_dir())
    })
}

fn choose(
    option: Option<&Path>,
    variable: Option<&OsStr>,
    data_folder: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, StoreError> {
    if let Some(path) = option {
        return if path.as_os_str().is_empty() {
            Err(StoreError::EmptyName)
        } else {
            Ok(path.to_owned())
        };
    }
    if let Some(path) = variable.filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let data = data_folder().ok_or(StoreError::NoPlace)?;
    Ok(data.join("council").join("runs.db"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_wins_then_the_variable_then_the_data_folder() {
        let data = || Some(PathBuf::from("/home/x/.local/share"));
        let path = |option: Option<&str>, variable: Option<&str>| {
            choose(option.map(Path::new), variable.map(OsStr::new), data).expect("a place")
        };
        assert_eq!(path(Some("a.db"), Some("b.db")), Path::new("a.db"));
        assert_eq!(path(None, Some("b.db")), Path::new("b.db"));
        let default = Path::new("/home/x/.local/share/council/runs.db");
        assert_eq!(path(None, Some("")), default);
        assert_eq!(path(None, None), default);
    }

    #[test]
    fn without_a_home_and_a_name_there_is_no_place() {
        assert!(matches!(
            choose(None, None, || None),
            Err(StoreError::NoPlace)
        ));
        assert!(matches!(
            choose(Some(Path::new("")), None, || None),
            Err(StoreError::EmptyName)
        ));
    }
}
