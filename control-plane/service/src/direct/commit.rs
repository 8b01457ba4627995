//! Committing what nodes state. Everything about a statement is verified before anything in it counts: that a ticket of
//! this site was shown, that the node whose ticket it was has signed, that it states no more than the ticket permits, that
//! it is fresh, and that the ticket is for this package and path. That it was not answered otherwise before is found out
//! in the transaction that commits.

use artifactstore_client::KnownFile;
use artifactstore_dataplane::{
    signed_receipt::{ReceiptRefused, ReceiptVerifier, SignedReceipt, Statement},
    signing::KeyRefused,
    ticket::{Ticket, TicketRefused, TicketVerifier},
};
use artifactstore_registry::AnsweredTicket;
use artifactstore_types::{Fault, FileRecord, Namespace, Receipt, StatedFile, TicketStatement, Timestamp, Upload};

use super::Direct;
use crate::{commit_files::Stored, faults};

/// How many files are committed at once: as many as a statement has receipts.
const MAX_FILES: usize = 1_024;

/// A statement that can be relied on, and the ticket it answers.
struct Verified {
    ticket: Ticket,
    statement: Statement,
}

impl Direct {
    /// Binds paths to blobs that the namespace has (`known`) and to blobs that nodes state to have made durable
    /// (`stated`); each is answered on its own, in this order.
    ///
    /// # Errors
    /// A package that takes no files; too many files; a statement that cannot be relied on, or is of another package.
    pub async fn commit_files(
        &self,
        upload: &Upload,
        known: Vec<KnownFile>,
        statements: Vec<TicketStatement>,
        stated: Vec<StatedFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        if known.len() + stated.len() > MAX_FILES || statements.len() > MAX_FILES {
            return Err(faults::too_many_items("commit files", MAX_FILES));
        }
        let package = self.service.require_open_package(upload.package_id).await?;
        let namespace = &package.package.namespace;
        let verified = self.verify(&statements).await.inspect_err(|fault| {
            tracing::warn!(package = %upload.package_id, %fault, "a statement is refused");
        })?;
        let mut files: Vec<Stored> = self.service.known_files(namespace, known).await?;
        for file in stated {
            files.push(stored(&verified, namespace, upload, file).inspect_err(|fault| {
                tracing::warn!(package = %upload.package_id, %fault, "a statement is refused");
            })?);
        }
        let answered = verified.iter().map(answered).collect::<Result<_, Fault>>()?;
        self.service.commit_stated(upload, files, answered).await
    }

    async fn verify(&self, statements: &[TicketStatement]) -> Result<Vec<Verified>, Fault> {
        let now = self.service.clock().now();
        match self.verify_now(statements, now) {
            // Another control plane, or a node, may have joined since the roster was read.
            Err(Refused { may_be_new: true, .. }) => {
                self.fleet.refresh().await?;
                self.verify_now(statements, now).map_err(|refused| refused.fault)
            }
            verified => verified.map_err(|refused| refused.fault),
        }
    }

    fn verify_now(&self, statements: &[TicketStatement], now: Timestamp) -> Result<Vec<Verified>, Refused> {
        let tickets = TicketVerifier { keys: self.fleet.ticket_keys() };
        let receipts = ReceiptVerifier {
            keys: self.fleet.roster().receipt_keys(),
            max_age_seconds: self.options.statement_seconds,
        };
        let verify = |shown: &TicketStatement| {
            let ticket = tickets.authenticate(&shown.ticket, now)?;
            let statement = receipts.verify(&SignedReceipt::new(shown.statement.clone()), &ticket, now)?;
            Ok(Verified { ticket, statement })
        };
        statements.iter().map(verify).collect()
    }
}

/// Why a statement is refused, and whether what it is signed with may only not be known yet.
struct Refused {
    fault: Fault,
    may_be_new: bool,
}

impl From<TicketRefused> for Refused {
    fn from(refused: TicketRefused) -> Self {
        let may_be_new = matches!(refused, TicketRefused::Key(KeyRefused::Unknown(_)));
        Self { fault: refused.into(), may_be_new }
    }
}

impl From<ReceiptRefused> for Refused {
    fn from(refused: ReceiptRefused) -> Self {
        let may_be_new = matches!(refused, ReceiptRefused::Key(KeyRefused::Unknown(_)));
        Self { fault: refused.into(), may_be_new }
    }
}

/// A file with the receipt it names.
fn stored(verified: &[Verified], namespace: &Namespace, upload: &Upload, file: StatedFile) -> Result<Stored, Fault> {
    let StatedFile { header, statement, receipt } = file;
    let Verified { ticket, statement } =
        verified.get(statement).ok_or_else(|| faults::not_shown(&header.relative_path))?;
    let receipt: &Receipt =
        statement.receipts().get(receipt).ok_or_else(|| faults::not_shown(&header.relative_path))?;
    ticket.require_file(namespace, upload.package_id, &header.relative_path)?;
    Ok((header, Ok(receipt.clone())))
}

fn answered(verified: &Verified) -> Result<AnsweredTicket, Fault> {
    let statement = &verified.statement;
    Ok(AnsweredTicket {
        ticket_id: *statement.ticket_id().uuid().as_bytes(),
        part: statement.part(),
        fingerprint: *statement.fingerprint()?.bytes(),
    })
}
