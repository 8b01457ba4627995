//! Whether a ticket was answered before. Pure: what was recorded, under (ticket, part), is the caller's to keep, for at
//! least as long as a receipt is taken.

use artifactstore_types::{Algorithm, Timestamp};

use super::{payload, refused::ReceiptRefused, statement::Statement};
use crate::ticket::TicketId;

/// What a statement says, but for when it was said: a node that is asked again says the same again, later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint with these bytes, as they were recorded.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to record.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// How a statement relates to what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Nothing was recorded for this part of the ticket: record it with the commit, in one transaction.
    First,
    /// The same was recorded: the commit was made, or is being repeated.
    Again,
}

impl Statement {
    /// What [`check_replay`] compares.
    ///
    /// # Errors
    /// None that a statement can cause; what a serializer may say is `Malformed`.
    pub fn fingerprint(&self) -> Result<Fingerprint, ReceiptRefused> {
        let undated = payload::encode(self, Timestamp::LATEST)?;
        Ok(Fingerprint(*Algorithm::Blake3.digest(&undated).bytes()))
    }
}

/// Holds a statement against what was recorded for the same part of the same ticket.
///
/// # Errors
/// A ticket that was answered otherwise before.
pub fn check_replay(
    ticket_id: TicketId,
    recorded: Option<Fingerprint>,
    presented: Fingerprint,
) -> Result<Presented, ReceiptRefused> {
    match recorded {
        None => Ok(Presented::First),
        Some(recorded) if recorded == presented => Ok(Presented::Again),
        Some(_) => Err(ReceiptRefused::Replayed { ticket_id }),
    }
}
