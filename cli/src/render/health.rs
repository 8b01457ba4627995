//! How a store is.

use artifactstore_types::{BackendHealth, BackendId, Health};
use serde::Serialize;

use super::text;

/// How a store is, as JSON.
#[derive(Serialize)]
pub struct HealthJson<'a> {
    serving: bool,
    version: &'a str,
    database: DatabaseJson<'a>,
    head: Option<u64>,
    backends: Vec<BackendJson<'a>>,
}

#[derive(Serialize)]
struct DatabaseJson<'a> {
    reachable: bool,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct BackendJson<'a> {
    backend_id: &'a BackendId,
    reachable: bool,
    reason: Option<&'a str>,
    used_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

/// How a store is, as JSON.
pub fn json(health: &Health) -> HealthJson<'_> {
    HealthJson {
        serving: health.serving(),
        version: &health.version,
        database: DatabaseJson { reachable: health.database_fault.is_none(), reason: health.database_fault.as_deref() },
        head: health.head,
        backends: health.backends.iter().map(backend_json).collect(),
    }
}

fn backend_json(backend: &BackendHealth) -> BackendJson<'_> {
    BackendJson {
        backend_id: &backend.backend_id,
        reachable: backend.reachable,
        reason: backend.reason.as_deref(),
        used_bytes: backend.used_bytes,
        free_bytes: backend.free_bytes,
    }
}

/// How a store is, in lines.
pub fn shown(health: &Health) -> String {
    let state = if health.serving() { "serving" } else { "not serving" };
    let database = health.database_fault.as_deref().unwrap_or("reachable");
    let fields = text::fields(&[
        ("state", Some(state.to_owned())),
        ("version", Some(health.version.clone())),
        ("database", Some(database.to_owned())),
        ("head", text::optional(health.head)),
    ]);
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), text::size);
    let row = |backend: &BackendHealth| {
        let state = if backend.reachable { "reachable" } else { "unreachable" };
        let reason = backend.reason.clone().unwrap_or_default();
        vec![
            backend.backend_id.to_string(),
            state.to_owned(),
            size(backend.used_bytes),
            size(backend.free_bytes),
            reason,
        ]
    };
    let backends = text::table(&["BACKEND", "STATE", "USED", "FREE", "REASON"], health.backends.iter().map(row));
    format!("{fields}\n\n{backends}")
}
