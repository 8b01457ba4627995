//! What a server serves, and how to use it.

use serde::Serialize;

use super::text;
use crate::store::DEFAULT_SERVER;

/// What a server serves, as JSON.
#[derive(Serialize)]
pub struct ServingJson {
    pub grpc: String,
    pub http: String,
    pub database: String,
    pub storage: String,
}

/// What a server serves, in lines.
pub fn shown(serving: &ServingJson) -> String {
    let fields = text::fields(&[
        ("gRPC", Some(serving.grpc.clone())),
        ("HTTP", Some(serving.http.clone())),
        ("database", Some(serving.database.clone())),
        ("storage", Some(serving.storage.clone())),
    ]);
    let server = if serving.grpc == DEFAULT_SERVER {
        String::new()
    } else {
        format!("export ARTIFACTSTORE_SERVER={}\n  ", serving.grpc)
    };
    format!(
        "{fields}\n\nIn another terminal:\n  {server}artifactstore push DIR --name NAME --producer WHO --subject WHAT \
         --class raw-evidence\n  artifactstore ls\n  artifactstore tail --follow\n\nCtrl-C ends it."
    )
}
