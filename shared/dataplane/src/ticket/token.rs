//! A ticket as text, and the claims it is made of. How a token is signed and taken apart is left to `signing`, when a
//! ticket is refused to [`super::verifier`].

use std::fmt;

use artifactstore_types::{BackendId, Namespace, NodeId, PackageId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    id::TicketId,
    permission::{Operation, Permission, Target, Ticket},
    refused::TicketRefused,
};
use crate::signing::{KeyRing, SigningKey, jws};

const TYPE: &str = "artifactstore-ticket+jwt";

/// The text of a ticket: whoever has it may do what it permits, so it is shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketToken(String);

impl TicketToken {
    /// The text, to be sent to whom it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for TicketToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketToken(…)")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    jti: TicketId,
    aud: NodeId,
    iat: i64,
    exp: i64,
    ns: Namespace,
    pkg: PackageId,
    op: Operation,
    what: Target,
    max: u64,
    be: BackendId,
}

impl Ticket {
    /// Signs the ticket.
    ///
    /// # Errors
    /// None that a ticket can cause; what a serializer may say is `Malformed`.
    pub fn sign(&self, key: &SigningKey) -> Result<TicketToken, TicketRefused> {
        Ok(TicketToken(jws::sign(TYPE, &self.claims(), key)?))
    }

    fn claims(&self) -> Claims {
        let Permission { namespace, package_id, operation, target, size_limit, backend_id, node_id } =
            self.permission().clone();
        Claims {
            jti: self.ticket_id(),
            aud: node_id,
            iat: self.issued_at().micros() / 1_000_000,
            exp: self.expires_at().micros() / 1_000_000,
            ns: namespace,
            pkg: package_id,
            op: operation,
            what: target,
            max: size_limit,
            be: backend_id,
        }
    }
}

impl TicketToken {
    /// The ticket, if one of `keys` signed it.
    pub(super) fn ticket(&self, keys: &KeyRing<()>, now: Timestamp) -> Result<Ticket, TicketRefused> {
        let Claims { jti, aud, iat, exp, ns, pkg, op, what, max, be } = jws::verified(TYPE, &self.0, keys, now)?;
        let permission = Permission {
            namespace: ns,
            package_id: pkg,
            operation: op,
            target: what,
            size_limit: max,
            backend_id: be,
            node_id: aud,
        };
        Ticket::new(jti, permission, iat, exp)
    }
}
