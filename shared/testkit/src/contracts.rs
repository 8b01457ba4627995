//! Contract events as their emitters would write them: envelopes of audits and dossiers that are valid as they stand. Words
//! go into the text as they are, so they must need no escape.

use artifactstore_types::{ContractStream, Namespace};
use bytes::Bytes;

use crate::word;

const PROJECT: &str = "3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943";

/// The envelope of an event: its identifier made of a number, its Lamport clock, its payload a JSON object.
pub fn envelope(event_type: &str, id: u64, clock: u64, payload: &str) -> Bytes {
    let text = format!(
        r#"{{"event_id":"01JQ4T1DE0{id:016}","event_type":"{event_type}","aggregate_id":"aggregate","timestamp":"2026-03-02T06:15:00Z","node_id":"node","lamport_clock":{clock},"project_uuid":"{PROJECT}","correlation_id":"01JQ4T1DE00000000000000000","payload":{payload}}}"#
    );
    Bytes::from(text)
}

fn audit(event_type: &str, id: u64, clock: u64, run: &str, more: &str) -> Bytes {
    let payload =
        format!(r#"{{"mission_id":"survey","run_id":"{run}","feature_slug":"017","actor":"auditor",{more}}}"#);
    envelope(event_type, id, clock, &payload)
}

/// An audit was asked for; its scope is the one word.
pub fn audit_requested(id: u64, clock: u64, run: &str, scope: &str) -> Bytes {
    let more = format!(r#""trigger_mode":"manual","audit_scope":["{scope}"],"enforcement_mode":"advisory""#);
    audit("MissionAuditRequested", id, clock, run, &more)
}

/// An audit began.
pub fn audit_started(id: u64, clock: u64, run: &str) -> Bytes {
    audit("MissionAuditStarted", id, clock, run, r#""audit_scope_hash":"h""#)
}

/// An audit came to its verdict, with a report at this path, of this SHA-256 as the emitter writes it.
pub fn audit_completed(id: u64, clock: u64, run: &str, report: &str, sha256: &str) -> Bytes {
    let reference = format!(
        r#"{{"report_path":"{report}","content_hash":{{"hash":"{sha256}","algorithm":"sha256"}},"provenance":{{}}}}"#
    );
    let more =
        format!(r#""verdict":"pass","severity":"info","findings_count":0,"artifact_ref":{reference},"summary":"fine""#);
    audit("MissionAuditCompleted", id, clock, run, &more)
}

/// An artifact of a feature's dossier, at this path, with this hash under this algorithm.
pub fn artifact_indexed(id: u64, clock: u64, feature: &str, path: &str, algorithm: &str, hash: &str) -> Bytes {
    let payload = format!(
        r#"{{"namespace":{{"project_uuid":"{PROJECT}","feature_slug":"{feature}","target_branch":"main","mission_key":"survey","manifest_version":"1"}},"artifact_id":{{"mission_key":"survey","path":"{path}","artifact_class":"evidence"}},"content_ref":{{"hash":"{hash}","algorithm":"{algorithm}"}},"indexed_at":"2026-03-02T06:15:00Z"}}"#
    );
    envelope("MissionDossierArtifactIndexed", id, clock, &payload)
}

/// The stream of an audit in the default namespace.
pub fn audit_stream(run: &str) -> ContractStream {
    ContractStream {
        namespace: Namespace::default(),
        family: word("mission-audit"),
        key: word(&format!("{PROJECT}/survey/{run}")),
    }
}

/// The stream of a feature's dossier in the default namespace.
pub fn dossier_stream(feature: &str) -> ContractStream {
    ContractStream {
        namespace: Namespace::default(),
        family: word("mission-dossier"),
        key: word(&format!("{PROJECT}/{feature}/main/survey/1")),
    }
}
