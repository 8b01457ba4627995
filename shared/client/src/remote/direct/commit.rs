//! Taking what nodes state to the control plane.

use artifactstore_types::{Fault, FileHeader, FileRecord, StatedFile, TicketStatement, Upload};
use artifactstore_wire::{field, opening::answer, unreadable, v1};

use super::super::Remote;
use crate::retry;

impl Remote {
    /// Commits the files whose receipts are in a statement, each with its place in it; one answer a file.
    pub(super) async fn commit_statement(
        &self,
        upload: &Upload,
        stated: TicketStatement,
        files: Vec<(FileHeader, usize)>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let asked = files.len();
        let stored = files.into_iter().map(|(header, receipt)| StatedFile { header, statement: 0, receipt }.into());
        let request = v1::CommitFilesRequest {
            upload: Some(upload.clone().into()),
            files: Vec::new(),
            statements: vec![stated.into()],
            stored: stored.collect(),
        };
        let commit = || async {
            let answer = answer(self.packages().commit_files(self.within_deadline(request.clone()))).await?;
            let results: Result<Vec<_>, Fault> = answer.results.into_iter().map(v1::FileResult::decoded).collect();
            let results = results.map_err(unreadable)?;
            if results.len() == asked {
                Ok(results)
            } else {
                let why = format_args!("{asked} were asked for, {} came", results.len());
                Err(unreadable(field::refused("results", why)))
            }
        };
        // Under a key the same commit has the same effect however often it is made.
        if upload.idempotency_key.is_some() { retry::idempotent(commit).await } else { retry::once(commit).await }
    }
}
