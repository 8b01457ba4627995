//! The way to a node: the SPI over gRPC, under control tokens that this control plane signs.

use std::sync::Arc;

use artifactstore_dataplane::{
    DataPlane,
    control_token::ControlTokens,
    grpc::{RemotePlane, RemotePlaneOptions},
    signing::SigningKey,
};
use artifactstore_service::fleet::Dial;
use artifactstore_types::{Clock, Fault, NodeDescription};

/// Dials nodes.
pub struct Dialer {
    /// What control tokens are signed with.
    pub key: SigningKey,
    /// Where their times come from.
    pub clock: Arc<dyn Clock>,
}

impl Dial for Dialer {
    fn dial(&self, node: &NodeDescription) -> Result<Arc<dyn DataPlane>, Fault> {
        let tokens = ControlTokens::new(self.key.clone(), node.node_id.clone(), Arc::clone(&self.clock));
        Ok(Arc::new(RemotePlane::connect(&node.endpoint, tokens, RemotePlaneOptions::default())?))
    }
}
