//! The claims that a ticket's text is made of. How a token is signed and taken apart is left to `signing`, when a
//! ticket is refused to [`super::verifier`].

use artifactstore_types::{BackendId, Namespace, NodeId, PackageId, TicketToken, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    id::TicketId,
    permission::{Operation, Permission, Target, Ticket},
    refused::TicketRefused,
};
use crate::signing::{KeyRing, SigningKey, jws};

const TYPE: &str = "artifactstore-ticket+jwt";

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
        Ok(TicketToken::from(jws::sign(TYPE, &self.claims(), key)?))
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

/// The ticket with this text, if one of `keys` signed it.
pub(super) fn read(token: &TicketToken, keys: &KeyRing<()>, now: Timestamp) -> Result<Ticket, TicketRefused> {
    let Claims { jti, aud, iat, exp, ns, pkg, op, what, max, be } = jws::verified(TYPE, token.expose(), keys, now)?;
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
