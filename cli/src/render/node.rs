//! Nodes.

use artifactstore_types::{
    BackendHealth, BackendId, BackendKind, Endpoint, NodeBackend, NodeId, NodeRecord, ProgramVersion, Timestamp, Zone,
};
use serde::Serialize;

use super::text;

/// A node as JSON.
#[derive(Serialize)]
pub struct NodeJson<'a> {
    node_id: &'a NodeId,
    status: &'static str,
    endpoint: &'a Endpoint,
    zone: Option<&'a Zone>,
    weight: u32,
    version: &'a ProgramVersion,
    public_key: String,
    registered_at: Timestamp,
    heard_at: Option<Timestamp>,
    stopping: bool,
    load: Option<LoadJson>,
    backends: Vec<BackendJson<'a>>,
    revision: u64,
    last_event_sequence: u64,
}

#[derive(Serialize)]
struct LoadJson {
    load_percent: u8,
    uploads: u32,
    downloads: u32,
}

#[derive(Serialize)]
struct BackendJson<'a> {
    backend_id: &'a BackendId,
    kind: &'a BackendKind,
    shared: bool,
    /// As it was said last; nothing where nothing was heard.
    reachable: Option<bool>,
    reason: Option<&'a str>,
    used_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

/// A node as JSON.
pub fn json(record: &NodeRecord) -> NodeJson<'_> {
    let described = &record.description;
    let load = record.heard.as_ref().map(|heard| heard.heartbeat.load);
    NodeJson {
        node_id: &described.node_id,
        status: record.status.name(),
        endpoint: &described.endpoint,
        zone: described.zone.as_ref(),
        weight: described.weight,
        version: &described.version,
        public_key: public_key(record),
        registered_at: record.registered_at,
        heard_at: record.heard.as_ref().map(|heard| heard.at),
        stopping: record.heard.as_ref().is_some_and(|heard| heard.heartbeat.stopping),
        load: load.map(|load| LoadJson {
            load_percent: load.load_percent,
            uploads: load.uploads,
            downloads: load.downloads,
        }),
        backends: described.backends.iter().map(|backend| backend_json(backend, health(record, backend))).collect(),
        revision: record.revision,
        last_event_sequence: record.last_event_sequence,
    }
}

fn backend_json<'a>(backend: &'a NodeBackend, health: Option<&'a BackendHealth>) -> BackendJson<'a> {
    BackendJson {
        backend_id: &backend.backend_id,
        kind: &backend.kind,
        shared: backend.shared,
        reachable: health.map(|health| health.reachable),
        reason: health.and_then(|health| health.reason.as_deref()),
        used_bytes: health.and_then(|health| health.used_bytes),
        free_bytes: health.and_then(|health| health.free_bytes),
    }
}

/// A node, a line for everything known of it, and its backends.
pub fn shown(record: &NodeRecord) -> String {
    let described = &record.description;
    let heard = record.heard.as_ref();
    let load = |load: artifactstore_types::NodeLoad| {
        let uploads = text::count(load.uploads.into(), "upload");
        format!("{} %, {uploads}, {}", load.load_percent, text::count(load.downloads.into(), "download"))
    };
    let stops = heard.filter(|heard| heard.heartbeat.stopping).map(|_| "yes".to_owned());
    let fields = text::fields(&[
        ("node", Some(described.node_id.to_string())),
        ("status", Some(record.status.name().to_owned())),
        ("endpoint", Some(described.endpoint.to_string())),
        ("zone", text::optional(described.zone.as_ref())),
        ("weight", Some(described.weight.to_string())),
        ("version", Some(described.version.to_string())),
        ("key", Some(public_key(record))),
        ("registered", Some(record.registered_at.to_string())),
        ("heard", Some(text::optional(heard.map(|heard| heard.at)).unwrap_or_else(|| "never".to_owned()))),
        ("load", heard.map(|heard| load(heard.heartbeat.load))),
        ("stopping", stops),
    ]);
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), text::size);
    let row = |backend: &NodeBackend| {
        let health = health(record, backend);
        vec![
            backend.backend_id.to_string(),
            backend.kind.to_string(),
            if backend.shared { "yes" } else { "no" }.to_owned(),
            state(health).to_owned(),
            size(health.and_then(|health| health.used_bytes)),
            size(health.and_then(|health| health.free_bytes)),
            health.and_then(|health| health.reason.clone()).unwrap_or_default(),
        ]
    };
    let header = ["BACKEND", "KIND", "SHARED", "STATE", "USED", "FREE", "REASON"];
    format!("{fields}\n\n{}", text::table(&header, described.backends.iter().map(row)))
}

/// Nodes in a table.
pub fn table(records: &[NodeRecord]) -> String {
    let header = ["NODE", "STATUS", "HEARD", "LOAD", "UPLOADS", "DOWNLOADS", "ZONE", "BACKENDS", "ENDPOINT"];
    let row = |record: &NodeRecord| {
        let described = &record.description;
        let load = record.heard.as_ref().map(|heard| heard.heartbeat.load);
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let backend = |backend: &NodeBackend| match health(record, backend) {
            Some(health) if !health.reachable => format!("{} (unreachable)", backend.backend_id),
            _ => backend.backend_id.to_string(),
        };
        vec![
            described.node_id.to_string(),
            record.status.name().to_owned(),
            or_dash(record.heard.as_ref().map(|heard| text::second(heard.at))),
            or_dash(load.map(|load| format!("{} %", load.load_percent))),
            or_dash(load.map(|load| load.uploads.to_string())),
            or_dash(load.map(|load| load.downloads.to_string())),
            or_dash(text::optional(described.zone.as_ref())),
            described.backends.iter().map(backend).collect::<Vec<_>>().join(", "),
            described.endpoint.to_string(),
        ]
    };
    text::table(&header, records.iter().map(row))
}

fn health<'a>(record: &'a NodeRecord, backend: &NodeBackend) -> Option<&'a BackendHealth> {
    let said = &record.heard.as_ref()?.heartbeat.backends;
    said.iter().find(|said| said.backend_id == backend.backend_id)
}

const fn state(health: Option<&BackendHealth>) -> &'static str {
    match health {
        Some(BackendHealth { reachable: true, .. }) => "reachable",
        Some(_) => "unreachable",
        None => "not heard",
    }
}

fn public_key(record: &NodeRecord) -> String {
    record.description.public_key.iter().fold(String::with_capacity(64), |mut hex, byte| {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(digit.into(), 16));
        }
        hex
    })
}
