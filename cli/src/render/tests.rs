//! What people and programs are shown.

use std::time::Duration;

use artifactstore_client::{Finding, FindingKind, Verified};
use artifactstore_types::{
    BackendHealth, Category, ContentAddress, DualDigest, EventId, EventRecord, Fault, FileId, FileRecord, Health,
    Metadata, Namespace, NewPackage, PackageId, PackageRecord, PackageStatus, Provenance, SubjectKind, Timestamp,
    Value,
};
use serde::Serialize;

use super::*;
use crate::faults;

fn package() -> PackageRecord {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    PackageRecord {
        package_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse::<PackageId>().unwrap(),
        package: NewPackage {
            namespace: Namespace::default(),
            name: "夜 nightly".parse().unwrap(),
            producer: "ci".parse().unwrap(),
            subject: "my-service".parse().unwrap(),
            kind: None,
            class: "raw-evidence".parse().unwrap(),
            metadata: Metadata::from([
                ("branch".to_owned(), Value::Text("main".to_owned())),
                ("build".to_owned(), Value::Int(7)),
            ]),
            provenance: Provenance { source_refs: vec!["git:4f2a".to_owned()], ..Provenance::default() },
        },
        actor: "somebody".parse().unwrap(),
        status: PackageStatus::Finalized,
        created_at: time("2026-01-31T23:59:58.000000Z"),
        finalized_at: Some(time("2026-01-31T23:59:59.123456Z")),
        manifest_digest: Some(ContentAddress::of(b"manifest")),
        failure_reason: None,
        expires_at: None,
        file_count: 1,
        size_bytes: 123_456,
        revision: 3,
        last_event_sequence: 42,
    }
}

fn record() -> FileRecord {
    let digests = DualDigest::of(b"bytes");
    FileRecord {
        file_id: "01890a5d-ac96-774b-bcce-b302099a8058".parse::<FileId>().unwrap(),
        package_id: package().package_id,
        relative_path: "bin/run".parse().unwrap(),
        media_type: "text/x-sh".parse().unwrap(),
        executable: true,
        size_bytes: 5,
        content_address: ContentAddress::of(b"bytes"),
        sha256: digests.sha256,
        created_at: package().created_at,
    }
}

fn event(payload: &[u8]) -> EventRecord {
    EventRecord {
        sequence: 42,
        event_id: "01890a5d-ac96-774b-bcce-b302099a8059".parse::<EventId>().unwrap(),
        namespace: Namespace::default(),
        event_type: "v1.package.failed".parse().unwrap(),
        subject_kind: SubjectKind::Package,
        subject_id: package().package_id.to_string(),
        subject_revision: 3,
        actor: "somebody".parse().unwrap(),
        recorded_at: package().created_at,
        payload: payload.to_vec().into(),
        payload_digest: *ContentAddress::of(payload).bytes(),
        leaf_hash: [0; 32],
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn a_package_is_shown_whole() {
    insta::assert_snapshot!("package_text", package::shown(&package()));
    let record = record();
    insta::assert_snapshot!("package_json", pretty(&package::json(&package(), Some(vec![file::json(&record)]))));
}

#[test]
fn tables_are_aligned_whatever_the_script() {
    let mut other = package();
    other.package.name = "a".parse().unwrap();
    other.status = PackageStatus::Failed;
    insta::assert_snapshot!("packages_table", package::table(&[package(), other]));
    insta::assert_snapshot!("files_table", file::table(&[record()]));
}

#[test]
fn an_event_has_the_promised_fields_and_its_payload_as_json() {
    let payload = artifactstore_manifest::cbor::encode(&Value::Map(Metadata::from([(
        "reason".to_owned(),
        Value::Text("late".to_owned()),
    )])));
    insta::assert_snapshot!("event_json", pretty(&event::json(&event(&payload))));
    insta::assert_snapshot!("event_line", event::line(&event(&payload)));
}

#[test]
fn a_payload_that_is_no_value_is_null() {
    let object = serde_json::to_value(event::json(&event(&[0xff]))).unwrap();
    assert_eq!(object["payload"], serde_json::Value::Null);
}

#[test]
fn health_names_what_is_wrong() {
    let backend = BackendHealth {
        backend_id: "local".parse().unwrap(),
        reachable: false,
        reason: Some("read-only".to_owned()),
        used_bytes: Some(2048),
        free_bytes: None,
    };
    let health = Health { version: "1.2.3".to_owned(), database_fault: None, head: Some(7), backends: vec![backend] };
    insta::assert_snapshot!("health_text", health::shown(&health));
    insta::assert_snapshot!("health_json", pretty(&health::json(&health)));
}

#[test]
fn findings_are_all_listed() {
    let finding = |kind, path: Option<&str>| Finding {
        kind,
        path: path.map(str::to_owned),
        detail: "its bytes are others".to_owned(),
    };
    let verified = Verified {
        package: package(),
        file_count: 1,
        bytes: 5,
        local_file_count: Some(1),
        skipped: Vec::new(),
        findings: vec![finding(FindingKind::StoredDigest, Some("bin/run")), finding(FindingKind::Manifest, None)],
    };
    insta::assert_snapshot!("verified_text", report::verified(&verified));
    insta::assert_snapshot!("verified_json", pretty(&report::verified_json(&verified)));
    let clean = Verified { findings: Vec::new(), ..verified };
    insta::assert_snapshot!("verified_clean_text", report::verified(&clean));
}

#[test]
fn a_fault_says_what_whether_and_what_to_do() {
    let fault = Fault::new("AS-SVC-0001", Category::NotFound, "find package: no package has this id").about("0189");
    insta::assert_snapshot!("fault_text", fault::shown(&fault));
    insta::assert_snapshot!("fault_json", pretty(&fault::json(&fault)));
    let unknown = Fault::new("AS-X-0000", Category::Unavailable, "commit: gone").with_unknown_outcome();
    assert!(fault::shown(&unknown).contains("not known whether"));
    let passing = Fault::new("AS-X-0000", Category::Unavailable, "commit: gone");
    assert!(fault::shown(&passing).contains("nothing was changed"));
}

#[test]
fn text_from_elsewhere_cannot_steer_the_terminal() {
    let fault = Fault::new("AS-X-0000", Category::Invalid, "a\u{1b}[2Jb\rc\n  d").about("\u{9b}31m");
    let shown = fault::shown(&fault);
    assert!(shown.starts_with("error[AS-X-0000]: a\\u{1b}[2Jb\\rc\n  d (\\u{9b}31m)"), "{shown}");
    let mut failed = package();
    failed.failure_reason = Some("\u{1b}]0;owned\u{7}".to_owned());
    assert!(!package::shown(&failed).contains(['\u{1b}', '\u{7}']));
}

#[test]
fn every_category_has_a_word_and_an_exit_code_of_its_own_kind() {
    for category in Category::ALL {
        assert!(faults::category_name(category).bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert_ne!(category.exit_code(), 0);
    }
}

#[test]
fn every_code_made_here_is_listed_once() {
    let codes: std::collections::BTreeSet<_> = faults::CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.len(), faults::CODES.len());
    let made = [
        faults::not_understood(""),
        faults::interrupted(""),
        faults::not_written("", &std::io::Error::other("")),
        faults::too_late("", Duration::from_secs(1)),
        faults::not_confirmed(""),
        faults::settings_refused(""),
        faults::no_runtime(""),
        faults::no_store(std::path::Path::new("")),
        faults::not_through_server(""),
        faults::not_read("", &std::io::Error::other("")),
        faults::not_sorted(std::path::Path::new(""), &std::io::Error::other("")),
    ];
    assert!(made.iter().all(|fault| codes.contains(&*fault.code)));
    assert_eq!(made.len(), codes.len());
}
