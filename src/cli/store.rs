//! The store as commands find it.

use super::Global;
use super::error::CliError;
use crate::event::RunId;
use crate::spec::meant;
use crate::store::{self, FindError, Reader};
use std::path::PathBuf;

impl Global {
    /// Where the store is, whether or not there is one.
    pub(super) fn store_path(&self) -> Result<PathBuf, CliError> {
        store::locate(
            self.store.as_deref(),
            std::env::var_os("COUNCIL_STORE").as_deref(),
        )
        .map_err(CliError::from)
    }

    /// The store for reading; none where there is none yet.
    pub(super) fn reader(&self) -> Result<Option<Reader>, CliError> {
        Reader::open(&self.store_path()?).map_err(CliError::from)
    }

    /// The store for reading and the run that `run` names in it.
    pub(super) fn find(&self, run: &str) -> Result<(Reader, RunId), CliError> {
        let path = self.store_path()?;
        let reader = Reader::open(&path)?.ok_or_else(|| {
            CliError::failed(format_args!(
                "no run `{run}`: there is no store at {} yet",
                path.display()
            ))
            .hint("council run quickstart --input \"…\" makes a first run")
        })?;
        let run_id = reader.find(run).map_err(|fault| {
            let is_slip = run == "last" || meant(run, ["latest"]).is_some();
            match &fault {
                FindError::Unknown { near, .. } if near.is_empty() && is_slip => {
                    CliError::from(fault).hint("did you mean `latest`?")
                }
                FindError::Ambiguous { .. } => CliError::from(fault)
                    .hint("`council list` tells when each began and what it was asked"),
                _ => fault.into(),
            }
        })?;
        Ok((reader, run_id))
    }
}
