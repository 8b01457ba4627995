//! Decisions at the limits, which no test on a database reaches in reasonable time.

use artifactstore_testkit::{START, file_id, new_package, package_id, receipt_for, word};
use artifactstore_types::{
    ContentAddress, MAX_SAFE_INTEGER, Metadata, NewPackage, PackageStatus, Provenance, RetentionClass, Value,
};

use super::*;
use crate::{CommitFiles, FinalizePackage, NewFile};

fn open_package() -> Package {
    Package {
        package_id: package_id(1),
        namespace: word("default"),
        class: word("transient"),
        status: PackageStatus::Uploading,
        created_at: START,
        manifest_digest: None,
        expires_at: None,
        file_count: 1,
        size_bytes: 1,
        revision: 3,
        last_event_sequence: 3,
    }
}

fn known_class() -> Facts {
    let mut facts = Facts::default();
    let class = |name| RetentionClass { name: word(name), description: String::new(), duration_seconds: Some(10) };
    facts.add_classes([class("transient"), class("raw-evidence")]);
    facts
}

fn file(path: &str, bytes: &[u8]) -> NewFile {
    NewFile {
        file_id: file_id(1),
        relative_path: word(path),
        media_type: word("text/plain"),
        executable: false,
        receipt: receipt_for(bytes),
    }
}

fn commit(files: Vec<NewFile>, replace: bool) -> Request {
    Request::CommitFiles(CommitFiles { files, replace, all_or_nothing: true })
}

fn when(state: Option<&Package>, facts: &Facts, request: Request) -> Result<Decision, Refusal> {
    let command = PackageCommand { package_id: package_id(1), actor: word("somebody"), at: START, request };
    let prepared = crate::Prepared::from(crate::Command::from(command.clone()));
    decide(state, facts, &command, prepared.manifest())
}

#[test]
fn takes_the_last_file_there_is_room_for_and_no_other() {
    let almost = Package { file_count: MAX_FILES_PER_PACKAGE - 1, ..open_package() };
    let facts = Facts::default();
    assert_eq!(when(Some(&almost), &facts, commit(vec![file("a", b"")], false)).unwrap().events.len(), 1);
    let two = commit(vec![file("a", b""), file("b", b"")], false);
    assert_eq!(when(Some(&almost), &facts, two), Err(Refusal::TooManyFiles));
}

#[test]
fn a_full_package_still_takes_another_blob_at_a_path_it_has() {
    let full = Package { file_count: MAX_FILES_PER_PACKAGE, ..open_package() };
    let mut facts = Facts::default();
    let before = crate::event::FileIngested::from(&file("a", b"x")).fact();
    facts.add_file(full.package_id, &word("a"), before);
    let decision = when(Some(&full), &facts, commit(vec![file("a", b"y")], true)).unwrap();
    assert_eq!(decision.events[0].event_type(), "v1.file.replaced");
}

#[test]
fn refuses_more_bytes_than_a_manifest_can_count() {
    let most = MAX_SAFE_INTEGER.unsigned_abs();
    let heavy = Package { size_bytes: most - 1, ..open_package() };
    let facts = Facts::default();
    assert!(when(Some(&heavy), &facts, commit(vec![file("a", b"1")], false)).is_ok());
    assert_eq!(when(Some(&heavy), &facts, commit(vec![file("a", b"12")], false)), Err(Refusal::TooManyBytes));
}

#[test]
fn refuses_metadata_and_provenance_out_of_bounds() {
    let facts = known_class();
    let too_large = Metadata::from([("k".into(), Value::Text("x".repeat(Value::MAX_BYTES)))]);
    let new = NewPackage { metadata: too_large.clone(), ..new_package("run") };
    assert!(matches!(when(None, &facts, Request::CreatePackage(new)), Err(Refusal::Metadata(_))));
    let unsafe_int = Metadata::from([("k".into(), Value::Int(MAX_SAFE_INTEGER + 1))]);
    let new = NewPackage { metadata: unsafe_int, ..new_package("run") };
    assert!(matches!(when(None, &facts, Request::CreatePackage(new)), Err(Refusal::Metadata(_))));
    let many = Provenance { source_refs: vec![String::new(); 65], ..Provenance::default() };
    let new = NewPackage { provenance: many, ..new_package("run") };
    assert!(matches!(when(None, &facts, Request::CreatePackage(new)), Err(Refusal::Provenance(_))));
    let extra = Provenance { extra: too_large, ..Provenance::default() };
    let new = NewPackage { provenance: extra, ..new_package("run") };
    assert!(matches!(when(None, &facts, Request::CreatePackage(new)), Err(Refusal::Provenance(_))));
    assert!(when(None, &facts, Request::CreatePackage(new_package("run"))).is_ok());
}

#[test]
fn every_change_to_a_finalized_package_is_refused_with_its_manifest() {
    let manifest_digest = ContentAddress::of(b"manifest");
    let status = PackageStatus::Finalized;
    let closed = Package { status, manifest_digest: Some(manifest_digest), ..open_package() };
    let facts = known_class();
    for request in [commit(vec![], false), Request::FailPackage { reason: "late".into() }] {
        assert_eq!(when(Some(&closed), &facts, request), Err(Refusal::PackageFinalized { manifest_digest }));
    }
    let again = FinalizePackage { manifest: b"anything".to_vec().into(), expected_revision: 99 };
    assert_eq!(when(Some(&closed), &facts, Request::FinalizePackage(again)).unwrap().events, []);
}

#[test]
fn every_refusal_has_a_code_of_the_table_and_no_code_is_unused() {
    let path = || word("a");
    let all = [
        Refusal::PackageNotFound,
        Refusal::PackageExists,
        Refusal::PackageFinalized { manifest_digest: ContentAddress::of(b"m") },
        Refusal::PackageClosed(PackageStatus::Failed),
        Refusal::RevisionConflict { expected: 1, found: 2 },
        Refusal::PathExists(path()),
        Refusal::PathIsDirectory { path: path(), other: "b".into() },
        Refusal::TooManyFiles,
        Refusal::CommandTooLarge { files: 1 },
        Refusal::UnknownClass(word("c")),
        Refusal::Metadata(artifactstore_types::ValueRefused::TooDeep),
        Refusal::Provenance(artifactstore_types::ProvenanceRefused::TextTooLong),
        Refusal::BadReason,
        Refusal::BadReceipt { path: path(), rule: "rule" },
        Refusal::BadManifest("why".into()),
        Refusal::TooManyBytes,
        Refusal::Event(crate::EventRefused::Payload { event_type: "t".into(), reason: "r".into() }),
        Refusal::BrokenContract { event_id: None, reason: "r".into() },
        Refusal::ContractEventDiffers { event_id: "e".into() },
        Refusal::StreamFull { stream: "s".into() },
        Refusal::TooManyContractEvents { events: 1 },
        Refusal::UnknownFamily { family: word("f"), known: vec!["g"] },
        Refusal::NoState("why".into()),
    ];
    let codes: Vec<_> = all.map(|refusal| refusal.into_fault("test", package_id(1)).code.into_owned()).into();
    let table: Vec<_> = crate::CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(codes, table);
}
