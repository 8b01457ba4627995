//! Who may call the SPI of a node: whoever shows a control token for it, signed with a key that is trusted now. The keys
//! change while the node runs, so each call is held against the ring as it is then.

use std::sync::Arc;

use artifactstore_types::{Clock, Fault, NodeId};
use tokio::sync::watch;
use tonic::metadata::MetadataMap;

use crate::{
    control_token::{ControlToken, ControlTokenRefused, ControlTokenVerifier},
    signing::KeyRing,
};

/// What a call's `authorization: Bearer …` holds, where it has one.
pub fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let (scheme, token) = metadata.get("authorization")?.to_str().ok()?.split_once(' ')?;
    // RFC 9110 §11.1: schemes are compared without regard to case.
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Lets control planes through, and nobody else.
#[derive(Clone)]
pub struct ControlGuard {
    keys: watch::Receiver<KeyRing<()>>,
    node_id: NodeId,
    clock: Arc<dyn Clock>,
}

impl ControlGuard {
    /// A guard of this node that trusts whatever keys are in the ring at the time.
    pub fn new(keys: watch::Receiver<KeyRing<()>>, node_id: NodeId, clock: Arc<dyn Clock>) -> Self {
        Self { keys, node_id, clock }
    }

    /// Whether the caller is a control plane.
    ///
    /// # Errors
    /// A call without a token, and whatever [`ControlTokenVerifier::verify`] refuses.
    pub fn admit(&self, metadata: &MetadataMap) -> Result<(), Fault> {
        let token = bearer(metadata).ok_or(ControlTokenRefused::Missing)?;
        let verifier = ControlTokenVerifier { keys: self.keys.borrow().clone() };
        Ok(verifier.verify(&ControlToken::from(token.to_owned()), &self.node_id, self.clock.now())?)
    }
}
