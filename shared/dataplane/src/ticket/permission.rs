//! What a ticket permits, and for how long. Invariant of a [`Ticket`]: its times are whole seconds, its life is bounded, and
//! whoever serves under it serves one blob. How it travels is left to the sibling modules.

use artifactstore_types::{BackendId, ContentAddress, Namespace, NodeId, PackageId, RelativePath, Timestamp};
use serde::{Deserialize, Serialize};

use super::{id::TicketId, refused::TicketRefused};

/// The longest life of a ticket, in seconds. What leaks is worth little, and a key need not be kept long after its last use.
pub const MAX_LIFETIME_SECONDS: u64 = 3600;

const MICROS: i64 = 1_000_000;

/// Which way bytes move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// To the node.
    Ingest,
    /// From the node.
    Serve,
}

/// The thing that is moved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// One file of the package, whose bytes are not known yet. Only to be ingested.
    Path(RelativePath),
    /// One blob: these bytes and no others.
    Blob(ContentAddress),
    /// One stream of many small files of the package, so that a ticket a file is not the price of it. Only to be ingested.
    Batch,
}

/// What a ticket permits: the thing, on whose behalf, which way, how much, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The namespace on whose behalf.
    pub namespace: Namespace,
    /// The package on whose behalf.
    pub package_id: PackageId,
    /// Which way bytes move.
    pub operation: Operation,
    /// The thing that is moved.
    pub target: Target,
    /// How many bytes may move, at most; for a batch, of all its blobs together.
    pub size_limit: u64,
    /// The backend they go to or come from.
    pub backend_id: BackendId,
    /// The one node that takes the ticket.
    pub node_id: NodeId,
}

/// A permission with an identity and a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    id: TicketId,
    permission: Permission,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

impl Ticket {
    /// A ticket from `now`, held down to the second, for `lifetime_seconds`. To renew one, issue another.
    ///
    /// # Errors
    /// A life of nothing or of more than [`MAX_LIFETIME_SECONDS`]; permission to serve anything but one blob.
    pub fn issue(
        ticket_id: TicketId,
        permission: Permission,
        now: Timestamp,
        lifetime_seconds: u64,
    ) -> Result<Self, TicketRefused> {
        let issued = now.micros().div_euclid(MICROS);
        let expires = issued.checked_add_unsigned(lifetime_seconds).ok_or(TicketRefused::Lifetime)?;
        Self::new(ticket_id, permission, issued, expires)
    }

    /// The ticket with these times, in seconds since the epoch.
    pub(super) fn new(
        ticket_id: TicketId,
        permission: Permission,
        issued: i64,
        expires: i64,
    ) -> Result<Self, TicketRefused> {
        if permission.operation == Operation::Serve && !matches!(permission.target, Target::Blob(_)) {
            return Err(TicketRefused::Claims);
        }
        match expires.checked_sub(issued).and_then(|life| u64::try_from(life).ok()) {
            Some(1..=MAX_LIFETIME_SECONDS) => {}
            _ => return Err(TicketRefused::Lifetime),
        }
        let time = |seconds: i64| {
            let micros = seconds.checked_mul(MICROS).ok_or(TicketRefused::Lifetime)?;
            Timestamp::from_micros(micros).map_err(|_| TicketRefused::Lifetime)
        };
        Ok(Self { id: ticket_id, permission, issued_at: time(issued)?, expires_at: time(expires)? })
    }

    /// Its identity.
    pub const fn ticket_id(&self) -> TicketId {
        self.id
    }

    /// What it permits.
    pub const fn permission(&self) -> &Permission {
        &self.permission
    }

    /// When it was issued, to the second.
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The first moment at which nothing may be begun under it.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether what was ingested under this ticket may become that file of that package.
    ///
    /// # Errors
    /// A ticket to serve, and one issued for another namespace, package or path.
    pub fn require_file(
        &self,
        namespace: &Namespace,
        package_id: PackageId,
        path: &RelativePath,
    ) -> Result<(), TicketRefused> {
        let permitted = &self.permission;
        if permitted.operation != Operation::Ingest {
            return Err(TicketRefused::OtherOperation { ticket_id: self.id });
        }
        let path_is_permitted = match &permitted.target {
            Target::Path(permitted) => permitted == path,
            Target::Blob(_) | Target::Batch => true,
        };
        if path_is_permitted && permitted.namespace == *namespace && permitted.package_id == package_id {
            Ok(())
        } else {
            Err(TicketRefused::OtherFile { ticket_id: self.id })
        }
    }
}
